// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/random.h"
#include "telemetry/call_record.h"
#include "telemetry/log_record.h"
#include "telemetry/span_data.h"

namespace oriel::test {

inline constexpr std::int64_t kStart = 1'700'000'000'000'000'000;
inline constexpr std::int64_t kMs = 1'000'000;

inline std::shared_ptr<const telemetry::Resource> resourceNamed(const QByteArray& service)
{
    auto resource = std::make_shared<telemetry::Resource>();
    resource->attributes = {{QByteArrayLiteral("service.name"), service},
                            {QByteArrayLiteral("host.name"), QByteArrayLiteral("box")}};
    return resource;
}

/// A call of `tool` on `server` by client "tester", with a hop and three stages.
inline telemetry::CallRecord makeCall(Random& random, const QByteArray& server, const QByteArray& tool, std::int64_t startNs,
                                      std::int64_t durationNs, telemetry::Outcome outcome = telemetry::Outcome::Ok)
{
    telemetry::CallRecord call;
    call.traceId = TraceId::generate(random);
    call.spanId = SpanId::generate(random);
    call.method = QByteArrayLiteral("tools/call");
    call.targetKind = telemetry::TargetKind::Tool;
    call.target = server + "__" + tool;
    auto context = std::make_shared<telemetry::ServerContext>();
    context->name = server;
    context->serverName = server + " server";
    call.routedServer = context;
    call.routedTarget = tool;
    auto client = std::make_shared<telemetry::ClientContext>();
    client->clientName = QByteArrayLiteral("tester");
    client->sessionId = QByteArrayLiteral("session-1");
    call.client = client;
    call.jsonrpcId = QByteArrayLiteral("7");
    call.requestId = "req-" + call.spanId.toHex();
    call.startUnixNs = startNs;
    call.durationNs = durationNs;
    call.outcome = outcome;
    if (outcome != telemetry::Outcome::Ok) {
        call.errorType = QByteArrayLiteral("tool_error");
        call.errorMessage = QByteArrayLiteral("the file is not there");
    }
    call.stages[static_cast<std::size_t>(telemetry::Stage::Authenticate)] = {1000, 2000};
    call.stages[static_cast<std::size_t>(telemetry::Stage::Route)] = {4000, 1000};
    call.stages[static_cast<std::size_t>(telemetry::Stage::Forward)] = {6000, durationNs - 8000};
    telemetry::Hop hop;
    hop.spanId = SpanId::generate(random);
    hop.server = context;
    hop.target = tool;
    hop.jsonrpcId = QByteArrayLiteral("12");
    hop.offsetNs = 7000;
    hop.durationNs = durationNs - 9000;
    hop.firstByteOffsetNs = durationNs / 2;
    call.hops.append(hop);
    return call;
}

inline telemetry::SpanData makeSpan(Random& random, TraceId trace, const QByteArray& name, std::int64_t startNs,
                                    std::int64_t durationNs, SpanId parent = {})
{
    static const auto resource = resourceNamed(QByteArrayLiteral("backend"));
    telemetry::SpanData span;
    span.traceId = trace;
    span.spanId = SpanId::generate(random);
    span.parentSpanId = parent;
    span.name = name;
    span.startUnixNs = startNs;
    span.endUnixNs = startNs + durationNs;
    span.resource = resource;
    span.attributes = {{QByteArrayLiteral("http.route"), QByteArrayLiteral("/items/:id")},
                       {QByteArrayLiteral("http.response.status_code"), telemetry::AnyValue(std::int64_t{200})}};
    return span;
}

} // namespace oriel::test
