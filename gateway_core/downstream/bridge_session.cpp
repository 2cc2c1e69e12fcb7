// SPDX-License-Identifier: GPL-3.0-or-later
#include "downstream/bridge_session.h"

#include "base/json_writer.h"
#include "mcp/errors.h"
#include "mcp/headers.h"
#include "mcp/rewrite.h"

#include <algorithm>
#include <utility>

namespace oriel::downstream {

using mcp::Field;
using mcp::MethodId;

namespace {

constexpr QByteArrayView kOwnPrefix = "oriel-bridge:";
constexpr QByteArrayView kOwnInitialize = "oriel-bridge:initialize";
constexpr QByteArrayView kInitialized = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}";

QByteArray withOwnId(const QByteArray& line, QByteArrayView id, json::Document& document)
{
    const auto message = mcp::readMessage(line, document);
    return message ? mcp::Rewrite(*message).setId(mcp::RequestId::fromText(id)).apply() : QByteArray();
}

QByteArray listChanged(MethodId method, QByteArrayView params = {})
{
    return mcp::makeNotification(mcp::methodName(method), params);
}

} // namespace

// --- from the client ---------------------------------------------------------------------------------------------------------

BridgeSession::Output BridgeSession::fromClient(const QByteArray& line)
{
    Output output;
    mcp::ReadOptions options;
    options.allowBatch = true;
    const auto frame = mcp::readFrame(line, m_document, options);
    if (frame && !(frame->messages.size() == 1 && !frame->messages.front())) {
        takeLine(line, *frame, output);
        return output;
    }
    // What is no message is answered by Oriel, where it can be looked at.
    const mcp::FrameError& broken = frame ? frame->messages.front().error() : frame.error();
    if (m_state == State::Open)
        output.toOriel.append(line);
    else if (broken.answerable)
        output.toClient.append(broken.toResponse());
    return output;
}

void BridgeSession::takeLine(const QByteArray& line, const mcp::Frame& frame, Output& output)
{
    QList<mcp::RequestId> ids;
    bool passes = frame.isBatch;
    QByteArray forOriel = line;
    for (const mcp::MessageResult& message : frame.messages) {
        if (!message)
            continue;
        if (message->isRequest()) {
            takeRequest(*message);
            ids.append(message->id());
            passes = true;
        } else if (message->isNotification()) {
            passes = takeNotification(*message) || passes;
        } else if (const auto answer = answerForOriel(*message)) {
            forOriel = frame.isBatch ? line : *answer;
            passes = true;
        }
    }
    if (!passes)
        return;
    if (m_state == State::Open)
        output.toOriel.append(forOriel);
    else if (!ids.isEmpty())
        queue(line, std::move(ids), output);
}

void BridgeSession::takeRequest(const mcp::Message& message)
{
    Pending pending;
    pending.order = ++m_order;
    pending.method = message.methodId;
    pending.frame = message.raw;
    m_pending.insert(message.id(), std::move(pending));
}

/// False when there is nothing to pass on.
bool BridgeSession::takeNotification(const mcp::Message& message)
{
    if (message.methodId == MethodId::NotificationInitialized)
        m_initialized = true;
    if (message.methodId != MethodId::NotificationCancelled)
        return m_state == State::Open;
    const auto id = mcp::RequestId::fromJson(message.rawOf(Field::ParamsRequestId));
    const auto waiting = std::find_if(m_waiting.begin(), m_waiting.end(),
                                      [&id](const Waiting& one) { return one.ids.size() == 1 && one.ids.first() == id; });
    if (waiting == m_waiting.end()) {
        m_pending.remove(id);
        return m_state == State::Open;
    }
    m_waitingBytes -= waiting->line.size();
    m_waiting.erase(waiting);
    m_pending.remove(id);
    return false;
}

/// The answer with the id under which Oriel asked; nothing for a question of an Oriel that is gone.
std::optional<QByteArray> BridgeSession::answerForOriel(const mcp::Message& answer)
{
    const auto asked = m_questions.constFind(answer.id());
    if (asked == m_questions.cend())
        return m_generation == 0 ? std::optional(answer.raw) : std::nullopt;
    const mcp::RequestId original = *asked;
    m_questions.erase(asked);
    return original == answer.id() ? answer.raw : mcp::Rewrite(answer).setId(original).apply();
}

