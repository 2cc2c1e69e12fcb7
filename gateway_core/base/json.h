// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QString>

#include <cstdint>
#include <optional>
#include <vector>

/// Strict JSON (RFC 8259) for messages: one pass checks grammar, UTF-8, nesting, size and duplicate keys and leaves a flat list
/// of nodes that point into the text, so numbers, member order and unknown members survive whatever is spliced around them.
/// Nothing here is shared between threads; a Document belongs to whoever parses with it.
namespace oriel::json {

enum class Kind : std::uint8_t { Missing, Null, Bool, Number, String, Array, Object };

/// A range of bytes of the parsed text. Length 0 means "not there": no JSON value is empty.
struct Span {
    std::uint32_t begin = 0;
    std::uint32_t length = 0;

    [[nodiscard]] bool isValid() const { return length != 0; }
    [[nodiscard]] std::uint32_t end() const { return begin + length; }
    bool operator==(const Span&) const = default;
};

struct ParseOptions {
    int maxDepth = 128;                  ///< nested arrays and objects
    std::uint32_t maxBytes = 64U << 20U; ///< of the text; never above 512 MiB
    std::uint32_t maxValues = 0;         ///< values and keys in it, against many small ones; 0: any number
    bool allowComments = false;          ///< configuration files: // and /* */ comments, a comma before ] or }, a leading BOM
    bool allowLoneSurrogates = false;    ///< "\ud83d" without its pair in string values (never in keys); read as U+FFFD
};

/// Why a text was refused. `expected` is a static phrase that completes "expected …" (or states the violated rule).
struct ParseError {
    enum class Reason : std::uint8_t { Syntax, Utf8, Depth, Size, DuplicateKey };
    Reason reason = Reason::Syntax;
    std::uint32_t offset = 0; ///< byte offset of the offending byte
    std::uint32_t line = 1;   ///< from 1
    std::uint32_t column = 1; ///< from 1, in code points
    const char* expected = "";

    /// "line 3, column 7: expected ',' or '}'".
    [[nodiscard]] QString toString() const;
    /// ErrorCode::TooLarge for Size and Depth, else ErrorCode::Parse; `context` is the file or peer that the text came from.
    [[nodiscard]] Error toError(const QString& context = {}) const;
};

class Value;
class MemberRange;
class ElementRange;

/// The nodes of one parsed text. Reusable: parsing again keeps the buffers, so a warm Document allocates nothing.
/// It does not own the text, which must outlive every Value taken from it.
class Document {
public:
    /// Replaces what was parsed before. On failure the document is empty.
    [[nodiscard]] tl::expected<void, ParseError> parse(QByteArrayView text, const ParseOptions& options = {});
    /// The same with the failure as an Error.
    [[nodiscard]] Status parseOrError(QByteArrayView text, const ParseOptions& options = {}, const QString& context = {});

    /// Missing when nothing was parsed.
    [[nodiscard]] Value root() const;
    [[nodiscard]] QByteArrayView text() const { return m_text; }
    void clear();

    /// One value or key in text order. An object's members are a key node followed by the value's nodes.
    struct Node {
        std::uint32_t begin;
        std::uint32_t end;        ///< one past the last byte
        std::uint32_t next;       ///< index of the node after this one and everything in it
        std::uint32_t count : 28; ///< members or elements
        std::uint32_t kind : 3;
        std::uint32_t escaped : 1; ///< a string or key that contains a backslash
    };
    static_assert(sizeof(std::uint32_t) == 4);

private:
    friend class Value;
    friend class MemberRange;
    friend class ElementRange;
    friend class Parser;

    QByteArrayView m_text;
    std::vector<Node> m_nodes;
    std::vector<std::pair<std::uint64_t, std::uint32_t>> m_keyScratch; ///< hash and node of the keys of one big object
};

/// A cursor to one value of a Document; cheap to copy, valid until the Document parses again. A Missing value answers every
/// question with "nothing", so chains like `root.find("a").find("b").asInt64()` need no checks in between.
class Value {
public:
    Value() = default;

    [[nodiscard]] Kind kind() const { return m_document == nullptr ? Kind::Missing : static_cast<Kind>(node().kind); }
    [[nodiscard]] bool exists() const { return m_document != nullptr; }
    [[nodiscard]] bool isNull() const { return kind() == Kind::Null; }
    [[nodiscard]] bool isBool() const { return kind() == Kind::Bool; }
    [[nodiscard]] bool isNumber() const { return kind() == Kind::Number; }
    [[nodiscard]] bool isInteger() const; ///< a number written without fraction or exponent
    [[nodiscard]] bool isString() const { return kind() == Kind::String; }
    [[nodiscard]] bool isArray() const { return kind() == Kind::Array; }
    [[nodiscard]] bool isObject() const { return kind() == Kind::Object; }

    /// Where the value stands in the text, quotes and brackets included.
    [[nodiscard]] Span span() const;
    /// Its text, exactly as received.
    [[nodiscard]] QByteArrayView raw() const;

