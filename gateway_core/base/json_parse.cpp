// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"
#include "base/json_text.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace oriel::json {

namespace {

constexpr std::uint32_t HardMaxBytes = 512U << 20U;
constexpr std::uint32_t NoNode = 0xFFFFFFFFU;
constexpr std::uint32_t SmallObject = 16;
/// A document that one huge text has grown gives its memory back before the next small one.
constexpr std::size_t KeptNodes = 256U * 1024U;

using Byte = unsigned char;

QByteArrayView contentOf(QByteArrayView all, const Document::Node& node)
{
    return all.sliced(node.begin + 1, node.end - node.begin - 2);
}

/// Three-way comparison of two keys by their unescaped content. An object without a single escape is compared by length and bytes; one
/// with escapes by code points throughout, so that sorting always sees one order.
int compareKeys(QByteArrayView all, const Document::Node& a, const Document::Node& b, bool anyEscaped)
{
    const QByteArrayView left = contentOf(all, a);
    const QByteArrayView right = contentOf(all, b);
    if (!anyEscaped) {
        if (left.size() != right.size()) {
            return left.size() < right.size() ? -1 : 1;
        }
        return left.isEmpty() ? 0 : std::memcmp(left.data(), right.data(), static_cast<std::size_t>(left.size()));
    }
    text::Unescaper x(left);
    text::Unescaper y(right);
    while (!x.atEnd() && !y.atEnd()) {
        const char32_t cx = x.next();
        const char32_t cy = y.next();
        if (cx != cy) {
            return cx < cy ? -1 : 1;
        }
    }
    return x.atEnd() ? (y.atEnd() ? 0 : -1) : 1;
}

/// FNV-1a over code points or over bytes, as compareKeys compares.
std::uint64_t hashKey(QByteArrayView content, bool anyEscaped)
{
    std::uint64_t hash = 0xCBF29CE484222325ULL;
    constexpr std::uint64_t Prime = 0x100000001B3ULL;
    if (anyEscaped) {
        for (text::Unescaper cursor(content); !cursor.atEnd();) {
            hash = (hash ^ cursor.next()) * Prime;
        }
        return hash;
    }
    const char* at = content.data();
    qsizetype left = content.size();
    for (; left >= 8; at += 8, left -= 8) {
        std::uint64_t word;
        std::memcpy(&word, at, sizeof word);
        hash = (hash ^ word) * Prime;
        hash ^= hash >> 29U;
    }
    for (; left > 0; ++at, --left) {
        hash = (hash ^ static_cast<Byte>(*at)) * Prime;
    }
    return hash;
}

} // namespace

/// One parse of one text into a Document's nodes. Open containers are chained through Node::next, so there is no stack to overflow.
class Parser {
public:
    Parser(Document& document, const ParseOptions& options)
        : m_document(document), m_nodes(document.m_nodes), m_options(options), m_text(document.m_text),
          m_start(reinterpret_cast<const Byte*>(m_text.data())), m_at(m_start), m_end(m_start + m_text.size())
    {
    }

    template <bool Comments> bool run();
    [[nodiscard]] ParseError error() const;

private:
    bool refuse(ParseError::Reason reason, const Byte* at, const char* expected)
    {
        m_reason = reason;
        m_errorAt = at;
        m_expected = expected;
        return false;
    }
    bool syntax(const char* expected) { return refuse(ParseError::Reason::Syntax, m_at, expected); }
    [[nodiscard]] std::uint32_t offset(const Byte* at) const { return static_cast<std::uint32_t>(at - m_start); }
    [[nodiscard]] bool isAt(Byte c) const { return m_at != m_end && *m_at == c; }

    template <bool Comments> bool skipSpace();
    bool skipComment();
    bool string(bool isKey);
    const Byte* escape(const Byte* at, bool isKey);
    bool surrogate(const Byte*& at, int unit, bool isKey);
    bool number();
    bool literal(QByteArrayView word, Kind kind);
    bool scalar();
    bool open(Kind kind);
    bool close();
    std::uint32_t duplicateKey(std::uint32_t object);
    std::uint32_t duplicateAmongFew(std::uint32_t object);
    std::uint32_t duplicateAmongMany(std::uint32_t object);
    void push(const Byte* begin, Kind kind, bool escaped)
    {
        const auto index = static_cast<std::uint32_t>(m_nodes.size());
        m_nodes.push_back({offset(begin), offset(m_at), index + 1, 0, static_cast<std::uint32_t>(kind), escaped ? 1U : 0U});
    }

