// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/file/text_editor.h"

#include "base/json_writer.h"

namespace oriel::config {

namespace {

bool isBlank(char c)
{
    return c == ' ' || c == '\t';
}

bool isSpace(char c)
{
    return isBlank(c) || c == '\n' || c == '\r';
}

} // namespace

json::ParseOptions TextEditor::parseOptions()
{
    json::ParseOptions options;
    options.allowComments = true;
    return options;
}

TextEditor::TextEditor(QByteArray text) : m_text(std::move(text))
{
    if (m_text.trimmed().isEmpty())
        m_text = QByteArrayLiteral("{\n}\n");
    if (m_text.contains("\r\n"))
        m_newline = QByteArrayLiteral("\r\n");
}

Status TextEditor::parse()
{
    if (const Status parsed = m_document.parseOrError(m_text, parseOptions()); !parsed)
        return parsed;
    const QList<Item> top = itemsOf(m_document.root());
    if (!top.isEmpty() && startsItsLine(top.first().whole.begin)) {
        if (const QByteArray indent = indentOf(top.first().whole.begin); !indent.isEmpty())
            m_unit = indent;
    }
    return {};
}

QList<TextEditor::Item> TextEditor::itemsOf(const json::Value& container)
{
    QList<Item> items;
    for (const json::Member& member : container.members())
        items.append({member.span(), member.value});
    for (const json::Value& element : container.elements())
        items.append({element.span(), element});
    return items;
}

json::Value TextEditor::childOf(const json::Value& container, const QString& step)
{
    if (!container.isArray())
        return container.find(step.toUtf8());
    bool ok = false;
    const uint index = step.toUInt(&ok);
    return ok && index < container.size() ? container.at(index) : json::Value();
}

Status TextEditor::set(const QStringList& path, QByteArrayView json)
{
    if (const Status parsed = parse(); !parsed)
        return parsed;
    json::Value container = m_document.root();
    qsizetype depth = 0;
    json::Value existing = childOf(container, path.first());
    while (depth + 1 < path.size() && (existing.isObject() || existing.isArray())) {
        container = existing;
        existing = childOf(container, path[++depth]);
    }
    QByteArray value = json.toByteArray();
    for (qsizetype i = path.size() - 1; i > depth; --i)
        value = '{' + json::quote(QStringView(path[i])) + ':' + value + '}';
    if (existing.exists()) {
        const json::Span span = existing.span();
        m_text.replace(span.begin, span.length, laidOut(value, indentOf(span.begin)));
    } else {
        addItem(container, container.isArray() ? QByteArray() : json::quote(QStringView(path[depth])), value);
    }
    return {};
}

Status TextEditor::append(const QStringList& path, QByteArrayView json)
{
    if (const Status parsed = parse(); !parsed)
        return parsed;
    json::Value array = m_document.root();
    for (const QString& step : path)
        array = childOf(array, step);
    if (!array.isArray())
        return set(path, '[' + json.toByteArray() + ']');
    addItem(array, {}, json);
    return {};
}

Status TextEditor::rename(const QStringList& path, const QString& name)
{
    if (const Status parsed = parse(); !parsed)
        return parsed;
    json::Value container = m_document.root();
    for (const QString& step : path.first(path.size() - 1))
        container = childOf(container, step);
    if (const json::Value key = container.findKey(path.last().toUtf8()); key.exists())
        m_text.replace(key.span().begin, key.span().length, json::quote(QStringView(name)));
    return {};
}

Status TextEditor::remove(const QStringList& path)
{
    if (const Status parsed = parse(); !parsed)
        return parsed;
    json::Value container = m_document.root();
    for (const QString& step : path.first(path.size() - 1))
        container = childOf(container, step);
    const json::Value gone = childOf(container, path.last());
    const QList<Item> items = itemsOf(container);
    for (qsizetype i = 0; i < items.size(); ++i) {
        if (gone.exists() && items[i].value.span() == gone.span()) {
            cut(items, i);
            break;
        }
    }
    return {};
}

void TextEditor::addFirst(const json::Value& container, const QByteArray& item, const QByteArray& inner)
{
    const qsizetype open = container.span().begin;
    const qsizetype close = static_cast<qsizetype>(container.span().end()) - 1;
    const qsizetype at = endOfLastTrivia(open + 1);
    const QByteArray between = m_text.mid(at, close - at);
    const QByteArray tail = between.contains('\n') ? between : m_newline + indentOf(open);
    m_text.replace(at, close - at, m_newline + inner + item + tail);
}

void TextEditor::addItem(const json::Value& container, const QByteArray& quotedKey, QByteArrayView json)
{
    const QList<Item> items = itemsOf(container);
    const QByteArray prefix = quotedKey.isEmpty() ? QByteArray() : quotedKey + ": ";
    if (items.isEmpty()) {
        const QByteArray inner = indentOf(container.span().begin) + m_unit;
        addFirst(container, prefix + laidOut(json, inner), inner);
        return;
    }
    const qsizetype close = static_cast<qsizetype>(container.span().end()) - 1;
    const qsizetype valueEnd = items.last().whole.end();
    const qsizetype afterValue = skipTrivia(valueEnd);
    const bool trailingComma = m_text[afterValue] == ',';
    const qsizetype from = trailingComma ? afterValue + 1 : valueEnd;
    const bool ownLines = startsItsLine(items.last().whole.begin) || m_text.mid(from, close - from).contains('\n');
    const QByteArray comma = trailingComma ? QByteArray() : QByteArray(",");
    const QByteArray tail = trailingComma ? QByteArray(",") : QByteArray();
    if (!ownLines) {
        m_text.insert(from, comma + ' ' + prefix + json.toByteArray() + tail);
        return;
    }
    const QByteArray indent =
        startsItsLine(items.last().whole.begin) ? indentOf(items.last().whole.begin) : indentOf(container.span().begin) + m_unit;
    const qsizetype lineEnd = skipTriviaOfLine(from);
    const QByteArray item = m_newline + indent + prefix + laidOut(json, indent) + tail;
    const bool closesOnThisLine = lineEnd == close;
    m_text.insert(lineEnd, closesOnThisLine ? item + m_newline + indentOf(container.span().begin) : item);
    m_text.insert(valueEnd, comma);
}

void TextEditor::cut(const QList<Item>& items, qsizetype index)
{
    const qsizetype begin = items[index].whole.begin;
    const qsizetype end = items[index].whole.end();
    const qsizetype next = skipTrivia(end);
    if (m_text[next] == ',') {
        m_text.remove(next, 1);
        cutLine(begin, end);
        return;
    }
    cutLine(begin, end);
    if (index == 0)
        return;
    const qsizetype comma = skipTrivia(items[index - 1].whole.end());
    qsizetype gap = comma + 1;
    while (isBlank(m_text[gap]))
        ++gap;
    m_text.remove(comma, gap - comma);
}

/// Removes the bytes and the blanks that would be left alone: the whole line, or the gap to what follows.
void TextEditor::cutLine(qsizetype begin, qsizetype end)
{
    qsizetype last = end;
    while (last < m_text.size() && isBlank(m_text[last]))
        ++last;
    const bool lineEnds = last >= m_text.size() || m_text[last] == '\n' || m_text[last] == '\r';
    const qsizetype first = lineStart(begin);
    if (startsItsLine(begin) && lineEnds) {
        if (last < m_text.size() && m_text[last] == '\r')
            ++last;
        m_text.remove(first, std::min(last + 1, m_text.size()) - first);
        return;
    }
    m_text.remove(begin, (lineEnds ? end : last) - begin);
}

qsizetype TextEditor::afterComment(qsizetype at) const
{
    if (m_text.mid(at, 2) == "/*")
        return m_text.indexOf("*/", at + 2) + 2;
    if (m_text.mid(at, 2) == "//") {
        const qsizetype end = m_text.indexOf('\n', at);
        return end < 0 ? m_text.size() : end - (m_text[end - 1] == '\r' ? 1 : 0);
    }
    return at;
}

qsizetype TextEditor::skipTrivia(qsizetype at) const
{
    while (at < m_text.size()) {
        const qsizetype next = isSpace(m_text[at]) ? at + 1 : afterComment(at);
        if (next == at)
            break;
        at = next;
    }
    return at;
}

/// Behind blanks and comments that begin on this line; blanks that end it are left alone.
qsizetype TextEditor::skipTriviaOfLine(qsizetype at) const
{
    qsizetype done = at;
    while (at < m_text.size()) {
        if (isBlank(m_text[at])) {
            ++at;
            continue;
        }
        const qsizetype next = afterComment(at);
        if (next == at)
            return m_text[at] == '\n' || m_text[at] == '\r' ? done : at;
        done = at = next;
    }
    return done;
}

/// The end of the last comment before anything else, or `at`.
qsizetype TextEditor::endOfLastTrivia(qsizetype at) const
{
    qsizetype done = at;
    while (at < m_text.size()) {
        if (isSpace(m_text[at])) {
            ++at;
            continue;
        }
        const qsizetype next = afterComment(at);
        if (next == at)
            break;
        done = at = next;
    }
    return done;
}

qsizetype TextEditor::lineStart(qsizetype at) const
{
    return at == 0 ? 0 : m_text.lastIndexOf('\n', at - 1) + 1;
}

bool TextEditor::startsItsLine(qsizetype at) const
{
    const qsizetype first = lineStart(at);
    return first > 0 && std::all_of(m_text.cbegin() + first, m_text.cbegin() + at, isBlank);
}

QByteArray TextEditor::indentOf(qsizetype at) const
{
    const qsizetype first = lineStart(at);
    qsizetype end = first;
    while (end < m_text.size() && isBlank(m_text[end]))
        ++end;
    return m_text.mid(first, end - first);
}

QByteArray TextEditor::laidOut(QByteArrayView json, const QByteArray& indent) const
{
    json::Document document;
    return document.parse(json) ? laidOut(document.root(), indent) : json.toByteArray();
}

/// Objects and lists of them take a line for each member; lists of plain values stay on one.
QByteArray TextEditor::laidOut(const json::Value& value, const QByteArray& indent) const
{
    const QByteArray inner = indent + m_unit;
    const QList<Item> items = itemsOf(value);
    if (items.isEmpty())
        return value.raw().toByteArray();
    QByteArray out;
    if (value.isArray()) {
        const bool lines = std::any_of(items.cbegin(), items.cend(), [](const Item& item) { return item.value.isObject(); });
        const QByteArray before = lines ? m_newline + inner : QByteArray();
        for (const Item& item : items)
            out += (out.isEmpty() ? QByteArray()
                    : lines       ? QByteArray(",")
                                  : QByteArray(", ")) +
                   before + laidOut(item.value, inner);
        return '[' + out + (lines ? m_newline + indent : QByteArray()) + ']';
    }
    for (const json::Member& member : value.members())
        out += (out.isEmpty() ? QByteArray() : QByteArray(",")) + m_newline + inner + member.key.raw().toByteArray() + ": " +
               laidOut(member.value, inner);
    return '{' + out + m_newline + indent + '}';
}

} // namespace oriel::config
