// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/codec/signal.h"
#include "otlp/exporters/exporter.h"

#include <QByteArray>
#include <QList>
#include <QUrl>

#include <functional>
#include <memory>
#include <utility>

namespace oriel::otlp {

using RequestHeaders = QList<std::pair<QByteArray, QByteArray>>;

/// A request that is about to be sent. `url` and `body` are empty for gRPC.
struct OutgoingRequest {
    Signal signal = Signal::Traces;
    QUrl url;
    RequestHeaders headers; ///< all that it has so far
    QByteArray body;        ///< as it is sent, compressed
};

/// Vouches for the requests of one destination. Belongs to an exporter and lives on its thread; a destroyed authorizer calls
/// nobody back.
class RequestAuthorizer {
public:
    using Done = std::function<void(Result<RequestHeaders>)>;
    virtual ~RequestAuthorizer() = default;
    /// The headers to send besides. `done` is called once, at once or later. Errors never hold a secret; Unauthenticated,
    /// InvalidArgument and Parse stay until somebody changes the credentials, others may pass.
    virtual void authorize(const OutgoingRequest& request, Done done) = 0;
    /// The backend refused what authorize() gave (401). True when it is worth to ask again at once.
    virtual bool refused(const RequestHeaders& given)
    {
        static_cast<void>(given);
        return false;
    }
};

/// The authorizer for the destination's `auth`; null where the headers are all there is. Fails when something it needs is not
/// set, and for SigV4 over gRPC.
Result<std::unique_ptr<RequestAuthorizer>> makeAuthorizer(const config::Destination& destination, const ExporterContext& context);

/// The headers that the destination itself has for a signal, with their secrets.
Result<RequestHeaders> configuredHeaders(const config::Destination& destination, Signal signal, const SecretResolver& secrets);

/// What a failed authorization means for the batch: it waits, and when only somebody's hand can help, everything does.
ExportOutcome unauthorizedOutcome(const Error& error);

} // namespace oriel::otlp
