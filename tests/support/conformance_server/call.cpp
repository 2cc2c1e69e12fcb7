// SPDX-License-Identifier: GPL-3.0-or-later
#include "call.h"

#include "channel.h"
#include "input_requests.h"
#include "request_state.h"
#include "session.h"

#include <QTimer>

namespace oriel::conformance {

namespace {

int severity(const QString& level)
{
    static const QStringList levels{u"debug"_s, u"info"_s,     u"notice"_s, u"warning"_s,
                                    u"error"_s, u"critical"_s, u"alert"_s,  u"emergency"_s};
    return static_cast<int>(levels.indexOf(level));
}

} // namespace

QJsonObject serverInfo()
{
    return {{u"name"_s, u"oriel-conformance-server"_s}, {u"version"_s, QStringLiteral(ORIEL_VERSION)}};
}

QJsonObject withServerInfo(QJsonObject result)
{
    QJsonObject metadata = result.value("_meta"_L1).toObject();
    metadata.insert(meta::ServerInfo, serverInfo());
    result.insert("_meta"_L1, metadata);
    return result;
}

Call::Call(Origin origin, const QJsonObject& request)
    : m_origin(std::move(origin)),
      m_id(request.value("id"_L1)),
      m_method(request.value("method"_L1).toString()),
      m_params(request.value("params"_L1).toObject())
{}

QJsonObject Call::clientCapabilities() const
{
    if (isModern()) {
        return metadata().value(meta::ClientCapabilities).toObject();
    }
    return m_origin.session->handshake ? m_origin.session->handshake->clientCapabilities : QJsonObject{};
}

bool Call::clientHasTasks() const
{
    return isModern() && clientCapabilities().value("extensions"_L1).toObject().contains(TasksExtension);
}

QJsonObject Call::undeclared(const QJsonObject& requests) const
{
    return undeclaredCapabilities(requests, clientCapabilities());
}

void Call::notify(const QString& method, const QJsonObject& params)
{
    if (!m_isDone) {
        m_origin.channel->send(notificationMessage(method, params));
    }
}

void Call::progress(double done, double total, const QString& message)
{
    const QJsonValue token = metadata().value("progressToken"_L1);
    if (!token.isString() && !token.isDouble()) {
        return;
    }
    QJsonObject params{{u"progressToken"_s, token}, {u"progress"_s, done}, {u"total"_s, total}};
    if (revision() >= Revision::V2025_03_26) {
        params.insert("message"_L1, message);
    }
    notify(u"notifications/progress"_s, params);
}

void Call::log(const QString& level, const QJsonValue& data)
{
    const QString wanted = isModern() ? metadata().value(meta::LogLevel).toString() : session().logLevel;
    if ((isModern() && wanted.isEmpty()) || severity(level) < severity(wanted)) {
        return;
    }
    notify(u"notifications/message"_s, {{u"level"_s, level}, {u"logger"_s, u"conformance"_s}, {u"data"_s, data}});
}

void Call::gather(const QJsonObject& requests, Gathered gathered, const QJsonObject& state)
{
    if (const QJsonObject missing = undeclared(requests); !missing.isEmpty()) {
        if (isModern()) {
            fail(missingCapability(missing));
        } else if (m_method == "tools/call"_L1) {
            finish(textResult(u"The client has not declared "_s + missing.keys().join(u", "_s), true));
        } else {
            fail({error_code::InvalidRequest, u"The client has not declared "_s + missing.keys().join(u", "_s)});
        }
        return;
    }
    if (!isModern()) {
        askOneByOne(requests, gathered);
        return;
    }
    const QJsonValue given = m_params.value("inputResponses"_L1);
    if (!given.isUndefined() && !given.isObject()) {
        fail(invalidParams(u"inputResponses must be an object"_s));
        return;
    }
    QJsonObject responses;
    for (const QString& key : requests.keys()) {
        const QJsonValue response = given.toObject().value(key);
        if (response.isUndefined()) {
            requireInput(requests, state);
            return;
        }
        if (const QString problem = responseProblem(requests.value(key).toObject(), response); !problem.isEmpty()) {
            fail(invalidParams(u"inputResponses.%1: %2"_s.arg(key, problem)));
            return;
        }
        responses.insert(key, response);
    }
    gathered(responses);
}

void Call::askOneByOne(const QJsonObject& requests, const Gathered& gathered)
{
    const auto gathering = std::make_shared<Gathering>();
    gathering->missing = requests.size();
    for (const QString& key : requests.keys()) {
        const QJsonObject request = requests.value(key).toObject();
        const auto answered = [self = weak_from_this(), gathering, gathered, key](const QJsonObject& response) {
            const std::shared_ptr<Call> call = self.lock();
            if (!call || call->isDone()) {
                return;
            }
            if (response.contains("error"_L1)) {
                const QString why = response.value("error"_L1).toObject().value("message"_L1).toString();
                call->finish(textResult(u"The client could not answer: "_s + why, true));
                return;
            }
            gathering->responses.insert(key, response.value("result"_L1).toObject());
            if (--gathering->missing == 0) {
                gathered(gathering->responses);
            }
        };
        m_questions.push_back(session().ask(*m_origin.channel, request.value("method"_L1).toString(),
                                            request.value("params"_L1).toObject(), answered));
    }
}

void Call::requireInput(const QJsonObject& requests, const QJsonObject& state)
{
    QJsonObject result{{u"resultType"_s, u"input_required"_s}, {u"inputRequests"_s, requests}};
    if (!state.isEmpty()) {
        result.insert("requestState"_L1, m_origin.requestState->seal(m_method, m_params, state));
    }
    finish(result);
}

std::optional<QJsonObject> Call::returnedState()
{
    const QJsonValue returned = m_params.value("requestState"_L1);
    if (returned.isUndefined()) {
        return QJsonObject{};
    }
    std::optional<QJsonObject> state = m_origin.requestState->open(m_method, m_params, returned.toString());
    if (!state) {
        fail(invalidParams(u"requestState is not what this server gave for this request, or has expired"_s));
    }
    return state;
}

void Call::finish(QJsonObject result)
{
    if (m_isDone) {
        return;
    }
    if (isModern()) {
        if (!result.contains("resultType"_L1)) {
            result.insert("resultType"_L1, u"complete"_s);
        }
        result = withServerInfo(result);
    }
    end();
    m_origin.channel->finish(resultMessage(m_id, result), 200);
}

void Call::fail(const RpcError& error)
{
    if (m_isDone) {
        return;
    }
    end();
    m_origin.channel->finish(errorMessage(m_id, error), error.httpStatus);
}

void Call::cancel()
{
    if (m_isDone) {
        return;
    }
    const std::function<void()> cancelled = std::move(m_onCancel);
    end();
    m_origin.channel->abandon();
    if (cancelled) {
        cancelled();
    }
}

void Call::after(std::chrono::milliseconds delay, std::function<void()> step)
{
    QTimer::singleShot(delay, [self = weak_from_this(), step = std::move(step)] {
        if (const std::shared_ptr<Call> call = self.lock(); call && !call->isDone()) {
            step();
        }
    });
}

void Call::end()
{
    m_isDone = true;
    m_onCancel = nullptr;
    const std::shared_ptr<Call> self = shared_from_this();
    withdrawQuestions();
    m_origin.session->remove(*this);
}

void Call::withdrawQuestions()
{
    for (const QJsonValue& question : std::exchange(m_questions, {})) {
        if (session().forget(question)) {
            m_origin.channel->send(notificationMessage(u"notifications/cancelled"_s, {{u"requestId"_s, question}}));
        }
    }
}

} // namespace oriel::conformance
