// SPDX-License-Identifier: GPL-3.0-or-later
#include "session.h"

#include "call.h"
#include "channel.h"

namespace oriel::conformance {

QJsonValue Session::ask(Channel& channel, const QString& method, const QJsonObject& params, Answered answered)
{
    const QJsonValue id(++m_lastAsked);
    m_asked.insert(idKey(id), std::move(answered));
    channel.send(requestMessage(id, method, params));
    return id;
}

bool Session::forget(const QJsonValue& questionId)
{
    return m_asked.remove(idKey(questionId)) > 0;
}

void Session::takeResponse(const QJsonObject& response)
{
    if (const Answered answered = m_asked.take(idKey(response.value("id"_L1)))) {
        answered(response);
    }
}

void Session::add(const std::shared_ptr<Call>& call)
{
    m_running.insert(idKey(call->id()), call);
}

void Session::remove(const Call& call)
{
    m_running.remove(idKey(call.id()));
}

std::shared_ptr<Call> Session::running(const QJsonValue& id) const
{
    return m_running.value(idKey(id));
}

void Session::cancelAll()
{
    m_asked.clear();
    const QHash<QString, std::shared_ptr<Call>> calls = m_running;
    for (const std::shared_ptr<Call>& call : calls) {
        call->cancel();
    }
    sendUnrelated = nullptr;
}

} // namespace oriel::conformance
