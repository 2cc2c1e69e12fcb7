// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/exchange.h"

#include "http/server_connection.h"

namespace oriel::http {

std::shared_ptr<ServerConnection> Exchange::live() const
{
    std::shared_ptr<ServerConnection> connection = m_connection.lock();
    return connection && connection->isCurrent(m_serial) ? connection : nullptr;
}

bool Exchange::isOpen() const
{
    return live() != nullptr;
}

void Exchange::respond(const Response& response)
{
    if (const auto connection = live())
        connection->respond(response);
}

void Exchange::startStream(int status, const Headers& headers)
{
    if (const auto connection = live())
        connection->startStream(status, headers);
}

bool Exchange::write(const QByteArray& chunk)
{
    const auto connection = live();
    return connection && connection->write(chunk);
}

void Exchange::end()
{
    if (const auto connection = live())
        connection->endStream();
}

void Exchange::abort()
{
    if (const auto connection = live())
        connection->abort();
}

qint64 Exchange::bytesQueued() const
{
    const auto connection = live();
    return connection ? connection->bytesQueued() : 0;
}

void Exchange::onDrained(std::function<void()> callback)
{
    if (const auto connection = live())
        connection->setDrained(std::move(callback));
}

void Exchange::onClosed(std::function<void()> callback)
{
    if (const auto connection = live())
        connection->setClosed(std::move(callback));
}

} // namespace oriel::http
