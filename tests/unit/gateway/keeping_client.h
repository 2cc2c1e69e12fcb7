// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "downstream/reply.h"
#include "downstream/session.h"

#include <QList>

namespace oriel::gateway::test {

/// A session that keeps what belongs to no request.
class KeepingSession final : public downstream::Session {
public:
    void send(const QByteArray& frame) override { sent.append(frame); }
    [[nodiscard]] bool isReachable() const override { return true; }
    void close() override { isClosed = true; }

    QList<QByteArray> sent;
    bool isClosed = false;
};

/// The way back to one request: keeps what came before the answer, and the answer.
class KeepingReply final : public downstream::Reply {
public:
    void notify(const QByteArray& frame) override { notified.append(frame); }
    void finish(const QByteArray& frame, int /*httpStatus*/) override { finished.append(frame); }
    [[nodiscard]] bool isOpen() const override { return finished.isEmpty(); }
    [[nodiscard]] bool isHttp() const override { return true; }

    QList<QByteArray> notified;
    QList<QByteArray> finished;
};

} // namespace oriel::gateway::test
