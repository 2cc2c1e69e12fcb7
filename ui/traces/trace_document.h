// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/trace_types.h"
#include "ui/traces/trace_index.h"

#include <QString>
#include <QStringList>

#include <memory>
#include <vector>

namespace oriel::ui {

/// How often a name stands in a trace and what it cost.
struct NameStatistics {
    std::uint32_t name = 0;
    std::uint32_t service = 0;
    std::uint32_t count = 0;
    std::uint32_t errors = 0;
    std::int64_t totalNs = 0; ///< durations added up
    std::int64_t selfNs = 0;
    std::int64_t p50Ns = 0;
    std::int64_t p95Ns = 0;
    std::uint32_t slowestRow = 0;
};

/// One trace as it is shown: its spans, their tree, and what follows from it. Made on a worker thread, then shared and never
/// changed.
struct TraceDocument {
    TraceId id;
    store::TraceLookup::State state = store::TraceLookup::State::NotFound;
    std::int64_t evictedAtUnixNs = 0;
    std::vector<telemetry::SpanData> spans;
    QStringList names;    ///< by TraceIndex::name()
    QStringList services; ///< by TraceIndex::service()
    TraceIndex index;
    CriticalPath path; ///< of the main root
    GatewaySplit split;

    /// Running spans last until `nowNs`.
    [[nodiscard]] static std::shared_ptr<const TraceDocument> make(TraceId id, store::TraceLookup lookup, std::int64_t nowNs);

    [[nodiscard]] const telemetry::SpanData& span(std::uint32_t row) const { return spans[index.source(row)]; }
    [[nodiscard]] const QString& name(std::uint32_t row) const { return names[index.name(row)]; }
    [[nodiscard]] const QString& service(std::uint32_t row) const { return services[index.service(row)]; }
    /// Of the longest root; of the first span while there is none.
    [[nodiscard]] QString title() const;
    /// Most total time first.
    [[nodiscard]] std::vector<NameStatistics> statistics() const;
};

/// The service a span is shown under: for a gateway's hop the server it goes to, else `service.name` of its resource.
[[nodiscard]] QByteArray displayService(const telemetry::SpanData& span);
/// True for spans that Oriel itself made.
[[nodiscard]] bool isGatewaySpan(const telemetry::SpanData& span);

} // namespace oriel::ui
