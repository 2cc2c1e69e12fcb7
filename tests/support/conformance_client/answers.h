// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/json.h"

#include <QByteArray>

namespace oriel::conformance {

// What a user and a model would say, made up from what is asked.

/// Arguments for a tool: its required properties, each with a value of its type.
[[nodiscard]] QByteArray argumentsFor(const json::Value& inputSchema);
/// The result of sampling/createMessage, elicitation/create (accepted, with the defaults of the schema, and yes where it has
/// none) or roots/list; empty for every other method.
[[nodiscard]] QByteArray answerTo(QByteArrayView method, const json::Value& params);
/// `params` of the retry of a call that was answered by input_required: the responses to all that `result` asks for, and its
/// requestState where it has one, byte for byte.
[[nodiscard]] QByteArray retryParams(const json::Value& params, const json::Value& result);

} // namespace oriel::conformance
