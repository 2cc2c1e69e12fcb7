// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/logs/log_words.h"

#include "base/json.h"
#include "base/json_writer.h"

#include <QDateTime>

#include <array>

namespace oriel::ui {

using telemetry::Severity;

namespace {

constexpr qsizetype lineLimit = 2'000;

struct Words {
    LogLevel level;
    const char* word;
    IconName icon;
    IconTint tint;
    Tone tone;
};
constexpr std::array levels{
    Words{LogLevel::Trace, "trace", IconName::More, IconTint::Dim, Tone::Neutral},
    Words{LogLevel::Debug, "debug", IconName::Tool, IconTint::Dim, Tone::Neutral},
    Words{LogLevel::Info, "info", IconName::Info, IconTint::Dim, Tone::Neutral},
    Words{LogLevel::Warn, "warn", IconName::Warning, IconTint::Warning, Tone::Warning},
    Words{LogLevel::Error, "error", IconName::Cross, IconTint::Error, Tone::Error},
    Words{LogLevel::Fatal, "fatal", IconName::Cross, IconTint::Error, Tone::Error},
};

const Words& wordsOf(LogLevel level)
{
    return levels[static_cast<std::size_t>(level)];
}

/// One past the escape sequence that begins at `from` (ECMA-48 §5.4 and §5.6).
qsizetype endOfEscape(QStringView text, qsizetype from)
{
    qsizetype at = from + 1;
    if (at >= text.size())
        return at;
    const char16_t kind = text[at++].unicode();
    if (kind == u'[') {
        while (at < text.size() && (text[at] < QChar(0x40) || text[at] > QChar(0x7e)))
            ++at;
        return std::min(at + 1, text.size());
    }
    if (kind == u']' || kind == u'P') {
        while (at < text.size() && text[at] != QChar(0x07) && text[at] != QChar(0x1b))
            ++at;
        if (at < text.size() && text[at] == QChar(0x1b))
            ++at;
        return std::min(at + 1, text.size());
    }
    return at;
}

QByteArray rfc3339(std::int64_t unixNs)
{
    const QByteArray upToMs = QDateTime::fromMSecsSinceEpoch(unixNs / 1'000'000, Qt::UTC).toString(Qt::ISODateWithMs).toLatin1();
    return upToMs.chopped(1) + QByteArray::number(static_cast<qlonglong>(unixNs % 1'000'000)).rightJustified(6, '0') + 'Z';
}

/// Structured lines are read by their message, with the rest beside it. False for anything else.
bool readStructured(const QByteArray& body, LogLine& line)
{
    constexpr qsizetype largest = 8 * 1024;
    json::Document document;
    if (!body.startsWith('{') || body.size() > largest || !document.parse(body))
        return false;
    QStringList rest;
    for (const json::Member& member : document.root().members()) {
        const QByteArray key = member.key.asUtf8();
        const bool isMessage = key == "message" || key == "msg" || key == "text";
        if (isMessage && member.value.isString() && line.text.isEmpty())
            line.text = withoutTerminalColors(member.value.asString()).simplified().left(lineLimit);
        else
            rest.append(QString::fromUtf8(key) + QLatin1Char('=') +
                        (member.value.isString() ? member.value.asString().simplified()
                                                 : QString::fromUtf8(member.value.raw().toByteArray()))
                            .left(80));
    }
    line.note = rest.join(QLatin1Char(' ')).left(200);
    return !line.text.isEmpty();
}

void writeAttributes(json::Writer& out, QByteArrayView name, const telemetry::Attributes& attributes)
{
    if (attributes.empty())
        return;
    out.key(name).beginObject();
    for (const telemetry::Attribute& attribute : attributes)
        out.rawMember(attribute.key, telemetry::toJson(attribute.value));
    out.endObject();
}

} // namespace

LogLevel logLevel(Severity severity)
{
    const int number = static_cast<int>(severity);
    if (number <= 0)
        return LogLevel::Info;
    return static_cast<LogLevel>(std::min((number - 1) / 4, static_cast<int>(LogLevel::Fatal)));
}

QString logLevelWord(LogLevel level)
{
    return QString::fromLatin1(wordsOf(level).word);
}
IconName logLevelIcon(LogLevel level)
{
    return wordsOf(level).icon;
}
IconTint logLevelTint(LogLevel level)
{
    return wordsOf(level).tint;
}
Tone logLevelTone(LogLevel level)
{
    return wordsOf(level).tone;
}

std::optional<Severity> severityOfWord(QStringView word)
{
    for (const Words& words : levels) {
        const QString known = QString::fromLatin1(words.word);
        if (word.compare(known, Qt::CaseInsensitive) == 0)
            return static_cast<Severity>(static_cast<int>(words.level) * 4 + 1);
    }
    if (word.compare(u"warning", Qt::CaseInsensitive) == 0)
        return Severity::Warn;
    if (word.compare(u"err", Qt::CaseInsensitive) == 0)
        return Severity::Error;
    if (word.compare(u"notice", Qt::CaseInsensitive) == 0)
        return Severity::Notice;
    if (word.compare(u"critical", Qt::CaseInsensitive) == 0)
        return Severity::Critical;
    return std::nullopt;
}

QString withoutTerminalColors(const QString& text)
{
    qsizetype escape = text.indexOf(QChar(0x1b));
    if (escape < 0)
        return text;
    QString plain;
    plain.reserve(text.size());
    qsizetype done = 0;
    while (escape >= 0) {
        plain += QStringView(text).sliced(done, escape - done);
        done = endOfEscape(text, escape);
        escape = text.indexOf(QChar(0x1b), done);
    }
    plain += QStringView(text).sliced(done);
    return plain;
}

QString attributeText(const telemetry::AnyValue& value)
{
    if (value.isEmpty())
        return {};
    const QByteArray* text = value.text();
    return QString::fromUtf8(text != nullptr ? *text : telemetry::toJson(value));
}

QString logBody(const telemetry::LogRecord& record)
{
    const QString body = withoutTerminalColors(attributeText(record.body));
    return body.isEmpty() ? QString::fromUtf8(record.eventName) : body;
}

LogLine logLine(const telemetry::LogRecord& record)
{
    LogLine line;
    if (const QByteArray* text = record.body.text(); text != nullptr && readStructured(*text, line))
        return line;
    line = {};
    const QString body = logBody(record);
    int more = 0;
    for (QStringView part : QStringView(body).split(u'\n')) {
        if (line.text.isEmpty())
            line.text = part.trimmed().left(lineLimit).toString();
        else
            more += part.trimmed().isEmpty() ? 0 : 1;
    }
    if (more > 0)
        line.note = more == 1 ? QStringLiteral("+1 line") : QStringLiteral("+%1 lines").arg(more);
    for (QChar& c : line.text) {
        if (c < u' ' || c == QChar(0x7f))
            c = u' ';
    }
    return line;
}

QByteArray logJson(const telemetry::LogRecord& record)
{
    json::Writer out(512);
    out.beginObject().member("time", rfc3339(record.timeUnixNs)).member("timeUnixNs", record.timeUnixNs);
    out.member("severityNumber", static_cast<int>(record.severity));
    out.member("severity",
               record.severityText.isEmpty() ? logLevelWord(logLevel(record.severity)).toLatin1() : record.severityText);
    out.member("source", record.source);
    if (!record.eventName.isEmpty())
        out.member("eventName", record.eventName);
    if (!record.body.isEmpty())
        out.rawMember("body", telemetry::toJson(record.body));
    if (record.traceId.isValid())
        out.member("traceId", record.traceId.toHex());
    if (record.spanId.isValid())
        out.member("spanId", record.spanId.toHex());
    writeAttributes(out, "attributes", record.attributes);
    if (record.resource != nullptr)
        writeAttributes(out, "resource", record.resource->attributes);
    return out.endObject().take();
}

} // namespace oriel::ui
