// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "downstream/message_handler.h"
#include "telemetry/call_record.h"
#include "telemetry/context_policy.h"
#include "telemetry/wire_frame.h"
#include "upstream/server_connection.h"

namespace oriel::gateway {

/// Starts the record of a request: ids, context from `params._meta` (else the HTTP headers; when both, the headers' as a link),
/// times, client.
telemetry::CallRecord beginRecord(const downstream::Incoming& incoming, const telemetry::ContextPolicy& policy, Random& random);

/// Writes what the client is about to get into the record. `frame` is shared, not copied.
void recordAnswer(telemetry::CallRecord& record, const mcp::Message& answer, const QByteArray& frame);
/// The same for an error of the gateway's own.
void recordError(telemetry::CallRecord& record, telemetry::Outcome outcome, QByteArray errorType, int code, QByteArray message);

/// The CLIENT span of a call that has come back. `startNs` is the call's monotonic start.
telemetry::Hop makeHop(SpanId spanId, std::shared_ptr<const telemetry::ServerContext> server, QByteArray target,
                       std::int64_t startNs, upstream::CallToken token, const upstream::Reply& reply);

/// What a request is about, by its method.
telemetry::TargetKind targetKindOf(mcp::MethodId method);

} // namespace oriel::gateway
