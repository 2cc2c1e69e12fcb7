// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"

#include <tl/expected.hpp>

namespace oriel {

/// The value or the error of an operation that the environment or the user can make fail.
template <class T> using Result = tl::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, QString message, QString context = {}, QString remedy = {})
{
    return tl::unexpected<Error>(Error{code, std::move(message), std::move(context), std::move(remedy)});
}

[[nodiscard]] inline tl::unexpected<Error> fail(Error error)
{
    return tl::unexpected<Error>(std::move(error));
}

} // namespace oriel
