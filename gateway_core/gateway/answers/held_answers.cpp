// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/answers/held_answers.h"

#include "mcp/errors.h"

#include <mutex>

namespace oriel::gateway {

/// Outlives the gateway, since rows may be reported when it has gone.
struct HeldAnswers::Door {
    std::mutex mutex;
    HeldAnswers* owner = nullptr;
};

HeldAnswers::HeldAnswers(QObject* parent) : QObject(parent), m_door(std::make_shared<Door>())
{
    m_door->owner = this;
}

HeldAnswers::~HeldAnswers()
{
    const std::scoped_lock lock(m_door->mutex);
    m_door->owner = nullptr;
}

telemetry::Durable HeldAnswers::hold(std::shared_ptr<downstream::Reply> reply, QByteArray frame, int httpStatus,
                                     mcp::RequestId id, Otherwise otherwise)
{
    const quint64 ticket = ++m_lastTicket;
    m_held.insert(ticket, {std::move(reply), std::move(frame), httpStatus, std::move(id), otherwise});
    return [door = m_door, ticket](const Status& durable) {
        const std::scoped_lock lock(door->mutex);
        if (HeldAnswers* owner = door->owner; owner != nullptr)
            QMetaObject::invokeMethod(
                owner, [owner, ticket, durable] { owner->release(ticket, durable); }, Qt::QueuedConnection);
    };
}

void HeldAnswers::release(quint64 ticket, const Status& durable)
{
    const Held held = m_held.take(ticket);
    m_refusal = durable ? std::nullopt : std::optional(durable.error());
    if (durable || held.otherwise == Otherwise::SameFrame) {
        held.reply->finish(held.frame, held.httpStatus);
    } else {
        held.reply->finish(mcp::makeErrorResponse(held.id, mcp::error_code::InternalError,
                                                  "The answer is withheld because its audit row cannot be written: " +
                                                      durable.error().toString().toUtf8()));
    }
    if (m_held.isEmpty())
        Q_EMIT emptied();
}

} // namespace oriel::gateway
