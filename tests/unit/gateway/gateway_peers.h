// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway_harness.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace oriel::gateway::test {

inline QJsonObject parsed(const QByteArray& frame)
{
    return QJsonDocument::fromJson(frame).object();
}
inline QByteArray compact(const QJsonObject& object)
{
    return QJsonDocument(object).toJson(QJsonDocument::Compact);
}
/// A JSON object written in a test.
inline QJsonObject object(const char* text)
{
    return parsed(QByteArray(text));
}

class PeerSession final : public downstream::Session {
public:
    void send(const QByteArray& frame) override { sent.append(parsed(frame)); }
    [[nodiscard]] bool isReachable() const override { return true; }
    void close() override {}

    QList<QJsonObject> sent;
};

class PeerReply final : public downstream::Reply {
public:
    void notify(const QByteArray& frame) override { notified.append(parsed(frame)); }
    void finish(const QByteArray& frame, int httpStatus) override
    {
        answers.append(parsed(frame));
        status = httpStatus;
    }
    [[nodiscard]] bool isOpen() const override { return answers.isEmpty(); }
    [[nodiscard]] bool isHttp() const override { return true; }

    [[nodiscard]] bool isAnswered() const { return !answers.isEmpty(); }
    [[nodiscard]] QJsonObject result() const { return answers.value(0).value(QLatin1String("result")).toObject(); }
    [[nodiscard]] QJsonObject error() const { return answers.value(0).value(QLatin1String("error")).toObject(); }
    [[nodiscard]] int code() const { return error().value(QLatin1String("code")).toInt(); }

    QList<QJsonObject> notified;
    QList<QJsonObject> answers;
    int status = 0;
};

/// One client in front of a gateway, of the handshake revisions or of 2026-07-28.
class Peer {
public:
    Peer(Gateway& gateway, const QByteArray& revision, const QByteArray& capabilities = "{}", const QByteArray& server = {})
        : m_gateway(gateway)
    {
        session->server = server;
        session->client = std::make_shared<telemetry::ClientContext>();
        if (revision == "2026-07-28") {
            session->revision = mcp::NewestModern;
            session->isInitialized = true;
            session->capabilitiesJson = capabilities;
            json::Document document;
            if (document.parse(capabilities))
                session->capabilities = mcp::ClientCapabilities::parse(document.root());
            m_gateway.sessionOpened(session);
            return;
        }
        m_gateway.sessionOpened(session);
        initialized = ask("initialize", "{\"protocolVersion\":\"" + revision + "\",\"capabilities\":" + capabilities +
                                            ",\"clientInfo\":{\"name\":\"peer\",\"version\":\"1\"}}")
                          ->result();
    }

    std::shared_ptr<PeerReply> ask(const QByteArray& method, const QByteArray& params = "{}")
    {
        return send("{\"jsonrpc\":\"2.0\",\"id\":" + QByteArray::number(++lastId) + ",\"method\":\"" + method +
                    "\",\"params\":" + params + '}');
    }
    std::shared_ptr<PeerReply> ask(const QByteArray& method, const QJsonObject& params) { return ask(method, compact(params)); }
    std::shared_ptr<PeerReply> askOfTask(const QByteArray& method, const QString& taskId)
    {
        return ask(method, QJsonObject{{QStringLiteral("taskId"), taskId}});
    }
    void notify(const QByteArray& method, const QByteArray& params)
    {
        send("{\"jsonrpc\":\"2.0\",\"method\":\"" + method + "\",\"params\":" + params + '}');
    }
    /// Answers a request that came from the gateway.
    void answer(const QJsonObject& request, const QByteArray& result)
    {
        const QJsonObject answer{{QStringLiteral("jsonrpc"), QStringLiteral("2.0")},
                                 {QStringLiteral("id"), request.value(QLatin1String("id"))},
                                 {QStringLiteral("result"), parsed(result)}};
        send(compact(answer));
    }
    void close() { m_gateway.sessionClosed(session); }

    std::shared_ptr<PeerSession> session = std::make_shared<PeerSession>();
    QJsonObject initialized; ///< the result of `initialize`
    int lastId = 0;

private:
    std::shared_ptr<PeerReply> send(const QByteArray& text)
    {
        json::Document document;
        const auto read = mcp::readMessage(text, document);
        if (!read)
            return nullptr;
        downstream::Incoming incoming;
        incoming.session = session;
        incoming.message = *read;
        incoming.startNs = upstream::test::systemClock().monotonicNs();
        incoming.startUnixNs = upstream::test::systemClock().unixNs();
        auto reply = std::make_shared<PeerReply>();
        if (read->isRequest())
            incoming.reply = reply;
        m_gateway.handleMessage(std::move(incoming));
        return reply;
    }

    Gateway& m_gateway;
};

/// The conformance server of one revision on a pipe.
inline config::Server conformanceServer(const char* name, const char* revision)
{
    config::Server server =
        upstream::test::programServer(upstream::test::builtProgram(QStringLiteral("oriel-conformance-server")),
                                      {QStringLiteral("--era"), QString::fromLatin1(revision)});
    server.era = QByteArrayView(revision) == QByteArrayView("2026-07-28") ? config::Era::Modern : config::Era::Legacy;
    return named(server, name);
}

/// The text of a tool's result.
inline QString textOf(const QJsonObject& result)
{
    return result.value(QLatin1String("content")).toArray().at(0).toObject().value(QLatin1String("text")).toString();
}
inline QString relatedTask(const QJsonObject& metaOwner)
{
    return metaOwner.value(QLatin1String("_meta"))
        .toObject()
        .value(QLatin1String("io.modelcontextprotocol/related-task"))
        .toObject()
        .value(QLatin1String("taskId"))
        .toString();
}

} // namespace oriel::gateway::test
