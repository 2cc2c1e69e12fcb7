// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/input/request_routing.h"

#include "base/json.h"
#include "gateway/clients/extensions.h"

namespace oriel::gateway {

namespace {

constexpr QByteArrayView kOwnerCannot = "The client whose call this belongs to cannot answer %1.";
constexpr QByteArrayView kNobodyCan = "No connected client can answer %1.";
constexpr QByteArrayView kAmbiguous =
    "Several clients share this server and none has a call in progress, so nothing tells whose %1 this is.";

} // namespace

QByteArray missingCapability(const mcp::ClientCapabilities& client, const mcp::Message& request)
{
    json::Document document;
    const json::Value params = mcp::parsedAgain(request.rawOf(mcp::Field::Params), document);
    switch (request.methodId) {
    case mcp::MethodId::SamplingCreateMessage:
        if (!client.sampling)
            return QByteArrayLiteral("{\"sampling\":{}}");
        return params.find("tools").exists() && !client.samplingTools ? QByteArrayLiteral("{\"sampling\":{\"tools\":{}}}")
                                                                      : QByteArray();
    case mcp::MethodId::ElicitationCreate:
        if (params.find("mode").equals("url"))
            return client.elicitationUrl ? QByteArray() : QByteArrayLiteral("{\"elicitation\":{\"url\":{}}}");
        return client.elicitation && client.elicitationForm ? QByteArray() : QByteArrayLiteral("{\"elicitation\":{}}");
    case mcp::MethodId::RootsList:
        return client.roots ? QByteArray() : QByteArrayLiteral("{\"roots\":{}}");
    default:
        return {};
    }
}

bool canAnswer(const mcp::ClientCapabilities& client, const mcp::Message& request)
{
    const bool isQuestion = request.methodId == mcp::MethodId::SamplingCreateMessage ||
                            request.methodId == mcp::MethodId::ElicitationCreate || request.methodId == mcp::MethodId::RootsList;
    return isQuestion && missingCapability(client, request).isEmpty();
}

mcp::ClientCapabilities relayable(const mcp::ClientCapabilities& client)
{
    mcp::ClientCapabilities relayed;
    relayed.roots = client.roots;
    relayed.rootsListChanged = client.rootsListChanged;
    relayed.sampling = client.sampling;
    relayed.samplingTools = client.samplingTools;
    relayed.samplingContext = client.samplingContext;
    relayed.elicitation = client.elicitation;
    relayed.elicitationForm = client.elicitationForm;
    relayed.elicitationUrl = client.elicitationUrl;
    const QByteArray apps = kUiExtension.toByteArray();
    if (client.extensions.contains(apps))
        relayed.extensions.insert(apps, client.extensions.value(apps));
    return relayed;
}

RequestChoice chooseClient(std::span<const RequestCandidate> candidates)
{
    const RequestCandidate* newest = nullptr;
    const RequestCandidate* preferred = nullptr;
    const RequestCandidate* only = nullptr;
    bool anyCall = false;
    int able = 0;
    for (const RequestCandidate& candidate : candidates) {
        if (candidate.isRelated)
            return candidate.canAnswer ? RequestChoice{&candidate, {}} : RequestChoice{nullptr, kOwnerCannot};
        anyCall = anyCall || candidate.cookie != 0;
        if (!candidate.canAnswer)
            continue;
        if (candidate.cookie != 0) {
            if (newest == nullptr || candidate.forwardedNs > newest->forwardedNs)
                newest = &candidate;
            continue;
        }
        ++able;
        only = &candidate;
        if (candidate.isPreferred)
            preferred = &candidate;
    }
    if (anyCall)
        return newest != nullptr ? RequestChoice{newest, {}} : RequestChoice{nullptr, kOwnerCannot};
    if (preferred != nullptr)
        return {preferred, {}};
    if (able == 1)
        return {only, {}};
    return {nullptr, able == 0 ? kNobodyCan : kAmbiguous};
}

} // namespace oriel::gateway
