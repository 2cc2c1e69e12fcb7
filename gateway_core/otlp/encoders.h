// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/encode.h"

/// The two bodies behind encode.h.
namespace oriel::otlp::protobuf {
QByteArray encode(std::span<const telemetry::SpanData> spans);
QByteArray encode(std::span<const ScopedMetrics> metrics);
QByteArray encode(std::span<const telemetry::LogRecord> logs);
} // namespace oriel::otlp::protobuf

namespace oriel::otlp::json_encoding {
QByteArray encode(std::span<const telemetry::SpanData> spans);
QByteArray encode(std::span<const ScopedMetrics> metrics);
QByteArray encode(std::span<const telemetry::LogRecord> logs);
} // namespace oriel::otlp::json_encoding
