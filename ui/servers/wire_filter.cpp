// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/servers/wire_filter.h"

namespace oriel::ui {
namespace {

struct Word {
    QString text;
    bool isLiteral = false; ///< it began with a quote: no condition
};

/// Quotes hold a word together and are dropped.
QList<Word> wordsOf(const QString& text)
{
    QList<Word> words;
    Word word;
    bool quoted = false;
    for (const QChar c : text) {
        if (c == QLatin1Char('"') && (quoted || word.text.isEmpty() || word.text.endsWith(QLatin1Char('=')))) {
            word.isLiteral = word.isLiteral || (!quoted && word.text.isEmpty());
            quoted = !quoted;
        } else if (c.isSpace() && !quoted) {
            if (!word.text.isEmpty())
                words.append(word);
            word = {};
        } else {
            word.text += c;
        }
    }
    if (!word.text.isEmpty())
        words.append(word);
    return words;
}

/// False when `key` is no condition, so that the word is text.
bool takeCondition(WireFilter& filter, const QString& key, const QString& value)
{
    const QByteArray bytes = value.toUtf8();
    if (key == QLatin1String("era")) {
        if (value == QLatin1String("modern"))
            filter.query.era = telemetry::WireEra::Modern;
        else if (value == QLatin1String("legacy"))
            filter.query.era = telemetry::WireEra::Legacy;
        else
            filter.problem = QStringLiteral("era is \"modern\" (2026-07-28) or \"legacy\" (before).");
    } else if (key == QLatin1String("client")) {
        filter.query.client = bytes;
    } else if (key == QLatin1String("server")) {
        filter.allServers = value == QLatin1String("*");
        filter.query.server = filter.allServers ? QByteArray() : bytes;
    } else if (key == QLatin1String("method")) {
        filter.query.method = bytes;
    } else if (key == QLatin1String("id")) {
        filter.query.rpcId = bytes;
    } else if (key == QLatin1String("trace")) {
        filter.query.traceId = TraceId::fromHex(bytes);
        if (!filter.query.traceId)
            filter.problem = QStringLiteral("trace takes the 32 digits of a trace id.");
    } else {
        return false;
    }
    return true;
}

} // namespace

WireFilter parseWireFilter(const QString& text)
{
    WireFilter filter;
    QStringList rest;
    for (const auto& [word, isLiteral] : wordsOf(text)) {
        const auto equals = word.indexOf(QLatin1Char('='));
        if (isLiteral || equals <= 0 || !takeCondition(filter, word.left(equals), word.mid(equals + 1)))
            rest.append(word);
    }
    filter.query.text = rest.join(QLatin1Char(' ')).toUtf8();
    return filter;
}

QString traceCondition(const TraceId& trace)
{
    return QStringLiteral("trace=") + QString::fromLatin1(trace.toHex());
}

} // namespace oriel::ui
