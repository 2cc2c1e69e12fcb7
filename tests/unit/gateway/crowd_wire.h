// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "http/client.h"
#include "http/sse.h"

#include <QByteArray>
#include <QHash>
#include <QLocalSocket>
#include <QString>

#include <functional>
#include <memory>

namespace oriel::gateway::test {

/// Where the gateway is, as a client has to know it.
struct Doors {
    quint16 port = 0;
    QString socket;
    QList<QByteArray> tokens;
};

/// What a request's headers repeat of its body (2026-07-28).
struct Names {
    QByteArray method;
    QByteArray name;
};

/// One client's connection: sends frames, tells what comes. `key` names the request that a frame belongs to where the transport
/// knows, and is empty where it does not. Destroying a wire is a client that vanishes: nothing more is told.
class Wire {
public:
    struct Ears {
        std::function<void(const QByteArray& frame, const QByteArray& key)> heard;
        std::function<void(const QByteArray& key, int status)> ended; ///< nothing more comes for it; 0: it broke
    };
    virtual ~Wire() = default;
    /// An empty key: no answer is expected.
    virtual void send(const QByteArray& frame, const QByteArray& key, const Names& names) = 0;
    /// Hangs up on one request: that cancels it.
    virtual void hangUp(const QByteArray& key) = 0;
    [[nodiscard]] virtual bool cancelsByHangingUp() const = 0;
    /// A stream for what belongs to no request.
    virtual void listen() {}
    /// Says goodbye; what still waits has to end.
    virtual void leave() = 0;
    [[nodiscard]] virtual bool isWaiting() const = 0;
};

/// Streamable HTTP, each request on a connection of its own.
class HttpWire final : public Wire {
public:
    HttpWire(quint16 port, QByteArray token, QByteArray path, QByteArray version, Ears ears);

    void send(const QByteArray& frame, const QByteArray& key, const Names& names) override;
    void hangUp(const QByteArray& key) override;
    [[nodiscard]] bool cancelsByHangingUp() const override { return m_isModern; }
    void listen() override;
    void leave() override;
    [[nodiscard]] bool isWaiting() const override { return !m_open.isEmpty(); }

    [[nodiscard]] const QByteArray& sessionId() const { return m_session; }
    /// A request as somebody else would send it: with that session, under a token that is not the session's. `ended` tells what
    /// became of it under the key.
    void trespass(const QByteArray& method, const QByteArray& session, const QByteArray& frame, const QByteArray& key);

private:
    struct Open {
        http::RequestHandle handle;
        std::unique_ptr<http::SseParser> events;
        int status = 0;
    };
    void begin(const QByteArray& method, const QByteArray& frame, const QByteArray& key, http::Headers headers);
    [[nodiscard]] http::Headers headers() const;
    void feed(const QByteArray& key, QByteArrayView bytes);

    SystemClock m_clock;
    QByteArray m_token;
    QByteArray m_version;
    bool m_isModern;
    http::Endpoint m_endpoint;
    Ears m_ears;
    QByteArray m_session;
    QHash<QByteArray, std::shared_ptr<Open>> m_open;
    http::Client m_client; ///< last: it ends before what its callbacks use
};

/// The line protocol of the bridge.
class LineWire final : public Wire {
public:
    LineWire(const QString& socket, Ears ears);

    void send(const QByteArray& frame, const QByteArray& key, const Names& names) override;
    void hangUp(const QByteArray& /*key*/) override {}
    [[nodiscard]] bool cancelsByHangingUp() const override { return false; }
    void leave() override { m_socket.disconnectFromServer(); }
    [[nodiscard]] bool isWaiting() const override { return false; }

private:
    Ears m_ears;
    QByteArray m_pending;
    QLocalSocket m_socket;
};

} // namespace oriel::gateway::test
