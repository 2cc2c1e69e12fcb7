// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/headers.h"

#include <cstdint>

namespace oriel::http {

/// How the body of a response that is being written is delimited.
struct ResponseFraming {
    enum class Kind : std::uint8_t {
        Length,  ///< Content-Length: length
        Chunked, ///< Transfer-Encoding: chunked
        AsGiven, ///< Content-Length as it stands in the headers
        UntilClose,
        None, ///< no body and no length, as for 204
    };
    Kind kind = Kind::Length;
    qsizetype length = 0;
    bool close = false; ///< "Connection: close"
};

/// Appends status line, framing fields, `headers` without the fields that are the writer's, and the empty line.
void appendResponseHead(QByteArray& out, int status, const Headers& headers, const ResponseFraming& framing, QByteArrayView date);

/// Appends request line, Host, Content-Length (when there is a body, or the method commonly has one), `headers`, and the empty
/// line.
void appendRequestHead(QByteArray& out, QByteArrayView method, QByteArrayView target, QByteArrayView host, const Headers& headers,
                       qsizetype bodySize);

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7).
[[nodiscard]] QByteArray httpDate(std::int64_t unixSeconds);

/// Appends one chunk's header, "1f4\r\n".
void appendChunkHead(QByteArray& out, qsizetype size);

} // namespace oriel::http
