// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/json.h"
#include "base/result.h"

#include <QByteArray>
#include <QStringList>

namespace oriel::config {

/// Changes single values of a configuration text (JSON with comments and trailing commas) and leaves everything else byte for
/// byte as it is: comments, the order of members, indentation, line ends. Every change parses the text first, so that a text that
/// cannot be read is refused and never cut. A path is made of member names and, in arrays, indices as decimal text. Internal to
/// config/.
class TextEditor {
public:
    /// An empty text is edited as `{}`.
    explicit TextEditor(QByteArray text);

    /// The value at `path` becomes `json`, which is strict JSON and is laid out in the manner of the text. Members on the way
    /// that are missing are added at the end of their objects; something on the way that is neither object nor array is replaced.
    Status set(const QStringList& path, QByteArrayView json);
    /// A new last element of the array at `path`, which is made when it is missing.
    Status append(const QStringList& path, QByteArrayView json);
    /// The array at `path` in another order: `order` names for each place the element that comes there. Elements take along the
    /// comments above them and behind them on their line; commas, line ends and indentation stay with the place.
    /// InvalidArgument when `order` does not name each element once.
    Status reorder(const QStringList& path, const QList<qsizetype>& order);
    /// Gives the member at `path` another name. No error when there is none.
    Status rename(const QStringList& path, const QString& name);
    /// Removes a member or an element with its comma, and its line when nothing else stands on it. No error when there is none.
    Status remove(const QStringList& path);

    [[nodiscard]] const QByteArray& text() const { return m_text; }

    static json::ParseOptions parseOptions();

private:
    struct Item {
        json::Span whole; ///< key and value, or the element
        json::Value value;
    };

    Status parse();
    [[nodiscard]] static QList<Item> itemsOf(const json::Value& container);
    [[nodiscard]] static json::Value childOf(const json::Value& container, const QString& step);
    void addItem(const json::Value& container, const QByteArray& quotedKey, QByteArrayView json);
    void addFirst(const json::Value& container, const QByteArray& item, const QByteArray& inner);
    void cut(const QList<Item>& items, qsizetype index);
    void cutLine(qsizetype begin, qsizetype end);
    [[nodiscard]] qsizetype skipTrivia(qsizetype at) const;
    [[nodiscard]] qsizetype skipTriviaOfLine(qsizetype at) const;
    [[nodiscard]] qsizetype endOfLineComments(qsizetype at, qsizetype close) const;
    [[nodiscard]] qsizetype endOfLastTrivia(qsizetype at) const;
    [[nodiscard]] qsizetype afterComment(qsizetype at) const;
    [[nodiscard]] qsizetype lineStart(qsizetype at) const;
    [[nodiscard]] QByteArray indentOf(qsizetype at) const;
    [[nodiscard]] QByteArray laidOut(const json::Value& value, const QByteArray& indent) const;
    [[nodiscard]] QByteArray laidOut(QByteArrayView json, const QByteArray& indent) const;
    [[nodiscard]] bool startsItsLine(qsizetype at) const;

    QByteArray m_text;
    QByteArray m_newline = "\n";
    QByteArray m_unit = "  ";
    json::Document m_document;
};

} // namespace oriel::config
