// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/file/config_file.h"
#include "config/imports/yaml_tree.h"

#include <QSet>

namespace oriel::config {

/// What was found wrong with a YAML file, each with its place.
class YamlReport {
public:
    explicit YamlReport(QString path) : m_path(std::move(path)) {}

    void error(const YamlNode& at, const QString& key, const QString& message)
    {
        add(Problem::Severity::Error, at, key, message);
    }
    void warning(const YamlNode& at, const QString& key, const QString& message)
    {
        add(Problem::Severity::Warning, at, key, message);
    }
    [[nodiscard]] bool hasErrors() const;
    [[nodiscard]] const QList<Problem>& problems() const { return m_problems; }

private:
    void add(Problem::Severity severity, const YamlNode& at, const QString& key, const QString& message)
    {
        m_problems.append({severity, m_path, at.line, at.column, key, message});
    }

    QString m_path;
    QList<Problem> m_problems;
};

/// One mapping of the file, read member by member. A member that is null counts as absent, except for has(). Members that nobody
/// asked for are told by reportOthers(), so that nothing of the file is passed over in silence. The report and the tree outlive
/// it. Internal to config/.
class YamlSection {
public:
    /// A null `node` makes a section without members; one that is no mapping is an error.
    YamlSection(YamlReport& report, const YamlNode* node, QString key);

    [[nodiscard]] const YamlNode* node() const { return m_node; }
    [[nodiscard]] const QString& key() const { return m_key; }
    [[nodiscard]] bool exists() const { return m_node != nullptr; }
    /// True when the member is there, even as null.
    bool has(const char* name);
    /// The member unless it is absent or null.
    const YamlNode* take(const char* name);

    YamlSection section(const char* name) { return {m_report, take(name), keyOf(name)}; }
    std::vector<YamlSection> sections(const char* name); ///< of a list of mappings
    std::optional<bool> flag(const char* name);
    std::optional<qint64> integer(const char* name, qint64 minimum, qint64 maximum);
    std::optional<double> number(const char* name, double minimum, double maximum);
    std::optional<QString> text(const char* name); ///< numbers and truth values as they are written
    std::optional<QString> choice(const char* name, const QStringList& known);
    std::optional<QStringList> texts(const char* name);

    /// Warns when the member is there.
    void withoutEffect(const char* name, const QString& why);
    /// The same for a number that may stand there with its default.
    void withoutEffect(const char* name, qint64 standard, const QString& why);
    void reportOthers();

    void error(const YamlNode& at, const char* name, const QString& message) { m_report.error(at, keyOf(name), message); }
    void warning(const YamlNode& at, const char* name, const QString& message) { m_report.warning(at, keyOf(name), message); }
    [[nodiscard]] QString keyOf(const char* name) const;
    [[nodiscard]] YamlReport& report() const { return m_report; }

private:
    std::nullopt_t expected(const YamlNode& at, const char* name, const QString& what);

    YamlReport& m_report;
    const YamlNode* m_node;
    QString m_key;
    QSet<QString> m_known;
};

} // namespace oriel::config
