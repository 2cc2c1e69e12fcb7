// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mcp/request_id.h"

#include <QByteArray>
#include <QObject>

namespace oriel::app {

/// A bridge's way to an Oriel. It comes up, goes down and comes up again by itself, until it says that it has given up. Main
/// thread.
class BridgeLink : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    /// Once.
    virtual void open() = 0;
    /// One frame without a line end; only while it is up.
    virtual void send(const QByteArray& frame) = 0;
    /// Ends it in order; closed() follows.
    virtual void close() = 0;
    [[nodiscard]] virtual bool isUp() const = 0;

Q_SIGNALS:
    void up();
    void down();
    void received(const QByteArray& frame);
    /// One request got no answer although the link goes on.
    void requestFailed(const mcp::RequestId& id, const QByteArray& why);
    /// The request `id` was not looked at: nobody is there, or the session is forgotten.
    void notLookedAt(const mcp::RequestId& id);
    void gaveUp(const QString& why);
    void closed();
};

} // namespace oriel::app
