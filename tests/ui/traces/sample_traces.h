// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "store/trace_store.h"
#include "telemetry/resource.h"

#include <QDir>

#include <memory>
#include <vector>

namespace oriel::ui::samples {

inline constexpr std::int64_t ms = 1'000'000;

inline std::shared_ptr<const telemetry::Resource> service(const QByteArray& name)
{
    auto resource = std::make_shared<telemetry::Resource>();
    resource->attributes = {{"service.name", name}, {"host.name", QByteArray("workbench")}};
    return resource;
}

/// Makes the spans of one trace; ids count from 1.
class TraceMaker {
public:
    TraceMaker(TraceId id, std::int64_t startNs) : m_id(id), m_start(startNs) {}

    /// Times relative to the trace; returns the id.
    std::uint64_t add(std::uint64_t parent, const QByteArray& name, double fromMs, double lengthMs,
                      std::shared_ptr<const telemetry::Resource> resource,
                      telemetry::SpanKind kind = telemetry::SpanKind::Internal)
    {
        telemetry::SpanData& span = m_spans.emplace_back();
        span.traceId = m_id;
        span.spanId = SpanId{++m_last};
        span.parentSpanId = SpanId{parent};
        span.name = name;
        span.kind = kind;
        span.startUnixNs = m_start + static_cast<std::int64_t>(fromMs * ms);
        span.endUnixNs = span.startUnixNs + static_cast<std::int64_t>(lengthMs * ms);
        span.resource = std::move(resource);
        return m_last;
    }
    telemetry::SpanData& last() { return m_spans.back(); }
    void fail(const QByteArray& words)
    {
        last().status = telemetry::StatusCode::Error;
        last().statusMessage = words;
        last().attributes.push_back({"error.type", QByteArray("503")});
    }
    void gateway()
    {
        static const std::shared_ptr<const telemetry::Scope> scope = telemetry::orielScope();
        last().scope = scope;
    }
    std::vector<telemetry::SpanData> take() { return std::move(m_spans); }

private:
    TraceId m_id;
    std::int64_t m_start;
    std::uint64_t m_last = 0;
    std::vector<telemetry::SpanData> m_spans;
};

/// A call that was tried three times behind the gateway and failed; thirteen spans of three services.
inline std::vector<telemetry::SpanData> failedIssue(TraceId id, std::int64_t startNs)
{
    using telemetry::SpanKind;
    const auto oriel = service("oriel");
    const auto github = service("github");
    TraceMaker trace(id, startNs);
    const std::uint64_t root = trace.add(0, "tools/call github__create_issue", 0, 1310, oriel, SpanKind::Server);
    trace.gateway();
    trace.last().attributes = {
        {"mcp.method.name", QByteArray("tools/call")},      {"gen_ai.tool.name", QByteArray("github__create_issue")},
        {"mcp.protocol.version", QByteArray("2025-11-25")}, {"network.transport", QByteArray("tcp")},
        {"gateway.client.name", QByteArray("claude-code")}, {"gateway.client.version", QByteArray("2.1.317")},
        {"gateway.server.name", QByteArray("github")},      {"gateway.request.id", QByteArray("01JD4Z6T0F")}};
    const auto internal = [&](std::uint64_t parent, const QByteArray& name, double from, double length) {
        const std::uint64_t span = trace.add(parent, name, from, length, oriel);
        trace.gateway();
        return span;
    };
    internal(root, "gateway.authenticate", 2, 0.009);
    const std::uint64_t input = internal(root, "gateway.guardrails.input", 15, 31);
    internal(input, "guardrail.pii", 15, 14);
    internal(input, "guardrail.secrets", 30, 16);
    internal(root, "gateway.route", 50, 0.003);
    const std::uint64_t hop = trace.add(root, "tools/call create_issue", 58.4, 1151, oriel, SpanKind::Client);
    trace.gateway();
    trace.last().attributes = {{"mcp.method.name", QByteArray("tools/call")},
                               {"gen_ai.tool.name", QByteArray("create_issue")},
                               {"peer.service", QByteArray("github")},
                               {"network.transport", QByteArray("pipe")}};
    const std::uint64_t post = trace.add(hop, "POST /repos/{owner}/{repo}/issues", 94, 446, github, SpanKind::Client);
    trace.fail("503 Service Unavailable");
    trace.last().events = {{startNs + 500 * ms, "exception", {{"exception.message", QByteArray("connection reset")}}, 0},
                           {startNs + 520 * ms, "retry", {}, 0}};
    trace.add(post, "dns + tls", 96, 118, github);
    trace.add(hop, "retry 1 · 503", 575, 391, github, SpanKind::Client);
    trace.fail("503 Service Unavailable");
    trace.add(hop, "retry 2 · 503", 995, 209, github, SpanKind::Client);
    trace.fail("503 Service Unavailable");
    internal(root, "gateway.guardrails.output", 1215, 42);
    internal(root, "audit.write", 1260, 18);
    return trace.take();
}

/// Small traces of a few services, the newest `count` seconds apart by `stepNs`.
inline std::vector<telemetry::SpanData> plainTraces(int count, std::int64_t newestNs, std::int64_t stepNs)
{
    static const std::array<QByteArray, 3> services{"fs", "db", "github"};
    static const std::array<QByteArray, 3> names{"tools/call fs__read_file", "tools/call db__query", "tools/call github__search"};
    std::vector<telemetry::SpanData> all;
    for (int i = 0; i < count; ++i) {
        const auto which = static_cast<std::size_t>(i) % services.size();
        TraceMaker trace(TraceId{0x4bf92f3577b34da6ULL, static_cast<std::uint64_t>(i) + 1}, newestNs - i * stepNs);
        const double length = 2 + (i * 37 % 101) * (i % 11 == 0 ? 9.0 : 1.0);
        const std::uint64_t root = trace.add(0, names[which], 0, length, service("agent"));
        if (i % 13 == 5)
            trace.fail("upstream timeout");
        trace.add(root, "work", length * 0.1, length * 0.8, service(services[which]));
        for (telemetry::SpanData& span : trace.take())
            all.push_back(std::move(span));
    }
    return all;
}

/// Writes spans to the trace store of a data directory that no service has open.
inline void store(const QString& dataDir, std::vector<telemetry::SpanData> spans)
{
    QDir().mkpath(dataDir);
    static const SystemClock clock;
    oriel::store::TraceStoreOptions options;
    options.directory = dataDir + QStringLiteral("/traces");
    oriel::store::TraceStore traces(options, clock);
    if (!traces.open())
        return;
    traces.append(std::span<telemetry::SpanData>(spans));
    (void)traces.flush();
    traces.close();
}

} // namespace oriel::ui::samples
