// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "../upstream/upstream_fixture.h"
#include "gateway/gateway.h"

#include <QSignalSpy>
#include <QTest>

namespace oriel::gateway::test {

/// A client that keeps what it is sent.
class KeptSession final : public downstream::Session {
public:
    void send(const QByteArray& frame) override { sent.append(frame); }
    [[nodiscard]] bool isReachable() const override { return reachable; }
    void close() override {}

    QList<QByteArray> sent;
    bool reachable = true;
};

class KeptReply final : public downstream::Reply {
public:
    void notify(const QByteArray& frame) override { notified.append(frame); }
    void finish(const QByteArray& frame, int /*httpStatus*/) override { finished.append(frame); }
    [[nodiscard]] bool isOpen() const override { return finished.isEmpty(); }
    [[nodiscard]] bool isHttp() const override { return true; }

    QList<QByteArray> notified;
    QList<QByteArray> finished;
};

/// A gateway with real children behind it, and clients that are values.
class GatewayFixture {
public:
    using Session = std::shared_ptr<KeptSession>;
    using Reply = std::shared_ptr<KeptReply>;

    explicit GatewayFixture(const QList<config::Server>& servers)
        : gateway(Gateway::Dependencies{upstream::test::systemClock(), upstream::test::systemRandom(), recorder,
                                        upstream::test::quickContext(recorder)})
    {
        apply(servers);
    }
    ~GatewayFixture()
    {
        QSignalSpy stopped(&gateway, &Gateway::stopped);
        gateway.shutDown();
        if (stopped.isEmpty())
            stopped.wait(20'000);
    }
    void apply(const QList<config::Server>& servers)
    {
        config::Config configuration;
        configuration.servers = servers;
        const Status applied = gateway.apply(configuration);
        Q_ASSERT(applied);
    }

    Reply ask(const Session& session, const QByteArray& text)
    {
        json::Document document;
        const auto read = mcp::readMessage(text, document);
        Q_ASSERT(read);
        downstream::Incoming incoming;
        incoming.session = session;
        incoming.message = *read;
        incoming.startNs = upstream::test::systemClock().monotonicNs();
        incoming.startUnixNs = upstream::test::systemClock().unixNs();
        auto reply = std::make_shared<KeptReply>();
        if (read->isRequest())
            incoming.reply = reply;
        gateway.handleMessage(std::move(incoming));
        return reply;
    }
    Reply request(const Session& session, const QByteArray& method, const QByteArray& params = "{}",
                  const QByteArray& id = "\"id-1\"")
    {
        return ask(session, "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"" + method + "\",\"params\":" + params + '}');
    }
    Reply call(const Session& session, const QByteArray& tool, const QByteArray& id = "\"id-1\"")
    {
        return request(session, "tools/call", "{\"name\":\"" + tool + "\",\"arguments\":{}}", id);
    }
    void notify(const Session& session, const QByteArray& method)
    {
        ask(session, "{\"jsonrpc\":\"2.0\",\"method\":\"" + method + "\"}");
    }
    /// Answers what a server asked: `question` is the frame that came.
    void answer(const Session& session, const QByteArray& question, const QByteArray& result)
    {
        json::Document document;
        const auto read = mcp::readMessage(question, document);
        Q_ASSERT(read);
        ask(session, "{\"jsonrpc\":\"2.0\",\"id\":" + read->id().toJson() + ",\"result\":" + result + '}');
    }
    Session open(const QByteArray& capabilities = "{}", const QByteArray& name = "tester", const QByteArray& server = {})
    {
        auto session = std::make_shared<KeptSession>();
        session->server = server;
        session->client = std::make_shared<telemetry::ClientContext>();
        gateway.sessionOpened(session);
        request(session, "initialize",
                "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":" + capabilities + ",\"clientInfo\":{\"name\":\"" + name +
                    "\",\"version\":\"1\"}}");
        return session;
    }
    /// A client of 2026-07-28, as the stateless endpoint presents it.
    Session openModern(const QByteArray& capabilities = "{}")
    {
        auto session = std::make_shared<KeptSession>();
        session->reachable = false;
        session->revision = mcp::NewestModern;
        session->capabilitiesJson = capabilities;
        json::Document document;
        if (document.parse(capabilities))
            session->capabilities = mcp::ClientCapabilities::parse(document.root());
        session->isInitialized = true;
        session->client = std::make_shared<telemetry::ClientContext>();
        gateway.sessionOpened(session);
        return session;
    }
    void close(const Session& session) { gateway.sessionClosed(session); }

    [[nodiscard]] upstream::ServerStatus status(const QString& name) const
    {
        for (const upstream::ServerStatus& one : gateway.serverStatuses()) {
            if (one.name == name)
                return one;
        }
        return {};
    }
    [[nodiscard]] bool isReady(const QString& name) const { return status(name).state == upstream::ServerState::Ready; }
    [[nodiscard]] int clientConnections(const QString& name) const { return status(name).clientConnections; }

    upstream::test::RecordingRecorder recorder;
    Gateway gateway;
};

} // namespace oriel::gateway::test
