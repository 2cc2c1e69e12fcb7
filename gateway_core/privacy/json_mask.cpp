// SPDX-License-Identifier: GPL-3.0-or-later
#include "privacy/encodings.h"
#include "privacy/mask_scan.h"
#include "privacy/text_chars.h"

#include <QVarLengthArray>

#include <algorithm>
#include <cstring>

namespace oriel::privacy {

namespace {

constexpr std::size_t kMostFrames = 512;
constexpr std::size_t kMostHits = 4096;
constexpr qsizetype kLongestPath = 1024;
constexpr std::size_t kLongestName = 128;

// Where the prefilter found something, in ascending order; asked for ascending ranges.
class HitCursor {
public:
    void add(std::size_t end)
    {
        if (m_ends.size() < static_cast<qsizetype>(kMostHits))
            m_ends.append(end);
        else
            m_dense = true;
    }
    void setDense() { m_dense = true; }
    void sort() { std::sort(m_ends.begin(), m_ends.end()); }
    [[nodiscard]] bool isEmpty() const { return m_ends.isEmpty() && !m_dense; }
    // Whether something ends in (begin, end + 1]: a fragment may end with the quote behind the string.
    bool inRange(std::size_t begin, std::size_t end)
    {
        while (m_next < m_ends.size() && m_ends[m_next] <= begin)
            ++m_next;
        return m_dense || (m_next < m_ends.size() && m_ends[m_next] <= end + 1);
    }

private:
    QVarLengthArray<std::size_t, 64> m_ends;
    qsizetype m_next = 0;
    bool m_dense = false;
};

// Names whose value is the name of the value beside it: {"name": "API_KEY", "value": "…"}.
bool namesItsSibling(std::string_view key)
{
    return key == "name" || key == "key" || key == "header" || key == "field" || key == "variable" || key == "env";
}

// Under a secret name, what of an object is the secret itself and not a description of it.
bool holdsTheSecret(std::string_view key)
{
    constexpr std::string_view names[] = {"value", "values",  "data",    "raw",      "plaintext", "plain",
                                          "text",  "content", "current", "previous", "default"};
    return std::find(std::begin(names), std::end(names), key) != std::end(names);
}

bool isScalar(std::string_view text)
{
    if (isDigit(text.front()) || text.front() == '-')
        return text.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
    const auto begins = [text](std::string_view word) { return word.starts_with(text); };
    return begins("true") || begins("false") || begins("null");
}

bool isName(std::string_view text)
{
    return !text.empty() && text.size() <= kLongestName && std::all_of(text.begin(), text.end(), isNameChar);
}

class JsonWalk final : public PathSource {
public:
    JsonWalk(MaskScan& scan, const Layer& layer, HitCursor& hits)
        : m_scan(scan),
          m_set(scan.set()),
          m_layer(layer),
          m_text(layer.text),
          m_hits(hits),
          m_outer(scan.pathSource())
    {
        m_scan.setPath(this);
    }
    ~JsonWalk() override { m_scan.setPath(m_outer); }
    JsonWalk(const JsonWalk&) = delete;
    JsonWalk& operator=(const JsonWalk&) = delete;

    bool run();
    [[nodiscard]] QByteArray path() const override;

private:
    struct Frame {
        bool array = false;
        bool keyMasked = false;
        KeyVerdict under = KeyVerdict::Plain;   // of the name this container stands under
        KeyVerdict key = KeyVerdict::Plain;     // of the current key
        KeyVerdict sibling = KeyVerdict::Plain; // of the value after a name that was a value itself
        std::size_t keyBegin = 0;
        std::size_t keyEnd = 0;
        std::uint32_t index = 0;
    };

    void open(bool array);
    void close();
    void separator();
    std::size_t string(std::size_t quote);
    bool scalar(std::size_t begin, std::size_t end);
    void key(std::size_t begin, std::size_t end, bool escaped);
    void value(std::size_t begin, std::size_t end, bool escaped);
    [[nodiscard]] KeyVerdict verdictHere() const;
    void scanInside(std::size_t begin, std::size_t end, bool escaped);
    void noteSibling(std::string_view content);

