// SPDX-License-Identifier: GPL-3.0-or-later
#include "change_feed.h"

#include "call.h"
#include "session.h"

namespace oriel::conformance {

namespace {

QString listMember(ChangeFeed::List list)
{
    switch (list) {
    case ChangeFeed::List::Tools:
        return u"toolsListChanged"_s;
    case ChangeFeed::List::Prompts:
        return u"promptsListChanged"_s;
    case ChangeFeed::List::Resources:
        return u"resourcesListChanged"_s;
    }
    return {};
}

QString listMethod(ChangeFeed::List list)
{
    switch (list) {
    case ChangeFeed::List::Tools:
        return u"notifications/tools/list_changed"_s;
    case ChangeFeed::List::Prompts:
        return u"notifications/prompts/list_changed"_s;
    case ChangeFeed::List::Resources:
        return u"notifications/resources/list_changed"_s;
    }
    return {};
}

} // namespace

void ChangeFeed::addSession(const std::shared_ptr<Session>& session)
{
    forgetGone();
    m_sessions.push_back(session);
}

void ChangeFeed::listen(const std::shared_ptr<Call>& call, const QStringList& knownTasks)
{
    const QJsonObject wanted = call->params().value("notifications"_L1).toObject();
    QJsonObject honoured;
    for (const List list : {List::Tools, List::Prompts, List::Resources}) {
        if (wanted.value(listMember(list)).toBool()) {
            honoured.insert(listMember(list), true);
        }
    }
    if (const QJsonValue uris = wanted.value("resourceSubscriptions"_L1); uris.isArray()) {
        honoured.insert("resourceSubscriptions"_L1, uris);
    }
    if (wanted.value("taskIds"_L1).isArray()) {
        honoured.insert("taskIds"_L1, QJsonArray::fromStringList(knownTasks));
    }
    call->notify(u"notifications/subscriptions/acknowledged"_s,
                 {{u"_meta"_s, QJsonObject{{meta::SubscriptionId, call->id()}}}, {u"notifications"_s, honoured}});
    forgetGone();
    m_streams.push_back({call, honoured});
}

template <class Wants> void ChangeFeed::notifyStreams(const QString& method, const QJsonObject& params, Wants wants)
{
    forgetGone();
    for (const Stream& stream : std::vector<Stream>(m_streams)) {
        if (const std::shared_ptr<Call> call = stream.call.lock(); call && wants(stream.filter)) {
            QJsonObject tagged = params;
            tagged.insert("_meta"_L1, QJsonObject{{meta::SubscriptionId, call->id()}});
            call->notify(method, tagged);
        }
    }
}

void ChangeFeed::listChanged(List list)
{
    forgetGone();
    for (const std::weak_ptr<Session>& each : std::vector<std::weak_ptr<Session>>(m_sessions)) {
        if (const std::shared_ptr<Session> session = each.lock(); session && session->isInitialized && session->sendUnrelated) {
            session->sendUnrelated(notificationMessage(listMethod(list)));
        }
    }
    notifyStreams(listMethod(list), {}, [list](const QJsonObject& filter) { return filter.contains(listMember(list)); });
}

void ChangeFeed::resourceUpdated(const QString& uri)
{
    const QString method = u"notifications/resources/updated"_s;
    forgetGone();
    for (const std::weak_ptr<Session>& each : std::vector<std::weak_ptr<Session>>(m_sessions)) {
        const std::shared_ptr<Session> session = each.lock();
        if (session && session->resourceSubscriptions.contains(uri) && session->sendUnrelated) {
            session->sendUnrelated(notificationMessage(method, {{u"uri"_s, uri}}));
        }
    }
    notifyStreams(method, {{u"uri"_s, uri}},
                  [&uri](const QJsonObject& filter) { return filter.value("resourceSubscriptions"_L1).toArray().contains(uri); });
}

void ChangeFeed::taskChanged(const QString& taskId, const QJsonObject& detailedTask)
{
    notifyStreams(u"notifications/tasks"_s, detailedTask,
                  [&taskId](const QJsonObject& filter) { return filter.value("taskIds"_L1).toArray().contains(taskId); });
}

void ChangeFeed::endAll()
{
    for (const Stream& stream : std::vector<Stream>(m_streams)) {
        if (const std::shared_ptr<Call> call = stream.call.lock(); call && !call->isDone()) {
            call->finish({{u"_meta"_s, QJsonObject{{meta::SubscriptionId, call->id()}}}});
        }
    }
    m_streams.clear();
}

int ChangeFeed::openStreams()
{
    forgetGone();
    return static_cast<int>(m_streams.size());
}

void ChangeFeed::forgetGone()
{
    std::erase_if(m_sessions, [](const std::weak_ptr<Session>& session) { return session.expired(); });
    std::erase_if(m_streams, [](const Stream& stream) {
        const std::shared_ptr<Call> call = stream.call.lock();
        return !call || call->isDone();
    });
}

} // namespace oriel::conformance
