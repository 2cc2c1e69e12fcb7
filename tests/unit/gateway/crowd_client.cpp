// SPDX-License-Identifier: GPL-3.0-or-later
#include "crowd_client.h"

#include <QJsonDocument>

namespace oriel::gateway::test {

using namespace Qt::StringLiterals;

namespace {

constexpr QLatin1StringView kSubscriptionId{"io.modelcontextprotocol/subscriptionId"};
constexpr QLatin1StringView kWatched{"test://watched-resource"};

QByteArray compact(const QJsonObject& object)
{
    return QJsonDocument(object).toJson(QJsonDocument::Compact);
}

/// As it is written in JSON: 1 and "1" are different ids.
QByteArray written(const QJsonValue& id)
{
    if (id.isString())
        return '"' + id.toString().toUtf8() + '"';
    return id.isDouble() ? QByteArray::number(id.toInteger()) : QByteArrayLiteral("null");
}

QJsonValue idFrom(const QByteArray& text)
{
    return text.startsWith('"') ? QJsonValue(QString::fromUtf8(text.mid(1, text.size() - 2))) : QJsonValue(text.toLongLong());
}

QJsonObject capabilities(bool all)
{
    return all ? QJsonObject{{u"sampling"_s, QJsonObject()}, {u"elicitation"_s, QJsonObject()}, {u"roots"_s, QJsonObject()}}
               : QJsonObject{};
}

QByteArray revisionOf(int number)
{
    static const std::array<QByteArray, 3> kRevisions{"2025-03-26", "2025-06-18", "2025-11-25"};
    return kRevisions[static_cast<std::size_t>(number) % kRevisions.size()];
}

} // namespace

CrowdClient::CrowdClient(Place place) : m_place(place) {}

QByteArray CrowdClient::who() const
{
    static const std::array<const char*, 4> kKinds{"legacy HTTP", "modern HTTP", "legacy line", "modern line"};
    return QByteArray("client ") + QByteArray::number(m_place.number) + " (" + kKinds[static_cast<std::size_t>(m_place.kind)] +
           ", life " + QByteArray::number(m_life) + ')';
}

void CrowdClient::note(const QByteArray& event)
{
    m_place.referee->note(who() + ' ' + event);
}

void CrowdClient::object(const QByteArray& why, const QByteArray& frame)
{
    m_place.referee->object(who() + ": " + why + "\n  " + frame.left(2'000));
}

bool CrowdClient::mayAsk() const
{
    const auto open = std::count_if(m_asked.cbegin(), m_asked.cend(),
                                    [](const Asked& asked) { return asked.answers == 0 && !asked.isCancelled; });
    return m_isHere && m_sessionStands && open < kMaxOpen;
}

/// 1, "1", 2, "2" …: the same for every client.
QByteArray CrowdClient::nextId()
{
    const int number = ++m_lastId;
    const QByteArray digits = QByteArray::number((number + 1) / 2);
    return number % 2 == 1 ? digits : '"' + digits + '"';
}

void CrowdClient::arrive()
{
    ++m_life;
    m_lastId = 0;
    m_isHere = true;
    Dice& dice = *m_place.dice;
    m_canAnswer = !dice.oneIn(6);
    m_view = !isLine() && dice.oneIn(8)
                 ? (*m_place.stages)[static_cast<std::size_t>(dice.below(static_cast<int>(m_place.stages->size())))].name
                 : QByteArray();
    Wire::Ears ears;
    ears.heard = [this, life = m_life](const QByteArray& frame, const QByteArray& key) {
        if (m_isHere && life == m_life)
            heard(frame, key);
        else
            checkWords(frame, nullptr, life);
    };
    ears.ended = [this, life = m_life](const QByteArray& key, int status) {
        if (m_isHere && life == m_life)
            ended(key, status);
    };
    const Doors& doors = *m_place.doors;
    if (isLine()) {
        m_wire = std::make_unique<LineWire>(doors.socket, std::move(ears));
    } else {
        const QByteArray& token = doors.tokens[m_place.number % doors.tokens.size()];
        m_wire = std::make_unique<HttpWire>(doors.port, token, m_view.isEmpty() ? "/mcp" : "/mcp/" + m_view,
                                            isModern() ? "2026-07-28" : revisionOf(m_place.number), std::move(ears));
    }
    note("arrives");
    m_sessionStands = isModern();
    if (!isModern())
        ask("initialize",
            {{u"protocolVersion"_s, QString::fromLatin1(revisionOf(m_place.number))},
             {u"capabilities"_s, capabilities(m_canAnswer)},
             {u"clientInfo"_s, QJsonObject{{u"name"_s, u"crowd"_s}, {u"version"_s, u"1"_s}}}},
            {});
}

QJsonObject CrowdClient::metadata(const QByteArray& key) const
{
    QJsonObject meta;
    if (!key.isEmpty())
        meta.insert(u"progressToken"_s, idFrom(key));
    if (!isModern())
        return meta;
    meta.insert(u"io.modelcontextprotocol/protocolVersion"_s, u"2026-07-28"_s);
    meta.insert(u"io.modelcontextprotocol/clientInfo"_s, QJsonObject{{u"name"_s, u"crowd"_s}, {u"version"_s, u"1"_s}});
    meta.insert(u"io.modelcontextprotocol/clientCapabilities"_s, capabilities(m_canAnswer));
    if (m_place.number % 2 == 0)
        meta.insert(u"io.modelcontextprotocol/logLevel"_s, u"info"_s);
    return meta;
}

QJsonObject CrowdClient::compose(const QByteArray& method, QJsonObject params, Asked asked)
{
    const QByteArray id = nextId();
    const QJsonObject meta = metadata(asked.isScript ? id : QByteArray());
    asked.method = method;
    asked.params = params;
    if (!meta.isEmpty())
        params.insert(u"_meta"_s, meta);
    m_asked.insert(id, std::move(asked));
    return {{u"jsonrpc"_s, u"2.0"_s}, {u"id"_s, idFrom(id)}, {u"method"_s, QString::fromLatin1(method)}, {u"params"_s, params}};
}

void CrowdClient::ask(const QByteArray& method, const QJsonObject& params, Asked asked)
{
    const QJsonObject message = compose(method, params, std::move(asked));
    const QString name = params.value(params.contains(u"name"_s) ? u"name"_s : u"uri"_s).toString();
    note("asks " + compact(message).left(300));
    m_wire->send(compact(message), written(message.value(u"id"_s)), {method, name.toUtf8()});
}

void CrowdClient::tell(const QByteArray& method, const QJsonObject& params)
{
    note("tells " + method + ' ' + compact(params));
    m_wire->send(compact({{u"jsonrpc"_s, u"2.0"_s}, {u"method"_s, QString::fromLatin1(method)}, {u"params"_s, params}}), {},
                 {method, {}});
}

QJsonArray CrowdClient::makeScript(const Stage& stage, bool* needsHelp)
{
    Dice& dice = *m_place.dice;
    static const std::array<const char*, 3> kQuestions{"sample", "elicit", "roots"};
    QJsonArray steps;
    for (int left = 1 + dice.below(5); left > 0; --left) {
        const int choice = dice.below(100);
        if (choice < 35)
            steps.append(u"progress"_s);
        else if (choice < 60)
            steps.append(u"wait"_s);
        else if (choice < 78 && stage.asks)
            steps.append(QString::fromLatin1(kQuestions[static_cast<std::size_t>(dice.below(3))]));
        else if (choice < 88 && stage.logs)
            steps.append(u"log"_s);
        else if (choice < 90)
            steps.append(u"tools"_s);
        else if (choice < 93)
            steps.append(u"update"_s);
        else if (choice < 95)
            steps.append(u"early"_s);
        else if (choice < 97)
            steps.append(u"refuse"_s);
        else if (choice < 99)
            steps.append(u"silence"_s);
        else if (dice.oneIn(3))
            steps.append(u"die"_s);
    }
    *needsHelp = steps.contains(u"silence"_s);
    return steps;
}

QJsonObject CrowdClient::composeCall()
{
    const auto& stages = *m_place.stages;
    const Stage* stage = &stages[static_cast<std::size_t>(m_place.dice->below(static_cast<int>(stages.size())))];
    for (const Stage& one : stages) {
        if (one.name == m_view)
            stage = &one;
    }
    Asked asked;
    asked.isScript = true;
    asked.word = {'w', m_place.number, m_life, m_lastId + 1};
    const QJsonArray steps = makeScript(*stage, &asked.needsHelp);
    const QString name = QString::fromLatin1(m_view.isEmpty() ? stage->name + "__test_script" : QByteArray("test_script"));
    const QJsonObject arguments{{u"word"_s, QString::fromLatin1(asked.word.toText())}, {u"steps"_s, steps}};
    return compose("tools/call", {{u"name"_s, name}, {u"arguments"_s, arguments}}, std::move(asked));
}

void CrowdClient::call()
{
    if (!mayAsk())
        return;
    const QJsonObject message = composeCall();
    note("calls " + compact(message).left(300));
    m_wire->send(compact(message), written(message.value(u"id"_s)),
                 {"tools/call", message.value(u"params"_s).toObject().value(u"name"_s).toString().toUtf8()});
}

void CrowdClient::callBatch()
{
    if (!mayAsk() || isModern() || revisionOf(m_place.number) != "2025-03-26") {
        call();
        return;
    }
    const QByteArray key = "batch-" + QByteArray::number(m_batches.size());
    QJsonArray batch;
    for (int left = 2 + m_place.dice->below(3); left > 0; --left) {
        const QJsonObject message = composeCall();
        m_batches[key].append(written(message.value(u"id"_s)));
        batch.append(message);
    }
    const QByteArray frame = QJsonDocument(batch).toJson(QJsonDocument::Compact);
    note("calls at once " + frame.left(900));
    m_wire->send(frame, key, {});
}

void CrowdClient::list()
{
    if (mayAsk())
        ask("tools/list", {}, {});
}

void CrowdClient::watch()
{
    if (!mayAsk())
        return;
    if (isModern()) {
        Asked asked;
        asked.isListening = true;
        const QJsonObject filter{{u"toolsListChanged"_s, true}, {u"resourceSubscriptions"_s, QJsonArray{kWatched}}};
        ask("subscriptions/listen", {{u"notifications"_s, filter}}, std::move(asked));
        return;
    }
    ask(m_place.dice->oneIn(3) ? "resources/unsubscribe" : "resources/subscribe", {{u"uri"_s, kWatched}}, {});
    m_wire->listen();
}

void CrowdClient::setLevel()
{
    if (mayAsk() && !isModern())
        ask("logging/setLevel", {{u"level"_s, m_place.dice->oneIn(2) ? u"info"_s : u"error"_s}}, {});
}

void CrowdClient::cancelSomething()
{
    QList<QByteArray> open;
    for (auto it = m_asked.cbegin(); it != m_asked.cend(); ++it) {
        if (it->answers == 0 && !it->isCancelled && (it->isScript || it->isListening))
            open.append(it.key());
    }
    if (!m_isHere || open.isEmpty())
        return;
    const QByteArray id = open[m_place.dice->below(static_cast<int>(open.size()))];
    m_asked[id].isCancelled = true;
    ++m_place.referee->cancelled;
    note("cancels " + id);
    if (m_wire->cancelsByHangingUp())
        m_wire->hangUp(id);
    else
        tell("notifications/cancelled", {{u"requestId"_s, idFrom(id)}, {u"reason"_s, u"enough"_s}});
}

void CrowdClient::leave(bool politely)
{
    if (!m_isHere)
        return;
    note(politely ? "leaves" : "vanishes");
    m_isHere = false;
    m_asked.clear();
    m_batches.clear();
    m_owed.clear();
    m_lastState.clear();
    if (politely) {
        m_wire->leave();
        m_leaving.push_back(std::move(m_wire));
    }
    m_wire.reset();
    std::erase_if(m_leaving, [](const auto& wire) { return !wire->isWaiting(); });
}

bool CrowdClient::hasLeft() const
{
    return std::none_of(m_leaving.cbegin(), m_leaving.cend(), [](const auto& wire) { return wire->isWaiting(); });
}

void CrowdClient::heard(const QByteArray& frame, const QByteArray& key)
{
    ++m_place.referee->heard;
    note("hears " + frame.left(300) + (key.isEmpty() ? QByteArray() : " on " + key));
    const QJsonDocument document = QJsonDocument::fromJson(frame);
    if (key.startsWith("trespass")) {
        if (!Word::in(frame).isEmpty())
            object("got words of another's session", frame);
        return;
    }
    const bool isBatch = key.startsWith("batch");
    if (document.isArray() && (isBatch || isLine())) {
        const QJsonArray all = document.array();
        for (const QJsonValue& one : all)
            take(one.toObject(), compact(one.toObject()), {});
    } else if (!document.isObject()) {
        object("what came is no message", frame);
    } else {
        take(document.object(), frame, isBatch ? QByteArray() : key);
    }
}

void CrowdClient::take(const QJsonObject& message, const QByteArray& frame, const QByteArray& key)
{
    const bool hasMethod = message.contains(u"method"_s);
    if (hasMethod && message.contains(u"id"_s))
        takeQuestion(message, frame, key);
    else if (hasMethod)
        takeNotification(message, frame, key);
    else
        takeAnswer(message, frame, key);
}

void CrowdClient::checkWords(const QByteArray& frame, const Word* call, int life)
{
    const auto words = Word::in(frame);
    for (const Word& word : words) {
        if (word.client != m_place.number || word.life != life)
            object("heard a word that is not its own: " + word.toText(), frame);
        else if (call != nullptr && word.call != -1 && word.call != call->call)
            object("heard a word of another call of its own: " + word.toText(), frame);
    }
}

void CrowdClient::takeAnswer(const QJsonObject& message, const QByteArray& frame, const QByteArray& key)
{
    const QByteArray id = written(message.value(u"id"_s));
    const auto it = m_asked.find(id);
    if (it == m_asked.end() || (!key.isEmpty() && key != id)) {
        object("got an answer to what it did not ask: " + id, frame);
        return;
    }
    if (++it->answers > 1) {
        object("got a second answer to " + id, frame);
        return;
    }
    checkWords(frame, it->isScript ? &it->word : nullptr);
    const QJsonObject result = message.value(u"result"_s).toObject();
    if (it->method == "initialize") {
        m_sessionStands = message.contains(u"result"_s);
        if (!m_sessionStands)
            object("was not let in", frame);
        tell("notifications/initialized", {});
    }
    if (!it->isScript)
        return;
    if (result.value(u"resultType"_s) == "input_required"_L1) {
        takeInputRequired(id, result);
        return;
    }
    if (message.contains(u"error"_s) || result.value(u"isError"_s).toBool()) {
        ++m_place.referee->errors;
        return;
    }
    ++m_place.referee->results;
    const QString text = result.value(u"content"_s).toArray().at(0).toObject().value(u"text"_s).toString();
    if (text.section(u'|', 0, 0).toUtf8() != it->word.toText())
        object("got an answer that is not that of " + it->word.toText(), frame);
}

void CrowdClient::takeInputRequired(const QByteArray& id, const QJsonObject& result)
{
    ++m_place.referee->questions;
    Owed owed;
    owed.key = id;
    owed.hasState = result.contains(u"requestState"_s);
    owed.state = result.value(u"requestState"_s).toString();
    owed.questions = result.value(u"inputRequests"_s).toObject();
    m_lastState = owed.state;
    m_owed.push_back(std::move(owed));
}

void CrowdClient::takeQuestion(const QJsonObject& message, const QByteArray& frame, const QByteArray& key)
{
    ++m_place.referee->questions;
    const auto asked = m_asked.constFind(key);
    checkWords(frame, asked == m_asked.cend() ? nullptr : &asked->word);
    if (isModern() || !m_canAnswer) {
        object("was asked what it cannot answer", frame);
        return;
    }
    Owed owed;
    owed.id = written(message.value(u"id"_s));
    owed.question = message;
    owed.key = key;
    m_owed.push_back(std::move(owed));
}

void CrowdClient::takeNotification(const QJsonObject& message, const QByteArray& frame, const QByteArray& key)
{
    const QString method = message.value(u"method"_s).toString();
    const QJsonObject params = message.value(u"params"_s).toObject();
    if (method == "notifications/progress"_L1) {
        ++m_place.referee->progress;
        const QByteArray token = written(params.value(u"progressToken"_s));
        const auto asked = m_asked.constFind(token);
        if (asked == m_asked.cend() || !asked->isScript || (!key.isEmpty() && key != token))
            object("heard of progress of what it did not ask", frame);
        else if (params.value(u"message"_s).toString().toUtf8() != asked->word.toText())
            object("heard of progress of another call", frame);
        else if (asked->answers > 0)
            object("heard of progress after the answer", frame);
        return;
    }
    const auto asked = m_asked.constFind(key);
    checkWords(frame, asked == m_asked.cend() || !asked->isScript ? nullptr : &asked->word);
    if (method == "notifications/cancelled"_L1) {
        const QByteArray id = written(params.value(u"requestId"_s));
        std::erase_if(m_owed, [&](const Owed& owed) { return owed.id == id; });
    }
    const QJsonValue subscription = params.value(u"_meta"_s).toObject().value(kSubscriptionId);
    if (!isModern() || method == "notifications/message"_L1)
        return;
    const auto listening = m_asked.constFind(written(subscription));
    if (listening == m_asked.cend() || !listening->isListening || (!key.isEmpty() && key != listening.key()))
        object("heard of changes on a subscription that is not its own", frame);
}

void CrowdClient::ended(const QByteArray& key, int status)
{
    if (key.startsWith("trespass")) {
        if (status != 404)
            object("was let into another's session: HTTP " + QByteArray::number(status), key);
        return;
    }
    const auto batch = m_batches.constFind(key);
    if (batch == m_batches.cend()) {
        checkAnswered(key, status);
        return;
    }
    for (const QByteArray& id : *batch)
        checkAnswered(id, status);
}

void CrowdClient::checkAnswered(const QByteArray& id, int status)
{
    const auto it = m_asked.constFind(id);
    if (it != m_asked.cend() && it->answers == 0 && !it->isCancelled)
        object("waits for an answer to " + id + " on a connection that ended with " + QByteArray::number(status), {});
}

QJsonObject CrowdClient::answerTo(const QJsonObject& question, const Word* call) const
{
    const QString method = question.value(u"method"_s).toString();
    if (method == "roots/list"_L1) {
        const Word mine{'r', m_place.number, m_life, -1};
        return {
            {u"roots"_s, QJsonArray{QJsonObject{{u"uri"_s, u"file:///x"_s}, {u"name"_s, QString::fromLatin1(mine.toText())}}}}};
    }
    const auto words = Word::in(compact(question));
    Word mine = call != nullptr ? *call : words.isEmpty() ? Word{'r', m_place.number, m_life, -1} : words.first();
    mine.sort = 'a';
    const QString text = QString::fromLatin1(mine.toText());
    if (method == "sampling/createMessage"_L1)
        return {{u"role"_s, u"assistant"_s},
                {u"model"_s, u"m"_s},
                {u"content"_s, QJsonObject{{u"type"_s, u"text"_s}, {u"text"_s, text}}}};
    return {{u"action"_s, u"accept"_s}, {u"content"_s, QJsonObject{{u"name"_s, text}}}};
}

void CrowdClient::retry(const Owed& owed, const QString& state)
{
    const Asked before = m_asked.value(owed.key);
    Asked asked;
    asked.isScript = true;
    asked.word = before.word;
    asked.needsHelp = before.needsHelp;
    QJsonObject params = before.params;
    QJsonObject responses;
    for (auto it = owed.questions.begin(); it != owed.questions.end(); ++it)
        responses.insert(it.key(), answerTo(it.value().toObject(), &before.word));
    params.insert(u"inputResponses"_s, responses);
    if (owed.hasState)
        params.insert(u"requestState"_s, state);
    else
        params.remove(u"requestState"_s);
    ask(before.method, params, std::move(asked));
}

void CrowdClient::answerSomething(bool honestly)
{
    if (!m_isHere || m_owed.empty())
        return;
    Dice& dice = *m_place.dice;
    const auto at = m_owed.begin() + dice.below(static_cast<int>(m_owed.size()));
    const Owed owed = *at;
    m_owed.erase(at);
    const int way = honestly ? 9 : dice.below(10);
    if (way == 0) {
        note("never answers " + owed.id + owed.key);
        for (auto it = m_asked.begin(); it != m_asked.end(); ++it)
            it->needsHelp = it->needsHelp || (owed.key.isEmpty() ? it->isScript : it.key() == owed.key);
        return;
    }
    if (owed.id.isEmpty()) {
        retry(owed, owed.state);
        if (way == 1)
            retry(owed, owed.state);
        return;
    }
    QJsonObject answer{{u"jsonrpc"_s, u"2.0"_s}, {u"id"_s, idFrom(owed.id)}};
    if (way == 2)
        answer.insert(u"error"_s, QJsonObject{{u"code"_s, -1}, {u"message"_s, u"no"_s}});
    else
        answer.insert(u"result"_s, answerTo(owed.question, nullptr));
    note("answers " + compact(answer));
    m_wire->send(compact(answer), {}, {});
    if (way == 1)
        m_wire->send(compact(answer), {}, {});
}

void CrowdClient::forge(const CrowdClient& victim)
{
    if (!mayAsk() || !victim.m_isHere || &victim == this)
        return;
    ++m_place.referee->forgeries;
    if (isModern()) {
        if (victim.m_lastState.isEmpty() || victim.group() == group())
            return;
        note("brings a state of " + victim.who());
        Asked asked;
        asked.isScript = true;
        asked.word = {'w', m_place.number, m_life, m_lastId + 1};
        const QJsonObject arguments{{u"word"_s, QString::fromLatin1(asked.word.toText())}, {u"steps"_s, QJsonArray{u"elicit"_s}}};
        const QString name =
            QString::fromLatin1(m_view.isEmpty() ? m_place.stages->front().name + "__test_script" : "test_script");
        ask("tools/call",
            {{u"name"_s, name},
             {u"arguments"_s, arguments},
             {u"requestState"_s, victim.m_lastState},
             {u"inputResponses"_s, QJsonObject{{u"input1"_s, answerTo({}, nullptr)}, {u"question"_s, answerTo({}, nullptr)}}}},
            std::move(asked));
        return;
    }
    // Ids of questions that it was not asked.
    const QJsonObject answer{{u"jsonrpc"_s, u"2.0"_s},
                             {u"id"_s, 1 + m_place.dice->below(200)},
                             {u"result"_s, answerTo({{u"method"_s, u"roots/list"_s}}, nullptr)}};
    const bool isOwn =
        std::any_of(m_owed.cbegin(), m_owed.cend(), [&](const Owed& owed) { return owed.id == written(answer.value(u"id"_s)); });
    if (!isOwn) {
        note("answers what it was not asked " + compact(answer));
        m_wire->send(compact(answer), {}, {});
    }
    const auto* theirs = dynamic_cast<const HttpWire*>(victim.m_wire.get());
    auto* mine = dynamic_cast<HttpWire*>(m_wire.get());
    if (mine == nullptr || theirs == nullptr || theirs->sessionId().isEmpty() || victim.group() == group())
        return;
    note("enters the session of " + victim.who());
    const QByteArray key = "trespass-" + QByteArray::number(m_place.referee->forgeries);
    switch (m_place.dice->below(3)) {
    case 0:
        mine->trespass("POST", theirs->sessionId(),
                       R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})", key);
        break;
    case 1:
        mine->trespass("GET", theirs->sessionId(), {}, key);
        break;
    default:
        mine->trespass("DELETE", theirs->sessionId(), {}, key);
        break;
    }
}

void CrowdClient::settle()
{
    while (m_isHere && !m_owed.empty())
        answerSomething(true);
    const auto ids = m_asked.keys();
    for (const QByteArray& id : ids) {
        Asked& asked = m_asked[id];
        if (asked.answers > 0 || asked.isCancelled || !asked.needsHelp)
            continue;
        asked.isCancelled = true;
        note("gives up " + id);
        if (m_wire->cancelsByHangingUp())
            m_wire->hangUp(id);
        else
            tell("notifications/cancelled", {{u"requestId"_s, idFrom(id)}});
    }
}

bool CrowdClient::isSettled() const
{
    return awaited().isEmpty();
}

QByteArray CrowdClient::awaited() const
{
    QByteArray text;
    for (auto it = m_asked.cbegin(); it != m_asked.cend(); ++it) {
        if (it->answers == 0 && !it->isCancelled && !it->isListening)
            text += who() + ' ' + it.key() + ' ' + it->method + ' ' + compact(it->params).left(200) + '\n';
    }
    if (!m_owed.empty())
        text += who() + " owes " + QByteArray::number(static_cast<qsizetype>(m_owed.size())) + " answers\n";
    return text;
}

} // namespace oriel::gateway::test
