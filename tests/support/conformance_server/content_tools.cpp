// SPDX-License-Identifier: GPL-3.0-or-later
// Tools that answer with content of each kind, report progress and log.
#include "channel.h"
#include "tools.h"

#include <QJsonDocument>

namespace oriel::conformance {

using namespace std::chrono_literals;

namespace {

QJsonObject image()
{
    return {{u"type"_s, u"image"_s}, {u"data"_s, redPixelPng()}, {u"mimeType"_s, u"image/png"_s}};
}

QJsonObject embedded(const QString& uri, const QString& mimeType, const QString& text)
{
    return {{u"type"_s, u"resource"_s},
            {u"resource"_s, QJsonObject{{u"uri"_s, uri}, {u"mimeType"_s, mimeType}, {u"text"_s, text}}}};
}

QJsonObject contentResult(const QJsonArray& content)
{
    return {{u"content"_s, content}};
}

void runLogging(const std::shared_ptr<Call>& call)
{
    call->log(u"info"_s, u"Tool execution started"_s);
    call->after(50ms, [call] {
        call->log(u"info"_s, u"Tool processing data"_s);
        call->after(50ms, [call] {
            call->log(u"info"_s, u"Tool execution completed"_s);
            call->finish(textResult(u"Tool with logging executed successfully"_s));
        });
    });
}

void runProgress(const std::shared_ptr<Call>& call)
{
    call->progress(0, 100, u"Started"_s);
    call->after(50ms, [call] {
        call->progress(50, 100, u"Half way"_s);
        call->after(50ms, [call] {
            call->progress(100, 100, u"Done"_s);
            call->finish(textResult(u"Tool with progress executed successfully"_s));
        });
    });
}

/// The schema that the suites look for: keywords of JSON Schema 2020-12 that a careless relay drops.
QJsonObject schemaOf2020()
{
    return json(R"({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",
        "$defs":{"address":{"$anchor":"addressDef","type":"object",
            "properties":{"street":{"type":"string"},"city":{"type":"string"}}}},
        "properties":{"name":{"type":"string"},"address":{"$ref":"#/$defs/address"},
            "contactMethod":{"type":"string","enum":["phone","email"]},"phone":{"type":"string"},"email":{"type":"string"}},
        "allOf":[{"anyOf":[{"required":["phone"]},{"required":["email"]}]}],
        "if":{"properties":{"contactMethod":{"const":"phone"}},"required":["contactMethod"]},
        "then":{"required":["phone"]},"else":{"required":["email"]},"additionalProperties":false})");
}

QJsonObject headerSchema()
{
    return json(R"({"type":"object","properties":{
        "region":{"type":"string","description":"Mirrored into Mcp-Param-Region","x-mcp-header":"Region"},
        "priority":{"type":"integer","description":"Mirrored into Mcp-Param-Priority","x-mcp-header":"Priority"},
        "dryRun":{"type":"boolean","description":"Mirrored into Mcp-Param-Dry-Run","x-mcp-header":"Dry-Run"},
        "options":{"type":"object","properties":{
            "zone":{"type":"string","description":"Mirrored into Mcp-Param-Zone","x-mcp-header":"Zone"}}}}})");
}

void runReconnection(const std::shared_ptr<Call>& call)
{
    call->channel()->pause();
    call->after(100ms, [call] { call->finish(textResult(u"Reconnection test completed"_s)); });
}

} // namespace

void Tools::addContentTools()
{
    using CallPtr = const std::shared_ptr<Call>&;
    add(u"test_simple_text"_s, u"Answers with one text"_s, noArguments(),
        [](CallPtr call) { call->finish(textResult(u"This is a simple text response for testing."_s)); });
    add(u"test_image_content"_s, u"Answers with an image"_s, noArguments(),
        [](CallPtr call) { call->finish(contentResult({image()})); });
    add(u"test_audio_content"_s, u"Answers with audio"_s, noArguments(), [](CallPtr call) {
        const QJsonObject audio{{u"type"_s, u"audio"_s}, {u"data"_s, silentWav()}, {u"mimeType"_s, u"audio/wav"_s}};
        // Audio came with 2025-03-26.
        call->finish(call->revision() < Revision::V2025_03_26 ? textResult(u"No audio in this revision"_s)
                                                              : contentResult({audio}));
    });
    add(u"test_embedded_resource"_s, u"Answers with an embedded resource"_s, noArguments(), [](CallPtr call) {
        call->finish(contentResult(
            {embedded(u"test://embedded-resource"_s, u"text/plain"_s, u"This is an embedded resource content."_s)}));
    });
    add(u"test_multiple_content_types"_s, u"Answers with a text, an image and a resource"_s, noArguments(), [](CallPtr call) {
        call->finish(contentResult(
            {textContent(u"Multiple content types test:"_s), image(),
             embedded(u"test://mixed-content-resource"_s, u"application/json"_s, uR"({"test":"data","value":123})"_s)}));
    });
    add(u"test_tool_with_logging"_s, u"Logs three times while it works"_s, noArguments(), runLogging);
    add(u"test_logging_tool"_s, u"Logs while it works, if the client wants logs"_s, noArguments(), runLogging);
    add(u"test_tool_with_progress"_s, u"Reports progress while it works"_s, noArguments(), runProgress);
    add(u"test_error_handling"_s, u"Always fails"_s, noArguments(),
        [](CallPtr call) { call->finish(textResult(u"This tool intentionally returns an error for testing"_s, true)); });
    add(u"test_reconnection"_s, u"Closes its event stream before it answers"_s, noArguments(), runReconnection);
    add(u"json_schema_2020_12_tool"_s, u"Tool with JSON Schema 2020-12 features"_s, schemaOf2020(), [](CallPtr call) {
        call->finish(textResult(u"JSON Schema 2020-12 tool called with: "_s + compactText(call->arguments())));
    });
    add(u"test_x_mcp_header"_s, u"Has arguments that are mirrored into headers"_s, headerSchema(),
        [](CallPtr call) { call->finish(textResult(u"Called with: "_s + compactText(call->arguments()))); });
}

} // namespace oriel::conformance
