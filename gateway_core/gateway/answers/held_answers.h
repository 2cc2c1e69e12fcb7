// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "downstream/reply.h"
#include "mcp/request_id.h"
#include "telemetry/recorder.h"

#include <QHash>
#include <QObject>

#include <memory>
#include <optional>

namespace oriel::gateway {

/// error.type of a call that was refused because audit rows cannot be written.
inline constexpr char kAuditUnavailable[] = "audit_unavailable";

/// Answers that leave only when the audit row of their call is durable (audit.mode "strict"). What could not be written turns the
/// answer into an error, and until a row is written again, tools are not called at all. Gateway thread only; the rows are
/// reported from another.
class HeldAnswers final : public QObject {
    Q_OBJECT
public:
    explicit HeldAnswers(QObject* parent = nullptr);
    ~HeldAnswers() override;

    /// What goes to the client when the row was refused.
    enum class Otherwise : quint8 { Error, SameFrame };
    /// Gives what is to be called when the row was written or refused; then `frame` with `httpStatus` goes to `reply`, or the
    /// error with 200.
    [[nodiscard]] telemetry::Durable hold(std::shared_ptr<downstream::Reply> reply, QByteArray frame, int httpStatus,
                                          mcp::RequestId id, Otherwise otherwise);

    /// Why the last row could not be written; nullopt while rows are written.
    [[nodiscard]] const std::optional<Error>& refusal() const { return m_refusal; }
    [[nodiscard]] bool isEmpty() const { return m_held.isEmpty(); }
    [[nodiscard]] qsizetype count() const { return m_held.size(); }

Q_SIGNALS:
    void emptied();

private:
    struct Door;
    struct Held {
        std::shared_ptr<downstream::Reply> reply;
        QByteArray frame;
        int httpStatus = 200;
        mcp::RequestId id;
        Otherwise otherwise = Otherwise::Error;
    };
    void release(quint64 ticket, const Status& durable);

    std::shared_ptr<Door> m_door;
    QHash<quint64, Held> m_held; ///< by ticket: a reply must not be destroyed on the thread that reports
    quint64 m_lastTicket = 0;
    std::optional<Error> m_refusal;
};

} // namespace oriel::gateway
