// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "config/model.h"
#include "privacy/masker.h"
#include "telemetry/attributes.h"

#include <memory>

namespace oriel::service {

/// The masker that the settings describe. An invalid pattern is an error that names it.
Result<std::shared_ptr<const privacy::Masker>> makeMasker(const config::Masking& masking);

/// Masks text anywhere in the value, in bytes that are UTF-8 too; what stands under a secret's name is masked whole:
/// - text and bytes, and what an array holds;
/// - numbers under a name such as `password` or `pin`, which become text; a number under `token` counts something and stays;
/// - what a map under such a name holds, except under names that describe the secret (`type`, `expires_at`). A name that says
///   little (`session`) speaks for no map;
/// - in an array what follows an option (`"--api-key", "…"`), in a map the `value` of what its `name` names.
///
/// Booleans are no secrets. Whatever is not masked keeps its type and its value.
void maskValue(telemetry::AnyValue& value, const privacy::Masker& masker);
void maskAttribute(telemetry::Attribute& attribute, const privacy::Masker& masker);
void maskAttributes(telemetry::Attributes& attributes, const privacy::Masker& masker);

} // namespace oriel::service
