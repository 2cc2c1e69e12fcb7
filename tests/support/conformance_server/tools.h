// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "call.h"
#include "tasks.h"

#include <vector>

namespace oriel::conformance {

class ChangeFeed;

struct Tool {
    using Run = std::function<void(const std::shared_ptr<Call>&)>;

    QString name;
    QJsonObject definition; ///< as tools/list of the newest revision shows it
    Run run;
    TaskSupport taskSupport = TaskSupport::Forbidden;
};

/// The tools that the official suites name, and some more for what else a gateway has to carry. All are offered in every
/// revision.
class Tools {
public:
    Tools(ChangeFeed& changes, TaskStore& tasks);

    [[nodiscard]] QJsonArray list(Revision revision) const;
    void call(const std::shared_ptr<Call>& call) const;
    /// The definition, for its x-mcp-header; empty for unknown names.
    [[nodiscard]] QJsonObject definition(const QString& name) const;

    /// A prompt of the legacy era that test_trigger_prompt_change adds and removes.
    [[nodiscard]] bool hasExtraPrompt() const { return m_hasExtraPrompt; }

private:
    void addContentTools();
    void addClientTools();
    void addInputRequiredTools();
    void addChangeTools();
    void addTaskTools();
    void addScriptedTool();
    void add(const QString& name, const QString& description, const QJsonObject& inputSchema, Tool::Run run,
             TaskSupport taskSupport = TaskSupport::Forbidden);
    void addJob(const QString& name, const QString& description, const QJsonObject& inputSchema, TaskSupport support,
                std::function<Job(const Call&)> jobOf);
    [[nodiscard]] const Tool* find(const QString& name) const;

    ChangeFeed& m_changes;
    TaskStore& m_tasks;
    std::vector<Tool> m_tools;
    bool m_hasExtraTool = false;
    bool m_hasExtraPrompt = false;
};

/// Schemas of arguments.
[[nodiscard]] QJsonObject noArguments();
[[nodiscard]] QJsonObject stringArgument(const QString& name, const QString& description, bool isRequired = true);

/// Constants that several results hold.
[[nodiscard]] QString redPixelPng();
[[nodiscard]] QString silentWav();

} // namespace oriel::conformance