    MaskScan& m_scan;
    const Masker::Private& m_set;
    const Layer& m_layer;
    const std::string_view m_text;
    HitCursor& m_hits;
    const PathSource* const m_outer;
    QVarLengthArray<Frame, 32> m_frames;
    std::size_t m_tooDeep = 0;
};

QByteArray JsonWalk::path() const
{
    QByteArray path = m_outer != nullptr ? m_outer->path() : QByteArray("$");
    for (const Frame& frame : m_frames) {
        if (path.size() > kLongestPath)
            return path + "…";
        if (frame.array) {
            path.append('[').append(QByteArray::number(frame.index)).append(']');
        } else if (frame.keyMasked) {
            path.append("[\"[masked]\"]");
        } else if (frame.keyEnd > frame.keyBegin) {
            const std::string_view key = m_text.substr(frame.keyBegin, frame.keyEnd - frame.keyBegin);
            const QByteArrayView bytes(key.data(), static_cast<qsizetype>(std::min(key.size(), kLongestName)));
            const bool plain = std::all_of(key.begin(), key.end(), [](char c) { return isAlnum(c) || c == '_' || c == '-'; });
            if (plain)
                path.append('.').append(bytes);
            else
                path.append("[\"").append(bytes).append("\"]");
        }
    }
    return path;
}

void JsonWalk::open(bool array)
{
    if (static_cast<std::size_t>(m_frames.size()) >= kMostFrames) {
        ++m_tooDeep;
        return;
    }
    const KeyVerdict under = m_frames.isEmpty() ? KeyVerdict::Plain : verdictHere();
    m_frames.append(Frame{.array = array, .under = under});
}

void JsonWalk::close()
{
    if (m_tooDeep > 0)
        --m_tooDeep;
    else if (!m_frames.isEmpty())
        m_frames.removeLast();
}

void JsonWalk::separator()
{
    if (m_frames.isEmpty())
        return;
    Frame& frame = m_frames.last();
    ++frame.index;
    frame.key = KeyVerdict::Plain;
    frame.keyMasked = false;
}

KeyVerdict JsonWalk::verdictHere() const
{
    if (m_frames.isEmpty() || m_tooDeep > 0)
        return KeyVerdict::Plain;
    const Frame& frame = m_frames.last();
    return frame.array ? std::max(frame.under, frame.sibling) : frame.key;
}

void JsonWalk::key(std::size_t begin, std::size_t end, bool escaped)
{
    const bool hit = m_hits.inRange(begin, end);
    if (m_frames.isEmpty() || m_tooDeep > 0) {
        if (hit)
            scanInside(begin, end, escaped);
        return;
    }
    Frame& frame = m_frames.last();
    frame.keyBegin = begin;
    frame.keyEnd = end;
    frame.keyMasked = false;
    frame.key = KeyVerdict::Plain;
    const std::string_view raw = m_text.substr(begin, end - begin);
    if (hit) {
        const Decoded decoded = escaped && raw.size() <= 8 * kLongestName ? decodeJsonEscapes(raw) : Decoded();
        frame.key = m_set.judge(decoded.text.empty() ? raw : std::string_view(decoded.text));
        const std::size_t before = m_scan.editCount();
        frame.keyMasked = true; // the path of a find must not show it
        scanInside(begin, end, escaped);
        frame.keyMasked = m_scan.editCount() != before;
    }
    if (frame.key == KeyVerdict::Plain && frame.under != KeyVerdict::Plain && holdsTheSecret(raw))
        frame.key = frame.under;
    if (frame.sibling != KeyVerdict::Plain && raw == "value")
        frame.key = frame.sibling;
}

void JsonWalk::noteSibling(std::string_view content)
{
    if (m_frames.isEmpty() || m_tooDeep > 0)
        return;
    Frame& frame = m_frames.last();
    if (frame.array) {
        // ["--token", "…"]: an option and its argument.
        frame.sibling = content.starts_with('-') && isName(content) ? m_set.judge(content) : KeyVerdict::Plain;
    } else if (namesItsSibling(m_text.substr(frame.keyBegin, frame.keyEnd - frame.keyBegin)) && isName(content)) {
        frame.sibling = m_set.judge(content);
    }
}

void JsonWalk::value(std::size_t begin, std::size_t end, bool escaped)
{
    const KeyVerdict verdict = verdictHere();
    const std::string_view raw = m_text.substr(begin, end - begin);
    if (!m_frames.isEmpty() && m_frames.last().array)
        m_frames.last().sibling = KeyVerdict::Plain;
    if (verdict != KeyVerdict::Plain && !isPlaceholderValue(raw)) {
        const bool token = raw.size() >= 16 && raw.find(' ') == std::string_view::npos;
        if (verdict != KeyVerdict::TokenLike || token) {
            const Layer inside{
                .text = raw, .parent = &m_layer, .base = begin, .depth = m_layer.depth, .quoteDepth = m_layer.quoteDepth};
            const std::size_t before = m_scan.editCount();
            m_scan.mask(inside, 0, raw.size(), m_set.keyNameRule);
            if (m_scan.editCount() != before)
                return;
        }
    }
    if (!m_hits.inRange(begin, end))
        return;
    noteSibling(raw);
    scanInside(begin, end, escaped);
}

void JsonWalk::scanInside(std::size_t begin, std::size_t end, bool escaped)
{
    const std::string_view raw = m_text.substr(begin, end - begin);
    Layer inside{
        .text = raw, .parent = &m_layer, .base = begin, .depth = m_layer.depth + 1, .quoteDepth = m_layer.quoteDepth + 1};
    if (!escaped) {
        m_scan.scanText(inside);
        return;
    }
    const Decoded decoded = decodeJsonEscapes(raw);
    inside.text = decoded.text;
    inside.from = &decoded.from;
    m_scan.scanText(inside);
}

// Handles the string whose opening quote stands at `quote`; answers the offset behind it.
std::size_t JsonWalk::string(std::size_t quote)
{
    const std::size_t begin = quote + 1;
    std::size_t end = begin;
    bool escaped = false;
    bool closed = false;
    while (end < m_text.size()) {
        const void* found = std::memchr(m_text.data() + end, '"', m_text.size() - end);
        const std::size_t next =
            found != nullptr ? static_cast<std::size_t>(static_cast<const char*>(found) - m_text.data()) : m_text.size();
        std::size_t backslashes = 0;
        while (next - backslashes > begin && m_text[next - backslashes - 1] == '\\')
            ++backslashes;
        end = next;
        if (found == nullptr || backslashes % 2 == 0) {
            closed = found != nullptr;
            break;
        }
        escaped = true;
        ++end;
    }
    end = std::min(end, m_text.size());
    std::size_t behind = closed ? end + 1 : end;
    escaped = escaped || (end > begin && std::memchr(m_text.data() + begin, '\\', end - begin) != nullptr);
    std::size_t colon = behind;
    while (colon < m_text.size() && isSpace(m_text[colon]))
        ++colon;
    if (closed && colon < m_text.size() && m_text[colon] == ':') {
        key(begin, end, escaped);
        behind = colon + 1;
    } else {
        value(begin, end, escaped);
    }
    return behind;
}

bool JsonWalk::scalar(std::size_t begin, std::size_t end)
{
    const std::string_view text = m_text.substr(begin, end - begin);
    if (!isScalar(text))
        return false;
    const bool number = isDigit(text.front()) || text.front() == '-';
    if (!number)
        return true;
    if (verdictHere() == KeyVerdict::StrictSecret)
        m_scan.mask(m_layer, begin, end, m_set.keyNameRule, true);
    else if (m_set.digitsRule >= 0 && m_hits.inRange(begin, end) &&
             text.find_first_not_of("0123456789") == std::string_view::npos)
        m_scan.maskCards(m_layer, begin, end, true);
    return true;
}

bool JsonWalk::run()
{
    bool isJson = true;
    std::size_t i = 0;
    while (i < m_text.size()) {
        switch (m_text[i]) {
        case ' ':
        case '\t':
        case '\n':
        case '\r':
        case ':':
            ++i;
            break;
        case '{':
        case '[':
            open(m_text[i] == '[');
            ++i;
            break;
        case '}':
        case ']':
            close();
            ++i;
            break;
        case ',':
            separator();
            ++i;
            break;
        case '"':
            i = string(i);
            break;
        default: {
            const std::size_t end = std::min(m_text.find_first_of(" \t\n\r:{}[],\"", i), m_text.size());
            isJson = scalar(i, end) && isJson;
            i = end;
        }
        }
    }
    return isJson;
}

} // namespace

bool MaskScan::scanJson(const Layer& layer)
{
    HitCursor hits;
    m_set.automaton.scanAnyOrder(layer.text, [&](std::uint32_t id, std::size_t end) {
        if (m_set.plausible(m_set.keywords[id], layer.text, end))
            hits.add(end);
    });
    if (m_set.digitsRule >= 0)
        eachDigitRun(layer.text, [&hits](std::size_t, std::size_t end) { hits.add(end); });
    if (!m_set.alwaysSearched.empty())
        hits.setDense();
    if (hits.isEmpty())
        return true;
    hits.sort();
    JsonWalk walk(*this, layer, hits);
    return walk.run();
}

} // namespace oriel::privacy
