// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "call.h"

namespace oriel::conformance {

/// The prompts that the official suites name; with `withExtra`, one more.
[[nodiscard]] QJsonArray listPrompts(bool withExtra);
/// Serves prompts/get.
void getPrompt(const std::shared_ptr<Call>& call, bool withExtra);
/// Serves completion/complete, for prompts and for the resource template.
void completeArgument(const std::shared_ptr<Call>& call);

} // namespace oriel::conformance