    Document& m_document;
    std::vector<Document::Node>& m_nodes;
    const ParseOptions& m_options;
    QByteArrayView m_text;
    const Byte* m_start;
    const Byte* m_at;
    const Byte* m_end;
    std::uint32_t m_open = NoNode;
    int m_depth = 0;

    ParseError::Reason m_reason = ParseError::Reason::Syntax;
    const Byte* m_errorAt = nullptr;
    const char* m_expected = "";
};

template <bool Comments> bool Parser::skipSpace()
{
    for (;;) {
        while (m_at != m_end && (*m_at == ' ' || *m_at == '\n' || *m_at == '\r' || *m_at == '\t')) {
            ++m_at;
        }
        if constexpr (Comments) {
            if (isAt('/')) {
                if (!skipComment()) {
                    return false;
                }
                continue;
            }
        }
        return true;
    }
}

bool Parser::skipComment()
{
    const Byte* const begin = m_at++;
    if (isAt('/')) {
        while (m_at != m_end && *m_at != '\n') {
            const int length = text::utf8Length(m_at, m_end);
            if (length == 0) {
                return refuse(ParseError::Reason::Utf8, m_at, "not valid UTF-8");
            }
            m_at += length;
        }
        return true;
    }
    if (!isAt('*')) {
        return refuse(ParseError::Reason::Syntax, begin, "a value or a comment that begins with // or /*");
    }
    for (++m_at; m_at != m_end;) {
        if (*m_at == '*' && m_end - m_at >= 2 && m_at[1] == '/') {
            m_at += 2;
            return true;
        }
        const int length = text::utf8Length(m_at, m_end);
        if (length == 0) {
            return refuse(ParseError::Reason::Utf8, m_at, "not valid UTF-8");
        }
        m_at += length;
    }
    return refuse(ParseError::Reason::Syntax, begin, "*/ at the end of this comment");
}

bool Parser::string(bool isKey)
{
    const Byte* const begin = m_at;
    bool escaped = false;
    for (const Byte* at = m_at + 1;;) {
        at = text::skipPlain(at, m_end);
        if (at == m_end) {
            return refuse(ParseError::Reason::Syntax, begin, "a closing quote for this string");
        }
        if (*at == '"') {
            m_at = at + 1;
            push(begin, Kind::String, escaped);
            return true;
        }
        if (*at == '\\') {
            escaped = true;
            at = escape(at, isKey);
            if (at == nullptr) {
                return false;
            }
            continue;
        }
        if (*at < 0x20) {
            return refuse(ParseError::Reason::Syntax, at, "an escape such as \\n instead of a control character");
        }
        const int length = text::utf8Length(at, m_end);
        if (length == 0) {
            return refuse(ParseError::Reason::Utf8, at, "not valid UTF-8");
        }
        at += length;
    }
}

const Byte* Parser::escape(const Byte* at, bool isKey)
{
    const Byte* const begin = at++;
    const Byte what = at == m_end ? 0 : *at;
    switch (what) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return at + 1;
    case 'u':
        break;
    default:
        refuse(ParseError::Reason::Syntax, begin, "one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
        return nullptr;
    }
    const int unit = text::hex4(at + 1, m_end);
    if (unit < 0) {
        refuse(ParseError::Reason::Syntax, begin, "four hexadecimal digits after \\u");
        return nullptr;
    }
    at += 5;
    if (unit < 0xD800 || unit > 0xDFFF) {
        return at;
    }
    if (unit < 0xDC00 && m_end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
        const int low = text::hex4(at + 2, m_end);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            return at + 6;
        }
    }
    if (isKey || !m_options.allowLoneSurrogates) {
        refuse(ParseError::Reason::Syntax, begin, "both halves of a surrogate pair");
        return nullptr;
    }
    return at;
}

bool Parser::number()
{
    const Byte* const begin = m_at;
    const auto digits = [this] {
        const Byte* const first = m_at;
        while (m_at != m_end && *m_at >= '0' && *m_at <= '9') {
            ++m_at;
        }
        return m_at != first;
    };
    if (*m_at == '-') {
        ++m_at;
    }
    if (isAt('0')) {
        ++m_at;
    } else if (!digits()) {
        return syntax("a digit");
    }
    if (isAt('.')) {
        ++m_at;
        if (!digits()) {
            return syntax("a digit after the decimal point");
        }
    }
    if (isAt('e') || isAt('E')) {
        ++m_at;
        if (isAt('+') || isAt('-')) {
            ++m_at;
        }
        if (!digits()) {
            return syntax("a digit of the exponent");
        }
    }
    push(begin, Kind::Number, false);
    return true;
}

