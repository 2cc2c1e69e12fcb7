// SPDX-License-Identifier: GPL-3.0-or-later
#include "prompts.h"

#include "input_requests.h"
#include "resources.h"
#include "tools.h"

namespace oriel::conformance {

namespace {

struct Prompt {
    QString name;
    QString description;
    QStringList required;
};

const std::vector<Prompt>& prompts()
{
    static const std::vector<Prompt> all{
        {u"test_simple_prompt"_s, u"A prompt without arguments"_s, {}},
        {u"test_prompt_with_arguments"_s, u"A prompt with two arguments"_s, {u"arg1"_s, u"arg2"_s}},
        {u"test_prompt_with_embedded_resource"_s, u"A prompt that embeds a resource"_s, {u"resourceUri"_s}},
        {u"test_prompt_with_image"_s, u"A prompt with an image"_s, {}},
        {u"test_input_required_result_prompt"_s, u"A prompt that asks the user first"_s, {}},
        {u"test_extra_prompt"_s, u"Exists while test_trigger_prompt_change wants it to"_s, {}}};
    return all;
}

QJsonObject message(const QJsonObject& content)
{
    return {{u"role"_s, u"user"_s}, {u"content"_s, content}};
}

QJsonObject promptResult(const QJsonArray& messages)
{
    return {{u"messages"_s, messages}};
}

void askContext(const std::shared_ptr<Call>& call)
{
    const QJsonObject form =
        formElicitation(u"What context should the prompt use?"_s, json(R"({"context":{"type":"string"}})"), {u"context"_s});
    call->gather({{u"user_context"_s, form}}, [call](const QJsonObject& responses) {
        const QJsonObject content = responses.value("user_context"_L1).toObject().value("content"_L1).toObject();
        call->finish(promptResult({message(textContent(u"Use this context: "_s + content.value("context"_L1).toString()))}));
    });
}

} // namespace

QJsonArray listPrompts(bool withExtra)
{
    QJsonArray listed;
    for (const Prompt& prompt : prompts()) {
        if (prompt.name == "test_extra_prompt"_L1 && !withExtra) {
            continue;
        }
        QJsonObject entry{{u"name"_s, prompt.name}, {u"description"_s, prompt.description}};
        QJsonArray arguments;
        for (const QString& argument : prompt.required) {
            arguments.append(
                QJsonObject{{u"name"_s, argument}, {u"description"_s, u"The argument "_s + argument}, {u"required"_s, true}});
        }
        if (!arguments.isEmpty()) {
            entry.insert("arguments"_L1, arguments);
        }
        listed.append(entry);
    }
    return listed;
}

void getPrompt(const std::shared_ptr<Call>& call, bool withExtra)
{
    const QString name = call->params().value("name"_L1).toString();
    const auto found =
        std::find_if(prompts().begin(), prompts().end(), [&name](const Prompt& each) { return each.name == name; });
    if (found == prompts().end() || (name == "test_extra_prompt"_L1 && !withExtra)) {
        call->fail(invalidParams(u"Unknown prompt: "_s + name));
        return;
    }
    for (const QString& argument : found->required) {
        if (!call->arguments().value(argument).isString()) {
            call->fail(invalidParams(u"Missing required argument: "_s + argument));
            return;
        }
    }
    if (name == "test_input_required_result_prompt"_L1) {
        askContext(call);
    } else if (name == "test_prompt_with_arguments"_L1) {
        call->finish(promptResult({message(textContent(
            u"Prompt with arguments: arg1='%1', arg2='%2'"_s.arg(call->argument("arg1"_L1), call->argument("arg2"_L1))))}));
    } else if (name == "test_prompt_with_embedded_resource"_L1) {
        const QJsonObject resource{{u"uri"_s, call->argument("resourceUri"_L1)},
                                   {u"mimeType"_s, u"text/plain"_s},
                                   {u"text"_s, u"Embedded resource content for testing."_s}};
        call->finish(promptResult({message({{u"type"_s, u"resource"_s}, {u"resource"_s, resource}}),
                                   message(textContent(u"Please process the embedded resource above."_s))}));
    } else if (name == "test_prompt_with_image"_L1) {
        call->finish(
            promptResult({message({{u"type"_s, u"image"_s}, {u"data"_s, redPixelPng()}, {u"mimeType"_s, u"image/png"_s}}),
                          message(textContent(u"Please analyze the image above."_s))}));
    } else {
        call->finish(promptResult({message(textContent(u"This is a simple prompt for testing."_s))}));
    }
}

void completeArgument(const std::shared_ptr<Call>& call)
{
    const QJsonObject ref = call->params().value("ref"_L1).toObject();
    const QJsonObject argument = call->params().value("argument"_L1).toObject();
    const QString name = argument.value("name"_L1).toString();
    QStringList candidates;
    bool isKnown = false;
    if (ref.value("type"_L1) == "ref/prompt"_L1) {
        for (const Prompt& prompt : prompts()) {
            isKnown = isKnown || (prompt.name == ref.value("name"_L1).toString() && prompt.required.contains(name));
        }
        candidates = {u"paris"_s, u"park"_s, u"party"_s, u"test"_s, u"testing"_s};
    } else if (ref.value("type"_L1) == "ref/resource"_L1) {
        isKnown = ref.value("uri"_L1) == templateUri() && name == "id"_L1;
        candidates = {u"1"_s, u"12"_s, u"123"_s};
    }
    if (!isKnown || !argument.value("value"_L1).isString()) {
        call->fail(invalidParams(u"There is no such argument to complete"_s));
        return;
    }
    const QStringList values = candidates.filter(argument.value("value"_L1).toString(), Qt::CaseInsensitive);
    const QJsonObject completion{
        {u"values"_s, QJsonArray::fromStringList(values)}, {u"total"_s, values.size()}, {u"hasMore"_s, false}};
    call->finish({{u"completion"_s, completion}});
}

} // namespace oriel::conformance
