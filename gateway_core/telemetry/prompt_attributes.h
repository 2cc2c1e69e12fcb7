// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/call_record.h"

namespace oriel::telemetry {

/// What the SERVER span of a prompts/get says of it besides its name: the names of its arguments, how many messages came back
/// and how many tokens they come to, estimated. No values. Empty for every other call. Reads the payloads, so before they are
/// let go. Telemetry thread.
Attributes promptAttributes(const CallRecord& call);

} // namespace oriel::telemetry
