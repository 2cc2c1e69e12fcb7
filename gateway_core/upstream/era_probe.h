// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/json.h"
#include "upstream/stdio_transport.h"

#include <functional>

namespace oriel::upstream {

/// Asks a stdio server which era it speaks, in a process of its own: some servers end at a request before `initialize`, others
/// never answer it. The process (with its group) is ended whatever comes out, and destroying the probe ends it at once.
class EraProbe final : private TransportHandler {
public:
    struct Finding {
        bool modern = false;
        QString foundBy; ///< one phrase for people
    };
    /// `request` is the frame of server/discover with the id kRequestId. Exactly one of the callbacks ends the probe, from the
    /// event loop: `found`; afterwards `over`, once the process is gone. Neither after the destruction.
    struct Callbacks {
        std::function<void(const Finding&)> found;
        std::function<void()> over;
        std::function<void(bool sent, const QByteArray& frame)> wire;
    };
    static constexpr std::int64_t kRequestId = 1;

    EraProbe(StdioSettings settings, const Clock& clock, QByteArray request, std::chrono::milliseconds limit,
             Callbacks callbacks);
    void start();

private:
    void onStarted() override;
    void onFrame(QByteArray frame, const FrameOrigin& origin) override;
    void onSendFailed(std::int64_t, const SendFailure&) override {}
    void onStrayOutput(QByteArray, std::int64_t) override {}
    void onOversizedFrame(QByteArray, QByteArray, qint64) override {}
    void onStderr(QByteArray, std::int64_t) override {}
    bool isAwaited(std::int64_t) override { return !m_found; }
    void onClosed(const CloseReason& reason) override;
    void conclude(bool modern, const QString& foundBy);

    QByteArray m_request;
    std::chrono::milliseconds m_limit;
    Callbacks m_callbacks;
    bool m_found = false;
    json::Document m_document;
    QTimer m_timer;
    StdioTransport m_transport; ///< last: ends before what it tells
};

} // namespace oriel::upstream
