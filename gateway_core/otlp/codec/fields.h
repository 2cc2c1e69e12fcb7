// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

/// Field numbers of opentelemetry-proto v1.11.0 and google.rpc. Private to the encoders and decoders.
namespace oriel::otlp::fields {

using Tag = std::uint32_t;

namespace request { // Export*ServiceRequest
inline constexpr Tag kResourceGroup = 1;
}
namespace resource_group { // ResourceSpans, ResourceMetrics, ResourceLogs
inline constexpr Tag kResource = 1, kScopeGroup = 2, kSchemaUrl = 3;
}
namespace scope_group { // ScopeSpans, ScopeMetrics, ScopeLogs
inline constexpr Tag kScope = 1, kItem = 2, kSchemaUrl = 3;
}
namespace resource {
inline constexpr Tag kAttributes = 1, kDroppedAttributes = 2, kEntityRefs = 3;
}
namespace entity_ref {
inline constexpr Tag kSchemaUrl = 1, kType = 2, kIdKeys = 3, kDescriptionKeys = 4;
}
namespace scope {
inline constexpr Tag kName = 1, kVersion = 2, kAttributes = 3, kDroppedAttributes = 4;
}
namespace key_value {
inline constexpr Tag kKey = 1, kValue = 2;
}
namespace any_value {
inline constexpr Tag kString = 1, kBool = 2, kInt = 3, kDouble = 4, kArray = 5, kList = 6, kBytes = 7;
}
namespace list { // ArrayValue, KeyValueList
inline constexpr Tag kValues = 1;
}
namespace span {
inline constexpr Tag kTraceId = 1, kSpanId = 2, kTraceState = 3, kParentSpanId = 4, kName = 5, kKind = 6, kStart = 7, kEnd = 8,
                     kAttributes = 9, kDroppedAttributes = 10, kEvents = 11, kDroppedEvents = 12, kLinks = 13, kDroppedLinks = 14,
                     kStatus = 15, kFlags = 16;
}
namespace event {
inline constexpr Tag kTime = 1, kName = 2, kAttributes = 3, kDroppedAttributes = 4;
}
namespace link {
inline constexpr Tag kTraceId = 1, kSpanId = 2, kTraceState = 3, kAttributes = 4, kDroppedAttributes = 5, kFlags = 6;
}
namespace status {
inline constexpr Tag kMessage = 2, kCode = 3;
}
namespace log {
inline constexpr Tag kTime = 1, kSeverityNumber = 2, kSeverityText = 3, kBody = 5, kAttributes = 6, kDroppedAttributes = 7,
                     kFlags = 8, kTraceId = 9, kSpanId = 10, kObservedTime = 11, kEventName = 12;
}
namespace metric {
inline constexpr Tag kName = 1, kDescription = 2, kUnit = 3, kGauge = 5, kSum = 7, kHistogram = 9, kExponentialHistogram = 10,
                     kSummary = 11, kMetadata = 12;
}
namespace points { // Gauge, Sum, Histogram
inline constexpr Tag kPoints = 1, kTemporality = 2, kMonotonic = 3;
}
namespace number_point {
inline constexpr Tag kStart = 2, kTime = 3, kDouble = 4, kExemplars = 5, kInt = 6, kAttributes = 7, kFlags = 8;
}
namespace histogram_point {
inline constexpr Tag kStart = 2, kTime = 3, kCount = 4, kSum = 5, kBucketCounts = 6, kBounds = 7, kExemplars = 8, kAttributes = 9,
                     kFlags = 10, kMin = 11, kMax = 12;
}
namespace exponential_point {
inline constexpr Tag kAttributes = 1, kStart = 2, kTime = 3, kCount = 4, kSum = 5, kScale = 6, kZeroCount = 7, kPositive = 8,
                     kNegative = 9, kFlags = 10, kExemplars = 11, kMin = 12, kMax = 13, kZeroThreshold = 14;
inline constexpr Tag kOffset = 1, kBucketCounts = 2; // of Buckets
} // namespace exponential_point
namespace exemplar {
inline constexpr Tag kTime = 2, kDouble = 3, kSpanId = 4, kTraceId = 5, kInt = 6, kFilteredAttributes = 7;
}
namespace summary_point {
inline constexpr Tag kStart = 2, kTime = 3, kCount = 4, kSum = 5, kQuantiles = 6, kAttributes = 7, kFlags = 8;
inline constexpr Tag kQuantile = 1, kValue = 2; // of ValueAtQuantile
} // namespace summary_point
namespace response { // Export*ServiceResponse and its partial success
inline constexpr Tag kPartialSuccess = 1, kRejected = 1, kMessage = 2;
}
namespace rpc_status { // google.rpc.Status, google.protobuf.Any, google.rpc.RetryInfo, google.protobuf.Duration,
                       // google.rpc.BadRequest
inline constexpr Tag kCode = 1, kMessage = 2, kDetails = 3;
inline constexpr Tag kAnyType = 1, kAnyValue = 2;
inline constexpr Tag kRetryDelay = 1;
inline constexpr Tag kSeconds = 1, kNanos = 2;
inline constexpr Tag kFieldViolations = 1;
inline constexpr Tag kField = 1, kDescription = 2;
} // namespace rpc_status

} // namespace oriel::otlp::fields
