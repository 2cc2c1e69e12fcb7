// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/receiver/receiver_grpc.h"
#include "otlp/receiver/receiver_http.h"

#include <QObject>

#include <mutex>

namespace oriel::otlp {

/// Where the receiver is to listen.
struct ReceiverSettings {
    bool enabled = true;
    /// Of 127.0.0.1 and ::1, it listens at the other too, where the machine has it: `localhost` may be either.
    QHostAddress address = QHostAddress(QHostAddress::LocalHost);
    quint16 grpcPort = 4317; ///< 0 picks a free one
    quint16 httpPort = 4318;
    bool operator==(const ReceiverSettings&) const = default;
};

/// Where it listens, or why it does not.
struct ReceiverStatus {
    bool enabled = false;
    quint16 grpcPort = 0; ///< 0: not listening
    quint16 httpPort = 0;
    /// Why not, or, beside a port, why not at the other loopback address; names the holder of the port where the system tells.
    QString grpcError;
    QString httpError;
    QList<QHostAddress> grpcAddresses;
    QList<QHostAddress> httpAddresses;
    bool operator==(const ReceiverStatus&) const = default;
};

/// Oriel as the OTLP receiver of this machine (T7, L1): gRPC and HTTP on loopback. Made anywhere, then moved to a thread with an
/// event loop where HTTP requests are read and decoded; gRPC has a thread of its own. Ends on its own thread. Without senders
/// nothing runs.
class OtlpReceiver final : public QObject {
    Q_OBJECT
public:
    OtlpReceiver(const Clock& clock, ReceiverSink& sink, ReceiverIdentity identity, QObject* parent = nullptr);
    ~OtlpReceiver() override;

    /// Its thread. Opens and closes what differs from before; a port that stays keeps its connections. One that is taken leaves
    /// the other working.
    void configure(const ReceiverSettings& settings);
    /// Its thread: closes everything.
    void close();

    // Any thread.
    [[nodiscard]] ReceiverStatus status() const;
    [[nodiscard]] ReceiverCounts counts() const { return m_service.counts(); }
    [[nodiscard]] QString lastRefusal() const { return m_service.lastRefusal(); }

Q_SIGNALS:
    void statusChanged();

private:
    const Clock& m_clock;
    ReceiverService m_service;
    ReceiverSettings m_settings;
    std::unique_ptr<GrpcReceiver> m_grpc;
    std::unique_ptr<HttpReceiver> m_http;
    mutable std::mutex m_mutex; ///< guards the status
    ReceiverStatus m_status;
};

} // namespace oriel::otlp
