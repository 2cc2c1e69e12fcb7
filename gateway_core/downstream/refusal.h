// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mcp/errors.h"

namespace oriel::downstream {

/// Why a transport answered a message itself and handed nothing on: it could not be read, it disagrees with its headers, its
/// session is not known.
struct Refusal {
    int httpStatus = 0; ///< 0 on stdio
    int code = 0;       ///< JSON-RPC
    QByteArray reason;  ///< the error's message
    QByteArray answer;  ///< the whole error response

    [[nodiscard]] static Refusal of(int httpStatus, int code, QByteArrayView reason, const mcp::RequestId& id = {},
                                    QByteArrayView data = {})
    {
        return {httpStatus, code, reason.toByteArray(), mcp::makeErrorResponse(id, code, reason, data)};
    }
};

} // namespace oriel::downstream
