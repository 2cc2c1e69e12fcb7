// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/byte_io.h"
#include "telemetry/span_data.h"

namespace oriel::store {

/// Attributes with their texts in place, for records that stand alone in a file (logs). Reading damaged bytes yields empty
/// values.
void putPlainValue(ByteWriter& out, const telemetry::AnyValue& value, int depth = 0);
void putPlainAttributes(ByteWriter& out, const telemetry::Attributes& attributes, int depth = 0);
telemetry::AnyValue getPlainValue(ByteReader& in, int depth = 0);
telemetry::Attributes getPlainAttributes(ByteReader& in, int depth = 0);

/// The entities of a resource, the same way.
void putEntityRefs(ByteWriter& out, const std::vector<telemetry::EntityRef>& refs);
std::vector<telemetry::EntityRef> getEntityRefs(ByteReader& in);

} // namespace oriel::store
