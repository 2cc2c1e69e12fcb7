// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/prompt_attributes.h"

#include "base/json.h"
#include "telemetry/metrics.h"
#include "telemetry/semconv.h"

namespace oriel::telemetry {

namespace {

constexpr std::uint32_t kMaxNames = 32;

std::shared_ptr<const ArrayValue> namesOf(const json::Value& arguments)
{
    auto names = std::make_shared<ArrayValue>();
    for (const json::Member& member : arguments.members()) {
        if (names->values.size() == kMaxNames)
            break;
        names->values.emplace_back(member.key.asUtf8().left(256));
    }
    return names;
}

} // namespace

Attributes promptAttributes(const CallRecord& call)
{
    Attributes attributes;
    if (call.targetKind != TargetKind::Prompt || call.method != QByteArrayView("prompts/get"))
        return attributes;
    json::Document document;
    if (!call.arguments.isEmpty() && document.parse(call.arguments.view()) && document.root().isObject()) {
        // Without an object of arguments the payload is the whole of the parameters.
        const bool isParams = document.root().find("name").equals(call.target) || document.root().find("_meta").exists();
        if (!isParams && document.root().size() > 0)
            attributes.push_back({attributeName(Attr::GatewayPromptArguments), namesOf(document.root())});
    }
    if (!call.response.isEmpty() && document.parse(call.response.view()) && document.root().find("messages").isArray()) {
        const json::Value messages = document.root().find("messages");
        attributes.push_back({attributeName(Attr::GatewayPromptMessages), static_cast<std::int64_t>(messages.size())});
        attributes.push_back({attributeName(Attr::GatewayPromptTokens), estimateTokens(messages.raw().size())});
    }
    return attributes;
}

} // namespace oriel::telemetry
