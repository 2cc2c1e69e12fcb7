// SPDX-License-Identifier: GPL-3.0-or-later
#include "demo_session.h"

#include "demo_content.h"
#include "demo_tools.h"

#include <QJsonArray>
#include <QJsonDocument>

namespace oriel::demo {

namespace {

QString str(const char* text)
{
    return QString::fromUtf8(text);
}

const QStringList& levels()
{
    static const QStringList all{str("debug"), str("info"),     str("notice"), str("warning"),
                                 str("error"), str("critical"), str("alert"),  str("emergency")};
    return all;
}

QString idText(const QJsonValue& id)
{
    return QString::fromUtf8(QJsonDocument(QJsonArray{id}).toJson(QJsonDocument::Compact));
}

QJsonObject notification(const char* method, const QJsonObject& params)
{
    return {{str("jsonrpc"), str("2.0")}, {str("method"), str(method)}, {str("params"), params}};
}

} // namespace

QJsonObject response(const QJsonValue& id, const QJsonObject& result)
{
    return {{str("jsonrpc"), str("2.0")}, {str("id"), id}, {str("result"), result}};
}

QJsonObject errorResponse(const QJsonValue& id, int code, const QString& message)
{
    return {{str("jsonrpc"), str("2.0")},
            {str("id"), id},
            {str("error"), QJsonObject{{str("code"), code}, {str("message"), message}}}};
}

Session::Session(std::shared_ptr<Shared> shared, SendOwn own, QObject* parent)
    : QObject(parent),
      m_shared(std::move(shared)),
      m_own(std::move(own))
{
    m_updates.setInterval(5'000);
    connect(&m_updates, &QTimer::timeout, this, [this] {
        for (const QString& uri : std::as_const(m_subscriptions)) {
            m_own(notification("notifications/resources/updated", {{str("uri"), uri}}));
        }
    });
}

void Session::handle(const QJsonObject& message, const std::shared_ptr<Channel>& channel)
{
    const QJsonValue id = message.value(str("id"));
    const QString method = message.value(str("method")).toString();
    const QJsonObject params = message.value(str("params")).toObject();
    if (method.isEmpty()) {
        if (const auto answered = m_asked.take(idText(id))) {
            answered(message);
        }
        return;
    }
    if (id.isUndefined()) {
        handleNotification(method, params);
        return;
    }
    if (!id.isString() && !id.isDouble()) {
        channel->finish(errorResponse(QJsonValue::Null, -32600, str("The id must be a string or a number")));
        return;
    }
    handleRequest(method, id, params, channel);
}

void Session::handleNotification(const QString& method, const QJsonObject& params)
{
    if (method == str("notifications/cancelled")) {
        if (const auto call = m_calls.take(idText(params.value(str("requestId")))).lock()) {
            call->cancelled = true;
        }
    }
}

void Session::handleRequest(const QString& method, const QJsonValue& id, const QJsonObject& params,
                            const std::shared_ptr<Channel>& channel)
{
    const auto answer = [&](const QJsonObject& result) { channel->finish(response(id, result)); };
    const auto refuse = [&](int code, const QString& message) { channel->finish(errorResponse(id, code, message)); };
    if (method == str("initialize")) {
        initialize(id, params, channel);
    } else if (method == str("ping")) {
        answer({});
    } else if (method == str("tools/list")) {
        answer({{str("tools"), toolList()}});
    } else if (method == str("tools/call")) {
        callTool(id, params, channel);
    } else if (method == str("prompts/list")) {
        answer({{str("prompts"), promptList()}});
    } else if (method == str("prompts/get")) {
        const auto found = prompt(params.value(str("name")).toString(), params.value(str("arguments")).toObject());
        found ? answer(*found) : refuse(-32602, str("There is no prompt %1").arg(params.value(str("name")).toString()));
    } else if (method == str("resources/list")) {
        const auto page = resourcePage(params.value(str("cursor")).toString());
        page ? answer(*page) : refuse(-32602, str("The cursor is not one of this server"));
    } else if (method == str("resources/templates/list")) {
        answer({{str("resourceTemplates"), resourceTemplateList()}});
    } else if (method == str("resources/read")) {
        const auto found = resource(params.value(str("uri")).toString(), m_shared->calls);
        found ? answer(*found) : refuse(-32002, str("There is no resource %1").arg(params.value(str("uri")).toString()));
    } else if (method == str("resources/subscribe") || method == str("resources/unsubscribe")) {
        subscribe(params.value(str("uri")).toString(), method == str("resources/subscribe"));
        answer({});
    } else if (method == str("completion/complete")) {
        answer(completion(params.value(str("ref")).toObject(), params.value(str("argument")).toObject()));
    } else if (method == str("logging/setLevel")) {
        setLogLevel(id, params, channel);
    } else {
        refuse(-32601, str("There is no method %1").arg(method));
    }
}

void Session::initialize(const QJsonValue& id, const QJsonObject& params, const std::shared_ptr<Channel>& channel)
{
    static const QStringList revisions{str("2025-11-25"), str("2025-06-18"), str("2025-03-26"), str("2024-11-05")};
    const QString asked = params.value(str("protocolVersion")).toString();
    m_clientCapabilities = params.value(str("capabilities")).toObject();
    channel->finish(
        response(id, {{str("protocolVersion"), revisions.contains(asked) ? asked : revisions.first()},
                      {str("capabilities"), QJsonObject{{str("tools"), QJsonObject{{str("listChanged"), true}}},
                                                        {str("prompts"), QJsonObject{}},
                                                        {str("resources"), QJsonObject{{str("subscribe"), true}}},
                                                        {str("completions"), QJsonObject{}},
                                                        {str("logging"), QJsonObject{}}}},
                      {str("serverInfo"), QJsonObject{{str("name"), str("oriel-demo-server")},
                                                      {str("title"), str("Oriel demo")},
                                                      {str("version"), str(ORIEL_VERSION)}}},
                      {str("instructions"), str("Tools to watch in a trace: quick, slow, failing, large, leaking, asking.")}}));
}

void Session::callTool(const QJsonValue& id, const QJsonObject& params, const std::shared_ptr<Channel>& channel)
{
    ++m_shared->calls;
    auto call = std::make_shared<Call>();
    call->id = id;
    call->progressToken = params.value(str("_meta")).toObject().value(str("progressToken"));
    call->arguments = params.value(str("arguments")).toObject();
    call->channel = channel;
    m_calls.insert(idText(id), call);
    if (!runTool(params.value(str("name")).toString(), *this, call)) {
        failCall(call, -32602, str("There is no tool %1").arg(params.value(str("name")).toString()));
    }
}

void Session::setLogLevel(const QJsonValue& id, const QJsonObject& params, const std::shared_ptr<Channel>& channel)
{
    const auto level = levels().indexOf(params.value(str("level")).toString());
    if (level < 0) {
        channel->finish(errorResponse(id, -32602, str("There is no such level")));
        return;
    }
    m_logLevel = static_cast<int>(level);
    channel->finish(response(id, {}));
}

void Session::subscribe(const QString& uri, bool on)
{
    if (on) {
        m_subscriptions.insert(uri);
        m_updates.start();
        return;
    }
    m_subscriptions.remove(uri);
    if (m_subscriptions.isEmpty()) {
        m_updates.stop();
    }
}

bool Session::clientCan(const char* capability) const
{
    return m_clientCapabilities.contains(str(capability));
}

void Session::ask(const QString& method, const QJsonObject& params, const std::shared_ptr<Channel>& channel,
                  const std::function<void(const QJsonObject&)>& answered)
{
    const QString id = str("ask-%1").arg(++m_lastAsk);
    m_asked.insert(idText(id), answered);
    channel->send({{str("jsonrpc"), str("2.0")}, {str("id"), id}, {str("method"), method}, {str("params"), params}});
}

void Session::log(const char* level, const QJsonValue& data, const std::shared_ptr<Channel>& channel)
{
    if (levels().indexOf(str(level)) >= m_logLevel) {
        channel->send(notification("notifications/message",
                                   {{str("level"), str(level)}, {str("logger"), str("demo")}, {str("data"), data}}));
    }
}

void Session::finishCall(const std::shared_ptr<Call>& call, const QJsonObject& result)
{
    m_calls.remove(idText(call->id));
    if (!call->cancelled) {
        call->channel->finish(response(call->id, result));
    }
}

void Session::failCall(const std::shared_ptr<Call>& call, int code, const QString& message)
{
    m_calls.remove(idText(call->id));
    if (!call->cancelled) {
        call->channel->finish(errorResponse(call->id, code, message));
    }
}

} // namespace oriel::demo
