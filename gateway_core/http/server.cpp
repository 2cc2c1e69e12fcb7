// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/server.h"

#include "http/head_writer.h"
#include "http/loopback_guard.h"
#include "http/port_holder.h"
#include "http/server_impl.h"

#include <QPointer>

#include <algorithm>
#include <map>
#include <utility>

namespace oriel::http {

namespace {

constexpr qsizetype scratchBytes = 64 * 1024;
constexpr int acceptBacklog = 256;
/// Connections over the limit that may stand while they are being told so.
constexpr std::size_t maxRefusedAtOnce = 64;

Result<quint16> startListening(Listener& listener, const QHostAddress& address, quint16 port)
{
    const QString where = QStringLiteral("%1:%2").arg(address.toString()).arg(port);
    if (!isLoopback(address))
        return fail(ErrorCode::InvalidArgument, QStringLiteral("Listening is allowed on loopback addresses only"), where,
                    QStringLiteral("Use 127.0.0.1 or ::1."));
    if (listener.listen(address, port))
        return listener.serverPort();
    return listener.serverError() == QAbstractSocket::AddressInUseError ? fail(portInUse(address, port))
                                                                        : fail(ErrorCode::Io, listener.errorString(), where);
}

} // namespace

Server::Impl::Impl(Server& owner, ServerLimits serverLimits, const Clock& serverClock)
    : server(owner),
      limits(serverLimits),
      clock(serverClock),
      listener([this](qintptr descriptor) { accept(descriptor); }),
      scratch(scratchBytes, Qt::Uninitialized),
      sweep(serverClock, owner, [this] { sweepDeadlines(); })
{
    listener.setListenBacklogSize(acceptBacklog);
}

Server::Impl::~Impl()
{
    listener.close();
    further.clear();
    for (const auto& [id, connection] : std::exchange(connections, {}))
        connection->closeNow(true);
}

void Server::Impl::accept(qintptr descriptor)
{
    const auto limit = static_cast<std::size_t>(limits.maxConnections);
    const auto connection = std::make_shared<ServerConnection>(*this, nextId++);
    if (!connection->open(descriptor))
        return;
    if (connections.size() >= limit) {
        ++counters.refused;
        if (connections.size() < limit + maxRefusedAtOnce) {
            connections.emplace(connection->id(), connection);
            connection->refuse(503, "Too many connections");
        }
        return;
    }
    ++counters.accepted;
    connections.emplace(connection->id(), connection);
}

void Server::Impl::forget(std::uint64_t id)
{
    connections.erase(id);
    if (!connections.empty())
        return;
    sweep.stop();
    if (stopping) {
        QMetaObject::invokeMethod(&server, &Server::stopped, Qt::QueuedConnection);
    }
}

void Server::Impl::schedule(std::shared_ptr<ServerConnection> connection)
{
    scheduled.push_back(std::move(connection));
    if (wakePosted)
        return;
    wakePosted = true;
    QMetaObject::invokeMethod(
        &server, [this] { wakeScheduled(); }, Qt::QueuedConnection);
}

void Server::Impl::wakeScheduled()
{
    wakePosted = false;
    const QPointer<Server> alive(&server);
    for (const auto& connection : std::exchange(scheduled, {})) {
        connection->wake();
        if (!alive)
            return;
    }
}

void Server::Impl::sweepDeadlines()
{
    const std::int64_t now = clock.monotonicNs();
    std::vector<std::shared_ptr<ServerConnection>> due;
    for (const auto& [id, connection] : connections) {
        if (connection->deadlineNs() <= now)
            due.push_back(connection);
    }
    const QPointer<Server> alive(&server);
    for (const auto& connection : due) {
        connection->expire(now);
        if (!alive)
            return;
    }
    if (stopping && stopDueNs <= now) {
        for (const auto& [id, connection] : std::map(connections.begin(), connections.end())) {
            connection->closeNow(false);
            if (!alive)
                return;
        }
    }
    std::int64_t next = stopping && !connections.empty() ? stopDueNs : SweepTimer::never;
    for (const auto& [id, connection] : connections)
        next = std::min(next, connection->deadlineNs());
    sweep.arm(next);
}

QByteArrayView Server::Impl::date()
{
    const std::int64_t second = clock.unixNs() / 1'000'000'000;
    if (second != dateSecond) {
        dateSecond = second;
        dateText = httpDate(second);
    }
    return dateText;
}

Server::Server(ServerLimits limits, const Clock& clock, QObject* parent)
    : QObject(parent),
      m_impl(std::make_unique<Impl>(*this, limits, clock))
{
    setHandler({});
}

Server::~Server() = default;

Result<quint16> Server::listen(const QHostAddress& address, quint16 port)
{
    if (m_impl->listener.isListening())
        return fail(ErrorCode::AlreadyExists, QStringLiteral("The server is listening already"),
                    QStringLiteral("%1:%2").arg(address.toString()).arg(port));
    return startListening(m_impl->listener, address, port);
}

Status Server::listenAlso(const QHostAddress& address)
{
    auto listener = std::make_unique<Listener>([impl = m_impl.get()](qintptr descriptor) { impl->accept(descriptor); });
    listener->setListenBacklogSize(acceptBacklog);
    if (const auto listening = startListening(*listener, address, m_impl->listener.serverPort()); !listening)
        return fail(listening.error());
    m_impl->further.push_back(std::move(listener));
    return {};
}

bool Server::isListening() const
{
    return m_impl->listener.isListening();
}
quint16 Server::port() const
{
    return m_impl->listener.serverPort();
}
QHostAddress Server::address() const
{
    return m_impl->listener.serverAddress();
}

void Server::setHandler(Handler handler)
{
    m_impl->handler = handler ? std::move(handler) : [](Request&&, Exchange exchange) {
        exchange.respond(Response::text(503, QByteArrayLiteral("Not ready yet\n")));
    };
}

void Server::setHeadCheck(HeadCheck check)
{
    m_impl->headCheck = std::move(check);
}
void Server::setOnRefusal(OnRefusal onRefusal)
{
    m_impl->onRefusal = std::move(onRefusal);
}
const ServerLimits& Server::limits() const
{
    return m_impl->limits;
}

void Server::setMaxBodyBytes(qsizetype bytes)
{
    m_impl->limits.maxBodyBytes = bytes;
}

Server::Counters Server::counters() const
{
    Counters counters = m_impl->counters;
    counters.connections = static_cast<qsizetype>(m_impl->connections.size());
    return counters;
}

void Server::stop(std::chrono::milliseconds grace)
{
    Impl& d = *m_impl;
    d.listener.close();
    for (const auto& listener : d.further)
        listener->close();
    const std::int64_t due = d.clock.monotonicNs() + std::chrono::nanoseconds(grace).count();
    d.stopDueNs = d.stopping ? std::min(d.stopDueNs, due) : due;
    d.stopping = true;
    if (d.connections.empty()) {
        QMetaObject::invokeMethod(this, &Server::stopped, Qt::QueuedConnection);
        return;
    }
    for (const auto& [id, connection] : std::map(d.connections.begin(), d.connections.end()))
        connection->closeWhenIdle();
    d.sweep.arm(d.stopDueNs);
}

} // namespace oriel::http
