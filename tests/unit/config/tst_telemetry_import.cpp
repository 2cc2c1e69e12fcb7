// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/client_configs.h"
#include "config/file/config_file.h"
#include "config/imports/telemetry_import.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace oriel;
using namespace oriel::config;

namespace {

QString q(const char* text)
{
    return QString::fromUtf8(text);
}

struct Imported {
    Config config;
    ForeignTelemetry foreign;
    QString error;

    [[nodiscard]] bool took(const char* line) const { return contains(foreign.taken, line); }
    [[nodiscard]] bool left(const char* line) const { return contains(foreign.left, line); }
    static bool contains(const QStringList& lines, const char* part)
    {
        return std::any_of(lines.cbegin(), lines.cend(), [&](const QString& one) { return one.contains(q(part)); });
    }
};

Imported import(const QByteArray& text, const char* path, const QMap<QString, QString>& environment = {},
                const Config& before = {})
{
    Imported imported{before, {}, {}};
    const auto foreign = importTelemetry(text, q(path), environment, imported.config);
    if (foreign)
        imported.foreign = *foreign;
    else
        imported.error = foreign.error().toString();
    return imported;
}

/// The shape of another gateway's configuration, with what a user may have in it.
QByteArray gatewayFile(const QByteArray& telemetry)
{
    return "{\"common_mcp_gateway_config\": {\"enkrypt_log_level\": \"INFO\", \"cache_hours\": 4},\n"
           " \"plugins\": {\"auth\": {\"provider\": \"local\"}, \"telemetry\": " +
           telemetry +
           "},\n"
           " \"mcp_configs\": {\"id-1\": {\"mcp_config_name\": \"default\", \"mcp_config\": [\n"
           "   {\"server_name\": \"echo\", \"description\": \"Echoes\", \"config\": {\"command\": \"python\", \"args\": "
           "[\"echo.py\"],\n"
           "    \"env\": {\"API_TOKEN\": \"not-a-real-secret\"}}, \"tools\": {}, \"enable_tool_guardrails\": false,\n"
           "    \"input_guardrails_policy\": {\"enabled\": false}, \"output_guardrails_policy\": {\"enabled\": true}},\n"
           "   {\"server_name\": \"two words\", \"config\": {\"url\": \"https://h/mcp\"}, \"tools\": {\"a\": \"only this\"}},\n"
           "   {\"description\": \"without a name\"}]}},\n"
           " \"apikeys\": {\"x\": {}}}\n";
}

constexpr const char* kObservability = "observability:\n"
                                       "  enabled: true\n"
                                       "  tracing:\n"
                                       "    enabled: true\n"
                                       "    exporter:\n"
                                       "      type: otlp\n"
                                       "      endpoint: ${WHERE}\n"
                                       "      headers:\n"
                                       "        api-key: ${KEY}\n"
                                       "    sampling:\n"
                                       "      strategy: probabilistic\n"
                                       "      rate: 0.1\n"
                                       "      max_per_second: 100\n"
                                       "    propagators: [tracecontext, baggage, homing_pigeon]\n"
                                       "  metrics:\n"
                                       "    enabled: true\n"
                                       "    export_interval: 60s\n"
                                       "    collectors:\n"
                                       "      - {name: system, enabled: true, interval: 30s}\n"
                                       "      - {name: database, enabled: true}\n"
                                       "  logs:\n"
                                       "    enabled: false\n"
                                       "  data_privacy:\n"
                                       "    sanitize_pii: true\n"
                                       "    sensitive_fields: [password, ssn, favourite_colour]\n"
                                       "    mask_patterns:\n"
                                       "      - {regex: '\\b\\d{3}-\\d{2}\\b', replacement: '[CASE NO]'}\n"
                                       "      - {regex: '(?<=x)y', replacement: '[Y]'}\n"
                                       "  surprise: 1\n";

} // namespace

class TelemetryImportTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theTelemetryBlockOfAGatewayBecomesADestination()
    {
        const Imported imported = import(
            gatewayFile("{\"provider\": \"opentelemetry\", \"config\": {\"enabled\": true, \"url\": \"http://localhost:4317\", "
                        "\"insecure\": true, \"service_name\": \"gate\", \"job_name\": \"jobs\", \"odd\": 1}}"),
            "/x/enkrypt_mcp_config.json");
        QCOMPARE(imported.foreign.format, q("enkrypt_mcp_config.json"));
        const Destination* made = findDestination(imported.config, u"enkrypt");
        QVERIFY(made != nullptr && made->enabled);
        QCOMPARE(made->endpoint, q("http://localhost:4317"));
        QCOMPARE(made->protocol, ExportProtocol::Grpc);
        QCOMPARE(made->aliases, QStringList{q("enkrypt")});
        QCOMPARE(imported.config.telemetry.serviceName, q("gate"));
        QCOMPARE(imported.config.telemetry.resourceAttributes.value(q("job")), q("jobs"));
        QVERIFY(imported.took("plugins.telemetry.config.url: destination \"enkrypt\", grpc, to http://localhost:4317"));
        for (const char* left : {"plugins.auth: ", "common_mcp_gateway_config.enkrypt_log_level: ",
                                 "common_mcp_gateway_config.cache_hours: ", "apikeys: ", "plugins.telemetry.config.odd: "})
            QVERIFY2(imported.left(left), left);
    }

    void whatHasNoMeaningOrNoUrlIsSaid()
    {
        const Imported tls =
            import(gatewayFile("{\"config\": {\"enabled\": false, \"url\": \"https://c:4318\", \"insecure\": true}}"),
                   "enkrypt_mcp_config.json");
        const Destination* made = findDestination(tls.config, u"enkrypt");
        QVERIFY(made != nullptr && !made->enabled);
        QCOMPARE(made->protocol, ExportProtocol::HttpProtobuf);
        QVERIFY(tls.left("plugins.telemetry.config.insecure: certificates are always checked"));
        const Imported bad = import(gatewayFile("{\"config\": {\"url\": \"collector\"}}"), "enkrypt_mcp_config.json");
        QVERIFY(bad.config.telemetry.destinations.isEmpty());
        QVERIFY(bad.left("plugins.telemetry.config.url: it is no URL"));
        const Imported again = import(gatewayFile("{\"config\": {}}"), "enkrypt_mcp_config.json", {}, tls.config);
        QCOMPARE(again.config.telemetry.destinations, tls.config.telemetry.destinations);
        QVERIFY(again.left("there is a destination \"enkrypt\" already"));
    }

    void theServersOfAGatewayAreFoundWithWhatIsNotTakenOver()
    {
        QTemporaryDir folder;
        QFile file(folder.filePath(q("enkrypt_mcp_config.json")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(gatewayFile("{}"));
        file.close();
        const auto scan = scanFile(file.fileName());
        QVERIFY(scan.has_value());
        QCOMPARE(scan->servers.size(), 2);
        const FoundServer& echo = scan->servers.first();
        QCOMPARE(echo.server.name, q("echo"));
        QCOMPARE(echo.server.args, QStringList{q("echo.py")});
        QCOMPARE(echo.secretFields, QStringList{q("env.API_TOKEN")});
        QCOMPARE(echo.warnings, QStringList{q("output_guardrails_policy has no counterpart")});
        QCOMPARE(scan->servers.last().server.name, q("two_words"));
        QCOMPARE(scan->servers.last().warnings.size(), 2);
        QCOMPARE(scan->problems.size(), 1);
        QVERIFY2(scan->problems.first().contains(q(":8: expected a server with server_name and config")),
                 qPrintable(scan->problems.first()));
    }

    void anObservabilityFileIsTakenOverPartByPart()
    {
        const Imported imported =
            import(kObservability, "/x/observability.yaml", {{q("WHERE"), q("https://c.example:4317")}, {q("KEY"), q("s3cret")}});
        QCOMPARE(imported.error, QString());
        QCOMPARE(imported.foreign.format, q("observability.yaml"));
        const Telemetry& telemetry = imported.config.telemetry;
        const Destination* made = findDestination(imported.config, u"observability");
        QVERIFY(made != nullptr && made->enabled && made->traces && made->metrics && !made->logs && !made->fromEnvironment);
        QCOMPARE(made->endpoint, q("https://c.example:4317"));
        QCOMPARE(made->protocol, ExportProtocol::Grpc);
        QCOMPARE(made->headers, (QList<std::pair<QString, QString>>{{q("api-key"), q("${vault:observability.api-key}")}}));
        QCOMPARE(imported.foreign.secrets, (QMap<QString, QByteArray>{{q("observability.api-key"), "s3cret"}}));
        QCOMPARE(telemetry.sampler, q("parentbased_traceidratio"));
        QCOMPARE(telemetry.samplerArg, 0.1);
        QCOMPARE(telemetry.propagators, (QStringList{q("tracecontext"), q("baggage")}));
        QCOMPARE(telemetry.metricInterval, milliseconds(60'000));
        QVERIFY(!telemetry.exportDisabled);
        QVERIFY(imported.config.masking.piiTypes.contains(q("email")) && imported.config.masking.piiTypes.contains(q("us-ssn")));
        QCOMPARE(imported.config.masking.patterns, (QMap<QString, QString>{{q("case-no"), q("\\b\\d{3}-\\d{2}\\b")}}));
        for (const char* left :
             {"max_per_second", "\"homing_pigeon\"", "collectors[0]: Oriel's metrics of \"system\" are always on",
              "no collector \"database\"", "favourite_colour", "mask_patterns[1]: look-around", "observability.surprise"})
            QVERIFY2(imported.left(left), left);
        QVERIFY(!(imported.foreign.taken + imported.foreign.left).join(q("\n")).contains(q("s3cret")));
        QVERIFY(editConfig("// mine\n{}\n", Config(), imported.config).has_value());
    }

    void whatAVariableDoesNotGiveIsAskedFor()
    {
        const Imported imported = import(kObservability, "observability.yml");
        const Destination* made = findDestination(imported.config, u"observability");
        QVERIFY(made != nullptr && !made->enabled);
        QVERIFY(imported.foreign.secrets.isEmpty());
        QVERIFY(imported.left("exporter.endpoint: ${WHERE} gives nothing here"));
        QVERIFY(imported.left("put its value into the vault under the name \"observability.api-key\""));
    }

    void otherExportersAndStrategiesHaveTheirCounterparts()
    {
        const auto tracing = [](const char* body) {
            return import("observability:\n  tracing: " + QByteArray(body) + "\n", "observability.yaml");
        };
        const Imported jaeger = tracing("{exporter: {type: jaeger, endpoint: \"http://j:14268/api/traces\"}}");
        QCOMPARE(findDestination(jaeger.config, u"observability")->endpoint, q("http://j:4318"));
        QCOMPARE(findDestination(tracing("{exporter: {type: console}}").config, u"observability")->protocol,
                 ExportProtocol::Console);
        QVERIFY(tracing("{exporter: {type: smoke, endpoint: \"http://h\"}}").left("no exporter \"smoke\""));
        QVERIFY(tracing("{exporter: {type: none}}").config.telemetry.destinations.isEmpty());
        QCOMPARE(tracing("{sampling: {strategy: always}}").config.telemetry.sampler, q("parentbased_always_on"));
        QVERIFY(tracing("{sampling: {strategy: moonlight}}").left("no sampler \"moonlight\""));
        const Imported limited = tracing("{sampling: {strategy: rate_limited, max_per_second: 50}}");
        QVERIFY(limited.left("no sampler \"rate_limited\"") || limited.config.telemetry.samplerArg == 50);
        QVERIFY(import("observability: {enabled: false}\n", "observability.yaml").config.telemetry.exportDisabled);
    }

    void filesOfAnotherKindAreNotTaken()
    {
        QCOMPARE(import("{\"mcpServers\": {}}", "x.json").foreign.format, QString());
        QCOMPARE(import("not json", "x.json").foreign.format, QString());
        QVERIFY(import("other: 1\n", "x.yaml").error.contains(q("no key \"observability\"")));
        QVERIFY(import("a: [\n", "x.yaml").error.contains(q("x.yaml:")));
        QVERIFY(import("file_format: \"1.0\"\n", "x.yaml").error.contains(q("OTEL_CONFIG_FILE")));
        const Imported typed = import("observability: {tracing: {sampling: {rate: much}}}\n", "x.yaml");
        QVERIFY(typed.error.contains(q("x.yaml:1:")) && typed.error.contains(q("observability.tracing.sampling.rate")));
        QCOMPARE(typed.config, Config());
    }
};

QTEST_GUILESS_MAIN(TelemetryImportTest)
#include "tst_telemetry_import.moc"
