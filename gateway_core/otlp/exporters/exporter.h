// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "config/model.h"
#include "otlp/codec/signal.h"
#include "otlp/exporters/endpoint.h"

#include <QByteArray>
#include <QString>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace oriel {
class Clock;
}

namespace oriel::otlp {

/// What became of one request.
struct ExportOutcome {
    enum class Kind : std::uint8_t {
        Success,
        PartialSuccess, ///< taken, but for `rejected` items; never to be sent again
        Retryable,
        Permanent,
        Unauthenticated, ///< permanent until somebody changes the credentials
        Misaddressed,    ///< nobody takes the signal at this address or over this protocol: permanent until somebody changes them
    };
    Kind kind = Kind::Success;
    std::int64_t rejected = 0;
    int code = 0;                                        ///< HTTP status or gRPC code; 0: there was no answer
    QString message;                                     ///< the backend's words, or why it could not be reached
    std::optional<std::chrono::milliseconds> retryAfter; ///< what the backend asked for
};

/// Sends encoded requests to one destination. Lives on the exporter thread, which calls it and is called back; a destroyed
/// exporter calls nobody back.
class Exporter {
public:
    using Done = std::function<void(const ExportOutcome&)>;
    virtual ~Exporter() = default;
    /// One Export*ServiceRequest in encoding(). Never blocks; `done` is called once, later.
    virtual void exportBatch(Signal signal, const QByteArray& request, Done done) = 0;
    [[nodiscard]] virtual Encoding encoding() const = 0;
};

struct ExporterContext {
    const Clock& clock;
    SecretResolver secrets;
    /// gRPC's timer threads wake every second while a channel is open: after so long without a request none is.
    std::chrono::milliseconds idleChannels{30'000};
};

/// The exporter for a destination's protocol, after its preset was filled in. Fails when the preset, the endpoint, the
/// authorization or the certificate files are not usable.
Result<std::unique_ptr<Exporter>> makeExporter(const config::Destination& configured, const ExporterContext& context);

/// The encoding that a destination wants.
Encoding encodingOf(config::ExportProtocol protocol);

} // namespace oriel::otlp
