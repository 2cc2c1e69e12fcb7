// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/era_probe.h"

#include "mcp/initialize.h"
#include "mcp/message.h"

namespace oriel::upstream {

namespace {

/// Time for the probe's process to end by itself, and again after SIGTERM.
constexpr std::chrono::milliseconds kGrace{500};

StdioSettings withGrace(StdioSettings settings)
{
    settings.closeGrace = std::min(settings.closeGrace, kGrace);
    return settings;
}

} // namespace

EraProbe::EraProbe(StdioSettings settings, const Clock& clock, QByteArray request, std::chrono::milliseconds limit,
                   Callbacks callbacks)
    : m_request(std::move(request)),
      m_limit(limit),
      m_callbacks(std::move(callbacks)),
      m_transport(withGrace(std::move(settings)), clock, *this)
{
    m_timer.setSingleShot(true);
    QObject::connect(&m_timer, &QTimer::timeout, &m_timer,
                     [this] { conclude(false, QStringLiteral("it did not answer server/discover in time")); });
}

void EraProbe::start()
{
    m_timer.start(m_limit);
    m_transport.start();
}

void EraProbe::onStarted()
{
    m_callbacks.wire(true, m_request);
    (void)m_transport.send(m_request, {}); // if it fails, the end follows
}

void EraProbe::onFrame(QByteArray frame, const FrameOrigin& origin)
{
    Q_UNUSED(origin);
    if (m_found) {
        return;
    }
    m_callbacks.wire(false, frame);
    const auto message = mcp::readMessage(frame, m_document);
    if (!message || !message->isAnswer() || message->id() != mcp::RequestId(kRequestId)) {
        return;
    }
    if (message->kind == mcp::Message::Kind::Error) {
        const bool modern = mcp::isModernError(message->errorCode);
        conclude(modern, QStringLiteral("it answered server/discover with error %1").arg(message->errorCode));
        return;
    }
    const auto result = mcp::DiscoverResult::parse(m_document.root().find("result"));
    const std::optional<mcp::Revision> newest = result ? mcp::newestCommon(result->supportedVersions) : std::nullopt;
    conclude(newest && mcp::isModern(*newest), QStringLiteral("its answer to server/discover"));
}

void EraProbe::onClosed(const CloseReason& reason)
{
    Q_UNUSED(reason);
    conclude(false, QStringLiteral("it ended when it was sent server/discover"));
    m_callbacks.over();
}

void EraProbe::conclude(bool modern, const QString& foundBy)
{
    if (std::exchange(m_found, true)) {
        return;
    }
    m_timer.stop();
    m_transport.close();
    m_callbacks.found({modern, foundBy});
}

} // namespace oriel::upstream
