// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/client.h"
#include "http/sse.h"
#include "upstream/http_transport.h"
#include "upstream/transport.h"

namespace oriel::upstream {

// What both HTTP transports share.

/// The error of a status that is no success, with the beginning of the body.
[[nodiscard]] Error errorOfStatus(int status, QByteArrayView body, const QString& server);
[[nodiscard]] StartFacts::Network networkOf(const http::ClientError& error);
/// Status, type, credentials and redirect of a response that decides about a start.
void noteHead(StartFacts& facts, const http::ResponseHead& head);
/// True for `text/event-stream`, whatever its parameters.
[[nodiscard]] bool isEventStream(const http::Headers& headers);
[[nodiscard]] bool isJson(const http::Headers& headers);

inline constexpr qsizetype kBodySampleBytes = 1024;

} // namespace oriel::upstream