bool Parser::literal(QByteArrayView word, Kind kind)
{
    if (m_end - m_at < word.size() || std::memcmp(m_at, word.data(), static_cast<std::size_t>(word.size())) != 0) {
        return syntax("a value: true, false, null, a number, a string, an object or an array");
    }
    const Byte* const begin = m_at;
    m_at += word.size();
    push(begin, kind, false);
    return true;
}

bool Parser::scalar()
{
    switch (m_at == m_end ? 0 : *m_at) {
    case '"':
        return string(false);
    case 't':
        return literal("true", Kind::Bool);
    case 'f':
        return literal("false", Kind::Bool);
    case 'n':
        return literal("null", Kind::Null);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return number();
    default:
        return syntax("a value: true, false, null, a number, a string, an object or an array");
    }
}

bool Parser::open(Kind kind)
{
    if (++m_depth > m_options.maxDepth) {
        return refuse(ParseError::Reason::Depth, m_at, "nested more deeply than allowed");
    }
    const Byte* const begin = m_at++;
    const auto index = static_cast<std::uint32_t>(m_nodes.size());
    push(begin, kind, false);
    m_nodes.back().next = m_open;
    m_open = index;
    return true;
}

bool Parser::close()
{
    ++m_at;
    const std::uint32_t index = m_open;
    Document::Node& node = m_nodes[index];
    m_open = node.next;
    node.end = offset(m_at);
    node.next = static_cast<std::uint32_t>(m_nodes.size());
    --m_depth;
    if (node.kind == static_cast<std::uint32_t>(Kind::Object) && node.count > 1) {
        const std::uint32_t duplicate = duplicateKey(index);
        if (duplicate != NoNode) {
            return refuse(ParseError::Reason::DuplicateKey, m_start + m_nodes[duplicate].begin, "this key stands twice in its object");
        }
    }
    return true;
}

template <bool Comments> bool Parser::run()
{
    enum class Next { Value, Key, AfterValue };
    Next next = Next::Value;
    bool afterOpen = false; ///< the last token opened a container, or a comma may trail: a closing bracket is fine
    if constexpr (Comments) {
        if (m_text.startsWith("\xEF\xBB\xBF")) {
            m_at += 3;
        }
    }
    for (;;) {
        if (!skipSpace<Comments>()) {
            return false;
        }
        switch (next) {
        case Next::Value:
            if (isAt('{') || isAt('[')) {
                const bool isObject = *m_at == '{';
                if (!open(isObject ? Kind::Object : Kind::Array)) {
                    return false;
                }
                next = isObject ? Next::Key : Next::Value;
                afterOpen = true;
                continue;
            }
            if (afterOpen && isAt(']')) {
                break;
            }
            if (!scalar()) {
                return false;
            }
            next = Next::AfterValue;
            afterOpen = false;
            if (m_open != NoNode) {
                m_nodes[m_open].count += 1;
            }
            continue;
        case Next::Key:
            if (afterOpen && isAt('}')) {
                break;
            }
            if (!isAt('"')) {
                return syntax(afterOpen ? "a key in quotes or '}'" : "a key in quotes");
            }
            if (!string(true) || !skipSpace<Comments>()) {
                return false;
            }
            if (!isAt(':')) {
                return syntax("':' after the key");
            }
            ++m_at;
            next = Next::Value;
            afterOpen = false;
            continue;
        case Next::AfterValue: {
            if (m_open == NoNode) {
                return m_at == m_end ? true : syntax("the end of the text after one value");
            }
            const bool inObject = m_nodes[m_open].kind == static_cast<std::uint32_t>(Kind::Object);
            if (isAt(',')) {
                ++m_at;
                next = inObject ? Next::Key : Next::Value;
                afterOpen = Comments;
                continue;
            }
            if (!isAt(inObject ? '}' : ']')) {
                return syntax(inObject ? "',' or '}'" : "',' or ']'");
            }
            break;
        }
        }
        if (!close()) {
            return false;
        }
        next = Next::AfterValue;
        afterOpen = false;
        if (m_open != NoNode) {
            m_nodes[m_open].count += 1;
        }
    }
}

