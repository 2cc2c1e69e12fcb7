// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/filter.h"

#include <algorithm>
#include <array>

namespace oriel::store {

namespace {

struct KeyHelp {
    FilterField field;
    const char* description;
};
constexpr std::array<KeyHelp, 10> kKeyHelp{{{FilterField::Server, "configured MCP server"},
                                            {FilterField::Tool, "tool, prompt or resource"},
                                            {FilterField::Status, "ok, error or an outcome"},
                                            {FilterField::Duration, "for example duration>250ms"},
                                            {FilterField::Client, "calling client"},
                                            {FilterField::Method, "MCP method"},
                                            {FilterField::Name, "span name"},
                                            {FilterField::Service, "service.name of the resource"},
                                            {FilterField::RequestId, "X-Request-ID"},
                                            {FilterField::Trace, "beginning of a trace id"}}};

bool isBreak(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '(' || c == ')';
}
bool isOperatorChar(char c)
{
    return c == '=' || c == '!' || c == '<' || c == '>' || c == '~';
}

struct Piece {
    qsizetype start = 0;      ///< of the term at the cursor
    qsizetype opStart = -1;   ///< −1: no operator yet
    qsizetype valueStart = 0; ///< after the operator or the last comma
    bool inQuotes = false;
};

/// The term that the cursor stands in.
Piece pieceAt(QByteArrayView text)
{
    Piece piece;
    for (qsizetype i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (piece.inQuotes) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                piece.inQuotes = false;
            continue;
        }
        if (c == '"') {
            piece.inQuotes = true;
        } else if (isBreak(c)) {
            piece.start = i + 1;
            piece.opStart = -1;
            piece.valueStart = i + 1;
        } else if (isOperatorChar(c) && (piece.opStart < 0 || piece.valueStart == i)) {
            if (piece.opStart < 0)
                piece.opStart = i;
            piece.valueStart = i + 1;
        } else if (c == ',' && piece.opStart >= 0) {
            piece.valueStart = i + 1;
        }
    }
    return piece;
}

bool startsWith(QByteArrayView text, QByteArrayView prefix)
{
    return text.size() >= prefix.size() && text.first(prefix.size()).compare(prefix, Qt::CaseInsensitive) == 0;
}

FilterField fieldOf(QByteArrayView key, QByteArray& attribute)
{
    for (const KeyHelp& help : kKeyHelp)
        if (filterKeyText(help.field).compare(key, Qt::CaseInsensitive) == 0)
            return help.field;
    if (startsWith(key, "attr.")) {
        attribute = key.sliced(5).toByteArray();
        return FilterField::Attribute;
    }
    return FilterField::Text;
}

} // namespace

std::vector<FilterSuggestion> suggestFilter(QByteArrayView utf8, qsizetype cursor, const FilterVocabulary& vocabulary, int limit)
{
    std::vector<FilterSuggestion> out;
    cursor = std::clamp<qsizetype>(cursor, 0, utf8.size());
    const Piece piece = pieceAt(utf8.first(cursor));
    const auto add = [&](FilterSuggestion::Kind kind, QByteArray text, const QString& description, qsizetype from) {
        if (static_cast<int>(out.size()) < limit)
            out.push_back({kind, std::move(text), description, from, cursor});
    };
    if (piece.opStart >= 0) {
        QByteArray attribute;
        const FilterField field = fieldOf(utf8.sliced(piece.start, piece.opStart - piece.start), attribute);
        QByteArrayView prefix = utf8.sliced(piece.valueStart, cursor - piece.valueStart);
        if (prefix.startsWith('"'))
            prefix = prefix.sliced(1);
        if (field == FilterField::Status) {
            for (const char* status : {"ok", "error", "tool_error", "rpc_error", "timeout", "cancelled", "blocked", "rejected",
                                       "unavailable", "running"})
                if (startsWith(status, prefix))
                    add(FilterSuggestion::Kind::Value, status, {}, piece.valueStart);
        } else if (field == FilterField::Duration) {
            for (const char* duration : {"10ms", "100ms", "500ms", "1s", "10s"})
                if (startsWith(duration, prefix))
                    add(FilterSuggestion::Kind::Value, duration, {}, piece.valueStart);
        } else if (field != FilterField::Text) {
            for (const QByteArray& value : vocabulary.fieldValues(field, attribute, prefix, limit))
                add(FilterSuggestion::Kind::Value, quoteFilterValue(value), {}, piece.valueStart);
        }
        return out;
    }
    if (piece.inQuotes)
        return out;
    const QByteArrayView prefix = utf8.sliced(piece.start, cursor - piece.start);
    for (const KeyHelp& help : kKeyHelp) {
        const QByteArray key = filterKeyText(help.field);
        if (!startsWith(key, prefix))
            continue;
        if (key.size() == prefix.size()) {
            const bool ordered = help.field == FilterField::Duration;
            for (const char* op : ordered ? std::array{">", "<"} : std::array{"=", "!="})
                add(FilterSuggestion::Kind::Operator, key + op, QString::fromLatin1(help.description), piece.start);
        } else {
            add(FilterSuggestion::Kind::Key, key + (help.field == FilterField::Duration ? ">" : "="),
                QString::fromLatin1(help.description), piece.start);
        }
    }
    if (startsWith("attr.", prefix) || startsWith(prefix, "attr.")) {
        const QByteArrayView rest = prefix.size() > 5 ? prefix.sliced(5) : QByteArrayView();
        for (const QByteArray& key : vocabulary.attributeKeys(rest, limit))
            add(FilterSuggestion::Kind::Key, "attr." + key + "=", QStringLiteral("span attribute"), piece.start);
    }
    for (const char* keyword : {"AND", "OR", "NOT"})
        if (!prefix.isEmpty() && startsWith(keyword, prefix) && prefix.size() < QByteArrayView(keyword).size())
            add(FilterSuggestion::Kind::Keyword, QByteArray(keyword) + ' ', {}, piece.start);
    return out;
}

} // namespace oriel::store
