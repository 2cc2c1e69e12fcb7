// SPDX-License-Identifier: GPL-3.0-or-later
#include "stdio_endpoint.h"

#include "batch.h"
#include "channel.h"
#include "session.h"

#include <QJsonDocument>

#include <algorithm>
#include <cstdio>
#include <iostream>

namespace oriel::conformance {

namespace {

void writeLine(const QByteArray& text)
{
    const QByteArray line = text + '\n';
    std::fwrite(line.constData(), 1, static_cast<std::size_t>(line.size()), stdout);
    std::fflush(stdout);
}

class Pipe final : public Channel {
public:
    void send(const QJsonObject& message) override { writeLine(compact(message)); }
    void finish(const QJsonObject& response, int) override { writeLine(compact(response)); }
    void abandon() override {}
};

} // namespace

StdioEndpoint::StdioEndpoint(Server& server, QObject* parent)
    : QObject(parent),
      m_server(server),
      m_session(server.openSession({}))
{
    m_session->sendUnrelated = [](const QJsonObject& message) { writeLine(compact(message)); };
}

StdioEndpoint::~StdioEndpoint()
{
    // The thread may stand in a read of stdin that nothing but the other side can end.
    if (m_reader.joinable()) {
        m_reader.detach();
    }
}

void StdioEndpoint::start()
{
    m_reader = std::thread([this] {
        std::string line;
        while (std::getline(std::cin, line)) {
            QMetaObject::invokeMethod(
                this, [this, bytes = QByteArray::fromStdString(line)] { takeLine(bytes); }, Qt::QueuedConnection);
        }
        QMetaObject::invokeMethod(
            this, [this] { takeEnd(); }, Qt::QueuedConnection);
    });
}

void StdioEndpoint::takeEnd()
{
    m_server.changes().endAll();
    m_server.closeSession(m_session);
    Q_EMIT ended();
}

void StdioEndpoint::takeLine(const QByteArray& line)
{
    if (line.trimmed().isEmpty()) {
        return;
    }
    const Revision revision = m_session->handshake ? m_session->handshake->revision : m_server.eras().newest();
    QJsonParseError error;
    const QJsonDocument document = QJsonDocument::fromJson(line, &error);
    if (error.error != QJsonParseError::NoError) {
        writeLine(compact(errorMessage(unknownId(revision), {error_code::ParseError, u"Parse error: "_s + error.errorString()})));
    } else if (document.isArray() && m_session->handshake && mcp::allowsBatches(revision) && !document.array().isEmpty()) {
        takeBatch(document.array());
    } else {
        takeMessage(document.isObject() ? QJsonValue(document.object()) : QJsonValue(document.array()), std::make_shared<Pipe>());
    }
}

void StdioEndpoint::takeBatch(const QJsonArray& messages)
{
    const auto requests = std::count_if(messages.begin(), messages.end(),
                                        [](const QJsonValue& each) { return kindOf(each) == MessageKind::Request; });
    const auto done = [](const QJsonArray& responses) {
        if (!responses.isEmpty()) {
            writeLine(QJsonDocument(responses).toJson(QJsonDocument::Compact));
        }
    };
    const auto pipe = std::make_shared<Pipe>();
    const auto batch = std::make_shared<Batch>(pipe, static_cast<int>(requests), done);
    for (const QJsonValue& each : messages) {
        takeMessage(each, kindOf(each) == MessageKind::Request ? batch->part() : pipe);
    }
}

void StdioEndpoint::takeMessage(const QJsonValue& message, const std::shared_ptr<Channel>& channel)
{
    switch (kindOf(message)) {
    case MessageKind::Request:
        serve(message.toObject(), channel);
        break;
    case MessageKind::Notification:
        m_server.takeNotification(m_session, message.toObject());
        break;
    case MessageKind::Response:
        m_session->takeResponse(message.toObject());
        break;
    case MessageKind::Invalid: {
        const Revision revision = m_session->handshake ? m_session->handshake->revision : m_server.eras().newest();
        channel->finish(errorMessage(unknownId(revision), {error_code::InvalidRequest, u"Invalid request"_s}), 400);
        break;
    }
    }
}

void StdioEndpoint::serve(const QJsonObject& request, const std::shared_ptr<Channel>& channel)
{
    const QString method = request.value("method"_L1).toString();
    const QJsonObject metadata = request.value("params"_L1).toObject().value("_meta"_L1).toObject();
    const bool looksModern = metadata.contains(meta::ProtocolVersion) || method == "server/discover"_L1;
    if (m_server.eras().hasLegacy() && !(looksModern && m_server.eras().hasModern())) {
        m_server.serveLegacy(m_session, request, channel);
        return;
    }
    const QJsonValue id = request.value("id"_L1);
    if (method == "initialize"_L1 && !looksModern) {
        // All that a legacy client can show its user is this error, so it names the versions.
        const QString requested = request.value("params"_L1).toObject().value("protocolVersion"_L1).toString();
        channel->finish(errorMessage(id, m_server.unsupportedVersion(requested)), 400);
    } else if (const std::optional<RpcError> problem = m_server.modernProblem(request)) {
        channel->finish(errorMessage(id, *problem), problem->httpStatus);
    } else {
        m_server.serveModern(m_session, request, channel);
    }
}

} // namespace oriel::conformance