    [[nodiscard]] std::optional<bool> asBool() const;
    [[nodiscard]] std::optional<std::int64_t> asInt64() const; ///< integers within range only
    [[nodiscard]] std::optional<double> asDouble() const;      ///< finite numbers only
    /// A string's content, unescaped, in UTF-8; empty for every other kind.
    [[nodiscard]] QByteArray asUtf8() const;
    [[nodiscard]] QString asString() const;
    /// The same without a copy when nothing was escaped; else `scratch` is filled and a view of it returned.
    [[nodiscard]] QByteArrayView utf8(QByteArray& scratch) const;
    /// True for a string whose unescaped content is exactly `text`. Allocates nothing.
    [[nodiscard]] bool equals(QByteArrayView text) const;
    /// True for a string that differs from the ASCII word `text` only in case, by ASCII and by Unicode folds (ſ K ı İ); false
    /// when equal.
    [[nodiscard]] bool isCaseVariantOf(QByteArrayView text) const;
    /// A string without escapes: what stands between its quotes is its content.
    [[nodiscard]] bool isPlain() const { return isString() && node().escaped == 0; }

    /// Members of an object, elements of an array, else 0.
    [[nodiscard]] std::uint32_t size() const;
    /// The member with exactly this (unescaped) key, or Missing. Linear in the number of members.
    [[nodiscard]] Value find(QByteArrayView key) const;
    /// The key node of that member, or Missing; `find` gives the value.
    [[nodiscard]] Value findKey(QByteArrayView key) const;
    /// Linear in `index`; iterate with elements() instead.
    [[nodiscard]] Value at(std::uint32_t index) const;

    [[nodiscard]] MemberRange members() const;
    [[nodiscard]] ElementRange elements() const;

private:
    friend class Document;
    friend class MemberRange;
    friend class ElementRange;
    Value(const Document* document, std::uint32_t index) : m_document(document), m_index(index) {}
    [[nodiscard]] const Document::Node& node() const { return m_document->m_nodes[m_index]; }

    const Document* m_document = nullptr;
    std::uint32_t m_index = 0;
};

struct Member {
    Value key; ///< always a string
    Value value;
    /// From the key's first quote to the value's last byte.
    [[nodiscard]] Span span() const { return {key.span().begin, value.span().end() - key.span().begin}; }
};

/// `for (const json::Member& member : object.members())`; empty for everything that is not an object.
class MemberRange {
public:
    class Iterator {
    public:
        Iterator(const Document* document, std::uint32_t index) : m_document(document), m_index(index) {}
        Member operator*() const { return {Value(m_document, m_index), Value(m_document, m_index + 1)}; }
        Iterator& operator++()
        {
            m_index = m_document->m_nodes[m_index + 1].next;
            return *this;
        }
        bool operator==(const Iterator&) const = default;

    private:
        const Document* m_document;
        std::uint32_t m_index;
    };
    explicit MemberRange(const Value& object);
    [[nodiscard]] Iterator begin() const { return {m_document, m_begin}; }
    [[nodiscard]] Iterator end() const { return {m_document, m_end}; }

private:
    const Document* m_document = nullptr;
    std::uint32_t m_begin = 0;
    std::uint32_t m_end = 0;
};

/// `for (const json::Value& element : array.elements())`; empty for everything that is not an array.
class ElementRange {
public:
    class Iterator {
    public:
        Iterator(const Document* document, std::uint32_t index) : m_document(document), m_index(index) {}
        Value operator*() const { return {m_document, m_index}; }
        Iterator& operator++()
        {
            m_index = m_document->m_nodes[m_index].next;
            return *this;
        }
        bool operator==(const Iterator&) const = default;

    private:
        const Document* m_document;
        std::uint32_t m_index;
    };
    explicit ElementRange(const Value& array);
    [[nodiscard]] Iterator begin() const { return {m_document, m_begin}; }
    [[nodiscard]] Iterator end() const { return {m_document, m_end}; }

private:
    const Document* m_document = nullptr;
    std::uint32_t m_begin = 0;
    std::uint32_t m_end = 0;
};

/// Line and column (both from 1; columns in code points) of a byte offset.
struct Position {
    std::uint32_t line = 1;
    std::uint32_t column = 1;
};
[[nodiscard]] Position positionOf(QByteArrayView text, std::uint32_t offset);

/// Where a value stands, for messages about configuration: "gateway.port", "mcpServers.web.args[2]", "(root)".
/// Linear in the size of the document.
[[nodiscard]] QString pathOf(const Document& document, const Value& value);

/// The kind that JSON text of one validated value has; Missing for empty text.
[[nodiscard]] Kind kindOf(QByteArrayView validatedJson);
/// The unescaped content of a validated JSON string, quotes included in `quoted`. No copy is made when nothing is escaped.
[[nodiscard]] QByteArrayView unquote(QByteArrayView quoted, QByteArray& scratch);
[[nodiscard]] QByteArray unquote(QByteArrayView quoted);

} // namespace oriel::json
