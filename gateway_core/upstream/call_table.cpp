// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/call_table.h"

#include <algorithm>

namespace oriel::upstream {

PendingCall& CallTable::insert(std::int64_t id, PendingCall&& call)
{
    m_nextDueNs = std::min({m_nextDueNs, call.warned ? call.deadlineNs : call.warnNs, call.deadlineNs});
    return *m_calls.emplace(id, std::move(call));
}

PendingCall* CallTable::find(std::int64_t id)
{
    const auto it = m_calls.find(id);
    return it == m_calls.end() ? nullptr : &*it;
}

std::optional<PendingCall> CallTable::take(std::int64_t id)
{
    const auto it = m_calls.find(id);
    if (it == m_calls.end()) {
        return std::nullopt;
    }
    std::optional<PendingCall> call(std::move(*it));
    m_calls.erase(it);
    return call;
}

std::vector<std::int64_t> CallTable::ids() const
{
    std::vector<std::int64_t> all(m_calls.keyBegin(), m_calls.keyEnd());
    std::sort(all.begin(), all.end());
    return all;
}

CallTable::Due CallTable::due(std::int64_t nowNs)
{
    Due result;
    if (nowNs < m_nextDueNs) {
        return result;
    }
    m_nextDueNs = std::numeric_limits<std::int64_t>::max();
    for (auto it = m_calls.begin(); it != m_calls.end(); ++it) {
        PendingCall& call = *it;
        if (!call.warned && nowNs >= call.warnNs) {
            call.warned = true;
            result.warn.push_back(it.key());
        }
        if (nowNs >= call.deadlineNs) {
            result.expired.push_back(it.key());
            continue;
        }
        m_nextDueNs = std::min(m_nextDueNs, call.warned ? call.deadlineNs : call.warnNs);
    }
    std::sort(result.warn.begin(), result.warn.end());
    std::sort(result.expired.begin(), result.expired.end());
    return result;
}

namespace {

const telemetry::LabelValues& labelsOf(OperationType type)
{
    static const std::array labels{
        telemetry::LabelValues{QByteArrayLiteral("connectivity")}, telemetry::LabelValues{QByteArrayLiteral("discovery")},
        telemetry::LabelValues{QByteArrayLiteral("tool_call")}, telemetry::LabelValues{QByteArrayLiteral("guardrail")},
        telemetry::LabelValues{QByteArrayLiteral("auth")}};
    return labels[static_cast<std::size_t>(type)];
}

} // namespace

QByteArrayView operationTypeName(OperationType type)
{
    return labelsOf(type).front();
}

void OperationMetrics::begin(OperationType type)
{
    using enum telemetry::MetricId;
    m_recorder.recordMetric(TimeoutOperations, labelsOf(type), 1);
    m_recorder.recordMetric(TimeoutActiveOperations, labelsOf(type), 1);
}

void OperationMetrics::warn(OperationType type)
{
    m_recorder.recordMetric(telemetry::MetricId::TimeoutEscalationWarn, labelsOf(type), 1);
}

void OperationMetrics::end(OperationType type, End how, std::int64_t durationNs)
{
    using enum telemetry::MetricId;
    const telemetry::LabelValues& labels = labelsOf(type);
    m_recorder.recordMetric(TimeoutActiveOperations, labels, -1);
    m_recorder.recordMetric(TimeoutOperationDuration, labels, static_cast<double>(durationNs) / 1e9);
    switch (how) {
    case End::Successful:
        m_recorder.recordMetric(TimeoutOperationsSuccessful, labels, 1);
        break;
    case End::TimedOut:
        m_recorder.recordMetric(TimeoutOperationsTimedOut, labels, 1);
        m_recorder.recordMetric(TimeoutEscalationTimeout, labels, 1);
        m_recorder.recordMetric(TimeoutEscalationFail, labels, 1);
        break;
    case End::Cancelled:
        m_recorder.recordMetric(TimeoutOperationsCancelled, labels, 1);
        break;
    case End::Failed:
        break;
    }
}

} // namespace oriel::upstream
