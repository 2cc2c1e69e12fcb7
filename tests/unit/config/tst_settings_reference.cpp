// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"
#include "config/environment/environment.h"
#include "config/file/config_file.h"
#include "config/settings/settings_table.h"

#include <QDir>
#include <QFile>
#include <QSet>
#include <QTest>

using namespace oriel;
using namespace oriel::config;

namespace {

/// The committed file, after it was written anew where the environment asks for it.
QByteArray committed(const QString& name, const QByteArray& generated)
{
    QFile file(QDir(QStringLiteral(ORIEL_SOURCE_DIR)).filePath(name));
    if (qEnvironmentVariable("ORIEL_UPDATE") == QLatin1String("1") && file.open(QIODevice::WriteOnly)) {
        file.write(generated);
        file.close();
    }
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

constexpr const char* kHowTo = "does not equal what the code makes; run this test with ORIEL_UPDATE=1 and commit the file";

template <class Subject> void checkRows(std::span<const SettingRow<Subject>> rows)
{
    QSet<QByteArray> keys;
    for (const SettingRow<Subject>& row : rows) {
        QVERIFY2(!keys.contains(row.key), row.key);
        keys.insert(row.key);
        QVERIFY2(QByteArray(row.description).endsWith('.'), row.key);
        QVERIFY2(row.type != SettingType::Choice || !row.choices.empty(), row.key);
        // Writing what was read changes nothing, so that reading a file never depends on the order of the table.
        Subject subject;
        const SettingValue value = row.read(subject);
        if (std::holds_alternative<qint64>(value) && std::get<qint64>(value) < 0)
            continue;
        row.write(subject, value);
        QVERIFY2(row.read(subject) == value, row.key);
    }
}

} // namespace

class SettingsReferenceTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theReferencePageIsWhatTheTableSays()
    {
        const QByteArray page = settingsReference();
        QVERIFY2(committed(QStringLiteral("docs/reference/settings.md"), page) == page, kHowTo);
    }

    void theSchemaIsWhatTheTableSays()
    {
        const QByteArray schema = configSchema();
        QVERIFY2(committed(QStringLiteral("resources/oriel.schema.json"), schema) == schema, kHowTo);
    }

    void theSchemaHasEverySetting()
    {
        const QByteArray text = configSchema();
        json::Document document;
        QVERIFY(document.parse(text));
        QCOMPARE(document.root().find("$schema").asUtf8(), QByteArray("https://json-schema.org/draft/2020-12/schema"));
        const auto find = [](json::Value schema, const QByteArray& key) {
            for (const QByteArray& part : key.split('.'))
                schema = schema.find("properties").find(part);
            return schema;
        };
        const json::Value properties = document.root();
        for (const auto& row : settingsTable())
            QVERIFY2(find(properties, row.key).find("description").equals(row.description), row.key);
        const json::Value server = find(properties, "mcpServers").find("additionalProperties");
        for (const auto& row : serverTable())
            QVERIFY2(find(server, row.key).exists(), row.key);
        const json::Value destination = find(properties, "telemetry.destinations").find("items");
        for (const auto& row : destinationTable())
            QVERIFY2(find(destination, row.key).exists(), row.key);
        const json::Value limit = find(properties, "limits").find("items");
        for (const auto& row : limitTable())
            QVERIFY2(find(limit, row.key).exists(), row.key);
        QCOMPARE(find(destination, "protocol").find("enum").size(), 8U);
        QCOMPARE(find(destination, "signals").find("items").find("enum").size(), 3U);
        QCOMPARE(find(properties, "gateway.port").find("maximum").asInt64(), std::optional<std::int64_t>(65535));
    }

    void everyRowOfTheTablesIsSound()
    {
        checkRows(settingsTable());
        checkRows(serverTable());
        checkRows(destinationTable());
        checkRows(limitTable());
    }

    void theEnvironmentPageIsWhatTheTableSays()
    {
        const QByteArray page = environmentReference();
        QVERIFY2(committed(QStringLiteral("docs/reference/environment.md"), page) == page, kHowTo);
    }

    void everyVariableStandsThereOnceWithWhatItSetsOrWhyItDoesNothing()
    {
        const QByteArray page = environmentReference();
        QSet<QByteArray> names;
        QByteArray keys;
        for (const auto& row : settingsTable())
            keys += QByteArray("`") + row.key + '`';
        for (const VariableRow& row : variableTable()) {
            QVERIFY2(!names.contains(row.name), row.name);
            names.insert(row.name);
            QCOMPARE(page.count(QByteArray("| `") + row.name + "` |"), 1);
            QVERIFY2(QByteArray(row.description).endsWith('.'), row.name);
            const QByteArray setting = row.setting;
            const bool isSetting = setting.startsWith("`telemetry.") || setting.startsWith("`masking.");
            QVERIFY2(!hasEffect(row) || !isSetting || keys.contains(setting), row.name);
            const bool isChoice = row.kind == VariableKind::Choice || row.kind == VariableKind::ChoiceList;
            QVERIFY2(!isChoice || !variableChoices(row).isEmpty(), row.name);
        }
    }
};

QTEST_GUILESS_MAIN(SettingsReferenceTest)
#include "tst_settings_reference.moc"
