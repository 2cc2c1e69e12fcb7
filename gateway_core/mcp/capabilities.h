// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/json.h"
#include "base/json_writer.h"

#include <QByteArray>
#include <QMap>

namespace oriel::mcp {

/// Members kept as JSON text, by name; printed in name order.
using RawMembers = QMap<QByteArray, QByteArray>;

/// What a server can do: `capabilities` of InitializeResult and DiscoverResult, every revision. What is not known here stays in
/// `other`.
struct ServerCapabilities {
    bool tools = false;
    bool toolsListChanged = false;
    bool prompts = false;
    bool promptsListChanged = false;
    bool resources = false;
    bool resourcesListChanged = false;
    bool resourcesSubscribe = false;
    bool logging = false;
    bool completions = false;
    bool tasks = false; ///< 2025-11-25
    bool tasksList = false;
    bool tasksCancel = false;
    bool tasksToolsCall = false; ///< tasks.requests.tools.call
    RawMembers experimental;
    RawMembers extensions; ///< 2026-07-28, by extension id
    RawMembers other;

    /// Anything that is not an object reads as "no capability".
    [[nodiscard]] static ServerCapabilities parse(const json::Value& object);
    /// The union, for an aggregate of several servers; the first to name an extension or unknown member wins.
    void merge(const ServerCapabilities& server);
    void write(json::Writer& writer) const;
    [[nodiscard]] QByteArray toJson() const;
    bool operator==(const ServerCapabilities&) const = default;
};

/// What a client can do: `capabilities` of InitializeRequest and `_meta["io.modelcontextprotocol/clientCapabilities"]`.
struct ClientCapabilities {
    bool roots = false;
    bool rootsListChanged = false;
    bool sampling = false;
    bool samplingTools = false;   ///< 2025-11-25
    bool samplingContext = false; ///< 2025-11-25
    bool elicitation = false;
    bool elicitationForm = false; ///< an empty `elicitation` object means form, so that is set for it as well
    bool elicitationUrl = false;
    bool tasks = false; ///< 2025-11-25
    bool tasksList = false;
    bool tasksCancel = false;
    bool tasksSampling = false;    ///< tasks.requests.sampling.createMessage
    bool tasksElicitation = false; ///< tasks.requests.elicitation.create
    RawMembers experimental;
    RawMembers extensions;
    RawMembers other;

    [[nodiscard]] static ClientCapabilities parse(const json::Value& object);
    void merge(const ClientCapabilities& client);
    void write(json::Writer& writer) const;
    [[nodiscard]] QByteArray toJson() const;
    bool operator==(const ClientCapabilities&) const = default;
};

} // namespace oriel::mcp
