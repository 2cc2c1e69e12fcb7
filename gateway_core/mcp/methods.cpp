// SPDX-License-Identifier: GPL-3.0-or-later
#include "mcp/methods.h"

namespace oriel::mcp {

namespace {

constexpr Sender N = Sender::Nobody;
constexpr Sender C = Sender::Client;
constexpr Sender S = Sender::Server;
constexpr Sender B = Sender::Both;
constexpr Sender XC = Sender::ExtensionClient;
constexpr Sender XS = Sender::ExtensionServer;
constexpr Sender IR = Sender::InputRequest;

constexpr auto Request = MessageSort::Request;
constexpr auto Notification = MessageSort::Notification;

constexpr std::array<Method, MethodCount> Table{{
    // id, name, sort, {2024-11-05, 2025-03-26, 2025-06-18, 2025-11-25, 2026-07-28}, target, Mcp-Name, input, cacheable, list
    {MethodId::Unknown, "", Request, {N, N, N, N, N}, Target::None, false, false, false, ""},
    {MethodId::Initialize, "initialize", Request, {C, C, C, C, N}, Target::None, false, false, false, ""},
    {MethodId::Ping, "ping", Request, {B, B, B, B, N}, Target::None, false, false, false, ""},
    {MethodId::ServerDiscover, "server/discover", Request, {N, N, N, N, C}, Target::None, false, false, true, ""},
    {MethodId::ToolsList, "tools/list", Request, {C, C, C, C, C}, Target::None, false, false, true, "tools"},
    {MethodId::ToolsCall, "tools/call", Request, {C, C, C, C, C}, Target::Name, true, true, false, ""},
    {MethodId::ResourcesList, "resources/list", Request, {C, C, C, C, C}, Target::None, false, false, true, "resources"},
    {MethodId::ResourcesTemplatesList,
     "resources/templates/list",
     Request,
     {C, C, C, C, C},
     Target::None,
     false,
     false,
     true,
     "resourceTemplates"},
    {MethodId::ResourcesRead, "resources/read", Request, {C, C, C, C, C}, Target::Uri, true, true, true, ""},
    {MethodId::ResourcesSubscribe, "resources/subscribe", Request, {C, C, C, C, N}, Target::Uri, false, false, false, ""},
    {MethodId::ResourcesUnsubscribe, "resources/unsubscribe", Request, {C, C, C, C, N}, Target::Uri, false, false, false, ""},
    {MethodId::SubscriptionsListen, "subscriptions/listen", Request, {N, N, N, N, C}, Target::None, false, false, false, ""},
    {MethodId::PromptsList, "prompts/list", Request, {C, C, C, C, C}, Target::None, false, false, true, "prompts"},
    {MethodId::PromptsGet, "prompts/get", Request, {C, C, C, C, C}, Target::Name, true, true, false, ""},
    {MethodId::CompletionComplete, "completion/complete", Request, {C, C, C, C, C}, Target::Ref, false, false, false, ""},
    {MethodId::LoggingSetLevel, "logging/setLevel", Request, {C, C, C, C, N}, Target::None, false, false, false, ""},
    {MethodId::TasksGet, "tasks/get", Request, {N, N, N, B, XC}, Target::TaskId, true, false, false, ""},
    {MethodId::TasksResult, "tasks/result", Request, {N, N, N, B, N}, Target::TaskId, false, false, false, ""},
    {MethodId::TasksUpdate, "tasks/update", Request, {N, N, N, N, XC}, Target::TaskId, true, false, false, ""},
    {MethodId::TasksCancel, "tasks/cancel", Request, {N, N, N, B, XC}, Target::TaskId, true, false, false, ""},
    {MethodId::TasksList, "tasks/list", Request, {N, N, N, B, N}, Target::None, false, false, false, "tasks"},
    {MethodId::SamplingCreateMessage, "sampling/createMessage", Request, {S, S, S, S, IR}, Target::None, false, false, false, ""},
    {MethodId::ElicitationCreate, "elicitation/create", Request, {N, N, S, S, IR}, Target::None, false, false, false, ""},
    {MethodId::RootsList, "roots/list", Request, {S, S, S, S, IR}, Target::None, false, false, false, ""},
    {MethodId::NotificationInitialized,
     "notifications/initialized",
     Notification,
     {C, C, C, C, N},
     Target::None,
     false,
     false,
     false,
     ""},
    {MethodId::NotificationCancelled,
     "notifications/cancelled",
     Notification,
     {B, B, B, B, B},
     Target::None,
     false,
     false,
     false,
     ""},
    {MethodId::NotificationProgress,
     "notifications/progress",
     Notification,
     {B, B, B, B, S},
     Target::None,
     false,
     false,
     false,
     ""},
    {MethodId::NotificationMessage,
     "notifications/message",
     Notification,
     {S, S, S, S, S},
     Target::None,
     false,
     false,
     false,
     ""},
    {MethodId::NotificationResourcesUpdated,
     "notifications/resources/updated",
     Notification,
     {S, S, S, S, S},
     Target::Uri,
     false,
     false,
     false,
     ""},
    {MethodId::NotificationResourcesListChanged,
     "notifications/resources/list_changed",
     Notification,
     {S, S, S, S, S},
     Target::None,
     false,
     false,
     false,
     ""},
    {MethodId::NotificationToolsListChanged,
     "notifications/tools/list_changed",
     Notification,
     {S, S, S, S, S},
     Target::None,
     false,
     false,
     false,
     ""},
    {MethodId::NotificationPromptsListChanged,
     "notifications/prompts/list_changed",
     Notification,
     {S, S, S, S, S},
     Target::None,
     false,
     false,
     false,
     ""},
    {MethodId::NotificationSubscriptionsAcknowledged,
     "notifications/subscriptions/acknowledged",
     Notification,
     {N, N, N, N, S},
     Target::None,
     false,
     false,
     false,
     ""},
    {MethodId::NotificationRootsListChanged,
     "notifications/roots/list_changed",
     Notification,
     {C, C, C, C, N},
     Target::None,
     false,
     false,
     false,
     ""},
    {MethodId::NotificationTasksStatus,
     "notifications/tasks/status",
     Notification,
     {N, N, N, B, N},
     Target::TaskId,
     false,
     false,
     false,
     ""},
    {MethodId::NotificationTasks, "notifications/tasks", Notification, {N, N, N, N, XS}, Target::TaskId, false, false, false, ""},
    {MethodId::NotificationElicitationComplete,
     "notifications/elicitation/complete",
     Notification,
     {N, N, N, S, N},
     Target::None,
     false,
     false,
     false,
     ""},
}};

constexpr bool rowsFollowIds()
{
    for (std::size_t i = 0; i < Table.size(); ++i) {
        if (static_cast<std::size_t>(Table[i].id) != i) {
            return false;
        }
    }
    return true;
}
static_assert(rowsFollowIds());

constexpr std::size_t SlotCount = 512;

constexpr std::uint32_t hashName(const char* text, qsizetype length, std::uint32_t seed)
{
    std::uint32_t hash = seed;
    for (qsizetype i = 0; i < length; ++i) {
        hash = (hash ^ static_cast<unsigned char>(text[i])) * 0x01000193U;
    }
    return (hash ^ (hash >> 15U)) % SlotCount;
}

struct Slots {
    std::uint32_t seed = 0;
    std::array<std::uint8_t, SlotCount> rows{}; ///< 0 (Unknown) where no method hashes to
};

/// The first seed under which no two names share a slot; found while compiling.
constexpr Slots makeSlots()
{
    for (std::uint32_t seed = 1;; ++seed) {
        Slots found{seed, {}};
        bool collides = false;
        for (std::size_t row = 1; row < Table.size() && !collides; ++row) {
            auto& slot = found.rows[hashName(Table[row].name.data(), Table[row].name.size(), seed)];
            collides = slot != 0;
            slot = static_cast<std::uint8_t>(row);
        }
        if (!collides) {
            return found;
        }
    }
}
constexpr Slots NameSlots = makeSlots();

} // namespace

std::span<const Method, MethodCount> allMethods()
{
    return Table;
}

const Method& method(MethodId id)
{
    return Table[static_cast<std::size_t>(id)];
}

MethodId methodFromName(QByteArrayView name)
{
    constexpr qsizetype LongestName = 64;
    if (name.size() > LongestName) {
        return MethodId::Unknown;
    }
    const Method& candidate = Table[NameSlots.rows[hashName(name.data(), name.size(), NameSlots.seed)]];
    return candidate.name == name ? candidate.id : MethodId::Unknown;
}

} // namespace oriel::mcp
