// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/gateway_service.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QtTest>

#include <functional>
#include <memory>

namespace oriel::test {

/// A real GatewayService in a temporary directory, on a free port and without authentication, and a client that calls tools
/// through it over HTTP. For tests of sections; needs an event loop (QTEST_MAIN).
class ServiceFixture {
public:
    /// Fills the stores of a data directory before the service opens it.
    using Prepare = std::function<void(const QString& dataDir)>;

    /// `servers`: the object `mcpServers` of the configuration; demoServer() makes one.
    explicit ServiceFixture(const QJsonObject& servers = {}, const Prepare& prepare = {})
    {
        const QString path = m_directory.filePath(QStringLiteral("oriel.json"));
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly))
            return;
        file.write(QJsonDocument(QJsonObject{{QStringLiteral("mcpServers"), servers}}).toJson());
        file.close();
        service::ServiceOptions options;
        options.configPath = path;
        options.dataDir = m_directory.filePath(QStringLiteral("data"));
        options.port = 0;
        options.noAuth = true;
        options.headless = true;
        if (prepare)
            prepare(options.dataDir);
        m_service = std::make_unique<service::GatewayService>(options);
        const Status started = m_service->start();
        if (!started)
            qCritical("the service did not start: %s", qPrintable(started.error().toString()));
        m_started = started.has_value();
    }
    ~ServiceFixture()
    {
        if (m_service)
            m_service->stop();
    }
    ServiceFixture(const ServiceFixture&) = delete;
    ServiceFixture& operator=(const ServiceFixture&) = delete;

    [[nodiscard]] bool isStarted() const { return m_started; }
    [[nodiscard]] service::GatewayService& service() { return *m_service; }
    [[nodiscard]] QString path(const QString& name) const { return m_directory.filePath(name); }

    /// One entry of `mcpServers`: the bundled demo server, a real process on stdio.
    [[nodiscard]] static QJsonObject demoServer() { return {{QStringLiteral("command"), QStringLiteral(ORIEL_DEMO_SERVER)}}; }
    /// One entry that cannot start.
    [[nodiscard]] static QJsonObject missingServer()
    {
        return {{QStringLiteral("command"), QStringLiteral("oriel-no-such-program")}};
    }

    [[nodiscard]] bool isReady(const QString& server) const
    {
        for (const service::ServerSnapshot& snapshot : m_service->servers()) {
            if (snapshot.config.name == server)
                return snapshot.state == service::ServerState::Ready;
        }
        return false;
    }

    /// Calls a tool and waits for the answer; false when the HTTP request failed. `tool` with its prefix.
    bool call(const QString& tool, const QJsonObject& arguments = {})
    {
        if (m_session.isEmpty() && !openSession())
            return false;
        return post(
            {{QStringLiteral("jsonrpc"), QStringLiteral("2.0")},
             {QStringLiteral("id"), ++m_lastId},
             {QStringLiteral("method"), QStringLiteral("tools/call")},
             {QStringLiteral("params"), QJsonObject{{QStringLiteral("name"), tool}, {QStringLiteral("arguments"), arguments}}}});
    }

private:
    bool openSession()
    {
        const QJsonObject client{{QStringLiteral("name"), QStringLiteral("tester")},
                                 {QStringLiteral("version"), QStringLiteral("1")}};
        const bool answered =
            post({{QStringLiteral("jsonrpc"), QStringLiteral("2.0")},
                  {QStringLiteral("id"), ++m_lastId},
                  {QStringLiteral("method"), QStringLiteral("initialize")},
                  {QStringLiteral("params"), QJsonObject{{QStringLiteral("protocolVersion"), QStringLiteral("2025-11-25")},
                                                         {QStringLiteral("capabilities"), QJsonObject()},
                                                         {QStringLiteral("clientInfo"), client}}}});
        return answered && post({{QStringLiteral("jsonrpc"), QStringLiteral("2.0")},
                                 {QStringLiteral("method"), QStringLiteral("notifications/initialized")}});
    }

    bool post(const QJsonObject& message)
    {
        QNetworkRequest request(QUrl(m_service->status().endpoint));
        request.setHeader(QNetworkRequest::ContentTypeHeader, QByteArrayLiteral("application/json"));
        request.setRawHeader("Accept", "application/json, text/event-stream");
        if (!m_session.isEmpty()) {
            request.setRawHeader("Mcp-Session-Id", m_session);
            request.setRawHeader("MCP-Protocol-Version", "2025-11-25");
        }
        std::unique_ptr<QNetworkReply> reply(m_network.post(request, QJsonDocument(message).toJson(QJsonDocument::Compact)));
        QSignalSpy finished(reply.get(), &QNetworkReply::finished);
        if (!reply->isFinished() && !finished.wait(20'000))
            return false;
        if (m_session.isEmpty())
            m_session = reply->rawHeader("Mcp-Session-Id");
        return reply->error() == QNetworkReply::NoError;
    }

    QTemporaryDir m_directory;
    std::unique_ptr<service::GatewayService> m_service;
    QNetworkAccessManager m_network;
    QByteArray m_session;
    int m_lastId = 0;
    bool m_started = false;
};

} // namespace oriel::test
