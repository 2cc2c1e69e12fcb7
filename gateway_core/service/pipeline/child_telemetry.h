// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/model.h"
#include "otlp/receiver/receiver.h"
#include "telemetry/propagators.h"

#include <QByteArray>
#include <QMap>
#include <QString>

namespace oriel::service {

/// What the environment of a child process tells it about telemetry (T7): where the receiver is, by which name it is known there,
/// and the trace of its start. Nothing that its entry's own `env` decides: an endpoint of its own, for all signals or one, leaves
/// all of the endpoint's variables out; a protocol of its own chooses the receiver's port. Without a receiver that listens there
/// is no endpoint. The trace is told as the propagators do, each of their keys as a variable (specification,
/// context/env-carriers): TRACEPARENT; B3; X_B3_TRACEID, X_B3_SPANID and X_B3_SAMPLED. A spawn has no trace state and no baggage,
/// so TRACESTATE and BAGGAGE are never set. Pure; any thread.
[[nodiscard]] QMap<QString, QString> childTelemetryEnvironment(const config::Server& server, config::ChildTelemetry fallback,
                                                               const otlp::ReceiverStatus& receiver,
                                                               telemetry::Propagators propagators, const QByteArray& traceparent);

} // namespace oriel::service
