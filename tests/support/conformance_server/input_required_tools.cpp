// SPDX-License-Identifier: GPL-3.0-or-later
// Tools for the round trips of 2026-07-28 (InputRequiredResult and requestState). In the legacy era the same tools ask by
// requests of the server's own.
#include "input_requests.h"
#include "tools.h"

namespace oriel::conformance {

namespace {

QJsonObject nameForm(const QString& message)
{
    return formElicitation(message, json(R"({"name":{"type":"string"}})"), {u"name"_s});
}

QJsonObject okForm(const QString& message)
{
    return formElicitation(message, json(R"({"ok":{"type":"boolean"}})"), {u"ok"_s});
}

QString field(const QJsonObject& responses, const QString& key, QLatin1StringView name)
{
    return responses.value(key).toObject().value("content"_L1).toObject().value(name).toString();
}

/// Asks once, with a state that must come back.
void runWithState(const std::shared_ptr<Call>& call, const QString& key, const QString& done)
{
    const std::optional<QJsonObject> state = call->returnedState();
    if (!state) {
        return;
    }
    if (call->isModern() && state->isEmpty() && call->params().contains("inputResponses"_L1)) {
        call->fail(invalidParams(u"requestState is missing"_s));
        return;
    }
    call->gather({{key, okForm(u"Please confirm"_s)}}, [call, done](const QJsonObject&) { call->finish(textResult(done)); },
                 {{u"step"_s, 1}});
}

void runManyInputs(const std::shared_ptr<Call>& call)
{
    if (!call->returnedState()) {
        return;
    }
    const QJsonObject requests{{u"user_name"_s, nameForm(u"What is your name?"_s)},
                               {u"greeting"_s, samplingRequest(u"Generate a greeting"_s, 50)},
                               {u"client_roots"_s, rootsRequest()}};
    call->gather(
        requests,
        [call](const QJsonObject& responses) {
            const QJsonObject greeting = responses.value("greeting"_L1).toObject().value("content"_L1).toObject();
            const auto roots = responses.value("client_roots"_L1).toObject().value("roots"_L1).toArray().size();
            call->finish(textResult(
                u"%1 %2 (%3 roots)"_s.arg(greeting.value("text"_L1).toString(), field(responses, u"user_name"_s, "name"_L1))
                    .arg(roots)));
        },
        {{u"step"_s, 1}});
}

void askColour(const std::shared_ptr<Call>& call, const QString& name)
{
    const QJsonObject form =
        formElicitation(u"Step 2: What is your favorite color?"_s, json(R"({"color":{"type":"string"}})"), {u"color"_s});
    call->gather({{u"step2"_s, form}},
                 [call, name](const QJsonObject& responses) {
                     call->finish(textResult(u"%1 likes %2"_s.arg(name, field(responses, u"step2"_s, "color"_L1))));
                 },
                 {{u"step"_s, 2}, {u"name"_s, name}});
}

void runManyRounds(const std::shared_ptr<Call>& call)
{
    const std::optional<QJsonObject> state = call->returnedState();
    if (!state) {
        return;
    }
    if (state->value("step"_L1).toInt() == 2) {
        askColour(call, state->value("name"_L1).toString());
        return;
    }
    call->gather({{u"step1"_s, nameForm(u"Step 1: What is your name?"_s)}},
                 [call](const QJsonObject& responses) { askColour(call, field(responses, u"step1"_s, "name"_L1)); },
                 {{u"step"_s, 1}});
}

void runCapabilities(const std::shared_ptr<Call>& call)
{
    const QJsonObject all{{u"form"_s, okForm(u"Please confirm"_s)},
                          {u"model"_s, samplingRequest(u"Say hello"_s, 50)},
                          {u"roots"_s, rootsRequest()}};
    QJsonObject possible;
    for (const QString& key : all.keys()) {
        const QJsonObject one{{key, all.value(key)}};
        if (call->undeclared(one).isEmpty()) {
            possible.insert(key, all.value(key));
        }
    }
    if (possible.isEmpty()) {
        call->finish(textResult(u"The client can be asked nothing"_s));
        return;
    }
    call->gather(possible, [call](const QJsonObject& responses) {
        call->finish(textResult(u"Answered: "_s + responses.keys().join(u", "_s)));
    });
}

} // namespace

void Tools::addInputRequiredTools()
{
    using CallPtr = const std::shared_ptr<Call>&;
    add(u"test_input_required_result_elicitation"_s, u"Asks for a name"_s, noArguments(), [](CallPtr call) {
        call->gather({{u"user_name"_s, nameForm(u"What is your name?"_s)}}, [call](const QJsonObject& responses) {
            call->finish(textResult(u"Hello, %1!"_s.arg(field(responses, u"user_name"_s, "name"_L1))));
        });
    });
    add(u"test_input_required_result_sampling"_s, u"Asks the client's model"_s, noArguments(), [](CallPtr call) {
        const QJsonObject question = samplingRequest(u"What is the capital of France?"_s, 100);
        call->gather({{u"capital_question"_s, question}}, [call](const QJsonObject& responses) {
            const QJsonObject content = responses.value("capital_question"_L1).toObject().value("content"_L1).toObject();
            call->finish(textResult(content.value("text"_L1).toString()));
        });
    });
    add(u"test_input_required_result_list_roots"_s, u"Asks for the client's roots"_s, noArguments(), [](CallPtr call) {
        call->gather({{u"client_roots"_s, rootsRequest()}}, [call](const QJsonObject& responses) {
            call->finish(textResult(u"Roots: "_s + compactText(responses.value("client_roots"_L1).toObject())));
        });
    });
    add(u"test_input_required_result_request_state"_s, u"Asks once and wants its state back"_s, noArguments(),
        [](CallPtr call) { runWithState(call, u"confirm"_s, u"state-ok"_s); });
    add(u"test_input_required_result_tampered_state"_s, u"Refuses a state that was changed"_s, noArguments(),
        [](CallPtr call) { runWithState(call, u"confirm"_s, u"The state came back unchanged"_s); });
    add(u"test_input_required_result_multiple_inputs"_s, u"Asks for three things at once"_s, noArguments(), runManyInputs);
    add(u"test_input_required_result_multi_round"_s, u"Asks twice"_s, noArguments(), runManyRounds);
    add(u"test_input_required_result_capabilities"_s, u"Asks for what the client has declared"_s, noArguments(), runCapabilities);
}

} // namespace oriel::conformance
