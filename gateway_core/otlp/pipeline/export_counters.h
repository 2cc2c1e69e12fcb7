// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/model.h"
#include "otlp/codec/signal.h"
#include "otlp/exporters/exporter.h"
#include "otlp/spool/spool_cursor.h"
#include "telemetry/metrics.h"

#include <array>
#include <map>
#include <span>
#include <vector>

namespace oriel::otlp {

/// `error.type` of an export, low in cardinality; empty: it did not fail.
QByteArray errorTypeOf(const ExportOutcome& outcome);

/// How many items of a signal came to their end, by why they failed; empty: they did not.
using ItemCounts = std::map<QByteArray, std::uint64_t>;

/// What one exporter did, for the SDK's own metrics (`otel.sdk.exporter.*`). Counted on the exporter thread; copies travel.
struct ExporterCounts {
    QByteArray name;   ///< otel.component.name: the destination
    QByteArray family; ///< otel.component.type without its end, which names the signal: "otlp_grpc"
    QByteArray address;
    quint16 port = 0;
    std::array<ItemCounts, kSignalCount> ended;
    std::array<std::uint64_t, kSignalCount> inflight{};
    struct Operation {
        Signal signal = Signal::Traces;
        double seconds = 0;
        QByteArray errorType;
    };
    std::array<std::array<std::int64_t, kLossCount>, kSignalCount> arrivedAfterAll{};
    std::vector<Operation> operations; ///< that ended since the copy before
    static constexpr std::size_t kMaxOperations = 1'024;

    void identify(const config::Destination& destination);
    void add(Signal signal, std::uint64_t items, const QByteArray& errorType)
    {
        if (items > 0)
            ended[static_cast<std::size_t>(signal)][errorType] += items;
    }
    /// As SpoolListener::lost(). A counter never falls: what arrived after all is taken from the losses that follow.
    void addLoss(Signal signal, Loss loss, std::int64_t items);
    void addOperation(Signal signal, double seconds, QByteArray errorType)
    {
        if (operations.size() < kMaxOperations)
            operations.push_back({signal, seconds, std::move(errorType)});
    }
};

/// The same of the wait before the exporters, which all signals share.
struct InboxCounts {
    struct Items {
        std::uint64_t size = 0;
        std::uint64_t processed = 0;
        std::uint64_t dropped = 0;
    };
    std::array<Items, kSignalCount> items; ///< by signal; a call is one
    std::uint64_t capacity = 0;
};

/// Puts the counts into the registry. To be called right before a collection, so that nothing is done while nobody looks. What
/// an exporter does is told by the other exporters and by itself with its next success, never as a log record: a failure that
/// made work for the failing exporter would not end.
void observeExports(telemetry::MetricRegistry& registry, std::span<const ExporterCounts> exporters, const InboxCounts& inbox);

} // namespace oriel::otlp
