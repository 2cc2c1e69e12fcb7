// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/log_record.h"
#include "telemetry/metric_data.h"

#include <optional>
#include <vector>

/// How large single items are, and how far their texts have to be cut. Pure; any thread.
namespace oriel::otlp {

/// Bytes as OTLP protobuf, without resource and scope; a few more than they are, never fewer.
qsizetype sizeOf(const telemetry::SpanData& span);
qsizetype sizeOf(const telemetry::LogRecord& log);
qsizetype sizeOf(const telemetry::NumberPoint& point);
qsizetype sizeOf(const telemetry::HistogramPoint& point);
qsizetype sizeOf(const telemetry::ExponentialHistogramPoint& point);
qsizetype sizeOf(const telemetry::SummaryPoint& point);

/// Lengths of the texts and byte values that may be cut.
using TextLengths = std::vector<qsizetype>;
void appendTexts(const telemetry::AnyValue& value, TextLengths& lengths);
void appendTexts(const telemetry::Attributes& attributes, TextLengths& lengths);

/// How long texts of these lengths may be so that together they lose `excess` bytes, the longest of them first. Nothing when less
/// would be left of them than is of use.
std::optional<int> lengthWithout(TextLengths lengths, qsizetype excess);

} // namespace oriel::otlp
