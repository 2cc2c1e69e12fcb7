// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/answers/client_wire.h"
#include "gateway/gateway_context.h"

namespace oriel::gateway {

/// Records a message that a transport answered itself with `refusal`: it reaches no server, but a person who looks for it finds
/// it.
void recordRefused(const GatewayContext& context, ClientWire& wire, const downstream::Incoming& incoming,
                   const downstream::Refusal& refusal);

} // namespace oriel::gateway