std::uint32_t Parser::duplicateKey(std::uint32_t object)
{
    return m_nodes[object].count <= SmallObject ? duplicateAmongFew(object) : duplicateAmongMany(object);
}

std::uint32_t Parser::duplicateAmongFew(std::uint32_t object)
{
    std::array<std::uint32_t, SmallObject> keys;
    std::array<std::uint64_t, SmallObject> prints;
    std::uint32_t count = 0;
    bool anyEscaped = false;
    const std::uint32_t end = m_nodes[object].next;
    for (std::uint32_t key = object + 1; key != end; key = m_nodes[key + 1].next) {
        const Document::Node& node = m_nodes[key];
        keys[count] = key;
        anyEscaped = anyEscaped || node.escaped != 0;
        // The first eight bytes and the length: different prints prove different plain keys.
        const std::uint32_t length = node.end - node.begin - 2;
        std::uint64_t head = 0;
        const Byte* const from = m_start + node.begin + 1;
        if (m_end - from >= 8) {
            std::memcpy(&head, from, 8);
            if (length < 8) {
                head &= (1ULL << (length * 8U)) - 1U;
            }
        } else {
            std::memcpy(&head, from, length);
        }
        prints[count++] = head ^ (static_cast<std::uint64_t>(length) * 0x9E3779B97F4A7C15ULL);
    }
    for (std::uint32_t i = 1; i < count; ++i) {
        for (std::uint32_t j = 0; j < i; ++j) {
            if ((prints[i] == prints[j] || anyEscaped) && compareKeys(m_text, m_nodes[keys[i]], m_nodes[keys[j]], anyEscaped) == 0) {
                return keys[i];
            }
        }
    }
    return NoNode;
}

std::uint32_t Parser::duplicateAmongMany(std::uint32_t object)
{
    auto& keys = m_document.m_keyScratch;
    keys.clear();
    const std::uint32_t end = m_nodes[object].next;
    bool anyEscaped = false;
    for (std::uint32_t key = object + 1; key != end; key = m_nodes[key + 1].next) {
        anyEscaped = anyEscaped || m_nodes[key].escaped != 0;
        keys.emplace_back(0, key);
    }
    for (auto& [hash, key] : keys) {
        hash = hashKey(contentOf(m_text, m_nodes[key]), anyEscaped);
    }
    // Content breaks ties, so keys made to collide cost a sort and not a quadratic scan.
    std::sort(keys.begin(), keys.end(), [this, anyEscaped](const auto& a, const auto& b) {
        if (a.first != b.first) {
            return a.first < b.first;
        }
        const int order = compareKeys(m_text, m_nodes[a.second], m_nodes[b.second], anyEscaped);
        return order != 0 ? order < 0 : a.second < b.second;
    });
    for (std::size_t i = 1; i < keys.size(); ++i) {
        if (keys[i].first == keys[i - 1].first &&
            compareKeys(m_text, m_nodes[keys[i].second], m_nodes[keys[i - 1].second], anyEscaped) == 0) {
            return keys[i].second;
        }
    }
    return NoNode;
}

ParseError Parser::error() const
{
    const std::uint32_t at = offset(m_errorAt);
    const Position position = positionOf(m_text, at);
    return {m_reason, at, position.line, position.column, m_expected};
}

tl::expected<void, ParseError> Document::parse(QByteArrayView source, const ParseOptions& options)
{
    clear();
    const std::uint32_t limit = std::min(options.maxBytes, HardMaxBytes);
    if (source.size() > static_cast<qsizetype>(limit)) {
        return tl::unexpected(ParseError{ParseError::Reason::Size, limit, 1, 1, "longer than allowed"});
    }
    const auto size = static_cast<std::size_t>(source.size());
    if (m_nodes.capacity() > KeptNodes && size < m_nodes.capacity() / 4) {
        std::vector<Node>().swap(m_nodes);
        std::vector<std::pair<std::uint64_t, std::uint32_t>>().swap(m_keyScratch);
    }
    m_nodes.reserve(size / 32 + 16);
    m_text = source;
    Parser parser(*this, options);
    if (options.allowComments ? parser.run<true>() : parser.run<false>()) {
        return {};
    }
    const ParseError error = parser.error();
    clear();
    return tl::unexpected(error);
}

} // namespace oriel::json
