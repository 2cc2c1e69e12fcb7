// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/traces/trace_words.h"

#include "telemetry/call_spans.h"
#include "telemetry/semconv.h"
#include "ui/widgets/filter_text.h"
#include "ui/widgets/format.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QSet>

#include <algorithm>
#include <array>
#include <limits>

namespace oriel::ui {
namespace {

using telemetry::Attr;

constexpr std::array essentials{Attr::McpMethodName,     Attr::GenAiToolName,      Attr::GenAiPromptName,  Attr::McpResourceUri,
                                Attr::GatewayServerName, Attr::McpProtocolVersion, Attr::NetworkTransport, Attr::ErrorType,
                                Attr::GatewayAttempt,    Attr::GuardrailViolation, Attr::GuardrailAction};

const telemetry::AnyValue* attribute(const telemetry::SpanData& span, Attr key)
{
    return telemetry::findAttribute(span.attributes, telemetry::attributeName(key));
}

QString text(const telemetry::SpanData& span, Attr key)
{
    const telemetry::AnyValue* value = attribute(span, key);
    return value ? valueText(*value) : QString();
}

KeyValue attributeRow(const telemetry::Attribute& attribute, bool filterable = true)
{
    KeyValue row;
    row.key = QString::fromUtf8(attribute.key);
    row.value = valueText(attribute.value);
    if (filterable && row.value.size() <= 200)
        row.filterKey = QStringLiteral("attr.") + row.key;
    if (attribute.key == telemetry::attributeName(Attr::ErrorType))
        row.tone = Tone::Error;
    return row;
}

/// True when two terms side by side would not mean "both" for the whole of it.
bool needsParentheses(const QString& filter)
{
    return !canBeChips(splitFilter(filter));
}

/// A duration as the filter language reads it; rounded outwards so that the dot that was meant is inside.
QString durationWord(std::int64_t ns, bool up)
{
    struct Unit {
        std::int64_t ns;
        const char* name;
    };
    for (const Unit& unit : {Unit{1'000'000'000, "s"}, Unit{1'000'000, "ms"}, Unit{1'000, "us"}}) {
        if (ns < unit.ns)
            continue;
        const std::int64_t step = std::max<std::int64_t>(1, unit.ns / 100);
        const std::int64_t rounded = up ? (ns + step - 1) / step * step : ns / step * step;
        return QString::number(static_cast<double>(rounded) / static_cast<double>(unit.ns), 'g', 12) +
               QLatin1StringView(unit.name);
    }
    return QString::number(ns) + QStringLiteral("ns");
}

QString outcomeWords(const store::AuditRow& row)
{
    QString words = QString::fromUtf8(telemetry::outcomeName(row.outcome));
    words.replace(QLatin1Char('_'), QLatin1Char(' '));
    return words;
}

QString statusWords(const telemetry::SpanData& span, const TraceIndex& index, std::uint32_t row)
{
    if (index.has(row, TraceIndex::Running))
        return QStringLiteral("Running");
    if (span.status != telemetry::StatusCode::Error)
        return QStringLiteral("Ok");
    const QString message = QString::fromUtf8(span.statusMessage);
    return message.isEmpty() ? QStringLiteral("Error") : QStringLiteral("Error · %1").arg(message);
}

} // namespace

std::optional<TraceTarget> TraceTarget::parse(const QString& text)
{
    const QByteArray utf8 = text.trimmed().toLower().toUtf8();
    const qsizetype slash = utf8.indexOf('/');
    const auto trace = TraceId::fromHex(slash < 0 ? utf8 : utf8.left(slash));
    if (!trace)
        return std::nullopt;
    TraceTarget target{*trace, {}};
    if (slash >= 0 && slash + 1 < utf8.size()) {
        const auto span = SpanId::fromHex(utf8.mid(slash + 1));
        if (!span)
            return std::nullopt;
        target.span = *span;
    }
    return target;
}

QString TraceTarget::toText() const
{
    QString words = QString::fromLatin1(trace.toHex());
    if (span.isValid())
        words += QLatin1Char('/') + QString::fromLatin1(span.toHex());
    return words;
}

// --- filters ---------------------------------------------------------------

QString withTerm(const QString& filter, const QString& term)
{
    const QString before = filter.trimmed();
    if (before.isEmpty())
        return term;
    if (needsParentheses(before))
        return QStringLiteral("(%1) %2").arg(before, term);
    for (const FilterTerm& known : splitFilter(before)) {
        if (known.text == term)
            return before;
    }
    return before + QLatin1Char(' ') + term;
}

QString withDurations(const QString& filter, std::int64_t shortestNs, std::int64_t longestNs)
{
    QStringList terms;
    if (needsParentheses(filter)) {
        terms.append(QStringLiteral("(%1)").arg(filter.trimmed()));
    } else {
        for (const FilterTerm& term : splitFilter(filter)) {
            if (term.key != QLatin1StringView("duration"))
                terms.append(term.text);
        }
    }
    if (shortestNs > 0)
        terms.append(QStringLiteral("duration>=") + durationWord(shortestNs, false));
    if (longestNs < std::numeric_limits<std::int64_t>::max())
        terms.append(QStringLiteral("duration<=") + durationWord(longestNs, true));
    return joinFilter(terms);
}

QString filterErrorText(const QString& filter, const store::FilterError& error)
{
    const qsizetype characters = QString::fromUtf8(filter.toUtf8().left(error.offset)).size();
    QString words = QStringLiteral("%1 At character %2").arg(error.message, QString::number(characters + 1));
    const QString rest = filter.mid(characters, 16).trimmed();
    words += rest.isEmpty() ? QStringLiteral(" (the end).") : QStringLiteral(" (`%1`).").arg(rest);
    if (!error.expected.isEmpty())
        words += QStringLiteral(" Expected: %1.").arg(error.expected.mid(0, 8).join(QStringLiteral(", ")));
    return words;
}

QStringList filterCompletions(const QString& text, const store::FilterVocabulary& vocabulary)
{
    const QByteArray utf8 = text.toUtf8();
    const qsizetype wordStart = utf8.lastIndexOf(' ') + 1; // the bar replaces the last word
    QStringList words;
    for (const store::FilterSuggestion& suggestion : store::suggestFilter(utf8, utf8.size(), vocabulary)) {
        if (suggestion.from < wordStart)
            continue;
        const QString word = QString::fromUtf8(utf8.mid(wordStart, suggestion.from - wordStart) + suggestion.text);
        if (!words.contains(word))
            words.append(word);
    }
    return words;
}

// --- spans -----------------------------------------------------------------

QString kindWord(telemetry::SpanKind kind)
{
    switch (kind) {
    case telemetry::SpanKind::Internal:
        return QStringLiteral("INTERNAL");
    case telemetry::SpanKind::Server:
        return QStringLiteral("SERVER");
    case telemetry::SpanKind::Client:
        return QStringLiteral("CLIENT");
    case telemetry::SpanKind::Producer:
        return QStringLiteral("PRODUCER");
    case telemetry::SpanKind::Consumer:
        return QStringLiteral("CONSUMER");
    case telemetry::SpanKind::Unspecified:
        break;
    }
    return {};
}

QString valueText(const telemetry::AnyValue& value)
{
    if (const QByteArray* words = value.text())
        return QString::fromUtf8(*words);
    return QString::fromUtf8(telemetry::toJson(value));
}

QList<KeyValue> essentialRows(const TraceDocument& document, std::uint32_t row)
{
    const telemetry::SpanData& span = document.span(row);
    const TraceIndex& index = document.index;
    const bool failed = span.status == telemetry::StatusCode::Error;
    QList<KeyValue> rows;
    rows.append({QStringLiteral("status"), statusWords(span, index, row), failed ? Tone::Error : Tone::Neutral, {}, false, {}});
    rows.append({QStringLiteral("start · duration"),
                 QStringLiteral("+%1 · %2").arg(formatDuration(index.start(row)), formatDuration(index.duration(row))),
                 Tone::Neutral,
                 formatTime(span.startUnixNs),
                 true,
                 {}});
    rows.append({QStringLiteral("self time"), formatDuration(index.selfTime(row)), Tone::Neutral, {}, true, {}});
    rows.append({QStringLiteral("service"), document.service(row), Tone::Neutral, {}, true, QStringLiteral("service")});
    if (span.resource) { // what the filter compares is the resource's own name
        const telemetry::AnyValue* name = telemetry::findAttribute(span.resource->attributes, "service.name");
        if (!name || valueText(*name) != document.service(row))
            rows.last().filterKey = isGatewaySpan(span) ? QStringLiteral("server") : QString();
    }
    for (const Attr key : essentials) {
        const telemetry::AnyValue* value = attribute(span, key);
        if (value)
            rows.append(attributeRow({telemetry::attributeName(key), *value}));
    }
    const QString client = text(span, Attr::GatewayClientName);
    if (!client.isEmpty())
        rows.append({QStringLiteral("client"), client, Tone::Neutral, text(span, Attr::GatewayClientVersion), true,
                     QStringLiteral("client")});
    return rows;
}

QList<KeyValue> furtherRows(const telemetry::SpanData& span)
{
    QSet<QByteArray> told;
    for (const Attr key : essentials)
        told.insert(telemetry::attributeName(key));
    told.insert(telemetry::attributeName(Attr::GatewayClientName));
    told.insert(telemetry::attributeName(Attr::GatewayClientVersion));
    QList<KeyValue> rows;
    for (const telemetry::Attribute& attribute : span.attributes) {
        if (!told.contains(attribute.key))
            rows.append(attributeRow(attribute));
    }
    rows.append({QStringLiteral("span id"), QString::fromLatin1(span.spanId.toHex()), Tone::Neutral, {}, true, {}});
    if (span.parentSpanId.isValid())
        rows.append(
            {QStringLiteral("parent span id"), QString::fromLatin1(span.parentSpanId.toHex()), Tone::Neutral, {}, true, {}});
    if (!span.traceState.isEmpty())
        rows.append({QStringLiteral("trace state"), QString::fromUtf8(span.traceState), Tone::Neutral, {}, true, {}});
    const std::uint32_t dropped = span.droppedAttributes + span.droppedEvents + span.droppedLinks;
    if (dropped > 0)
        rows.append({QStringLiteral("dropped"),
                     QStringLiteral("%1 attributes, %2 events, %3 links")
                         .arg(span.droppedAttributes)
                         .arg(span.droppedEvents)
                         .arg(span.droppedLinks),
                     Tone::Warning,
                     {},
                     false,
                     {}});
    return rows;
}

QList<KeyValue> resourceRows(const telemetry::SpanData& span)
{
    QList<KeyValue> rows;
    if (span.resource) {
        for (const telemetry::Attribute& attribute : span.resource->attributes)
            rows.append(attributeRow(attribute, false));
    }
    if (span.scope && !span.scope->name.isEmpty())
        rows.append({QStringLiteral("scope"),
                     QString::fromUtf8(span.scope->name),
                     Tone::Neutral,
                     QString::fromUtf8(span.scope->version),
                     true,
                     {}});
    return rows;
}

QList<KeyValue> linkRows(const telemetry::SpanData& span)
{
    QList<KeyValue> rows;
    for (const telemetry::SpanLink& link : span.links) {
        rows.append({QStringLiteral("link"), TraceTarget{link.traceId, link.spanId}.toText(), Tone::Neutral, {}, true, {}});
        for (const telemetry::Attribute& attribute : link.attributes)
            rows.append(attributeRow(attribute, false));
    }
    return rows;
}

QList<KeyValue> eventRows(const TraceDocument& document, std::uint32_t row)
{
    QList<KeyValue> rows;
    for (const telemetry::SpanEvent& event : document.span(row).events) {
        const std::int64_t offset = event.timeUnixNs - document.index.traceStartNs();
        const QString when = (offset < 0 ? QString() : QStringLiteral("+")) + formatDuration(offset);
        const bool exception = event.name == QByteArrayView("exception");
        rows.append({when,
                     QString::fromUtf8(event.name),
                     exception ? Tone::Error : Tone::Neutral,
                     formatTime(event.timeUnixNs),
                     false,
                     {}});
        for (const telemetry::Attribute& attribute : event.attributes) {
            KeyValue line = attributeRow(attribute, false);
            line.key.prepend(QStringLiteral("    "));
            rows.append(line);
        }
    }
    return rows;
}

QList<KeyValue> auditRows(const store::AuditRow& row)
{
    QList<KeyValue> rows;
    const auto add = [&rows](const char* key, const QString& value, Tone tone = Tone::Neutral, bool mono = true,
                             const char* filterKey = "") {
        if (!value.isEmpty())
            rows.append({QString::fromLatin1(key), value, tone, {}, mono, QString::fromLatin1(filterKey)});
    };
    const bool failed = row.outcome != telemetry::Outcome::Ok;
    add("outcome", outcomeWords(row), failed ? Tone::Error : Tone::Good, false);
    add("error", QString::fromUtf8(row.errorType), Tone::Error);
    add("message", QString::fromUtf8(row.errorMessage), Tone::Error, false);
    add("time", formatDateTime(row.timeUnixNs));
    add("latency", formatDuration(row.latencyNs));
    add("client", QString::fromUtf8(row.client), Tone::Neutral, true, "client");
    add("user", QString::fromUtf8(row.user));
    add("project", QString::fromUtf8(row.project));
    add("server", QString::fromUtf8(row.server), Tone::Neutral, true, "server");
    add("tool", QString::fromUtf8(row.tool), Tone::Neutral, true, "tool");
    add("method", QString::fromUtf8(row.method), Tone::Neutral, true, "method");
    add("arguments", formatBytes(static_cast<std::uint64_t>(std::max<std::int64_t>(0, row.argumentsBytes))));
    add("answer", formatBytes(static_cast<std::uint64_t>(std::max<std::int64_t>(0, row.responseBytes))));
    add("guardrails", QString::fromUtf8(row.guardrails));
    add("request id", QString::fromUtf8(row.requestId), Tone::Neutral, true, "request.id");
    add("audit id", QString::fromUtf8(row.id));
    if (row.replay)
        add("replay", QStringLiteral("sent by a person from the console"), Tone::Neutral, false);
    if (row.synthetic)
        add("demo", QStringLiteral("scripted demo traffic"), Tone::Neutral, false);
    return rows;
}

std::uint32_t callRowOf(const TraceDocument& document, std::uint32_t row)
{
    const TraceIndex& index = document.index;
    while (row < index.size() && !index.has(row, TraceIndex::GatewayServer))
        row = index.parent(row);
    return row < index.size() ? row : TraceIndex::none;
}

std::optional<QByteArray> jsonRpcRequest(const store::AuditRow& row, const telemetry::SpanData& serverSpan)
{
    QJsonObject params;
    if (!row.arguments.isEmpty()) {
        const QJsonDocument kept = QJsonDocument::fromJson(row.arguments);
        if (!kept.isObject())
            return std::nullopt;
        params = kept.object();
    } else if (row.argumentsBytes > 0) {
        return std::nullopt;
    }
    const bool prompt = row.method == QByteArrayView("prompts/get");
    if (prompt || row.method == QByteArrayView("tools/call")) {
        const QString name = text(serverSpan, prompt ? Attr::GenAiPromptName : Attr::GenAiToolName);
        // A call without arguments is kept with its whole params.
        const bool whole = params.value(QLatin1StringView("name")).toString() == name &&
                           params.size() == (params.contains(QLatin1StringView("_meta")) ? 2 : 1);
        if (!whole)
            params = QJsonObject{{QStringLiteral("name"), name}, {QStringLiteral("arguments"), params}};
    }
    QJsonObject request{{QStringLiteral("jsonrpc"), QStringLiteral("2.0")},
                        {QStringLiteral("method"), QString::fromUtf8(row.method)}};
    const QString id = text(serverSpan, Attr::JsonrpcRequestId);
    bool number = false;
    const qlonglong asNumber = id.toLongLong(&number);
    if (!id.isEmpty())
        request.insert(QStringLiteral("id"), number ? QJsonValue(asNumber) : QJsonValue(id));
    if (!params.isEmpty())
        request.insert(QStringLiteral("params"), params);
    return QJsonDocument(request).toJson(QJsonDocument::Indented);
}

} // namespace oriel::ui
