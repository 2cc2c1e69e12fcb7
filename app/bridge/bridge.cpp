// SPDX-License-Identifier: GPL-3.0-or-later
#include "bridge.h"

#include "mcp/errors.h"
#include "options.h"
#include "terminal.h"

#include <QCoreApplication>

#include <algorithm>
#include <cstdio>

namespace oriel::app {

namespace {

void writeLine(const QByteArray& frame)
{
    writeOut(frame);
    writeOut("\n");
    (void)std::fflush(stdout);
}

} // namespace

Bridge::Bridge(std::unique_ptr<BridgeLink> link, const Clock& clock) : m_clock(clock), m_session(clock), m_link(std::move(link))
{
    m_deadline.setSingleShot(true);
    connect(&m_deadline, &QTimer::timeout, this, [this] { pass(m_session.expire()); });
    connect(m_link.get(), &BridgeLink::up, this, [this] { pass(m_session.connected()); });
    connect(m_link.get(), &BridgeLink::down, this, [this] { pass(m_session.lost()); });
    connect(m_link.get(), &BridgeLink::received, this, [this](const QByteArray& text) { pass(m_session.fromOriel(text)); });
    connect(m_link.get(), &BridgeLink::requestFailed, this,
            [this](const mcp::RequestId& id, const QByteArray& why) { pass(m_session.failed(id, why)); });
    connect(m_link.get(), &BridgeLink::notLookedAt, this, [this](const mcp::RequestId& id) {
        pass(m_session.notLookedAt(id));
        if (m_link->isUp() && m_session.isAway())
            pass(m_session.connected());
    });
    connect(m_link.get(), &BridgeLink::gaveUp, this, [this](const QString& why) {
        printError(QStringLiteral("oriel bridge: ") + why);
        pass(m_session.giveUp(why.toUtf8()));
        end(Failure);
    });
    connect(m_link.get(), &BridgeLink::closed, this, [this] { end(Success); });
    connect(&m_input, &InputReader::line, this, [this](const QByteArray& line) { pass(m_session.fromClient(line)); });
    connect(&m_input, &InputReader::oversized, this, [](qint64 bytes) {
        writeLine(
            mcp::makeErrorResponse({}, mcp::error_code::InvalidRequest,
                                   "A message of " + QByteArray::number(bytes) + " bytes was dropped: the limit is 64 MiB."));
    });
    connect(&m_input, &InputReader::closed, m_link.get(), &BridgeLink::close);
    m_input.start();
    m_link->open();
}

void Bridge::pass(const downstream::BridgeSession::Output& output)
{
    for (const QByteArray& frame : output.toClient)
        writeLine(frame);
    for (const QByteArray& frame : output.toOriel) {
        if (m_link->isUp())
            m_link->send(frame);
    }
    if (!output.failure.isEmpty()) {
        printError(QStringLiteral("oriel bridge: ") + QString::fromUtf8(output.failure));
        for (const QByteArray& frame : m_session.giveUp(output.failure).toClient)
            writeLine(frame);
        end(Failure);
        return;
    }
    if (const auto deadline = m_session.nextDeadlineNs()) {
        const std::int64_t wait = std::max<std::int64_t>(*deadline - m_clock.monotonicNs(), 0) / 1'000'000 + 1;
        m_deadline.start(static_cast<int>(wait));
    } else {
        m_deadline.stop();
    }
}

void Bridge::end(int exitCode)
{
    QCoreApplication::exit(exitCode);
}

} // namespace oriel::app
