// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/receiver/receiver_service.h"

#include "otlp/codec/decode.h"

#include <QList>

#include <algorithm>

namespace oriel::otlp {

namespace {

using telemetry::AnyValue;
using telemetry::findAttribute;

std::uint64_t pointsOf(const ScopedMetrics& scoped)
{
    std::uint64_t points = 0;
    for (const telemetry::MetricData& metric : scoped.metrics)
        points += metric.numbers.size() + metric.histograms.size() + metric.exponentials.size() + metric.summaries.size();
    return points;
}

QString withoutIds(std::uint64_t count)
{
    return QStringLiteral("%1 spans have no valid trace id or span id").arg(count);
}

void leaveOut(PartialSuccess& partial, std::uint64_t count, const QString& why)
{
    if (count == 0)
        return;
    partial.rejected += static_cast<std::int64_t>(count);
    partial.message += (partial.message.isEmpty() ? QString() : QStringLiteral("; ")) + why;
}

QString ownData()
{
    return QStringLiteral("what came from this Oriel is not stored again");
}

} // namespace

RpcStatus unreadable(const QString& message, std::optional<Signal> signal, const QString& field)
{
    constexpr int kInvalidArgument = 3;
    const QString whole = !signal                      ? QStringLiteral("body")
                          : *signal == Signal::Traces  ? QStringLiteral("resource_spans")
                          : *signal == Signal::Metrics ? QStringLiteral("resource_metrics")
                                                       : QStringLiteral("resource_logs");
    return {kInvalidArgument, message, {}, {{field.isEmpty() ? whole : field, message}}};
}

bool ReceiverService::isOwn(const telemetry::Resource* resource) const
{
    if (resource == nullptr)
        return false;
    if (const AnyValue* marks = findAttribute(resource->attributes, kPassedOnBy);
        marks != nullptr && marks->text() != nullptr && !m_identity.mark.isEmpty()) {
        if (marks->text()->split(',').contains(m_identity.mark))
            return true;
    }
    const AnyValue* sdk = findAttribute(resource->attributes, "telemetry.sdk.name");
    const AnyValue* instance = findAttribute(resource->attributes, "service.instance.id");
    return sdk != nullptr && instance != nullptr && !m_identity.instance.isEmpty() &&
           *sdk == AnyValue(QByteArrayLiteral("oriel")) && *instance == AnyValue(m_identity.instance);
}

ReceivedOutcome ReceiverService::take(Signal signal, QByteArrayView message, Encoding encoding)
{
    switch (signal) {
    case Signal::Traces:
        return takeSpans(message, encoding);
    case Signal::Metrics:
        return takeMetrics(message, encoding);
    case Signal::Logs:
        return takeLogs(message, encoding);
    }
    return {};
}

ReceivedOutcome ReceiverService::malformed(const Error& error)
{
    countFailed();
    noteRefusal(error.toString());
    using Kind = ReceivedOutcome::Kind;
    return {error.code == ErrorCode::TooLarge ? Kind::TooLarge : Kind::Malformed, {0, error.toString()}, error.context};
}

ReceivedOutcome ReceiverService::concluded(bool taken, std::atomic<std::uint64_t>& counter, std::uint64_t items,
                                           PartialSuccess partial)
{
    if (!taken) {
        countBusy();
        return {ReceivedOutcome::Kind::Busy, {}};
    }
    counter.fetch_add(items, std::memory_order_relaxed);
    m_rejected.fetch_add(static_cast<std::uint64_t>(partial.rejected), std::memory_order_relaxed);
    if (partial.rejected > 0)
        noteRefusal(partial.message);
    return {ReceivedOutcome::Kind::Taken, std::move(partial)};
}

ReceivedOutcome ReceiverService::takeSpans(QByteArrayView message, Encoding encoding)
{
    auto decoded = decodeTraces(message, encoding);
    if (!decoded)
        return malformed(decoded.error());
    PartialSuccess partial;
    leaveOut(partial, decoded->rejected, withoutIds(decoded->rejected));
    const telemetry::Resource* last = nullptr;
    bool own = false;
    leaveOut(partial,
             std::erase_if(decoded->spans,
                           [&](const telemetry::SpanData& span) {
                               if (span.resource.get() != last) {
                                   last = span.resource.get();
                                   own = isOwn(last);
                               }
                               return own;
                           }),
             ownData());
    const std::uint64_t items = decoded->spans.size();
    const bool taken = items == 0 || m_sink.takeSpans(std::move(decoded->spans), message.size());
    return concluded(taken, m_spans, items, std::move(partial));
}

ReceivedOutcome ReceiverService::takeMetrics(QByteArrayView message, Encoding encoding)
{
    auto decoded = decodeMetrics(message, encoding);
    if (!decoded)
        return malformed(decoded.error());
    PartialSuccess partial;
    std::uint64_t own = 0;
    std::uint64_t items = 0;
    std::erase_if(decoded->metrics, [&](const ScopedMetrics& scoped) {
        const std::uint64_t points = pointsOf(scoped);
        const bool leave = isOwn(scoped.resource.get());
        (leave ? own : items) += points;
        return leave || points == 0;
    });
    leaveOut(partial, own, ownData());
    const bool taken = items == 0 || m_sink.takeMetrics(std::move(decoded->metrics), message.size());
    return concluded(taken, m_points, items, std::move(partial));
}

ReceivedOutcome ReceiverService::takeLogs(QByteArrayView message, Encoding encoding)
{
    auto decoded = decodeLogs(message, encoding);
    if (!decoded)
        return malformed(decoded.error());
    PartialSuccess partial;
    leaveOut(partial, decoded->rejected, QStringLiteral("%1 log records are empty").arg(decoded->rejected));
    leaveOut(partial, std::erase_if(decoded->logs, [&](const telemetry::LogRecord& log) { return isOwn(log.resource.get()); }),
             ownData());
    const std::uint64_t items = decoded->logs.size();
    const bool taken = items == 0 || m_sink.takeLogs(std::move(decoded->logs), message.size());
    return concluded(taken, m_logs, items, std::move(partial));
}

void ReceiverService::noteRefusal(const QString& why)
{
    const std::lock_guard lock(m_mutex);
    m_lastRefusal = why;
}

QString ReceiverService::lastRefusal() const
{
    const std::lock_guard lock(m_mutex);
    return m_lastRefusal;
}

ReceiverCounts ReceiverService::counts() const
{
    const auto of = [](const std::atomic<std::uint64_t>& counter) { return counter.load(std::memory_order_relaxed); };
    return {of(m_spans), of(m_points), of(m_logs), of(m_rejected), of(m_failed), of(m_busy)};
}

} // namespace oriel::otlp
