// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/client.h"

#include "http/client_impl.h"

#include <algorithm>

namespace oriel::http {

namespace {

bool isTarget(QByteArrayView target)
{
    return target.startsWith('/') &&
           std::none_of(target.begin(), target.end(), [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
}

} // namespace

Result<Endpoint> Endpoint::fromUrl(const QUrl& url)
{
    const auto refuse = [&](const QString& message) {
        return oriel::fail(ErrorCode::InvalidArgument, message, url.toDisplayString(QUrl::RemoveUserInfo));
    };
    const QString scheme = url.scheme();
    if (!url.isValid())
        return refuse(QStringLiteral("The URL is not valid: %1").arg(url.errorString()));
    if (scheme != u"http" && scheme != u"https")
        return refuse(QStringLiteral("Only http and https URLs can be used"));
    if (url.host().isEmpty())
        return refuse(QStringLiteral("The URL names no host"));
    if (!url.userInfo().isEmpty())
        return refuse(QStringLiteral("User names and passwords do not belong into a URL; use headers"));

    Endpoint endpoint;
    endpoint.tls = scheme == u"https";
    const int defaultPort = endpoint.tls ? 443 : 80;
    const int port = url.port(defaultPort);
    if (port <= 0 || port > 65535)
        return refuse(QStringLiteral("The URL's port is not valid"));
    endpoint.port = static_cast<quint16>(port);
    endpoint.host = url.host(QUrl::FullyEncoded);
    if (endpoint.host.startsWith(u'['))
        endpoint.host = endpoint.host.mid(1, endpoint.host.size() - 2);
    const bool isIpv6 = endpoint.host.contains(u':');
    const QString name = isIpv6 ? u'[' + endpoint.host + u']' : endpoint.host;
    endpoint.hostHeader = name.toLatin1();
    if (port != defaultPort)
        endpoint.hostHeader += ':' + QByteArray::number(port);
    endpoint.target = url.path(QUrl::FullyEncoded).toLatin1();
    if (endpoint.target.isEmpty())
        endpoint.target = QByteArrayLiteral("/");
    if (url.hasQuery())
        endpoint.target += '?' + url.query(QUrl::FullyEncoded).toLatin1();
    endpoint.originText = QStringLiteral("%1://%2:%3").arg(scheme, name).arg(port);
    return endpoint;
}

Endpoint Endpoint::withTarget(QByteArray newTarget) const
{
    Endpoint other = *this;
    other.target = std::move(newTarget);
    return other;
}

bool RequestHandle::isActive() const
{
    const auto task = m_task.lock();
    return task && !task->finished;
}

void RequestHandle::cancel()
{
    const auto task = m_task.lock();
    if (!task || task->finished)
        return;
    if (const auto client = task->client.lock())
        client->cancel(task);
}

void RequestHandle::pause()
{
    const auto task = m_task.lock();
    if (!task || task->finished)
        return;
    task->paused = true;
}

void RequestHandle::resume()
{
    const auto task = m_task.lock();
    if (!task || task->finished || !task->paused)
        return;
    task->paused = false;
    if (const auto connection = task->connection.lock())
        connection->resumeReading();
}

Client::Client(ClientSettings settings, const Clock& clock, QObject* parent)
    : QObject(parent),
      m_impl(std::make_shared<Impl>(*this, std::move(settings), clock))
{}

Client::~Client()
{
    m_impl->shutDown();
}

RequestHandle Client::send(ClientRequest request, ResponseHandler handler)
{
    const auto task = std::make_shared<ClientTask>();
    task->request = std::move(request);
    task->handler = std::move(handler);
    task->client = m_impl;
    task->timings.queuedNs = m_impl->clock.monotonicNs();
    const ClientRequest& checked = task->request;
    if (!isToken(checked.method) || !isTarget(checked.endpoint.target) || checked.endpoint.originText.isEmpty()) {
        Error error{ErrorCode::InvalidArgument,
                    QStringLiteral("The request's method or target cannot be sent"),
                    checked.endpoint.origin(),
                    {}};
        m_impl->later([impl = m_impl.get(), task, error = std::move(error)] {
            impl->fail(task, ClientError{error, ClientError::Phase::Queue, false, task->timings});
        });
        return RequestHandle(task);
    }
    m_impl->start(task);
    return RequestHandle(task);
}

void Client::closeIdle()
{
    for (auto& [key, origin] : m_impl->origins) {
        for (const auto& connection : std::exchange(origin.idle, {}))
            connection->close();
    }
}

qsizetype Client::activeCount() const
{
    qsizetype count = 0;
    for (const auto& [key, origin] : m_impl->origins)
        count += static_cast<qsizetype>(origin.busy.size() + origin.waiting.size()) + origin.resolvingProxy;
    return count;
}

qsizetype Client::idleCount() const
{
    qsizetype count = 0;
    for (const auto& [key, origin] : m_impl->origins)
        count += static_cast<qsizetype>(origin.idle.size());
    return count;
}

} // namespace oriel::http
