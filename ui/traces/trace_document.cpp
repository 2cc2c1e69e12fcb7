// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/traces/trace_document.h"

#include "telemetry/semconv.h"

#include <QHash>

#include <algorithm>

namespace oriel::ui {
namespace {

using telemetry::Attr;

const QByteArray* textAttribute(const telemetry::Attributes& attributes, QByteArrayView key)
{
    const telemetry::AnyValue* value = telemetry::findAttribute(attributes, key);
    const QByteArray* text = value ? value->text() : nullptr;
    return text && !text->isEmpty() ? text : nullptr;
}

/// Gives every different text a number, in order of first use.
class Interner {
public:
    explicit Interner(QStringList& out) : m_out(out) {}
    std::uint32_t number(const QByteArray& text)
    {
        const auto known = m_numbers.constFind(text);
        if (known != m_numbers.cend())
            return *known;
        const auto next = static_cast<std::uint32_t>(m_out.size());
        m_numbers.insert(text, next);
        m_out.append(QString::fromUtf8(text));
        return next;
    }

private:
    QStringList& m_out;
    QHash<QByteArray, std::uint32_t> m_numbers;
};

std::int64_t percentile(std::vector<std::int64_t>& values, double share)
{
    // Nearest rank, so that the answer is a duration that occurred.
    const auto rank = static_cast<std::size_t>(std::max(0.0, std::ceil(share * static_cast<double>(values.size())) - 1));
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(rank), values.end());
    return values[rank];
}

} // namespace

bool isGatewaySpan(const telemetry::SpanData& span)
{
    return span.scope && span.scope->name == QByteArrayView("oriel.gateway");
}

QByteArray displayService(const telemetry::SpanData& span)
{
    if (span.kind == telemetry::SpanKind::Client && isGatewaySpan(span)) {
        for (const Attr key : {Attr::PeerService, Attr::GatewayServerName}) {
            if (const QByteArray* peer = textAttribute(span.attributes, telemetry::attributeName(key)))
                return *peer;
        }
    }
    if (span.resource) {
        if (const QByteArray* name = textAttribute(span.resource->attributes, "service.name"))
            return *name;
    }
    return isGatewaySpan(span) ? QByteArrayLiteral("oriel") : QByteArrayLiteral("unknown service");
}

std::shared_ptr<const TraceDocument> TraceDocument::make(TraceId id, store::TraceLookup lookup, std::int64_t nowNs)
{
    auto document = std::make_shared<TraceDocument>();
    document->id = id;
    document->state = lookup.state;
    document->evictedAtUnixNs = lookup.evictedAtUnixNs;
    document->spans = std::move(lookup.spans);
    Interner names(document->names);
    Interner services(document->services);
    std::vector<IndexInput> inputs;
    inputs.reserve(document->spans.size());
    for (const telemetry::SpanData& span : document->spans) {
        IndexInput& input = inputs.emplace_back();
        input.id = span.spanId;
        input.parent = span.parentSpanId;
        input.startNs = span.startUnixNs;
        input.running = span.endUnixNs == 0;
        input.endNs = input.running ? std::max(span.startUnixNs, nowNs) : span.endUnixNs;
        input.name = names.number(span.name);
        input.service = services.number(displayService(span));
        input.error = span.status == telemetry::StatusCode::Error;
        const bool gateway = isGatewaySpan(span);
        input.gatewayServer = gateway && span.kind == telemetry::SpanKind::Server;
        input.gatewayHop = gateway && span.kind == telemetry::SpanKind::Client;
    }
    document->index = TraceIndex::build(inputs);
    document->path = criticalPath(document->index, document->index.mainRoot());
    document->split = gatewaySplit(document->index);
    return document;
}

QString TraceDocument::title() const
{
    const std::uint32_t root = index.mainRoot();
    return root == TraceIndex::none ? QString() : name(root);
}

std::vector<NameStatistics> TraceDocument::statistics() const
{
    QHash<std::uint64_t, std::uint32_t> groups;
    std::vector<NameStatistics> rows;
    std::vector<std::vector<std::int64_t>> durations;
    for (std::uint32_t row = 0; row < index.size(); ++row) {
        const std::uint64_t key = (static_cast<std::uint64_t>(index.service(row)) << 32U) | index.name(row);
        auto group = groups.constFind(key);
        if (group == groups.cend()) {
            group = groups.insert(key, static_cast<std::uint32_t>(rows.size()));
            rows.push_back({index.name(row), index.service(row), 0, 0, 0, 0, 0, 0, row});
            durations.emplace_back();
        }
        NameStatistics& at = rows[*group];
        ++at.count;
        at.errors += index.has(row, TraceIndex::OwnError) ? 1 : 0;
        at.totalNs += index.duration(row);
        at.selfNs += index.selfTime(row);
        if (index.duration(row) > index.duration(at.slowestRow))
            at.slowestRow = row;
        durations[*group].push_back(index.duration(row));
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
        rows[i].p50Ns = percentile(durations[i], 0.50);
        rows[i].p95Ns = percentile(durations[i], 0.95);
    }
    std::stable_sort(rows.begin(), rows.end(),
                     [](const NameStatistics& a, const NameStatistics& b) { return a.totalNs > b.totalNs; });
    return rows;
}

} // namespace oriel::ui
