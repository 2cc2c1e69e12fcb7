// SPDX-License-Identifier: GPL-3.0-or-later
// Tools that need the client: sampling, elicitation of both modes.
#include "input_requests.h"
#include "session.h"
#include "tools.h"

#include <QUuid>

namespace oriel::conformance {

using namespace std::chrono_literals;

namespace {

QString outcome(const QJsonObject& elicited)
{
    return u"action=%1, content=%2"_s.arg(elicited.value("action"_L1).toString(),
                                          compactText(elicited.value("content"_L1).toObject()));
}

void elicit(const std::shared_ptr<Call>& call, const QJsonObject& request, const QString& before)
{
    call->gather({{u"answer"_s, request}}, [call, before](const QJsonObject& responses) {
        call->finish(textResult(before + outcome(responses.value("answer"_L1).toObject())));
    });
}

QJsonObject defaultsForm()
{
    return formElicitation(u"Please review the defaults"_s, json(R"({
        "name":{"type":"string","description":"User name","default":"John Doe"},
        "age":{"type":"integer","description":"User age","default":30},
        "score":{"type":"number","description":"User score","default":95.5},
        "status":{"type":"string","description":"User status","enum":["active","inactive","pending"],"default":"active"},
        "verified":{"type":"boolean","description":"Verification status","default":true}})"),
                           {});
}

QJsonObject enumsForm()
{
    return formElicitation(u"Please choose"_s, json(R"({
        "untitledSingle":{"type":"string","enum":["option1","option2","option3"]},
        "titledSingle":{"type":"string","oneOf":[{"const":"value1","title":"First Option"},
            {"const":"value2","title":"Second Option"},{"const":"value3","title":"Third Option"}]},
        "legacyEnum":{"type":"string","enum":["opt1","opt2","opt3"],"enumNames":["Option One","Option Two","Option Three"]},
        "untitledMulti":{"type":"array","items":{"type":"string","enum":["option1","option2","option3"]}},
        "titledMulti":{"type":"array","items":{"anyOf":[{"const":"value1","title":"First Choice"},
            {"const":"value2","title":"Second Choice"},{"const":"value3","title":"Third Choice"}]}}})"),
                           {});
}

/// An id that both the request and the notification of its completion carry (2025-11-25 only).
QString elicitationId(const Call& call)
{
    return call.isModern() ? QString() : QUuid::createUuid().toString(QUuid::WithoutBraces);
}

void runUrlElicitation(const std::shared_ptr<Call>& call)
{
    const QString id = elicitationId(*call);
    const QJsonObject request = urlElicitation(u"Please confirm in the browser"_s, u"https://example.com/confirm"_s, id);
    call->gather({{u"answer"_s, request}}, [call, id](const QJsonObject& responses) {
        const QJsonObject elicited = responses.value("answer"_L1).toObject();
        if (!id.isEmpty() && elicited.value("action"_L1) == "accept"_L1) {
            call->notify(u"notifications/elicitation/complete"_s, {{u"elicitationId"_s, id}});
        }
        call->finish(textResult(u"URL elicitation: action="_s + elicited.value("action"_L1).toString()));
    });
}

/// 2025-11-25 refuses with -32042 until the user has been there; 2026-07-28 has no such error and asks as for any input.
void runUrlRequired(const std::shared_ptr<Call>& call)
{
    if (call->revision() != Revision::V2025_11_25) {
        runUrlElicitation(call);
        return;
    }
    const QJsonObject request = urlElicitation(u"Please sign in"_s, u"https://example.com/sign-in"_s, elicitationId(*call));
    if (!call->undeclared({{u"answer"_s, request}}).isEmpty()) {
        call->finish(textResult(u"The client has not declared elicitation by URL"_s, true));
        return;
    }
    const QJsonArray elicitations{request.value("params"_L1)};
    call->fail({error_code::UrlElicitationRequired, u"This request requires more information."_s,
                QJsonObject{{u"elicitations"_s, elicitations}}});
}

} // namespace

void Tools::addClientTools()
{
    using CallPtr = const std::shared_ptr<Call>&;
    add(u"test_sampling"_s, u"Asks the client's model"_s, stringArgument(u"prompt"_s, u"What to ask the model"_s),
        [](CallPtr call) {
            call->gather({{u"answer"_s, samplingRequest(call->argument("prompt"_L1), 100)}},
                         [call](const QJsonObject& responses) {
                             const QJsonObject content = responses.value("answer"_L1).toObject().value("content"_L1).toObject();
                             call->finish(textResult(u"LLM response: "_s + content.value("text"_L1).toString()));
                         });
        });
    add(u"test_elicitation"_s, u"Asks the user"_s, stringArgument(u"message"_s, u"What to show the user"_s), [](CallPtr call) {
        const QJsonObject form = formElicitation(call->argument("message"_L1), json(R"({
            "username":{"type":"string","description":"User's response"},
            "email":{"type":"string","description":"User's email address"}})"),
                                                 {u"username"_s, u"email"_s});
        elicit(call, form, u"User response: "_s);
    });
    add(u"test_elicitation_sep1034_defaults"_s, u"Asks the user with a default for every kind of field"_s, noArguments(),
        [](CallPtr call) { elicit(call, defaultsForm(), u"Elicitation completed: "_s); });
    add(u"test_elicitation_sep1330_enums"_s, u"Asks the user with every kind of choice"_s, noArguments(),
        [](CallPtr call) { elicit(call, enumsForm(), u"Elicitation completed: "_s); });
    add(u"test_elicitation_url"_s, u"Sends the user to a page"_s, noArguments(), runUrlElicitation);
    add(u"test_url_elicitation_required"_s, u"Refuses until the user has been to a page"_s, noArguments(), runUrlRequired);
    add(u"test_list_roots"_s, u"Asks the client for its roots"_s, noArguments(), [](CallPtr call) {
        call->gather({{u"roots"_s, rootsRequest()}}, [call](const QJsonObject& responses) {
            call->finish(textResult(u"Roots: "_s + compactText(responses.value("roots"_L1).toObject())));
        });
    });
    add(u"test_missing_capability"_s, u"Needs a client with sampling"_s, noArguments(), [](CallPtr call) {
        call->gather({{u"answer"_s, samplingRequest(u"Say hello"_s, 100)}},
                     [call](const QJsonObject&) { call->finish(textResult(u"The client has sampling"_s)); });
    });
    add(u"test_streaming_elicitation"_s, u"Reports progress, then asks the user"_s, noArguments(), [](CallPtr call) {
        call->progress(1, 2, u"About to ask"_s);
        call->after(20ms, [call] {
            const QJsonObject form =
                formElicitation(u"Continue?"_s, json(R"({"confirmed":{"type":"boolean"}})"), {u"confirmed"_s});
            elicit(call, form, u"Elicitation completed: "_s);
        });
    });
}

} // namespace oriel::conformance
