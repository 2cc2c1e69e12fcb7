// SPDX-License-Identifier: GPL-3.0-or-later
#include "scenario.h"

#include "base/json_writer.h"

namespace oriel::conformance {

Step toolCall(const QByteArray& tool, const QByteArray& arguments)
{
    json::Writer params;
    params.beginObject().member("name", tool).rawMember("arguments", arguments).endObject();
    return {QByteArrayLiteral("tools/call"), params.take()};
}

Scenario Scenario::fromEnvironment(const QString& url)
{
    return {url, qgetenv("MCP_CONFORMANCE_SCENARIO"), qgetenv("MCP_CONFORMANCE_PROTOCOL_VERSION"),
            qgetenv("MCP_CONFORMANCE_CONTEXT")};
}

QString Scenario::contextText(const char* member) const
{
    json::Document document;
    return document.parse(context) ? document.root().find(member).asString() : QString();
}

QList<Step> Scenario::namedSteps() const
{
    if (name == "tools_call")
        return {toolCall("add_numbers", "{\"a\":5,\"b\":3}")};
    if (name == "sep-2322-client-request-state")
        return {toolCall("test_mrtr_echo_state", "{}"), toolCall("test_mrtr_no_state", "{}"),
                toolCall("test_mrtr_no_result_type", "{}")};
    QList<Step> steps;
    json::Document document;
    if (document.parse(context)) {
        for (const json::Value& call : document.root().find("toolCalls").elements())
            steps.append(toolCall(call.find("name").asUtf8(), call.find("arguments").raw().toByteArray()));
    }
    return steps;
}

} // namespace oriel::conformance
