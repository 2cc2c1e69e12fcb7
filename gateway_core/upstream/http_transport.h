// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "upstream/transport.h"

#include <QList>

#include <chrono>
#include <memory>

namespace oriel::http {
class Client;
}

namespace oriel::upstream {

class TokenSource;

struct HttpSettings {
    QString server; ///< for messages
    QString url;
    QList<std::pair<QByteArray, QByteArray>> headers; ///< sent with every request; secrets already in place
    TokenSource* tokens = nullptr;                    ///< outlives the transport; null: what stands in `headers` is all there is
    bool legacySse = false;
    /// Also from a notification or an answer to its response's head, for which nobody else stops waiting.
    std::chrono::milliseconds connectTimeout{10'000};
    std::chrono::milliseconds closeTimeout{2'000}; ///< of the DELETE that ends a session
    std::chrono::milliseconds firstRetry{1'000};   ///< before a stream is opened again, when the server names no delay
    std::chrono::milliseconds maxRetry{30'000};
    qsizetype maxMessageBytes = 64 * 1024 * 1024;
};

/// A transport over HTTP; `client` and `handler` outlive it. Redirects are never followed, so credentials stay with the
/// configured host.
std::unique_ptr<Transport> makeHttpTransport(HttpSettings settings, http::Client& client, const Clock& clock,
                                             TransportHandler& handler);

} // namespace oriel::upstream
