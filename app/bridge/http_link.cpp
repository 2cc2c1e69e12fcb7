// SPDX-License-Identifier: GPL-3.0-or-later
#include "http_link.h"

#include "mcp/headers.h"
#include "mcp/lists.h"
#include "terminal.h"

#include <algorithm>

namespace oriel::app {

namespace {

constexpr int kFirstRetryMs = 200;
constexpr int kMaxRetryMs = 5'000;

} // namespace

HttpLink::HttpLink(const Options& options, const Clock& clock, QObject* parent)
    : BridgeLink(parent),
      m_clock(clock),
      m_client({}, clock)
{
    m_settings.server = QStringLiteral("endpoint");
    m_settings.url = options.url;
    if (const QByteArray token = qgetenv("ORIEL_TOKEN"); !token.isEmpty())
        m_settings.headers.append({QByteArrayLiteral("Authorization"), "Bearer " + token});
    m_retry.setSingleShot(true);
    connect(&m_retry, &QTimer::timeout, this, &HttpLink::connectAgain);
}

HttpLink::~HttpLink() = default;

void HttpLink::open()
{
    connectAgain();
}

void HttpLink::connectAgain()
{
    m_ended.clear();
    m_transport = upstream::makeHttpTransport(m_settings, m_client, m_clock, *this);
    m_transport->start();
}

void HttpLink::onStarted()
{
    m_isUp = true;
    Q_EMIT up();
}

void HttpLink::send(const QByteArray& frame)
{
    const auto message = mcp::readMessage(frame, m_document);
    upstream::SendOptions options;
    Request request;
    if (message) {
        if (message->methodId == mcp::MethodId::NotificationCancelled && cancelled(*message))
            return;
        request = {message->id(), message->methodId, message->isModern()};
        options.initialized = message->methodId == mcp::MethodId::NotificationInitialized;
        if (request.modern)
            addHeaders(options, *message);
    }
    if (message && message->isRequest()) {
        options.requestId = ++m_lastRequest;
        options.initialize = message->methodId == mcp::MethodId::Initialize;
        m_requests.insert(options.requestId, request);
    }
    if (const Status sent = m_transport->send(frame, options); !sent && options.requestId != 0) {
        upstream::SendFailure failure;
        failure.error = sent.error();
        onSendFailed(options.requestId, failure);
    }
}

/// In 2026-07-28 closing the stream of a request is what cancels it.
bool HttpLink::cancelled(const mcp::Message& notification)
{
    const auto id = mcp::RequestId::fromJson(notification.rawOf(mcp::Field::ParamsRequestId));
    for (auto request = m_requests.begin(); request != m_requests.end(); ++request) {
        if (!request->modern || !(request->id == id))
            continue;
        m_transport->forget(request.key());
        m_requests.erase(request);
        return true;
    }
    return false;
}

void HttpLink::addHeaders(upstream::SendOptions& options, const mcp::Message& message)
{
    options.modern = true;
    options.headers = {{mcp::header::ProtocolVersion.toByteArray(), message.text(mcp::Field::MetaProtocolVersion)},
                       {mcp::header::Method.toByteArray(), mcp::encodeHeaderValue(message.text(mcp::Field::Method))}};
    if (const auto name = mcp::nameHeaderFor(message))
        options.headers.append({mcp::header::Name.toByteArray(), *name});
    if (message.methodId != mcp::MethodId::ToolsCall)
        return;
    const auto repeated = m_tools.constFind(message.text(mcp::Field::ParamsName));
    json::Document arguments;
    if (repeated != m_tools.cend() && arguments.parse(message.rawOf(mcp::Field::ParamsArguments)))
        options.headers.append(mcp::paramHeaderValues(*repeated, arguments.root()));
}

void HttpLink::onFrame(QByteArray text, const upstream::FrameOrigin& /*origin*/)
{
    m_tries = 0;
    if (const auto message = mcp::readMessage(text, m_document); message && message->isAnswer())
        takeAnswer(*message);
    Q_EMIT received(text);
}

void HttpLink::takeAnswer(const mcp::Message& answer)
{
    const auto request =
        std::find_if(m_requests.begin(), m_requests.end(), [id = answer.id()](const Request& one) { return one.id == id; });
    if (request == m_requests.end())
        return;
    const Request answered = *request;
    m_requests.erase(request);
    if (answer.kind != mcp::Message::Kind::Response)
        return;
    if (answered.method == mcp::MethodId::Initialize)
        m_transport->setProtocolVersion(m_document.root().find("result").find("protocolVersion").asUtf8());
    else if (answered.method == mcp::MethodId::ToolsList && answered.modern)
        rememberTools(answer);
}

void HttpLink::rememberTools(const mcp::Message& answer)
{
    const auto page = mcp::parseListPage(mcp::ListKind::Tools, m_document.root().find("result"));
    if (!page || !answer.raw.contains("x-mcp-header"))
        return;
    json::Document schema;
    for (const mcp::ListEntry& tool : page->entries) {
        m_tools.remove(tool.identity);
        if (!schema.parse(tool.raw))
            continue;
        if (auto headers = mcp::readParamHeaders(schema.root().find("inputSchema")); headers && !headers->empty())
            m_tools.insert(tool.identity, std::move(*headers));
    }
}

void HttpLink::onSendFailed(std::int64_t requestId, const upstream::SendFailure& failure)
{
    const Request request = m_requests.take(requestId);
    if (failure.sessionLost) {
        Q_EMIT notLookedAt(request.id);
        return;
    }
    if (!request.id.isValid())
        return;
    const bool unreachable = failure.httpStatus == 0 && !failure.maybeProcessed;
    if (unreachable || (request.method == mcp::MethodId::Initialize && failure.httpStatus == 0)) {
        m_isUp = false;
        Q_EMIT notLookedAt(request.id);
        goDown();
        return;
    }
    Q_EMIT requestFailed(request.id, failure.error.toString().toUtf8());
}

void HttpLink::goDown()
{
    m_isUp = false;
    m_requests.clear();
    if (m_transport != nullptr)
        m_ended.push_back(std::move(m_transport));
    Q_EMIT down();
    if (!m_closing && !m_retry.isActive())
        m_retry.start(std::min(kFirstRetryMs << std::min(m_tries++, 6), kMaxRetryMs));
}

void HttpLink::onStrayOutput(QByteArray /*line*/, std::int64_t /*suppressed*/) {}

void HttpLink::onStderr(QByteArray /*line*/, std::int64_t /*suppressed*/) {}

void HttpLink::onOversizedFrame(QByteArray /*head*/, QByteArray /*tail*/, qint64 bytes)
{
    printError(QStringLiteral("oriel bridge: a message of %1 bytes was dropped: the limit is 64 MiB").arg(bytes));
}

void HttpLink::onClosed(const upstream::CloseReason& reason)
{
    if (reason.kind == upstream::CloseReason::Kind::Requested)
        Q_EMIT closed();
    else if (reason.kind == upstream::CloseReason::Kind::StartFailed)
        Q_EMIT gaveUp(reason.error.toString());
    else
        goDown();
}

void HttpLink::close()
{
    m_closing = true;
    m_retry.stop();
    if (m_transport != nullptr)
        m_transport->close();
    else
        Q_EMIT closed();
}

} // namespace oriel::app
