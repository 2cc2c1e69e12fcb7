// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/ids.h"
#include "telemetry/attributes.h"

namespace oriel::telemetry {

/// OTLP's Span.flags and Link.flags beside the W3C flags.
inline constexpr std::uint32_t kHasIsRemote = 0x100;
inline constexpr std::uint32_t kIsRemote = 0x200;

enum class SpanKind : quint8 { Unspecified = 0, Internal = 1, Server = 2, Client = 3, Producer = 4, Consumer = 5 };
enum class StatusCode : quint8 { Unset = 0, Ok = 1, Error = 2 };

/// OTLP's EntityRef: which attributes of the resource identify one of the things that it is made of.
struct EntityRef {
    QByteArray schemaUrl;
    QByteArray type;
    std::vector<QByteArray> idKeys;
    std::vector<QByteArray> descriptionKeys;
    bool operator==(const EntityRef&) const = default;
};

/// What produced a piece of telemetry: OTLP's Resource. Shared by all that it produced, never changed.
struct Resource {
    Attributes attributes;
    QByteArray schemaUrl;
    std::uint32_t droppedAttributes = 0;
    std::vector<EntityRef> entityRefs;
    bool operator==(const Resource&) const = default;
};

/// OTLP's InstrumentationScope.
struct Scope {
    QByteArray name;
    QByteArray version;
    Attributes attributes;
    QByteArray schemaUrl;
    std::uint32_t droppedAttributes = 0;
    bool operator==(const Scope&) const = default;
};

struct SpanEvent {
    std::int64_t timeUnixNs = 0;
    QByteArray name;
    Attributes attributes;
    std::uint32_t droppedAttributes = 0;
    bool operator==(const SpanEvent&) const = default;
};

struct SpanLink {
    TraceId traceId;
    SpanId spanId;
    QByteArray traceState;
    Attributes attributes;
    std::uint32_t flags = 0;
    std::uint32_t droppedAttributes = 0;
    bool operator==(const SpanLink&) const = default;
};

/// One finished (or, with endUnixNs == 0, still running) span as it is shown and exported. Times in nanoseconds since the epoch.
struct SpanData {
    TraceId traceId;
    SpanId spanId;
    SpanId parentSpanId;
    QByteArray traceState;
    std::uint32_t flags = 0; ///< W3C flags in the low byte; 0x100 has-is-remote, 0x200 is-remote (OTLP Span.flags)
    QByteArray name;
    SpanKind kind = SpanKind::Internal;
    std::int64_t startUnixNs = 0;
    std::int64_t endUnixNs = 0;
    StatusCode status = StatusCode::Unset;
    QByteArray statusMessage;
    Attributes attributes;
    std::vector<SpanEvent> events;
    std::vector<SpanLink> links;
    std::uint32_t droppedAttributes = 0;
    std::uint32_t droppedEvents = 0;
    std::uint32_t droppedLinks = 0;
    std::shared_ptr<const Resource> resource;
    std::shared_ptr<const Scope> scope;
    bool parentSampled = true; ///< what a remote parent said (samplers `parentbased_*`); known until it is stored
    bool received = false;     ///< it came from another program over OTLP; known until it is stored
};

} // namespace oriel::telemetry
