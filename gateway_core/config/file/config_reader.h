// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/json.h"
#include "config/file/config_file.h"
#include "config/settings/settings_table.h"

namespace oriel::config {

/// Reads the members of one object by a table of settings; every problem is collected with its place. Internal to config/.
class ConfigReader {
public:
    ConfigReader(const json::Document& document, QString path) : m_document(document), m_path(std::move(path)) {}

    Config readRoot();
    [[nodiscard]] bool hasErrors() const { return errorCount() != 0; }
    [[nodiscard]] const QList<Problem>& problems() const { return m_problems; }

private:
    template <class Subject>
    void readRows(const json::Value& object, std::span<const SettingRow<Subject>> rows, Subject& subject, const QString& prefix,
                  const QStringList& others);
    template <class Subject>
    std::optional<SettingValue> readValue(const json::Value& value, const SettingRow<Subject>& row, const QString& key);
    template <class Subject>
    std::optional<SettingValue> readList(const json::Value& value, const SettingRow<Subject>& row, const QString& key);
    template <class Subject>
    std::optional<SettingValue> readPairs(const json::Value& value, const SettingRow<Subject>& row, const QString& key);
    template <class Subject>
    void checkKeys(const json::Value& object, std::span<const SettingRow<Subject>> rows, const QString& prefix,
                   const QStringList& others);
    void readServer(const json::Member& member, Config& configuration);
    void checkServer(const json::Value& entry, const QString& key, const Server& server);
    void checkDestination(const json::Value& entry, const QString& key, const Destination& destination,
                          const Config& configuration);
    void readLimits(const json::Value& limits, Config& configuration);
    void checkLimit(const json::Value& entry, const QString& key, const Limit& limit, const Config& configuration);
    void checkGateway(const json::Value& root, const Config& configuration);
    std::nullopt_t expected(const json::Value& value, const QString& key, const QString& what);
    void readServers(const json::Value& servers, Config& configuration);
    void readDestinations(const json::Value& destinations, Config& configuration);
    std::optional<qint64> readDuration(const json::Value& value);
    [[nodiscard]] qsizetype errorCount() const;
    void error(const json::Value& at, const QString& key, const QString& message)
    {
        add(Problem::Severity::Error, at, key, message);
    }
    void warning(const json::Value& at, const QString& key, const QString& message)
    {
        add(Problem::Severity::Warning, at, key, message);
    }
    void add(Problem::Severity severity, const json::Value& at, const QString& key, const QString& message);

    const json::Document& m_document;
    QString m_path;
    QList<Problem> m_problems;
};

} // namespace oriel::config