void BridgeSession::queue(const QByteArray& line, QList<mcp::RequestId> ids, Output& output)
{
    if (m_waiting.size() >= kMaxWaiting || m_waitingBytes + line.size() > kMaxWaitingBytes) {
        for (const mcp::RequestId& id : std::as_const(ids))
            fail(id, "Oriel is not there, and too much waits for it already; send this request again later.", output);
        return;
    }
    std::int64_t deadline = m_clock.monotonicNs() + kWaitNs;
    for (const mcp::RequestId& id : std::as_const(ids)) {
        Pending& pending = m_pending[id];
        // What waits a second time does not wait longer for it.
        pending.deadlineNs = pending.deadlineNs == 0 ? deadline : std::min(pending.deadlineNs, deadline);
        deadline = pending.deadlineNs;
    }
    m_waitingBytes += line.size();
    m_waiting.push_back({line, std::move(ids), deadline});
}

void BridgeSession::fail(const mcp::RequestId& id, QByteArrayView why, Output& output)
{
    if (m_pending.remove(id) > 0)
        output.toClient.append(mcp::makeErrorResponse(id, mcp::error_code::ServerError, why));
}

// --- from Oriel --------------------------------------------------------------------------------------------------------------

BridgeSession::Output BridgeSession::fromOriel(const QByteArray& line)
{
    Output output;
    mcp::ReadOptions options;
    options.allowBatch = true;
    const auto frame = mcp::readFrame(line, m_document, options);
    if (!frame) {
        output.toClient.append(line);
        return output;
    }
    for (const mcp::MessageResult& message : frame->messages) {
        if (message && message->isAnswer()) {
            if (!frame->isBatch && takeOwnAnswer(*message, output))
                return output;
            takeAnswer(*message);
        } else if (message && message->isRequest()) {
            takeQuestion(*message, output);
            return output;
        } else if (message && !frame->isBatch && message->isNotification()) {
            if (message->methodId == MethodId::NotificationSubscriptionsAcknowledged && takeAcknowledgement(*message, output))
                return output;
            if (message->methodId == MethodId::NotificationCancelled) {
                const QByteArray exposed = exposedQuestion(*message, Field::ParamsRequestId);
                m_questions.remove(mcp::RequestId::fromJson(exposed));
                output.toClient.append(mcp::Rewrite(*message).setRaw(Field::ParamsRequestId, exposed).apply());
                return output;
            }
        }
    }
    output.toClient.append(line);
    return output;
}

void BridgeSession::takeAnswer(const mcp::Message& answer)
{
    const auto it = m_pending.constFind(answer.id());
    if (it == m_pending.cend())
        return;
    const Pending pending = *it;
    m_pending.erase(it);
    if (answer.kind != mcp::Message::Kind::Response)
        return;
    switch (pending.method) {
    case MethodId::Initialize:
        m_initialize = pending.frame;
        m_initialized = false;
        m_level.clear();
        m_subscribed.clear();
        rememberInitialized(answer);
        break;
    case MethodId::LoggingSetLevel:
        m_level = pending.frame;
        break;
    case MethodId::ResourcesSubscribe:
    case MethodId::ResourcesUnsubscribe: {
        const auto request = mcp::readMessage(pending.frame, m_document);
        const QByteArray uri = request ? request->text(Field::ParamsUri) : QByteArray();
        m_subscribed.removeIf([&uri](const auto& one) { return one.first == uri; });
        if (pending.method == MethodId::ResourcesSubscribe)
            m_subscribed.append({uri, pending.frame});
        break;
    }
    default:
        break;
    }
}

void BridgeSession::rememberInitialized(const mcp::Message& answer)
{
    if (!m_document.parse(answer.rawOf(Field::Result)))
        return;
    const json::Value result = m_document.root();
    m_version = result.find("protocolVersion").asUtf8();
    const auto changes = [&result](QByteArrayView kind) {
        return result.find("capabilities").find(kind).find("listChanged").asBool().value_or(false);
    };
    m_toolsChange = changes("tools");
    m_promptsChange = changes("prompts");
    m_resourcesChange = changes("resources");
}

/// True for the answer to something that the client has not asked.
bool BridgeSession::takeOwnAnswer(const mcp::Message& answer, Output& output)
{
    const QByteArray id = answer.id().toText();
    if (answer.id().isInteger() || !id.startsWith(kOwnPrefix))
        return false;
    if (id != kOwnInitialize || m_state != State::Opening)
        return true;
    QByteArray version;
    if (m_document.parse(answer.rawOf(Field::Result)))
        version = m_document.root().find("protocolVersion").asUtf8();
    if (answer.kind != mcp::Message::Kind::Response || version != m_version) {
        output.failure = "Oriel came back and does not go on with this session: " +
                         (answer.kind == mcp::Message::Kind::Error ? answer.text(Field::ErrorMessage)
                                                                   : "it speaks " + version + " in place of " + m_version);
        return true;
    }
    sessionOpened(output);
    return true;
}

