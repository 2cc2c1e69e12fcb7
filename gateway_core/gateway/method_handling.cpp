// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/method_handling.h"

namespace oriel::gateway {

namespace {

using mcp::MethodId;

constexpr const char* kAbsent = "–";
constexpr const char* kGone = "404, -32601";
constexpr const char* kRoutedModern = "routed; headers checked against the body (-32020)";
constexpr const char* kToLegacy = "sent on with the server's own name, Oriel's id, progress token and `traceparent`";
constexpr const char* kToModern = "the same, with the `_meta` and headers of 2026-07-28";
constexpr const char* kListed = "from the catalogue: all servers, prefixed, in the configuration's order";
constexpr const char* kListedModern = "the same with `ttlMs` 0 and `cacheScope` private";
constexpr const char* kRead = "read over all pages; again after list_changed";
constexpr const char* kReadModern = "read over all pages; again after list_changed or when `ttlMs` is over";
constexpr const char* kListChanged = "sent when the catalogue changed";
constexpr const char* kListChangedModern = "on the `subscriptions/listen` streams that asked, with their id";
constexpr const char* kListChangedServer = "the list is read again";
constexpr const char* kListenServer = "comes on Oriel's own `subscriptions/listen`; the list is read again";
constexpr const char* kQuestion = "relayed to the client whose request it is (below)";
constexpr const char* kQuestionModern = "the call is answered with `input_required`; its retry brings the answer";
constexpr const char* kQuestionServer = "taken; answered with what the client says";
constexpr const char* kQuestionModernServer = "its `input_required` becomes requests to a legacy client, then a retry";

constexpr const char* kTask = "for tasks of this session, under ids of Oriel's";
constexpr const char* kTaskModern = "with the extension declared (else -32021), for the same token and route";
constexpr const char* kTaskServer = "under the server's id";
constexpr const char* kTaskModernServer = "under the server's id, `Mcp-Name` with it";

constexpr std::array<MethodHandling, mcp::MethodCount> kTable{{
    {MethodId::Unknown, Handling::Refused, "-32601", kGone, "-32601", "-32601"},
    {MethodId::Initialize, Handling::Own, "answered here; capabilities are the union of the servers'", kGone,
     "sent once a start, with what Oriel can relay", kAbsent},
    {MethodId::Ping, Handling::Own, "answered here", kGone, "answered here", kAbsent},
    {MethodId::ServerDiscover, Handling::Own, "-32601", "answered here", "asked once, to find out its era",
     "asked once a start; stands for the handshake"},
    {MethodId::ToolsList, Handling::Listed, kListed, kListedModern, kRead, kReadModern},
    {MethodId::ToolsCall, Handling::Routed, "routed by name", kRoutedModern, kToLegacy, kToModern},
    {MethodId::ResourcesList, Handling::Listed, kListed, kListedModern, kRead, kReadModern},
    {MethodId::ResourcesTemplatesList, Handling::Listed, kListed, kListedModern, kRead, kReadModern},
    {MethodId::ResourcesRead, Handling::Routed, "routed by URI, else by template", kRoutedModern, kToLegacy, kToModern},
    {MethodId::ResourcesSubscribe, Handling::Routed,
     "one subscription a server, however many clients; answered when the server has confirmed it", kGone, "sent on",
     "becomes the filter of Oriel's `subscriptions/listen`; the old one goes on until the new one is acknowledged"},
    {MethodId::ResourcesUnsubscribe, Handling::Routed, "sent on when nobody else subscribes", kGone, "sent on",
     "leaves the filter of Oriel's `subscriptions/listen`"},
    {MethodId::SubscriptionsListen, Handling::Own, "-32601",
     "acknowledged with what can be heard, when the servers have confirmed it (5 s at most); ended with a result when Oriel "
     "stops",
     "becomes `resources/subscribe`", "one a server"},
    {MethodId::PromptsList, Handling::Listed, kListed, kListedModern, kRead, kReadModern},
    {MethodId::PromptsGet, Handling::Routed, "routed by name", kRoutedModern, kToLegacy, kToModern},
    {MethodId::CompletionComplete, Handling::Routed, "routed by the prompt or template it is about", "the same", kToLegacy,
     kToModern},
    {MethodId::LoggingSetLevel, Handling::Own, "kept; messages below it are not relayed",
     "404, -32601; the level of a request counts for its own stream only", "the lowest level of all clients",
     "sent along with each call"},
    {MethodId::TasksGet, Handling::Task, kTask, kTaskModern, kTaskServer, kTaskModernServer},
    {MethodId::TasksResult, Handling::Task, "blocks; names its task", kGone, "sent on", "– (its task is polled)"},
    {MethodId::TasksUpdate, Handling::Task, "-32601", "answers what the server asked", "answers the server's own requests",
     "sent on"},
    {MethodId::TasksCancel, Handling::Task, kTask, kTaskModern, kTaskServer, kTaskModernServer},
    {MethodId::TasksList, Handling::Task, "the session's tasks over all servers, 50 a page, each asked for its state", kGone,
     kAbsent, kAbsent},
    {MethodId::SamplingCreateMessage, Handling::Refused, kQuestion, kQuestionModern, kQuestionServer, kQuestionModernServer},
    {MethodId::ElicitationCreate, Handling::Refused, kQuestion, kQuestionModern, kQuestionServer, kQuestionModernServer},
    {MethodId::RootsList, Handling::Refused, kQuestion, kQuestionModern, kQuestionServer, kQuestionModernServer},
    {MethodId::NotificationInitialized, Handling::Refused, "taken", kAbsent, "sent after `initialize`", kAbsent},
    {MethodId::NotificationCancelled, Handling::Refused, "ends the call; closing the connection does not",
     "over HTTP closing the stream ends the call; on stdio the notification does", "sent on",
     "over HTTP the stream is closed; on stdio sent on"},
    {MethodId::NotificationProgress, Handling::Refused, "on the stream of its call, under the client's token", "the same",
     "under Oriel's token", "the same"},
    {MethodId::NotificationMessage, Handling::Refused,
     "what came with the answer to a call, to that call's client alone; what has no mark of a call, to every session that wants "
     "the level; the server's name stands before the logger",
     "what came with the answer to its own call, if the call asked for it", "relayed, and a log record of its call", "the same"},
    {MethodId::NotificationResourcesUpdated, Handling::Refused, "to those who subscribed",
     "on the `subscriptions/listen` streams that asked", "taken", "comes on Oriel's `subscriptions/listen`"},
    {MethodId::NotificationResourcesListChanged, Handling::Refused, kListChanged, kListChangedModern, kListChangedServer,
     kListenServer},
    {MethodId::NotificationToolsListChanged, Handling::Refused, kListChanged, kListChangedModern, kListChangedServer,
     kListenServer},
    {MethodId::NotificationPromptsListChanged, Handling::Refused, kListChanged, kListChangedModern, kListChangedServer,
     kListenServer},
    {MethodId::NotificationSubscriptionsAcknowledged, Handling::Refused, kAbsent, "first on the stream", kAbsent,
     "says what the server will tell of"},
    {MethodId::NotificationRootsListChanged, Handling::Refused, "sent on", kAbsent, "sent on", kAbsent},
    {MethodId::NotificationTasksStatus, Handling::Refused, "to the session whose task it is", kAbsent, "relayed to the owner",
     kAbsent},
    {MethodId::NotificationTasks, Handling::Refused, kAbsent, "on its `subscriptions/listen` with `taskIds`", kAbsent,
     "– (tasks that are listened to are polled)"},
    {MethodId::NotificationElicitationComplete, Handling::Refused, "to the client that was sent to the page", kAbsent, "relayed",
     "– (told when the server goes on)"},
}};

constexpr bool rowsFollowIds()
{
    for (std::size_t i = 0; i < kTable.size(); ++i) {
        if (static_cast<std::size_t>(kTable[i].id) != i)
            return false;
    }
    return true;
}
static_assert(rowsFollowIds());

QByteArrayView senderWord(mcp::Sender sender)
{
    switch (sender) {
    case mcp::Sender::Client:
        return "client";
    case mcp::Sender::Server:
        return "server";
    case mcp::Sender::Both:
        return "both";
    case mcp::Sender::ExtensionClient:
        return "client (extension)";
    case mcp::Sender::ExtensionServer:
        return "server (extension)";
    case mcp::Sender::InputRequest:
        return "in `inputRequests`";
    case mcp::Sender::Nobody:
        break;
    }
    return kAbsent;
}

} // namespace

std::span<const MethodHandling, mcp::MethodCount> methodHandlings()
{
    return kTable;
}

QByteArray methodReference()
{
    QByteArray page = "| method |";
    QByteArray rule = "|---|";
    for (const mcp::Revision revision : mcp::AllRevisions) {
        page += ' ' + mcp::toText(revision).toByteArray() + " |";
        rule += "---|";
    }
    page += '\n' + rule + '\n';
    for (const mcp::Method& row : mcp::allMethods().subspan(1)) {
        page += "| `" + row.name.toByteArray() + "` |";
        for (const mcp::Revision revision : mcp::AllRevisions)
            page += ' ' + senderWord(row.sender(revision)).toByteArray() + " |";
        page += '\n';
    }
    page += "\n| method | legacy client | modern client | legacy server | modern server |\n|---|---|---|---|---|\n";
    for (const MethodHandling& row : std::span(kTable).subspan(1)) {
        page += "| `" + mcp::methodName(row.id).toByteArray() + "` |";
        for (const char* words : {row.legacyClient, row.modernClient, row.legacyServer, row.modernServer})
            page += ' ' + QByteArray(words) + " |";
        page += '\n';
    }
    page += "| anything else |";
    for (const char* words : {kTable[0].legacyClient, kTable[0].modernClient, kTable[0].legacyServer, kTable[0].modernServer})
        page += ' ' + QByteArray(words) + " |";
    return page + '\n';
}

} // namespace oriel::gateway
