// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"
#include "base/json_keys.h"
#include "base/json_text.h"

#include <algorithm>
#include <cstring>

namespace oriel::json {

namespace {

constexpr std::uint32_t HardMaxBytes = 512U << 20U;
/// A document that one huge text has grown gives its memory back before the next small one.
constexpr std::size_t KeptNodes = 256U * 1024U;

using Byte = unsigned char;

} // namespace

/// One parse of one text into a Document's nodes. Open containers are chained through Node::next, so there is no stack to
/// overflow.
class Parser {
public:
    Parser(Document& document, const ParseOptions& options)
        : m_document(document),
          m_nodes(document.m_nodes),
          m_options(options),
          m_text(document.m_text),
          m_start(reinterpret_cast<const Byte*>(m_text.data())),
          m_at(m_start),
          m_end(m_start + m_text.size())
    {}

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
    bool beginValue();
    template <bool Comments> bool key();
    bool separator(bool commaMayTrail);
    bool open(Kind kind);
    bool close();
    /// A value is complete: the container around it has one more.
    void endValue()
    {
        m_next = Next::Separator;
        if (m_open != NoNode) {
            m_nodes[m_open].count += 1;
        }
    }
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
    std::uint32_t m_open = NoNode; ///< the innermost open container
    enum class Next : std::uint8_t { Value, Key, Separator };
    Next m_next = Next::Value;
    bool m_mayClose = false; ///< the container has just been opened, or a comma may trail: its closing bracket is fine
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
        const std::uint32_t duplicate = findDuplicateKey(m_text, m_nodes, index, m_document.m_keyScratch);
        if (duplicate != NoNode) {
            return refuse(ParseError::Reason::DuplicateKey, m_start + m_nodes[duplicate].begin,
                          "this key stands twice in its object");
        }
    }
    endValue();
    return true;
}

bool Parser::beginValue()
{
    const Byte first = m_at == m_end ? Byte{0} : *m_at;
    if (first == '{' || first == '[') {
        m_next = first == '{' ? Next::Key : Next::Value;
        m_mayClose = true;
        return open(first == '{' ? Kind::Object : Kind::Array);
    }
    if (m_mayClose && first == ']') {
        return close();
    }
    if (!scalar()) {
        return false;
    }
    endValue();
    return true;
}

template <bool Comments> bool Parser::key()
{
    if (m_mayClose && isAt('}')) {
        return close();
    }
    if (!isAt('"')) {
        return syntax(m_mayClose ? "a key in quotes or '}'" : "a key in quotes");
    }
    if (!string(true) || !skipSpace<Comments>()) {
        return false;
    }
    if (!isAt(':')) {
        return syntax("':' after the key");
    }
    ++m_at;
    m_next = Next::Value;
    m_mayClose = false;
    return true;
}

bool Parser::separator(bool commaMayTrail)
{
    const bool inObject = m_nodes[m_open].kind == static_cast<std::uint32_t>(Kind::Object);
    if (isAt(',')) {
        ++m_at;
        m_next = inObject ? Next::Key : Next::Value;
        m_mayClose = commaMayTrail;
        return true;
    }
    if (!isAt(inObject ? '}' : ']')) {
        return syntax(inObject ? "',' or '}'" : "',' or ']'");
    }
    return close();
}

template <bool Comments> bool Parser::run()
{
    if constexpr (Comments) {
        if (m_text.startsWith("\xEF\xBB\xBF")) {
            m_at += 3;
        }
    }
    for (;;) {
        if (!skipSpace<Comments>()) {
            return false;
        }
        if (m_options.maxValues != 0 && m_nodes.size() > m_options.maxValues) {
            return refuse(ParseError::Reason::Size, m_at, "fewer values");
        }
        bool good = false;
        switch (m_next) {
        case Next::Value:
            good = beginValue();
            break;
        case Next::Key:
            good = key<Comments>();
            break;
        case Next::Separator:
            if (m_open == NoNode) {
                return m_at == m_end || syntax("the end of the text after one value");
            }
            good = separator(Comments);
            break;
        }
        if (!good) {
            return false;
        }
    }
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