/// Every Oriel counts its questions from one: an answer to one of an earlier Oriel must not be taken for one to this.
QByteArray BridgeSession::exposedQuestion(const mcp::Message& message, Field field) const
{
    const auto id = mcp::RequestId::fromJson(message.rawOf(field));
    if (m_generation == 0)
        return id.toJson();
    return mcp::RequestId::fromText("oriel-" + QByteArray::number(m_generation) + ':' + id.toText()).toJson();
}

void BridgeSession::takeQuestion(const mcp::Message& question, Output& output)
{
    const auto exposed = mcp::RequestId::fromJson(exposedQuestion(question, Field::Id));
    m_questions.insert(exposed, question.id());
    output.toClient.append(m_generation == 0 ? question.raw : mcp::Rewrite(question).setId(exposed).apply());
}

/// True when the client had its acknowledgement from an Oriel before.
bool BridgeSession::takeAcknowledgement(const mcp::Message& message, Output& output)
{
    const auto listener = m_pending.find(mcp::RequestId::fromJson(message.rawOf(Field::MetaSubscriptionId)));
    if (listener == m_pending.end())
        return false;
    listener->isAcknowledged = true;
    if (!listener->isRepeated) {
        listener->honoured = message.rawOf(Field::ParamsNotifications).toByteArray();
        return false;
    }
    listener->isRepeated = false;
    // What changed while nobody was there cannot be known, so everything may have.
    const QByteArray id = message.rawOf(Field::MetaSubscriptionId).toByteArray();
    const QByteArray meta = "{\"_meta\":{\"" + mcp::meta_key::SubscriptionId.toByteArray() + "\":" + id + '}';
    if (!m_document.parse(listener->honoured))
        return true;
    const json::Value honoured = m_document.root();
    const auto asks = [&honoured](QByteArrayView member) { return honoured.find(member).asBool().value_or(false); };
    if (asks("toolsListChanged"))
        output.toClient.append(listChanged(MethodId::NotificationToolsListChanged, meta + '}'));
    if (asks("promptsListChanged"))
        output.toClient.append(listChanged(MethodId::NotificationPromptsListChanged, meta + '}'));
    if (asks("resourcesListChanged"))
        output.toClient.append(listChanged(MethodId::NotificationResourcesListChanged, meta + '}'));
    for (const json::Value& uri : honoured.find("resourceSubscriptions").elements())
        output.toClient.append(
            listChanged(MethodId::NotificationResourcesUpdated, meta + ",\"uri\":" + uri.raw().toByteArray() + '}'));
    return true;
}

// --- coming and going --------------------------------------------------------------------------------------------------------

BridgeSession::Output BridgeSession::connected()
{
    Output output;
    if (!m_initialize.isEmpty()) {
        m_state = State::Opening;
        output.toOriel.append(withOwnId(m_initialize, kOwnInitialize, m_document));
        return output;
    }
    m_state = State::Open;
    sendWaiting(output);
    return output;
}

void BridgeSession::sessionOpened(Output& output)
{
    m_state = State::Open;
    if (m_initialized)
        output.toOriel.append(kInitialized.toByteArray());
    int number = 0;
    const auto repeat = [&](const QByteArray& line) {
        output.toOriel.append(withOwnId(line, kOwnPrefix.toByteArray() + QByteArray::number(++number), m_document));
    };
    if (!m_level.isEmpty())
        repeat(m_level);
    for (const auto& [uri, line] : std::as_const(m_subscribed))
        repeat(line);
    sendWaiting(output);
    if (m_initialized)
        announceChanges(output);
}

void BridgeSession::sendWaiting(Output& output)
{
    std::vector<Pending*> listening;
    for (auto pending = m_pending.begin(); pending != m_pending.end(); ++pending) {
        if (pending->method == MethodId::SubscriptionsListen && !isWaiting(pending.key()))
            listening.push_back(&*pending);
    }
    std::sort(listening.begin(), listening.end(), [](const Pending* a, const Pending* b) { return a->order < b->order; });
    for (Pending* listener : listening) {
        listener->isRepeated = listener->isAcknowledged;
        output.toOriel.append(listener->frame);
    }
    for (Waiting& waiting : m_waiting)
        output.toOriel.append(std::move(waiting.line));
    m_waiting.clear();
    m_waitingBytes = 0;
}

