// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mcp/revision.h"

#include <QByteArrayView>

#include <array>
#include <cstdint>
#include <span>

namespace oriel::mcp {

enum class MethodId : std::uint8_t {
    Unknown,
    Initialize,
    Ping,
    ServerDiscover,
    ToolsList,
    ToolsCall,
    ResourcesList,
    ResourcesTemplatesList,
    ResourcesRead,
    ResourcesSubscribe,
    ResourcesUnsubscribe,
    SubscriptionsListen,
    PromptsList,
    PromptsGet,
    CompletionComplete,
    LoggingSetLevel,
    TasksGet,
    TasksResult,
    TasksUpdate,
    TasksCancel,
    TasksList,
    SamplingCreateMessage,
    ElicitationCreate,
    RootsList,
    NotificationInitialized,
    NotificationCancelled,
    NotificationProgress,
    NotificationMessage,
    NotificationResourcesUpdated,
    NotificationResourcesListChanged,
    NotificationToolsListChanged,
    NotificationPromptsListChanged,
    NotificationSubscriptionsAcknowledged,
    NotificationRootsListChanged,
    NotificationTasksStatus,
    NotificationTasks,
    NotificationElicitationComplete,
};
inline constexpr std::size_t MethodCount = 37;

enum class MessageSort : std::uint8_t { Request, Notification };

/// Who may send a method in one revision. `Extension` marks methods that the revision leaves to an extension (client to server);
/// `InputRequest` those that exist only inside an InputRequiredResult.
enum class Sender : std::uint8_t { Nobody, Client, Server, Both, ExtensionClient, ExtensionServer, InputRequest };

/// The parameter that says what a request is about.
enum class Target : std::uint8_t { None, Name, Uri, Ref, TaskId };

/// One row: everything that differs between methods. Rows are in the order of MethodId.
struct Method {
    MethodId id;
    QByteArrayView name;
    MessageSort sort;
    std::array<Sender, RevisionCount> senders; ///< by Revision
    Target target;
    bool targetNamesHeader; ///< 2026-07-28: `Mcp-Name` repeats the target
    bool mayRequireInput;   ///< 2026-07-28: may answer `input_required`
    bool cacheable;         ///< 2026-07-28: results carry ttlMs and cacheScope
    QByteArrayView listKey; ///< paged lists: the result's array, e.g. "tools"

    [[nodiscard]] constexpr Sender sender(Revision revision) const { return senders[static_cast<std::size_t>(revision)]; }
    [[nodiscard]] constexpr bool existsIn(Revision revision) const
    {
        return sender(revision) != Sender::Nobody && sender(revision) != Sender::InputRequest;
    }
    [[nodiscard]] constexpr bool clientMaySend(Revision revision) const
    {
        return sender(revision) == Sender::Client || sender(revision) == Sender::Both ||
               sender(revision) == Sender::ExtensionClient;
    }
    [[nodiscard]] constexpr bool serverMaySend(Revision revision) const
    {
        return sender(revision) == Sender::Server || sender(revision) == Sender::Both ||
               sender(revision) == Sender::ExtensionServer;
    }
};

/// The one table of methods and notifications, every revision, both directions (facts: schema.ts unions of each revision).
[[nodiscard]] std::span<const Method, MethodCount> allMethods();
/// The row of an id; Unknown has a row of its own with an empty name.
[[nodiscard]] const Method& method(MethodId id);
[[nodiscard]] inline QByteArrayView methodName(MethodId id)
{
    return method(id).name;
}
/// Exact, case-sensitive; one hash and one comparison.
[[nodiscard]] MethodId methodFromName(QByteArrayView name);

} // namespace oriel::mcp
