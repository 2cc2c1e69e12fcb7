// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/random.h"
#include "config/file/config_file.h"
#include "promql_names.h"
#include "service/export/export_stack.h"
#include "telemetry/metric_table.h"
#include "telemetry/prometheus_names.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include <yaml-cpp/yaml.h>

using namespace oriel;
using namespace oriel::service;
using telemetry::MetricRow;

namespace {

QList<StackFile> kit(const char* nameSpace = "mcp_gateway")
{
    config::Config configuration;
    configuration.metrics.nameSpace = QLatin1StringView(nameSpace);
    SeededRandom random(7);
    return stackFiles(stackSettings(configuration, 0), random);
}

QByteArray content(const QList<StackFile>& files, const char* path)
{
    for (const StackFile& file : files) {
        if (file.path == QLatin1StringView(path))
            return file.content;
    }
    return {};
}

YAML::Node yaml(const QList<StackFile>& files, const char* path)
{
    return YAML::Load(content(files, path).toStdString());
}

QJsonObject dashboard(const QList<StackFile>& files, const char* path)
{
    return QJsonDocument::fromJson(content(files, path)).object();
}

QByteArray text(const YAML::Node& node)
{
    return QByteArray::fromStdString(node.as<std::string>());
}

constexpr const char* kGateway = "grafana/dashboards/gateway.json";
constexpr const char* kOpenTelemetry = "grafana/dashboards/opentelemetry-gateway.json";
constexpr const char* kRules = "prometheus/rules/gateway.yml";

QStringList panelTitles(const QJsonObject& board)
{
    QStringList titles;
    for (const QJsonValue& panel : board[QLatin1StringView("panels")].toArray())
        titles.append(panel[QLatin1StringView("title")].toString());
    return titles;
}

/// Every expression of rules and dashboards.
QByteArrayList expressions(const QList<StackFile>& files)
{
    QByteArrayList found;
    const YAML::Node groups = yaml(files, kRules)["groups"];
    for (const YAML::Node& group : groups) {
        const YAML::Node rules = group["rules"];
        for (const YAML::Node& rule : rules)
            found.append(text(rule["expr"]));
    }
    for (const char* path : {kGateway, kOpenTelemetry}) {
        const QJsonObject board = dashboard(files, path);
        for (const QJsonValue& panel : board[QLatin1StringView("panels")].toArray()) {
            for (const QJsonValue& target : panel[QLatin1StringView("targets")].toArray())
                found.append(target[QLatin1StringView("expr")].toString().toUtf8());
        }
    }
    return found;
}

/// The labels of every series of the metric table, by the series' name in Prometheus.
QHash<QByteArray, QSet<QByteArray>> series(const QByteArray& prefix)
{
    QHash<QByteArray, QSet<QByteArray>> all;
    for (const MetricRow& row : telemetry::metricTable()) {
        telemetry::MetricData metric;
        metric.name = (row.namespaced ? prefix : QByteArray()) + row.name;
        metric.unit = row.unit;
        metric.kind = row.kind;
        metric.monotonic = row.kind == telemetry::InstrumentKind::Counter;
        const QByteArray name = telemetry::prometheusName(metric);
        QSet<QByteArray> labels;
        for (const char* label : row.labels)
            labels.insert(telemetry::prometheusLabel(label));
        if (row.kind == telemetry::InstrumentKind::Histogram) {
            all.insert(name + "_sum", labels);
            all.insert(name + "_count", labels);
            labels.insert("le");
            all.insert(name + "_bucket", labels);
        } else {
            all.insert(name, labels);
        }
    }
    return all;
}

StackFile simple(const char* path, const char* bytes, bool secret = false)
{
    return {QLatin1StringView(path), bytes, secret};
}

QByteArray read(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

class ExportStackTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theNamesInAnExpressionAreTold()
    {
        const test::PromqlNames names =
            test::namesIn("histogram_quantile(0.95, sum by (a, le) (rate(m_bucket{b=~\"x{y\"}[5m]))) > 1e3 "
                          "or vector(0) and on(c) n offset 5m");
        QCOMPARE(names.metrics, (QSet<QByteArray>{"m_bucket", "n"}));
        QCOMPARE(names.labels, (QSet<QByteArray>{"a", "le", "b", "c"}));
        QCOMPARE(names.functions, (QSet<QByteArray>{"histogram_quantile", "sum", "rate", "vector"}));
    }

    void everyExpressionNamesMetricsAndLabelsThatOrielEmits_data()
    {
        QTest::addColumn<QByteArray>("nameSpace");
        QTest::addColumn<QByteArray>("prefix");
        QTest::newRow("default") << QByteArray("mcp_gateway") << QByteArray("mcp_gateway_");
        QTest::newRow("the seeds'") << QByteArray("enkrypt") << QByteArray("enkrypt_");
        QTest::newRow("one that Prometheus writes otherwise") << QByteArray("team__a_") << QByteArray("team_a_");
    }
    void everyExpressionNamesMetricsAndLabelsThatOrielEmits()
    {
        QFETCH(QByteArray, nameSpace);
        QFETCH(QByteArray, prefix);
        const QByteArrayList all = expressions(kit(nameSpace.constData()));
        QVERIFY(all.size() > 30);
        const auto known = series(prefix);
        for (const QByteArray& expression : all) {
            const test::PromqlNames names = test::namesIn(expression);
            QVERIFY2(!names.metrics.isEmpty(), expression.constData());
            QSet<QByteArray> labels;
            for (const QByteArray& metric : names.metrics) {
                QVERIFY2(known.contains(metric), metric.constData());
                labels.unite(known.value(metric));
            }
            for (const QByteArray& label : names.labels)
                QVERIFY2(labels.contains(label), (label + " in " + expression).constData());
        }
        const QByteArray variable =
            dashboard(kit(nameSpace.constData()), kGateway)[QLatin1StringView("templating")][QLatin1StringView("list")][0]
                                                           [QLatin1StringView("query")][QLatin1StringView("query")]
                                                               .toString()
                                                               .toUtf8();
        QCOMPARE(variable, "label_values(" + prefix + "tool_calls_total, server_name)");
    }

    void theFiveAlertsOfTheSeedsAreThere()
    {
        QByteArrayList alerts;
        const YAML::Node rules = yaml(kit(), kRules)["groups"][0]["rules"];
        for (const YAML::Node& rule : rules) {
            alerts.append(text(rule["alert"]));
            QVERIFY(rule["for"] && rule["labels"]["severity"] && rule["annotations"]["summary"]);
        }
        QCOMPARE(alerts, (QByteArrayList{"HighErrorRate", "SlowToolExecution", "HighCacheMissRate", "HighGuardrailViolations",
                                         "HighAuthFailureRate"}));
    }

    void theDashboardsHaveTheirPanelsAndKnownDataSources()
    {
        const QList<StackFile> files = kit();
        const QStringList gateway = panelTitles(dashboard(files, kGateway));
        for (const char* title : {"Tool call rate", "Tool call success rate", "Tool call latency p95", "Cache hit ratio",
                                  "Guardrail violations", "Active sessions", "Error rate"})
            QVERIFY2(gateway.contains(QLatin1StringView(title)), title);
        const QStringList open = panelTitles(dashboard(files, kOpenTelemetry));
        for (const char* title : {"Request volume", "Response times", "Errors by type", "Throughput", "System health: memory"})
            QVERIFY2(open.contains(QLatin1StringView(title)), title);

        QSet<QString> sources;
        const YAML::Node listed = yaml(files, "grafana/provisioning/datasources/oriel.yaml")["datasources"];
        for (const YAML::Node& source : listed)
            sources.insert(QString::fromUtf8(text(source["uid"])));
        for (const char* path : {kGateway, kOpenTelemetry}) {
            const QString board = QString::fromUtf8(content(files, path));
            QRegularExpressionMatchIterator uids =
                QRegularExpression(QStringLiteral("\"type\": \"prometheus\",\\s*\"uid\": \"([^\"]*)\"")).globalMatch(board);
            QVERIFY(uids.hasNext());
            while (uids.hasNext())
                QVERIFY(sources.contains(uids.next().captured(1)));
        }
        QVERIFY(
            sources.contains(QString::fromUtf8(text(listed[0]["jsonData"]["exemplarTraceIdDestinations"][0]["datasourceUid"]))));
    }

    void everyFileIsFilledAndParses()
    {
        static const QRegularExpression placeholder(QStringLiteral("@[a-z_]+@"));
        for (const StackFile& file : kit()) {
            QVERIFY2(!placeholder.match(QString::fromUtf8(file.content)).hasMatch(), qPrintable(file.path));
            try {
                if (file.path.endsWith(QLatin1StringView(".yaml")) || file.path.endsWith(QLatin1StringView(".yml")))
                    QVERIFY2(YAML::Load(file.content.toStdString()).IsMap(), qPrintable(file.path));
            } catch (const YAML::Exception& broken) {
                QFAIL(qPrintable(file.path + QLatin1StringView(broken.what())));
            }
            if (file.path.endsWith(QLatin1StringView(".json")))
                QVERIFY2(QJsonDocument::fromJson(file.content).isObject(), qPrintable(file.path));
        }
    }

    void composePublishesOnLoopbackOnly()
    {
        const YAML::Node services = yaml(kit(), "compose.yaml")["services"];
        int ports = 0;
        for (const auto& service : services) {
            QVERIFY(!service.second["network_mode"]);
            const YAML::Node published = service.second["ports"];
            for (const YAML::Node& port : published) {
                QVERIFY2(text(port).startsWith("127.0.0.1:"), text(port).constData());
                ++ports;
            }
        }
        QVERIFY(ports >= 8);
    }

    void composeMountsOnlyFilesOfTheKit()
    {
        const QList<StackFile> files = kit();
        const YAML::Node compose = yaml(files, "compose.yaml");
        for (const auto& service : compose["services"]) {
            const YAML::Node volumes = service.second["volumes"];
            for (const YAML::Node& volume : volumes) {
                const QString source = QString::fromUtf8(text(volume).split(':').first());
                if (!source.startsWith(QLatin1StringView("./"))) {
                    QVERIFY2(compose["volumes"][source.toStdString()].IsDefined(), qPrintable(source));
                    continue;
                }
                QVERIFY2(std::any_of(files.begin(), files.end(),
                                     [&](const StackFile& file) { return file.path.startsWith(source.mid(2)); }),
                         qPrintable(source));
            }
        }
    }

    void theDestinationToAddIsAValidConfigurationForTheCollectorsPort()
    {
        const QList<StackFile> files = kit();
        const auto loaded = config::parseConfig(content(files, "oriel-destination.json"), QStringLiteral("snippet"));
        QVERIFY(loaded && loaded->warnings.isEmpty());
        QCOMPARE(loaded->config.telemetry.destinations.size(), 1);
        const QString endpoint = loaded->config.telemetry.destinations[0].endpoint;
        QVERIFY(content(files, "compose.yaml").contains((endpoint.section(u'/', 2) + QStringLiteral(":4318")).toUtf8()));
        // Oriel's own receiver has the usual ports.
        QVERIFY(!content(files, "compose.yaml").contains("127.0.0.1:4317") &&
                !content(files, "compose.yaml").contains("127.0.0.1:4318"));
        QVERIFY(content(files, "README.md").contains(endpoint.toUtf8()));
    }

    void theCollectorPutsNoPrefixBeforeTheNames()
    {
        const YAML::Node exporter = yaml(kit(), "collector/config.yaml")["exporters"]["prometheus"];
        QVERIFY(exporter["endpoint"] && !exporter["namespace"]);
    }

    void portAndRetentionAreThoseOfTheConfiguration()
    {
        config::Config configuration;
        configuration.gateway.port = 7555;
        configuration.retention.metricDays = 3;
        configuration.retention.logDays = 2;
        configuration.retention.traceDays = 1;
        SeededRandom random(1);
        const QList<StackFile> files = stackFiles(stackSettings(configuration, 0), random);
        QVERIFY(content(files, "prometheus/prometheus-direct.yml").contains("127.0.0.1:7555"));
        QVERIFY(content(files, "compose.yaml").contains("retention.time=3d"));
        QVERIFY(content(files, "loki/loki.yaml").contains("retention_period: 48h"));
        QVERIFY(content(files, "tempo/tempo.yaml").contains("block_retention: 24h"));
        QCOMPARE(stackSettings(configuration, 7600).gatewayPort, quint16(7600));
        configuration.gateway.port = 0;
        QCOMPARE(stackSettings(configuration, 0).gatewayPort, quint16(7420));
    }

    void secretsAreInFilesOfTheirOwn()
    {
        const QList<StackFile> files = kit();
        const QByteArray password = content(files, "secrets/grafana-admin-password");
        QVERIFY(password.size() >= 24);
        for (const StackFile& file : files) {
            QCOMPARE(file.isSecret, file.path.startsWith(QLatin1StringView("secrets/")));
            QVERIFY(file.isSecret || !file.content.contains(password));
        }
        SystemRandom random;
        QVERIFY(stackFiles({}, random).at(files.size() - 2).content != password);
    }

    void aNewFolderAppearsWhole()
    {
        QTemporaryDir place;
        const QString folder = place.filePath(QStringLiteral("deep/stack"));
        const auto done = writeStack(folder, {simple("a/b.txt", "1"), simple("secrets/s", "2", true)}, false);
        QVERIFY2(done.has_value(), done ? "" : qPrintable(done.error().toString()));
        QCOMPARE(done->written, (QStringList{QStringLiteral("a/b.txt"), QStringLiteral("secrets/s")}));
        QCOMPARE(read(folder + QStringLiteral("/a/b.txt")), QByteArray("1"));
        QCOMPARE(QDir(place.filePath(QStringLiteral("deep"))).entryList(QDir::AllEntries | QDir::NoDotAndDotDot),
                 QStringList{QStringLiteral("stack")});
#ifndef Q_OS_WIN
        constexpr auto kOthers = QFileDevice::ReadGroup | QFileDevice::WriteGroup | QFileDevice::ExeGroup |
                                 QFileDevice::ReadOther | QFileDevice::WriteOther | QFileDevice::ExeOther;
        QVERIFY(!(QFile::permissions(folder + QStringLiteral("/secrets/s")) & kOthers));
        QVERIFY(!(QFile::permissions(folder + QStringLiteral("/secrets")) & kOthers));
        QVERIFY(QFile::permissions(folder + QStringLiteral("/a/b.txt")) & QFileDevice::ReadOther);
        QVERIFY(QFile::permissions(folder) & QFileDevice::ExeOther);
#endif
    }

    void whatIsThereIsReplacedOnlyWhenForced()
    {
        QTemporaryDir place;
        const QString folder = place.filePath(QStringLiteral("stack"));
        QVERIFY(writeStack(folder, {simple("a", "1"), simple("secrets/s", "mine", true)}, false));
        QFile own(folder + QStringLiteral("/own"));
        QVERIFY(own.open(QIODevice::WriteOnly));
        own.close();

        const QList<StackFile> again{simple("new", "n"), simple("a", "2"), simple("secrets/s", "other", true)};
        const auto refused = writeStack(folder, again, false);
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, ErrorCode::AlreadyExists);
        QVERIFY(refused.error().context.endsWith(QLatin1StringView("/a")) &&
                refused.error().remedy.contains(QLatin1StringView("--force")));
        QVERIFY(!QFile::exists(folder + QStringLiteral("/new")));
        QCOMPARE(read(folder + QStringLiteral("/a")), QByteArray("1"));

        const auto forced = writeStack(folder, again, true);
        QVERIFY(forced);
        QCOMPARE(forced->written, (QStringList{QStringLiteral("new"), QStringLiteral("a")}));
        QCOMPARE(forced->kept, QStringList{QStringLiteral("secrets/s")});
        QCOMPARE(read(folder + QStringLiteral("/a")), QByteArray("2"));
        QCOMPARE(read(folder + QStringLiteral("/secrets/s")), QByteArray("mine"));
        QVERIFY(QFile::exists(folder + QStringLiteral("/own")));
    }

    void anEmptyFolderIsFilled()
    {
        QTemporaryDir place;
        QVERIFY(writeStack(place.path(), {simple("a", "1")}, false));
        QCOMPARE(read(place.filePath(QStringLiteral("a"))), QByteArray("1"));
    }

    void aPlaceThatCannotBeWrittenIsNamed()
    {
        QTemporaryDir place;
        QVERIFY(writeStack(place.path(), {simple("file", "1")}, false));
        const auto onFile = writeStack(place.filePath(QStringLiteral("file")), {simple("a", "1")}, true);
        QVERIFY(!onFile && onFile.error().context.endsWith(QLatin1StringView("/file")));
        const auto belowFile = writeStack(place.filePath(QStringLiteral("file/stack")), {simple("a", "1")}, false);
        QVERIFY(!belowFile && belowFile.error().code == ErrorCode::Io);
    }
};

QTEST_GUILESS_MAIN(ExportStackTest)
#include "tst_export_stack.moc"
