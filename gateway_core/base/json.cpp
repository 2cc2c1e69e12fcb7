// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"

#include "base/json_text.h"

#include <charconv>
#include <cmath>

namespace oriel::json {

namespace {

char32_t folded(char32_t c)
{
    switch (c) {
    case 0x0130: // İ
    case 0x0131: // ı
        return 'i';
    case 0x017F: // ſ
        return 's';
    case 0x212A: // K, the Kelvin sign
        return 'k';
    default:
        return c >= 'A' && c <= 'Z' ? c + 0x20 : c;
    }
}

QByteArrayView inside(QByteArrayView quoted)
{
    return quoted.size() < 2 || quoted.front() != '"' ? QByteArrayView() : quoted.sliced(1, quoted.size() - 2);
}

} // namespace

QString ParseError::toString() const
{
    const QLatin1StringView what(expected);
    return QStringLiteral("line %1, column %2: %3%4")
        .arg(line)
        .arg(column)
        .arg(reason == Reason::Syntax ? QStringLiteral("expected ") : QString(), what);
}

Error ParseError::toError(const QString& context) const
{
    const bool limit = reason == Reason::Size || reason == Reason::Depth;
    return {limit ? ErrorCode::TooLarge : ErrorCode::Parse, toString(), context, {}};
}

Status Document::parseOrError(QByteArrayView source, const ParseOptions& options, const QString& context)
{
    if (const auto parsed = parse(source, options); !parsed) {
        return fail(parsed.error().toError(context));
    }
    return {};
}

Value Document::root() const
{
    return m_nodes.empty() ? Value() : Value(this, 0);
}

void Document::clear()
{
    m_nodes.clear();
    m_text = {};
}

bool Value::isInteger() const
{
    if (!isNumber()) {
        return false;
    }
    for (const char c : raw()) {
        if (c == '.' || c == 'e' || c == 'E') {
            return false;
        }
    }
    return true;
}

Span Value::span() const
{
    return exists() ? Span{node().begin, node().end - node().begin} : Span{};
}

QByteArrayView Value::raw() const
{
    return exists() ? m_document->m_text.sliced(node().begin, node().end - node().begin) : QByteArrayView();
}

std::optional<bool> Value::asBool() const
{
    return isBool() ? std::optional(raw().front() == 't') : std::nullopt;
}

std::optional<std::int64_t> Value::asInt64() const
{
    if (!isNumber()) {
        return std::nullopt;
    }
    const QByteArrayView digits = raw();
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number);
    return error == std::errc() && end == digits.end() ? std::optional(number) : std::nullopt;
}

std::optional<double> Value::asDouble() const
{
    if (!isNumber()) {
        return std::nullopt;
    }
    bool ok = false;
    const double number = raw().toDouble(&ok);
    return ok && std::isfinite(number) ? std::optional(number) : std::nullopt;
}

QByteArray Value::asUtf8() const
{
    return isString() ? unquote(raw()) : QByteArray();
}

QString Value::asString() const
{
    if (!isString()) {
        return {};
    }
    QByteArray scratch;
    return QString::fromUtf8(unquote(raw(), scratch));
}

QByteArrayView Value::utf8(QByteArray& scratch) const
{
    return isString() ? unquote(raw(), scratch) : QByteArrayView();
}

bool Value::equals(QByteArrayView text) const
{
    if (!isString()) {
        return false;
    }
    const QByteArrayView content = inside(raw());
    if (node().escaped == 0) {
        return content == text;
    }
    text::Unescaper mine(content);
    text::Unescaper other(text);
    while (!mine.atEnd() && !other.atEnd()) {
        // `text` is plain: a backslash in it stands for itself.
        const char32_t theirs = other.nextPlain();
        if (mine.next() != theirs) {
            return false;
        }
    }
    return mine.atEnd() && other.atEnd();
}

