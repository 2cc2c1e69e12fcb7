// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools.h"

namespace oriel::conformance {

namespace {

QString taskSupportText(TaskSupport support)
{
    switch (support) {
    case TaskSupport::Forbidden:
        return u"forbidden"_s;
    case TaskSupport::Optional:
        return u"optional"_s;
    case TaskSupport::Required:
        return u"required"_s;
    }
    return {};
}

/// The first required argument that is missing or of another type than the schema's; empty if there is none.
QString argumentProblem(const QJsonObject& schema, const QJsonObject& arguments)
{
    for (const QJsonValue& each : schema.value("required"_L1).toArray()) {
        if (!arguments.contains(each.toString())) {
            return u"argument %1 is missing"_s.arg(each.toString());
        }
    }
    const QJsonObject properties = schema.value("properties"_L1).toObject();
    for (const QString& name : arguments.keys()) {
        const QString type = properties.value(name).toObject().value("type"_L1).toString();
        const QJsonValue value = arguments.value(name);
        const bool fits = type.isEmpty() || (type == "string"_L1 && value.isString()) ||
                          (type == "boolean"_L1 && value.isBool()) ||
                          ((type == "number"_L1 || type == "integer"_L1) && value.isDouble()) ||
                          (type == "object"_L1 && value.isObject()) || (type == "array"_L1 && value.isArray());
        if (!fits) {
            return u"argument %1 must be of type %2"_s.arg(name, type);
        }
    }
    return {};
}

} // namespace

QJsonObject noArguments()
{
    return {{u"type"_s, u"object"_s}, {u"additionalProperties"_s, false}};
}

QJsonObject stringArgument(const QString& name, const QString& description, bool isRequired)
{
    QJsonObject schema{
        {u"type"_s, u"object"_s},
        {u"properties"_s, QJsonObject{{name, QJsonObject{{u"type"_s, u"string"_s}, {u"description"_s, description}}}}}};
    if (isRequired) {
        schema.insert("required"_L1, QJsonArray{name});
    }
    return schema;
}

QString redPixelPng()
{
    return u"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="_s;
}

QString silentWav()
{
    return u"UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA="_s;
}

Tools::Tools(ChangeFeed& changes, TaskStore& tasks) : m_changes(changes), m_tasks(tasks)
{
    addContentTools();
    addClientTools();
    addInputRequiredTools();
    addChangeTools();
    addTaskTools();
    addScriptedTool();
}

void Tools::add(const QString& name, const QString& description, const QJsonObject& inputSchema, Tool::Run run,
                TaskSupport taskSupport)
{
    const QJsonObject definition{{u"name"_s, name}, {u"description"_s, description}, {u"inputSchema"_s, inputSchema}};
    m_tools.push_back({name, definition, std::move(run), taskSupport});
}

void Tools::addJob(const QString& name, const QString& description, const QJsonObject& inputSchema, TaskSupport support,
                   std::function<Job(const Call&)> jobOf)
{
    add(
        name, description, inputSchema,
        [this, support, jobOf = std::move(jobOf)](const std::shared_ptr<Call>& call) {
            m_tasks.begin(call, support, jobOf(*call));
        },
        support);
}

const Tool* Tools::find(const QString& name) const
{
    for (const Tool& tool : m_tools) {
        if (tool.name == name) {
            return &tool;
        }
    }
    return nullptr;
}

QJsonObject Tools::definition(const QString& name) const
{
    const Tool* tool = find(name);
    return tool ? tool->definition : QJsonObject{};
}

QJsonArray Tools::list(Revision revision) const
{
    QJsonArray listed;
    for (const Tool& tool : m_tools) {
        // A list of 2026-07-28 does not change as a side effect of requests.
        if (tool.name == "test_extra_tool"_L1 && (!m_hasExtraTool || mcp::isModern(revision))) {
            continue;
        }
        QJsonObject definition = tool.definition;
        if (revision == Revision::V2025_11_25 && tool.taskSupport != TaskSupport::Forbidden) {
            definition.insert("execution"_L1, QJsonObject{{u"taskSupport"_s, taskSupportText(tool.taskSupport)}});
        }
        listed.append(definition);
    }
    return listed;
}

void Tools::call(const std::shared_ptr<Call>& call) const
{
    const QJsonValue name = call->params().value("name"_L1);
    const Tool* tool = find(name.toString());
    if (!tool || (tool->name == "test_extra_tool"_L1 && (!m_hasExtraTool || call->isModern()))) {
        call->fail(invalidParams(u"Unknown tool: "_s + name.toString()));
        return;
    }
    const QJsonValue arguments = call->params().value("arguments"_L1);
    if (!arguments.isUndefined() && !arguments.isObject()) {
        call->fail(invalidParams(u"arguments must be an object"_s));
        return;
    }
    if (call->revision() == Revision::V2025_11_25 && call->params().contains("task"_L1) &&
        tool->taskSupport == TaskSupport::Forbidden) {
        call->fail({error_code::MethodNotFound, u"This tool does not run as a task"_s});
        return;
    }
    const QString problem = argumentProblem(tool->definition.value("inputSchema"_L1).toObject(), arguments.toObject());
    if (problem.isEmpty()) {
        tool->run(call);
    } else if (call->revision() >= Revision::V2025_11_25) {
        call->finish(textResult(u"Invalid input: "_s + problem, true));
    } else {
        call->fail(invalidParams(problem));
    }
}

} // namespace oriel::conformance
