// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/client_impl.h"

#include "http/loopback_guard.h"

#include <QFuture>
#include <QNetworkProxyFactory>
#include <QNetworkProxyQuery>
#include <QPromise>
#include <QThreadPool>

#include <algorithm>
#include <utility>

namespace oriel::http {

namespace {

constexpr qsizetype scratchBytes = 64 * 1024;
constexpr std::int64_t proxyKnownForNs = 300'000'000'000;

bool isLoopbackHost(const QString& host)
{
    return host.compare(u"localhost", Qt::CaseInsensitive) == 0 || isLoopback(QHostAddress(host));
}

QNetworkProxy systemProxy(const QUrl& url)
{
    const QList<QNetworkProxy> proxies = QNetworkProxyFactory::systemProxyForQuery(QNetworkProxyQuery(url));
    for (QNetworkProxy proxy : proxies) {
        // A caching proxy understands CONNECT too, the only thing a socket can ask of it.
        if (proxy.type() == QNetworkProxy::HttpCachingProxy)
            proxy.setType(QNetworkProxy::HttpProxy);
        if (proxy.type() == QNetworkProxy::HttpProxy || proxy.type() == QNetworkProxy::Socks5Proxy ||
            proxy.type() == QNetworkProxy::NoProxy)
            return proxy;
    }
    return QNetworkProxy(QNetworkProxy::NoProxy);
}

} // namespace

Client::Impl::Impl(Client& owner, ClientSettings clientSettings, const Clock& clientClock)
    : client(&owner),
      settings(std::move(clientSettings)),
      clock(clientClock),
      sweep(clientClock, owner, [this] { sweepDeadlines(); }),
      scratch(scratchBytes, Qt::Uninitialized)
{}

void Client::Impl::later(std::function<void()> work)
{
    if (client)
        QMetaObject::invokeMethod(client, std::move(work), Qt::QueuedConnection);
}

void Client::Impl::start(const std::shared_ptr<ClientTask>& task)
{
    Origin& origin = origins[task->request.endpoint.origin()];
    const std::int64_t now = clock.monotonicNs();
    while (!task->freshOnly && !origin.idle.empty()) {
        const auto connection = std::move(origin.idle.back());
        origin.idle.pop_back();
        if (!connection->isStillGood(now)) {
            connection->close();
            continue;
        }
        origin.busy.push_back(connection);
        connection->serve(task);
        return;
    }
    const auto open = static_cast<qsizetype>(origin.busy.size()) + origin.resolvingProxy;
    if (settings.maxConnectionsPerOrigin > 0 && open >= settings.maxConnectionsPerOrigin)
        origin.waiting.push_back(task);
    else
        this->open(task);
}

void Client::Impl::open(const std::shared_ptr<ClientTask>& task)
{
    const Endpoint& endpoint = task->request.endpoint;
    if (settings.proxy == ClientSettings::Proxy::None || isLoopbackHost(endpoint.host))
        return openThrough(task, QNetworkProxy(QNetworkProxy::NoProxy));
    if (settings.proxy == ClientSettings::Proxy::Fixed)
        return openThrough(task, settings.fixedProxy);

    Origin& origin = origins[endpoint.origin()];
    if (origin.proxy && clock.monotonicNs() - origin.proxyKnownNs < proxyKnownForNs)
        return openThrough(task, *origin.proxy);
    // The system may have to fetch and run a script to know its proxy: never on this thread.
    ++origin.resolvingProxy;
    QPromise<QNetworkProxy> promise;
    promise.start();
    promise.future().then(client, [this, task](const QNetworkProxy& proxy) {
        Origin& known = origins[task->request.endpoint.origin()];
        --known.resolvingProxy;
        known.proxy = proxy;
        known.proxyKnownNs = clock.monotonicNs();
        if (task->finished)
            serveWaiting(task->request.endpoint.origin());
        else
            openThrough(task, proxy);
    });
    const QUrl url(endpoint.origin());
    QThreadPool::globalInstance()->start([url, promise = std::make_shared<QPromise<QNetworkProxy>>(std::move(promise))] {
        promise->addResult(systemProxy(url));
        promise->finish();
    });
}

void Client::Impl::openThrough(const std::shared_ptr<ClientTask>& task, const QNetworkProxy& proxy)
{
    const QString& key = task->request.endpoint.origin();
    const auto connection = std::make_shared<ClientConnection>(*this, key);
    origins[key].busy.push_back(connection);
    connection->open(task, proxy);
}

void Client::Impl::retry(const std::shared_ptr<ClientTask>& task)
{
    task->freshOnly = true;
    task->connection.reset();
    const std::int64_t queued = task->timings.queuedNs;
    task->timings = ClientTimings{};
    task->timings.queuedNs = queued;
    task->timings.retried = true;
    start(task);
}

void Client::Impl::cancel(const std::shared_ptr<ClientTask>& task)
{
    task->finished = true;
    // Not at once: it may be one of these callbacks that cancels.
    later([task] { task->handler = {}; });
    const QString key = task->request.endpoint.origin();
    if (const auto connection = task->connection.lock()) {
        forget(connection.get());
        connection->close();
    } else {
        std::erase(origins[key].waiting, task);
    }
    serveWaiting(key);
}

void Client::Impl::fail(const std::shared_ptr<ClientTask>& task, ClientError error)
{
    if (std::exchange(task->finished, true))
        return;
    const ResponseHandler handler = std::exchange(task->handler, {});
    if (handler.onError)
        handler.onError(error);
}

void Client::Impl::keep(const std::shared_ptr<ClientConnection>& connection)
{
    Origin& origin = origins[connection->origin()];
    std::erase(origin.busy, connection);
    origin.idle.push_back(connection);
    if (static_cast<qsizetype>(origin.idle.size()) > settings.maxIdlePerOrigin) {
        const auto oldest = std::move(origin.idle.front());
        origin.idle.erase(origin.idle.begin());
        oldest->close();
    }
    if (!origin.waiting.empty())
        later([this, key = connection->origin()] { serveWaiting(key); });
}

void Client::Impl::forget(ClientConnection* connection)
{
    Origin& origin = origins[connection->origin()];
    const auto same = [&](const std::shared_ptr<ClientConnection>& other) { return other.get() == connection; };
    std::erase_if(origin.busy, same);
    std::erase_if(origin.idle, same);
    if (!origin.waiting.empty())
        later([this, key = connection->origin()] { serveWaiting(key); });
}

void Client::Impl::serveWaiting(const QString& originKey)
{
    Origin& origin = origins[originKey];
    while (!origin.waiting.empty()) {
        const auto open = static_cast<qsizetype>(origin.busy.size()) + origin.resolvingProxy;
        if (origin.idle.empty() && open >= settings.maxConnectionsPerOrigin)
            return;
        const auto task = std::move(origin.waiting.front());
        origin.waiting.pop_front();
        start(task);
    }
}

void Client::Impl::sweepDeadlines()
{
    const auto self = shared_from_this();
    const std::int64_t now = clock.monotonicNs();
    std::vector<std::shared_ptr<ClientConnection>> due;
    std::int64_t next = SweepTimer::never;
    for (const auto& [key, origin] : origins) {
        for (const auto* list : {&origin.idle, &origin.busy}) {
            for (const auto& connection : *list) {
                if (connection->deadlineNs() <= now)
                    due.push_back(connection);
                else
                    next = std::min(next, connection->deadlineNs());
            }
        }
    }
    sweep.arm(next);
    for (const auto& connection : due)
        connection->expire();
}

void Client::Impl::shutDown()
{
    client = nullptr;
    sweep.stop();
    for (auto& [key, origin] : std::exchange(origins, {})) {
        for (const auto* list : {&origin.idle, &origin.busy}) {
            for (const auto& connection : *list) {
                if (connection->task())
                    connection->task()->finished = true;
                connection->close();
            }
        }
        for (const auto& task : origin.waiting)
            task->finished = true;
    }
}

} // namespace oriel::http
