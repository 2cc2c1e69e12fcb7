// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/receiver/receiver.h"

namespace oriel::otlp {

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
    if (moved || settings.grpcPort != m_settings.grpcPort)
        m_grpc.reset();
    if (moved || settings.httpPort != m_settings.httpPort)
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
        if (const auto listening = http->listen(settings.address, settings.httpPort))
            m_http = std::move(http);
        else
            now.httpError = listening.error().message;
    }
    now.grpcPort = m_grpc ? m_grpc->port() : quint16{0};
    now.httpPort = m_http ? m_http->port() : quint16{0};
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
