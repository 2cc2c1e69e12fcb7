// SPDX-License-Identifier: GPL-3.0-or-later
// A tool that does what its caller writes down, step by step, and puts the caller's word into everything it sends: whoever hears
// of another's word has been given what was not meant for it.
#include "change_feed.h"
#include "channel.h"
#include "input_requests.h"
#include "tools.h"

#include <cstdlib>

namespace oriel::conformance {

using namespace std::chrono_literals;

namespace {

class Script : public std::enable_shared_from_this<Script> {
public:
    Script(std::shared_ptr<Call> call, ChangeFeed& changes)
        : m_call(std::move(call)),
          m_changes(changes),
          m_word(m_call->argument("word"_L1)),
          m_steps(m_call->arguments().value("steps"_L1).toArray())
    {}

    /// A retry goes on at the question that it answers.
    void begin()
    {
        const std::optional<QJsonObject> state = m_call->returnedState();
        if (!state) {
            return;
        }
        m_next = state->value("step"_L1).toInt();
        for (const QJsonValue& word : state->value("heard"_L1).toArray()) {
            m_heard.append(word.toString());
        }
        goOn();
    }

private:
    void goOn()
    {
        while (!m_call->isDone()) {
            if (m_next >= m_steps.size()) {
                m_call->finish(textResult(text()));
                return;
            }
            const int index = m_next++;
            if (!take(m_steps.at(index).toString(), index)) {
                return;
            }
        }
    }

    /// False when the script goes on later, or not at all.
    bool take(const QString& step, int index)
    {
        if (step == "progress"_L1) {
            m_call->progress(index + 1, static_cast<double>(m_steps.size()), m_word);
        } else if (step == "log"_L1) {
            m_call->log(u"info"_s, m_word);
        } else if (step == "wait"_L1) {
            m_call->after(2ms, [self = shared_from_this()] { self->goOn(); });
            return false;
        } else if (step == "sample"_L1 || step == "elicit"_L1 || step == "roots"_L1) {
            ask(step, index);
            return false;
        } else if (step == "tools"_L1) {
            m_changes.listChanged(ChangeFeed::List::Tools);
        } else if (step == "update"_L1) {
            m_changes.resourceUpdated(u"test://watched-resource"_s);
        } else if (step == "early"_L1) {
            QJsonObject result = textResult(text());
            if (m_call->isModern()) {
                result.insert("resultType"_L1, u"complete"_s);
            }
            m_call->channel()->send(resultMessage(m_call->id(), result)); // an answer before the answer
        } else if (step == "refuse"_L1) {
            m_call->fail({error_code::ServerError, m_word});
        } else if (step == "silence"_L1) {
            return false;
        } else if (step == "die"_L1) {
            std::_Exit(7);
        }
        return true;
    }

    void ask(const QString& kind, int index)
    {
        const QJsonObject question = kind == "sample"_L1   ? samplingRequest(m_word, 10)
                                     : kind == "elicit"_L1 ? formElicitation(m_word, json(R"({"name":{"type":"string"}})"), {})
                                                           : rootsRequest();
        m_call->gather({{u"question"_s, question}},
                       [self = shared_from_this()](const QJsonObject& responses) {
                           const QJsonObject given = responses.value("question"_L1).toObject();
                           const QJsonObject content = given.value("content"_L1).toObject();
                           const QString root = given.value("roots"_L1).toArray().at(0).toObject().value("name"_L1).toString();
                           self->m_heard.append(content.contains("text"_L1)   ? content.value("text"_L1).toString()
                                                : content.contains("name"_L1) ? content.value("name"_L1).toString()
                                                                              : root);
                           self->goOn();
                       },
                       {{u"step"_s, index}, {u"heard"_s, QJsonArray::fromStringList(m_heard)}});
    }

    [[nodiscard]] QString text() const { return (QStringList{m_word} + m_heard).join(u'|'); }

    std::shared_ptr<Call> m_call;
    ChangeFeed& m_changes;
    QString m_word;
    QJsonArray m_steps;
    QStringList m_heard; ///< what the client answered, in the order of the questions
    int m_next = 0;
};

} // namespace

void Tools::addScriptedTool()
{
    const QJsonObject schema = json(R"({"type":"object","required":["word","steps"],"properties":{
        "word":{"type":"string","description":"Stands in all that this call sends"},
        "steps":{"type":"array","items":{"type":"string","enum":["progress","log","wait","sample","elicit","roots","tools","update",
            "early","refuse","silence","die"]}}}})");
    add(u"test_script"_s, u"Does what is written down"_s, schema,
        [this](const std::shared_ptr<Call>& call) { std::make_shared<Script>(call, m_changes)->begin(); });
}

} // namespace oriel::conformance
