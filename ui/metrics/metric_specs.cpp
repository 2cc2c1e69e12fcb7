// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/metrics/metric_specs.h"

#include "ui/widgets/format.h"

#include <algorithm>
#include <cmath>

namespace oriel::ui {
namespace {

using Kind = service::ChartQuery::Kind;

MetricQuery rate(const char* metric, const char* by, const char* serverLabel)
{
    return {.kind = Kind::Rate, .metric = metric, .by = by, .serverLabel = serverLabel};
}

MetricQuery quantile(const char* metric, bool namespaced, double share, const char* serverLabel)
{
    return {.kind = Kind::Quantile,
            .metric = metric,
            .namespaced = namespaced,
            .quantile = share,
            .name = QStringLiteral("p%1").arg(qRound(share * 100)),
            .serverLabel = serverLabel};
}

MetricQuery value(const char* metric, const QString& name)
{
    return {.kind = Kind::Value, .metric = metric, .name = name};
}

QList<MetricSpec> callCards()
{
    QList<MetricSpec> cards;
    cards.append({.id = QStringLiteral("calls"),
                  .title = QStringLiteral("Call rate"),
                  .queries = {rate("tool_calls_total", "server_name", "server_name")},
                  .unit = MetricUnit::PerSecond,
                  .colors = MetricColors::Services,
                  .stacked = true,
                  .lowest = 0,
                  .hint = QStringLiteral("by server"),
                  .emptyText = QStringLiteral("No tool was called in this range.")});
    MetricQuery success = rate("tool_call_success_total", "", "server_name");
    success.kind = Kind::Ratio;
    success.denominator = QByteArrayLiteral("tool_calls_total");
    success.name = QStringLiteral("success");
    cards.append({.id = QStringLiteral("success"),
                  .title = QStringLiteral("Success rate"),
                  .queries = {success},
                  .unit = MetricUnit::Share,
                  .lowest = 0,
                  .highest = 1,
                  .hint = QStringLiteral("goal 99.9"),
                  .emptyText = QStringLiteral("No tool was called in this range.")});
    cards.append({.id = QStringLiteral("latency"),
                  .title = QStringLiteral("Latency"),
                  .queries = {quantile("tool_call_duration_seconds", true, 0.5, "server_name"),
                              quantile("tool_call_duration_seconds", true, 0.95, "server_name"),
                              quantile("tool_call_duration_seconds", true, 0.99, "server_name")},
                  .unit = MetricUnit::Seconds,
                  .colors = MetricColors::Quantiles,
                  .scale = ScaleKind::Log,
                  .exemplars = true,
                  .hint = QStringLiteral("dots open traces"),
                  .emptyText = QStringLiteral("No tool call was answered in this range.")});
    MetricQuery blocked = rate("tool_call_blocked_total", "reason", "server_name");
    blocked.name = QStringLiteral("blocked");
    cards.append({.id = QStringLiteral("errors"),
                  .title = QStringLiteral("Errors"),
                  .queries = {rate("tool_call_failure_total", "error_type", "server_name"), blocked},
                  .unit = MetricUnit::PerMinute,
                  .colors = MetricColors::Failures,
                  .stacked = true,
                  .lowest = 0,
                  .hint = QStringLiteral("by type"),
                  .emptyText = QStringLiteral("No tool call failed in this range.")});
    return cards;
}

QList<MetricSpec> gatewayCards()
{
    QList<MetricSpec> cards;
    cards.append({.id = QStringLiteral("overhead"),
                  .title = QStringLiteral("Gateway overhead"),
                  .queries = {quantile("oriel_gateway_overhead_seconds", false, 0.5, ""),
                              quantile("oriel_gateway_overhead_seconds", false, 0.95, "")},
                  .unit = MetricUnit::Seconds,
                  .colors = MetricColors::Quantiles,
                  .lowest = 0,
                  .hint = QStringLiteral("time no server worked"),
                  .emptyText = QStringLiteral("No request came in this range.")});
    cards.append({.id = QStringLiteral("cache"),
                  .title = QStringLiteral("Cache hits"),
                  .queries = {rate("cache_hits_total", "cache_type", ""), rate("cache_misses_total", "cache_type", "")},
                  .unit = MetricUnit::Share,
                  .shape = MetricShape::HitShare,
                  .lowest = 0,
                  .highest = 1,
                  .hint = QStringLiteral("share of look-ups"),
                  .emptyText = QStringLiteral("Nothing was looked up in a cache in this range.")});
    cards.append(
        {.id = QStringLiteral("sessions"),
         .title = QStringLiteral("Active sessions"),
         .queries = {value("active_sessions", QStringLiteral("sessions")), value("active_users", QStringLiteral("users"))},
         .unit = MetricUnit::Count,
         .lowest = 0,
         .emptyText = QStringLiteral("No client was connected in this range.")});
    MetricQuery redactions = rate("pii_redactions_total", "pii_type", "server_name");
    redactions.name = QStringLiteral("redacted");
    cards.append({.id = QStringLiteral("guardrails"),
                  .title = QStringLiteral("Guardrail violations"),
                  .queries = {rate("guardrail_violations_total", "violation_type", "server_name"), redactions},
                  .unit = MetricUnit::PerMinute,
                  .colors = MetricColors::Failures,
                  .stacked = true,
                  .lowest = 0,
                  .emptyText = QStringLiteral("No guardrail has fired in this range.")});
    return cards;
}

QList<MetricSpec> resourceCards()
{
    QList<MetricSpec> cards;
    MetricQuery tokens = rate("tokens_total", "direction", "server");
    tokens.namespaced = false;
    cards.append({.id = QStringLiteral("tokens"),
                  .title = QStringLiteral("Tokens"),
                  .queries = {tokens},
                  .unit = MetricUnit::PerMinute,
                  .stacked = true,
                  .lowest = 0,
                  .hint = QStringLiteral("estimated"),
                  .emptyText = QStringLiteral("No arguments or results passed in this range.")});
    MetricQuery requests = rate("http_requests_total", "status", "");
    requests.namespaced = false;
    cards.append({.id = QStringLiteral("requests"),
                  .title = QStringLiteral("HTTP requests"),
                  .queries = {requests},
                  .unit = MetricUnit::PerSecond,
                  .stacked = true,
                  .lowest = 0,
                  .hint = QStringLiteral("by status"),
                  .emptyText = QStringLiteral("No HTTP request came in this range.")});
    MetricQuery cpu = rate("process_cpu_seconds_total", "server", "server");
    cpu.namespaced = false;
    cards.append({.id = QStringLiteral("cpu"),
                  .title = QStringLiteral("Processor"),
                  .queries = {cpu},
                  .unit = MetricUnit::Cores,
                  .colors = MetricColors::Services,
                  .lowest = 0,
                  .hint = QStringLiteral("of one core"),
                  .emptyText = QStringLiteral("No process was measured in this range.")});
    MetricQuery memory = value("process_resident_memory_bytes", {});
    memory.namespaced = false;
    memory.by = QByteArrayLiteral("server");
    memory.serverLabel = QByteArrayLiteral("server");
    cards.append({.id = QStringLiteral("memory"),
                  .title = QStringLiteral("Memory"),
                  .queries = {memory},
                  .unit = MetricUnit::Mebibytes,
                  .colors = MetricColors::Services,
                  .lowest = 0,
                  .hint = QStringLiteral("resident"),
                  .emptyText = QStringLiteral("No process was measured in this range.")});
    return cards;
}

void collectServers(const store::FilterNode& node, MetricFilter& found)
{
    using NodeKind = store::FilterNode::Kind;
    if (node.kind == NodeKind::And) {
        for (const store::FilterNode& child : node.children)
            collectServers(child, found);
        return;
    }
    const bool names = node.kind == NodeKind::Condition && node.condition.field == store::FilterField::Server &&
                       node.condition.op == store::FilterOp::Equal;
    if (!names || !found.servers.isEmpty()) {
        found.leftOver = true;
        return;
    }
    for (const QByteArray& server : node.condition.values)
        found.servers.append(server);
}

} // namespace

QList<MetricSpec> metricSpecs()
{
    return callCards() + gatewayCards() + resourceCards();
}

service::ChartQuery chartQuery(const MetricQuery& query, const QByteArray& nameSpace, const ChartWindow& window,
                               const QList<QByteArray>& servers)
{
    const auto full = [&](const QByteArray& name) {
        return query.namespaced && !name.isEmpty() && !nameSpace.isEmpty() ? nameSpace + '_' + name : name;
    };
    service::ChartQuery asked;
    asked.kind = query.kind;
    asked.metric = full(query.metric);
    asked.denominator = full(query.denominator);
    asked.quantile = query.quantile;
    if (!query.by.isEmpty())
        asked.by = {query.by};
    if (!query.serverLabel.isEmpty() && !servers.isEmpty()) {
        QByteArray pattern;
        for (const QByteArray& server : servers) {
            if (!pattern.isEmpty())
                pattern += '|';
            for (const char letter : server) { // names are matched as they are written
                if (std::ispunct(static_cast<unsigned char>(letter)) != 0)
                    pattern += '\\';
                pattern += letter;
            }
        }
        const bool one = servers.size() == 1;
        auto matcher =
            store::makeMatcher(query.serverLabel, one ? store::LabelMatcher::Op::Equal : store::LabelMatcher::Op::Match,
                               one ? servers.first() : pattern);
        if (matcher)
            asked.matchers.push_back(std::move(*matcher));
    }
    asked.range = {window.fromNs / 1'000'000, window.endNs / 1'000'000, window.stepNs / 1'000'000, 0};
    return asked;
}

MetricFilter metricFilter(const store::Filter& filter)
{
    MetricFilter found;
    if (filter.root() != nullptr)
        collectServers(*filter.root(), found);
    return found;
}

QString unitText(MetricUnit unit)
{
    switch (unit) {
    case MetricUnit::PerSecond:
        return QStringLiteral("1/s");
    case MetricUnit::PerMinute:
        return QStringLiteral("1/min");
    case MetricUnit::Share:
        return QStringLiteral("share");
    case MetricUnit::Seconds:
        return QStringLiteral("s");
    case MetricUnit::Count:
        break;
    case MetricUnit::Cores:
        return QStringLiteral("cores");
    case MetricUnit::Mebibytes:
        return QStringLiteral("MiB");
    }
    return {};
}

QString formatMetric(MetricUnit unit, double value)
{
    if (!std::isfinite(value))
        return QStringLiteral("–");
    switch (unit) {
    case MetricUnit::PerSecond:
        return formatRate(value);
    case MetricUnit::PerMinute:
        return QStringLiteral("%1/min").arg(formatNumber(value));
    case MetricUnit::Share:
    case MetricUnit::Cores:
        return formatPercent(value);
    case MetricUnit::Seconds:
        return formatDuration(std::llround(value * 1e9));
    case MetricUnit::Count:
        return formatNumber(value);
    case MetricUnit::Mebibytes:
        return QStringLiteral("%1 MiB").arg(formatNumber(value));
    }
    return {};
}

QString formatMetricTick(MetricUnit unit, double value)
{
    switch (unit) {
    case MetricUnit::Share:
    case MetricUnit::Cores:
        return QStringLiteral("%1 %").arg(QString::number(value * 100, 'g', 4));
    case MetricUnit::Seconds:
        return formatDurationTick(std::llround(value * 1e9));
    case MetricUnit::PerSecond:
    case MetricUnit::PerMinute:
    case MetricUnit::Count:
        return value >= 10'000 ? formatCompact(std::llround(value)) : QString::number(value, 'g', 4);
    case MetricUnit::Mebibytes:
        return QStringLiteral("%1 MiB").arg(QString::number(value, 'g', 4));
    }
    return {};
}

} // namespace oriel::ui
