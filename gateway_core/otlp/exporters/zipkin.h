// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/span_data.h"

#include <QByteArray>
#include <QString>

#include <span>

namespace oriel::otlp {

/// Spans as a list of Zipkin v2 JSON, by OpenTelemetry's mapping (specification, trace/sdk_exporters/zipkin): kind, endpoints
/// from service.name, server.address and network.peer.*, attributes as texts, status as otel.status_code and error, scope as
/// otel.scope.*, events as annotations, times in microseconds. Links and trace state have no place in Zipkin. Pure; any thread.
QByteArray zipkinSpans(std::span<const telemetry::SpanData> spans);

/// The URL to post to: as it is when it has a path, else with /api/v2/spans.
QString zipkinEndpoint(const QString& endpoint);

} // namespace oriel::otlp