void BridgeSession::announceChanges(Output& output) const
{
    if (m_toolsChange)
        output.toClient.append(listChanged(MethodId::NotificationToolsListChanged));
    if (m_promptsChange)
        output.toClient.append(listChanged(MethodId::NotificationPromptsListChanged));
    if (m_resourcesChange)
        output.toClient.append(listChanged(MethodId::NotificationResourcesListChanged));
    for (const auto& [uri, line] : m_subscribed) {
        json::Writer params;
        params.beginObject().member("uri", uri).endObject();
        output.toClient.append(listChanged(MethodId::NotificationResourcesUpdated, params.view()));
    }
}

bool BridgeSession::isWaiting(const mcp::RequestId& id) const
{
    return std::any_of(m_waiting.cbegin(), m_waiting.cend(), [&id](const Waiting& one) { return one.ids.contains(id); });
}

BridgeSession::Output BridgeSession::lost()
{
    Output output;
    if (std::exchange(m_state, State::Away) == State::Away)
        return output;
    ++m_generation;
    for (auto question = m_questions.cbegin(); question != m_questions.cend(); ++question) {
        json::Writer params;
        params.beginObject().rawMember("requestId", question.key().toJson()).member("reason", "Oriel ended.").endObject();
        output.toClient.append(mcp::makeNotification(mcp::methodName(MethodId::NotificationCancelled), params.view()));
    }
    m_questions.clear();
    std::vector<std::pair<std::uint64_t, mcp::RequestId>> open;
    for (auto pending = m_pending.cbegin(); pending != m_pending.cend(); ++pending) {
        if (pending->method != MethodId::SubscriptionsListen && !isWaiting(pending.key()))
            open.emplace_back(pending->order, pending.key());
    }
    std::sort(open.begin(), open.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [order, id] : open) {
        if (const Pending pending = m_pending.value(id); pending.method == MethodId::Initialize)
            queue(pending.frame, {id}, output);
        else
            fail(id, "Oriel ended while it worked on this request; whether it was carried out is not known. Send it again.",
                 output);
    }
    return output;
}

BridgeSession::Output BridgeSession::failed(const mcp::RequestId& id, const QByteArray& why)
{
    Output output;
    if (id == mcp::RequestId::fromText(kOwnInitialize))
        output.failure = "The session could not be opened again: " + why;
    else
        fail(id, why, output);
    return output;
}

BridgeSession::Output BridgeSession::notLookedAt(const mcp::RequestId& id)
{
    Output output;
    if (const auto pending = m_pending.constFind(id); pending != m_pending.cend())
        queue(QByteArray(pending->frame), {id}, output);
    if (m_state != State::Open)
        return output;
    const Output ended = lost();
    output.toClient += ended.toClient;
    return output;
}

BridgeSession::Output BridgeSession::expire()
{
    Output output;
    const std::int64_t now = m_clock.monotonicNs();
    std::deque<Waiting> left;
    for (Waiting& waiting : std::exchange(m_waiting, {})) {
        if (waiting.deadlineNs > now) {
            left.push_back(std::move(waiting));
            continue;
        }
        m_waitingBytes -= waiting.line.size();
        for (const mcp::RequestId& id : std::as_const(waiting.ids))
            fail(id,
                 "Oriel is not running and did not come back within 15 seconds. Start it with 'oriel' and look at what it says.",
                 output);
    }
    m_waiting = std::move(left);
    return output;
}

BridgeSession::Output BridgeSession::giveUp(const QByteArray& why)
{
    Output output;
    for (const Waiting& waiting : std::exchange(m_waiting, {})) {
        for (const mcp::RequestId& id : waiting.ids)
            fail(id, why, output);
    }
    m_waitingBytes = 0;
    return output;
}

std::optional<std::int64_t> BridgeSession::nextDeadlineNs() const
{
    const auto first = std::min_element(m_waiting.cbegin(), m_waiting.cend(),
                                        [](const Waiting& a, const Waiting& b) { return a.deadlineNs < b.deadlineNs; });
    return first == m_waiting.cend() ? std::nullopt : std::optional(first->deadlineNs);
}

} // namespace oriel::downstream
