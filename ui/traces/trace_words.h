// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/audit_row.h"
#include "store/filter.h"
#include "ui/traces/trace_document.h"
#include "ui/widgets/key_value_table.h"

#include <QByteArray>
#include <QList>
#include <QString>
#include <QStringList>

#include <optional>

namespace oriel::ui {

// How the trace page puts things into words; pure functions, tested without a window.

/// A trace and, perhaps, one of its spans: "<32 hex digits>[/<16 hex digits>]".
struct TraceTarget {
    TraceId trace;
    SpanId span;
    [[nodiscard]] static std::optional<TraceTarget> parse(const QString& text);
    [[nodiscard]] QString toText() const;
    bool operator==(const TraceTarget&) const = default;
};

// --- filters ---

/// `filter` with `term` joined by AND; parentheses around what holds an OR. A term that stands there already is not added.
[[nodiscard]] QString withTerm(const QString& filter, const QString& term);
/// `filter` with its conditions on duration replaced by this span of durations; 0 and INT64_MAX leave an end open. A filter with
/// OR keeps its own conditions and gets the new ones in addition.
[[nodiscard]] QString withDurations(const QString& filter, std::int64_t shortestNs, std::int64_t longestNs);
/// What is wrong with a filter, where, and what could stand there.
[[nodiscard]] QString filterErrorText(const QString& filter, const store::FilterError& error);
/// Words that the filter bar may put in place of the last word of `text`.
[[nodiscard]] QStringList filterCompletions(const QString& text, const store::FilterVocabulary& vocabulary);

// --- spans ---

[[nodiscard]] QString kindWord(telemetry::SpanKind kind); ///< "SERVER"
[[nodiscard]] QString valueText(const telemetry::AnyValue& value);
/// What is told of every span first: status, times, and the attributes that matter most for a call.
[[nodiscard]] QList<KeyValue> essentialRows(const TraceDocument& document, std::uint32_t row);
/// The attributes that essentialRows() does not tell.
[[nodiscard]] QList<KeyValue> furtherRows(const telemetry::SpanData& span);
[[nodiscard]] QList<KeyValue> resourceRows(const telemetry::SpanData& span);
[[nodiscard]] QList<KeyValue> linkRows(const telemetry::SpanData& span);
/// Events with their attributes, times relative to the trace.
[[nodiscard]] QList<KeyValue> eventRows(const TraceDocument& document, std::uint32_t row);
[[nodiscard]] QList<KeyValue> auditRows(const store::AuditRow& row);

/// The SERVER span of the call that `row` belongs to; TraceIndex::none when no call is above it.
[[nodiscard]] std::uint32_t callRowOf(const TraceDocument& document, std::uint32_t row);
/// The JSON-RPC request of a call as its client sent it, but masked. Nothing when the kept arguments were cut.
[[nodiscard]] std::optional<QByteArray> jsonRpcRequest(const store::AuditRow& row, const telemetry::SpanData& serverSpan);

} // namespace oriel::ui
