// SPDX-License-Identifier: GPL-3.0-or-later
#include "mcp/capabilities.h"

namespace oriel::mcp {

namespace {

bool isTrue(const json::Value& value)
{
    return value.asBool().value_or(false);
}

RawMembers rawMembersOf(const json::Value& object)
{
    RawMembers members;
    for (const json::Member& member : object.members()) {
        members.insert(member.key.asUtf8(), member.value.raw().toByteArray());
    }
    return members;
}

void addMissing(RawMembers& to, const RawMembers& from)
{
    for (auto it = from.cbegin(); it != from.cend(); ++it) {
        if (!to.contains(it.key())) {
            to.insert(it.key(), it.value());
        }
    }
}

void writeMembers(json::Writer& writer, const RawMembers& members)
{
    for (auto it = members.cbegin(); it != members.cend(); ++it) {
        writer.rawMember(it.key(), it.value());
    }
}

void writeGroup(json::Writer& writer, QByteArrayView name, const RawMembers& members)
{
    if (!members.isEmpty()) {
        writer.key(name).beginObject();
        writeMembers(writer, members);
        writer.endObject();
    }
}

struct Flag {
    QByteArrayView name;
    bool set;
};

/// `name: {flag: true …}` with the flags that are set.
void writeFlags(json::Writer& writer, QByteArrayView name, std::initializer_list<Flag> flags)
{
    writer.key(name).beginObject();
    for (const Flag& flag : flags) {
        if (flag.set) {
            writer.member(flag.name, true);
        }
    }
    writer.endObject();
}

/// `name: {flag: {} …}`, for capabilities whose parts are objects.
void writeParts(json::Writer& writer, QByteArrayView name, std::initializer_list<Flag> parts)
{
    writer.key(name).beginObject();
    for (const Flag& part : parts) {
        if (part.set) {
            writer.key(part.name).beginObject().endObject();
        }
    }
    writer.endObject();
}

} // namespace

ServerCapabilities ServerCapabilities::parse(const json::Value& object)
{
    ServerCapabilities result;
    for (const json::Member& member : object.members()) {
        const json::Value& value = member.value;
        const bool present = value.isObject();
        const bool listChanged = isTrue(value.find("listChanged"));
        if (member.key.equals("tools")) {
            result.tools = present;
            result.toolsListChanged = listChanged;
        } else if (member.key.equals("prompts")) {
            result.prompts = present;
            result.promptsListChanged = listChanged;
        } else if (member.key.equals("resources")) {
            result.resources = present;
            result.resourcesListChanged = listChanged;
            result.resourcesSubscribe = isTrue(value.find("subscribe"));
        } else if (member.key.equals("logging")) {
            result.logging = present;
        } else if (member.key.equals("completions")) {
            result.completions = present;
        } else if (member.key.equals("tasks")) {
            result.tasks = present;
            result.tasksList = value.find("list").isObject();
            result.tasksCancel = value.find("cancel").isObject();
            result.tasksToolsCall = value.find("requests").find("tools").find("call").isObject();
        } else if (member.key.equals("experimental")) {
            result.experimental = rawMembersOf(value);
        } else if (member.key.equals("extensions")) {
            result.extensions = rawMembersOf(value);
        } else {
            result.other.insert(member.key.asUtf8(), value.raw().toByteArray());
        }
    }
    return result;
}

void ServerCapabilities::merge(const ServerCapabilities& server)
{
    tools = tools || server.tools;
    toolsListChanged = toolsListChanged || server.toolsListChanged;
    prompts = prompts || server.prompts;
    promptsListChanged = promptsListChanged || server.promptsListChanged;
    resources = resources || server.resources;
    resourcesListChanged = resourcesListChanged || server.resourcesListChanged;
    resourcesSubscribe = resourcesSubscribe || server.resourcesSubscribe;
    logging = logging || server.logging;
    completions = completions || server.completions;
    tasks = tasks || server.tasks;
    tasksList = tasksList || server.tasksList;
    tasksCancel = tasksCancel || server.tasksCancel;
    tasksToolsCall = tasksToolsCall || server.tasksToolsCall;
    addMissing(experimental, server.experimental);
    addMissing(extensions, server.extensions);
    addMissing(other, server.other);
}

void ServerCapabilities::write(json::Writer& writer) const
{
    writer.beginObject();
    if (completions) {
        writeFlags(writer, "completions", {});
    }
    if (logging) {
        writeFlags(writer, "logging", {});
    }
    if (prompts) {
        writeFlags(writer, "prompts", {{"listChanged", promptsListChanged}});
    }
    if (resources) {
        writeFlags(writer, "resources", {{"listChanged", resourcesListChanged}, {"subscribe", resourcesSubscribe}});
    }
    if (tasks) {
        writer.key("tasks").beginObject();
        if (tasksList) {
            writeParts(writer, "list", {});
        }
        if (tasksCancel) {
            writeParts(writer, "cancel", {});
        }
        if (tasksToolsCall) {
            writer.key("requests").beginObject();
            writeParts(writer, "tools", {{"call", true}});
            writer.endObject();
        }
        writer.endObject();
    }
    if (tools) {
        writeFlags(writer, "tools", {{"listChanged", toolsListChanged}});
    }
    writeGroup(writer, "experimental", experimental);
    writeGroup(writer, "extensions", extensions);
    writeMembers(writer, other);
    writer.endObject();
}

QByteArray ServerCapabilities::toJson() const
{
    json::Writer writer;
    write(writer);
    return writer.take();
}

ClientCapabilities ClientCapabilities::parse(const json::Value& object)
{
    ClientCapabilities result;
    for (const json::Member& member : object.members()) {
        const json::Value& value = member.value;
        const bool present = value.isObject();
        if (member.key.equals("roots")) {
            result.roots = present;
            result.rootsListChanged = isTrue(value.find("listChanged"));
        } else if (member.key.equals("sampling")) {
            result.sampling = present;
            result.samplingTools = value.find("tools").isObject();
            result.samplingContext = value.find("context").isObject();
        } else if (member.key.equals("elicitation")) {
            result.elicitation = present;
            result.elicitationUrl = value.find("url").isObject();
            result.elicitationForm = value.find("form").isObject() || (present && !result.elicitationUrl);
        } else if (member.key.equals("tasks")) {
            result.tasks = present;
            result.tasksList = value.find("list").isObject();
            result.tasksCancel = value.find("cancel").isObject();
            const json::Value requests = value.find("requests");
            result.tasksSampling = requests.find("sampling").find("createMessage").isObject();
            result.tasksElicitation = requests.find("elicitation").find("create").isObject();
        } else if (member.key.equals("experimental")) {
            result.experimental = rawMembersOf(value);
        } else if (member.key.equals("extensions")) {
            result.extensions = rawMembersOf(value);
        } else {
            result.other.insert(member.key.asUtf8(), value.raw().toByteArray());
        }
    }
    return result;
}

void ClientCapabilities::merge(const ClientCapabilities& client)
{
    roots = roots || client.roots;
    rootsListChanged = rootsListChanged || client.rootsListChanged;
    sampling = sampling || client.sampling;
    samplingTools = samplingTools || client.samplingTools;
    samplingContext = samplingContext || client.samplingContext;
    elicitation = elicitation || client.elicitation;
    elicitationForm = elicitationForm || client.elicitationForm;
    elicitationUrl = elicitationUrl || client.elicitationUrl;
    tasks = tasks || client.tasks;
    tasksList = tasksList || client.tasksList;
    tasksCancel = tasksCancel || client.tasksCancel;
    tasksSampling = tasksSampling || client.tasksSampling;
    tasksElicitation = tasksElicitation || client.tasksElicitation;
    addMissing(experimental, client.experimental);
    addMissing(extensions, client.extensions);
    addMissing(other, client.other);
}

void ClientCapabilities::write(json::Writer& writer) const
{
    writer.beginObject();
    if (elicitation) {
        // Form alone is the empty object, which revisions before 2025-11-25 understand as well.
        writeParts(writer, "elicitation", {{"form", elicitationForm && elicitationUrl}, {"url", elicitationUrl}});
    }
    if (roots) {
        writeFlags(writer, "roots", {{"listChanged", rootsListChanged}});
    }
    if (sampling) {
        writeParts(writer, "sampling", {{"context", samplingContext}, {"tools", samplingTools}});
    }
    if (tasks) {
        writer.key("tasks").beginObject();
        if (tasksList) {
            writeParts(writer, "list", {});
        }
        if (tasksCancel) {
            writeParts(writer, "cancel", {});
        }
        if (tasksSampling || tasksElicitation) {
            writer.key("requests").beginObject();
            if (tasksSampling) {
                writeParts(writer, "sampling", {{"createMessage", true}});
            }
            if (tasksElicitation) {
                writeParts(writer, "elicitation", {{"create", true}});
            }
            writer.endObject();
        }
        writer.endObject();
    }
    writeGroup(writer, "experimental", experimental);
    writeGroup(writer, "extensions", extensions);
    writeMembers(writer, other);
    writer.endObject();
}

QByteArray ClientCapabilities::toJson() const
{
    json::Writer writer;
    write(writer);
    return writer.take();
}

} // namespace oriel::mcp