bool Value::isCaseVariantOf(QByteArrayView text) const
{
    if (!isString()) {
        return false;
    }
    const QByteArrayView content = inside(raw());
    if (content.size() < text.size()) {
        return false;
    }
    bool differs = false;
    qsizetype matched = 0;
    for (text::Unescaper cursor(content); !cursor.atEnd(); ++matched) {
        const char32_t c = cursor.next();
        if (matched == text.size()) {
            return false;
        }
        const auto wanted = static_cast<unsigned char>(text[matched]);
        if (folded(c) != folded(wanted)) {
            return false;
        }
        differs = differs || c != wanted;
    }
    return differs && matched == text.size();
}

std::uint32_t Value::size() const
{
    return isObject() || isArray() ? static_cast<std::uint32_t>(node().count) : 0;
}

Value Value::findKey(QByteArrayView key) const
{
    for (const Member& member : members()) {
        if (member.key.equals(key)) {
            return member.key;
        }
    }
    return {};
}

Value Value::find(QByteArrayView key) const
{
    const Value found = findKey(key);
    return found.exists() ? Value(found.m_document, found.m_index + 1) : Value();
}

Value Value::at(std::uint32_t index) const
{
    for (const Value& element : elements()) {
        if (index-- == 0) {
            return element;
        }
    }
    return {};
}

MemberRange Value::members() const
{
    return MemberRange(*this);
}

ElementRange Value::elements() const
{
    return ElementRange(*this);
}

MemberRange::MemberRange(const Value& object)
{
    if (object.isObject()) {
        m_document = object.m_document;
        m_begin = object.m_index + 1;
        m_end = object.node().next;
    }
}

ElementRange::ElementRange(const Value& array)
{
    if (array.isArray()) {
        m_document = array.m_document;
        m_begin = array.m_index + 1;
        m_end = array.node().next;
    }
}

Position positionOf(QByteArrayView text, std::uint32_t offset)
{
    Position position;
    const QByteArrayView before = text.first(qMin<qsizetype>(offset, text.size()));
    for (const char c : before) {
        if (c == '\n') {
            ++position.line;
            position.column = 1;
        } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
            ++position.column;
        }
    }
    return position;
}

QString pathOf(const Document& document, const Value& value)
{
    if (!value.exists()) {
        return QStringLiteral("(missing)");
    }
    const Span wanted = value.span();
    const auto holds = [&wanted](const Value& candidate) {
        return candidate.span().begin <= wanted.begin && wanted.end() <= candidate.span().end();
    };
    QString path;
    Value at = document.root();
    while (at.span() != wanted) {
        Value inner;
        int index = 0;
        for (const Value& element : at.elements()) {
            if (holds(element)) {
                inner = element;
                path += QStringLiteral("[%1]").arg(index);
                break;
            }
            ++index;
        }
        for (const Member& member : at.members()) {
            const bool isKey = member.key.span() == wanted;
            if (isKey || holds(member.value)) {
                inner = isKey ? member.key : member.value;
                path += (path.isEmpty() ? QString() : QStringLiteral(".")) + member.key.asString();
                break;
            }
        }
        if (!inner.exists()) {
            break;
        }
        at = inner;
    }
    return path.isEmpty() ? QStringLiteral("(root)") : path;
}

Kind kindOf(QByteArrayView validatedJson)
{
    switch (validatedJson.isEmpty() ? '\0' : validatedJson.front()) {
    case '\0':
        return Kind::Missing;
    case '{':
        return Kind::Object;
    case '[':
        return Kind::Array;
    case '"':
        return Kind::String;
    case 't':
    case 'f':
        return Kind::Bool;
    case 'n':
        return Kind::Null;
    default:
        return Kind::Number;
    }
}

QByteArrayView unquote(QByteArrayView quoted, QByteArray& scratch)
{
    const QByteArrayView content = inside(quoted);
    if (!content.contains('\\')) {
        return content;
    }
    scratch.clear();
    scratch.reserve(content.size());
    text::appendUnescaped(scratch, content);
    return scratch;
}

QByteArray unquote(QByteArrayView quoted)
{
    QByteArray scratch;
    const QByteArrayView content = unquote(quoted, scratch);
    return scratch.isEmpty() ? content.toByteArray() : scratch;
}

} // namespace oriel::json
