// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/receiver/receiver.h"

namespace oriel::otlp {

namespace {

void describe(const http::LoopbackPorts& places, const QHostAddress& address, QList<QHostAddress>& addresses, QString& error)
{
    addresses = {address};
    if (places.hasBoth())
        addresses.append(*places.other);
    if (places.otherError)
        error = QStringLiteral("%1: %2; what programs send to localhost may go there")
                    .arg(places.otherError->context, places.otherError->message);
}

/// The other loopback address was taken and is not any more.
bool canListenAtBoth(const http::LoopbackPorts& places)
{
    return places.otherError && http::isPortFree(*places.other, places.port);
}

} // namespace

OtlpReceiver::OtlpReceiver(const Clock& clock, ReceiverSink& sink, ReceiverIdentity identity, QObject* parent)
    : QObject(parent),
      m_clock(clock),
      m_service(sink, std::move(identity))
{
    m_settings.enabled = false;
}

OtlpReceiver::~OtlpReceiver() = default;

void OtlpReceiver::configure(const ReceiverSettings& settings)
{
    const bool moved = settings.enabled != m_settings.enabled || settings.address != m_settings.address;
    ReceiverStatus now;
    now.enabled = settings.enabled;
    if (moved || settings.grpcPort != m_settings.grpcPort || (m_grpc && canListenAtBoth(m_grpc->places())))
        m_grpc.reset();
    if (moved || settings.httpPort != m_settings.httpPort || (m_http && canListenAtBoth(m_http->places())))
        m_http.reset();
    m_settings = settings;
    if (settings.enabled && !m_grpc) {
        auto listening = GrpcReceiver::listen(m_service, settings.address, settings.grpcPort);
        if (listening)
            m_grpc = std::move(*listening);
        else
            now.grpcError = listening.error().message;
    }
    if (settings.enabled && !m_http) {
        auto http = std::make_unique<HttpReceiver>(m_service, m_clock);
        if (const Status listening = http->listen(settings.address, settings.httpPort))
            m_http = std::move(http);
        else
            now.httpError = listening.error().message;
    }
    if (m_grpc) {
        now.grpcPort = m_grpc->port();
        describe(m_grpc->places(), settings.address, now.grpcAddresses, now.grpcError);
    }
    if (m_http) {
        now.httpPort = m_http->port();
        describe(m_http->places(), settings.address, now.httpAddresses, now.httpError);
    }
    bool differs = false;
    {
        const std::lock_guard lock(m_mutex);
        differs = now != m_status;
        m_status = now;
    }
    if (differs)
        Q_EMIT statusChanged();
}

void OtlpReceiver::close()
{
    ReceiverSettings none = m_settings;
    none.enabled = false;
    configure(none);
}

ReceiverStatus OtlpReceiver::status() const
{
    const std::lock_guard lock(m_mutex);
    return m_status;
}

} // namespace oriel::otlp
