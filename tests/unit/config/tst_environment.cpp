// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/environment/environment.h"

#include <QSet>
#include <QTemporaryFile>
#include <QTest>

#include <functional>
#include <map>

using namespace oriel;
using namespace oriel::config;

namespace {

QString q(const char* text)
{
    return QString::fromUtf8(text);
}

/// The configuration under some variables, and what was said about them.
struct Applied {
    Config config;
    QStringList warnings;

    [[nodiscard]] const Destination* destination(const char* name) const { return findDestination(config, q(name)); }
};

Applied apply(const QMap<QString, QString>& variables, Config configuration = {})
{
    Applied applied{std::move(configuration), {}};
    for (const Problem& problem : applyEnvironment(applied.config, variables))
        applied.warnings.append(problem.key + QStringLiteral(": ") + problem.message);
    return applied;
}

Applied apply(std::initializer_list<std::pair<const char*, const char*>> variables, Config configuration = {})
{
    QMap<QString, QString> map;
    for (const auto& [name, value] : variables)
        map.insert(q(name), q(value));
    return apply(map, std::move(configuration));
}

/// Those that do what they say and have something to say about it.
const QSet<QString> kRemarked{q("OTEL_EXPORTER_OTLP_SPAN_INSECURE"), q("OTEL_EXPORTER_OTLP_METRIC_INSECURE"),
                              q("OTEL_EXPORTER_JAEGER_ENDPOINT")};

/// A value of each variable that changes something, with what else it needs to be seen.
struct Example {
    const char* value;
    QMap<QString, QString> others = {};
};

std::map<QByteArray, Example> examples()
{
    const QMap<QString, QString> base{{q("OTEL_EXPORTER_OTLP_ENDPOINT"), q("http://h:4318")}};
    std::map<QByteArray, Example> all{
        {"OTEL_SDK_DISABLED", {"true"}},
        {"OTEL_ENABLE_OBSERVABILITY", {"false"}},
        {"OTEL_LOG_LEVEL", {"Debug"}},
        {"OTEL_ENTITIES", {"service{service.name=mine}"}},
        {"OTEL_SERVICE_NAME", {"mine"}},
        {"OTEL_SERVICE_VERSION", {"2"}},
        {"OTEL_DEPLOYMENT_ENVIRONMENT", {"prod"}},
        {"OTEL_RESOURCE_ATTRIBUTES", {"a=b"}},
        {"OTEL_PROPAGATORS", {"tracecontext"}},
        {"OTEL_TRACES_SAMPLER", {"always_off"}},
        {"OTEL_TRACES_SAMPLER_ARG", {"0.5", {{q("OTEL_TRACES_SAMPLER"), q("traceidratio")}}}},
        {"OTEL_ATTRIBUTE_COUNT_LIMIT", {"5"}},
        {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", {"5"}},
        {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", {"5"}},
        {"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", {"5"}},
        {"OTEL_SPAN_EVENT_COUNT_LIMIT", {"5"}},
        {"OTEL_SPAN_LINK_COUNT_LIMIT", {"5"}},
        {"OTEL_BSP_SCHEDULE_DELAY", {"50"}},
        {"OTEL_BLRP_SCHEDULE_DELAY", {"50"}},
        {"OTEL_METRIC_EXPORT_INTERVAL", {"50"}},
        {"OTEL_BSP_EXPORT_TIMEOUT", {"50", base}},
        {"OTEL_BLRP_EXPORT_TIMEOUT", {"50", base}},
        {"OTEL_METRIC_EXPORT_TIMEOUT", {"50", base}},
        {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", {"50", base}},
        {"OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", {"50", base}},
        {"OTEL_EXPORTER_PROMETHEUS_HOST", {"127.0.0.1", {{q("OTEL_METRICS_EXPORTER"), q("prometheus")}}}},
        {"OTEL_EXPORTER_PROMETHEUS_PORT", {"9000", {{q("OTEL_METRICS_EXPORTER"), q("prometheus")}}}},
        {"OTEL_TRACES_EXPORTER", {"otlp"}},
        {"OTEL_METRICS_EXPORTER", {"console,prometheus"}},
        {"OTEL_LOGS_EXPORTER", {"none", base}},
        {"OTEL_EXPORTER_OTLP_ENDPOINT", {"http://h:4318"}},
        {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", {"http://h/t"}},
        {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", {"http://h/m"}},
        {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", {"http://h/l"}},
        {"OTEL_EXPORTER_OTLP_PROTOCOL", {"grpc", base}},
        {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", {"grpc", base}},
        {"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", {"http/json", base}},
        {"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", {"grpc", base}},
        {"OTEL_EXPORTER_OTLP_HEADERS", {"k=v", base}},
        {"OTEL_EXPORTER_OTLP_TRACES_HEADERS", {"k=v", base}},
        {"OTEL_EXPORTER_OTLP_METRICS_HEADERS", {"k=v", base}},
        {"OTEL_EXPORTER_OTLP_LOGS_HEADERS", {"k=v", base}},
        {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", {"Delta", base}},
        {"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", {"base2_exponential_bucket_histogram", base}},
        {"OTEL_EXPORTER_OTLP_SPAN_INSECURE", {"true", base}},
        {"OTEL_EXPORTER_OTLP_METRIC_INSECURE", {"true", base}},
        {"OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", {"5"}},
        {"OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", {"5"}},
        {"OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", {"5"}},
        {"OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", {"5"}},
        {"OTEL_METRICS_EXEMPLAR_FILTER", {"always_off"}},
        {"OTEL_EXPORTER_ZIPKIN_ENDPOINT", {"http://z:9411/x", {{q("OTEL_TRACES_EXPORTER"), q("zipkin")}}}},
        {"OTEL_EXPORTER_ZIPKIN_TIMEOUT", {"5", {{q("OTEL_TRACES_EXPORTER"), q("zipkin")}}}},
        {"OTEL_EXPORTER_JAEGER_ENDPOINT", {"http://jaeger:14268/api/traces", {{q("OTEL_TRACES_EXPORTER"), q("jaeger")}}}},
        {"OTEL_SANITIZE_PII", {"true"}},
    };
    for (const char* signal : {"", "TRACES_", "METRICS_", "LOGS_"}) {
        const QByteArray prefix = QByteArray("OTEL_EXPORTER_OTLP_") + signal;
        all.insert({prefix + "TIMEOUT", {"0", base}});
        all.insert({prefix + "COMPRESSION", {"GZIP", base}});
        all.insert({prefix + "CERTIFICATE", {"/ca.pem", base}});
        all.insert({prefix + "CLIENT_CERTIFICATE", {"/c.pem", base}});
        all.insert({prefix + "CLIENT_KEY", {"/k.pem", base}});
        all.insert({prefix + "INSECURE", {"True", base}});
    }
    return all;
}

} // namespace

class EnvironmentTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void noVariablesChangeNothing()
    {
        Config configuration;
        configuration.telemetry.resourceAttributes.insert(q("service.name"), q("of the file"));
        const Applied applied = apply({}, configuration);
        QCOMPARE(applied.config, configuration);
        QCOMPARE(applied.warnings, QStringList());
    }

    void everyVariableOfTheTableChangesSomethingOrSaysWhyNot_data()
    {
        QTest::addColumn<QString>("name");
        for (const VariableRow& row : variableTable()) {
            if (!QByteArray(row.name).endsWith("CONFIG_FILE"))
                QTest::newRow(row.name) << q(row.name);
        }
    }

    void everyVariableOfTheTableChangesSomethingOrSaysWhyNot()
    {
        QFETCH(QString, name);
        const VariableRow* row = findVariable(name);
        QVERIFY(row != nullptr);
        if (!hasEffect(*row)) {
            const bool isChoice = row->kind == VariableKind::Choice;
            const Applied applied = apply({{name, isChoice ? variableChoices(*row).first() : q("5")}});
            QCOMPARE(applied.config, Config());
            QCOMPARE(applied.warnings, QStringList(name + q(": has no effect in Oriel: ") + withoutEffect(*row)));
            return;
        }
        const auto all = examples();
        const auto example = all.find(name.toLatin1());
        QVERIFY2(example != all.end(), "the test has no example of this variable");
        QMap<QString, QString> variables = example->second.others;
        const Applied without = apply(variables);
        variables.insert(name, q(example->second.value));
        const Applied with = apply(variables);
        QVERIFY(!(with.config == without.config));
        QVERIFY2(kRemarked.contains(name) || with.warnings.isEmpty(), qPrintable(with.warnings.join(q("\n"))));
        variables.insert(name, q("  "));
        QCOMPARE(apply(variables).config, without.config);
    }

    void badValuesAreWarnedOfAndIgnored_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("value");
        const std::pair<const char*, const char*> rows[] = {
            {"OTEL_RESOURCE_ATTRIBUTES", "a=b,c"},
            {"OTEL_RESOURCE_ATTRIBUTES", "a=b,c=%4"},
            {"OTEL_RESOURCE_ATTRIBUTES", "a=b,c=%+4"},
            {"OTEL_RESOURCE_ATTRIBUTES", "=b"},
            {"OTEL_RESOURCE_ATTRIBUTES", "a=%C3%28"},
            {"OTEL_RESOURCE_ATTRIBUTES", "a=b%0Ac"},
            {"OTEL_LOG_LEVEL", "loud"},
            {"OTEL_LOG_LEVEL", "9"},
            {"OTEL_ENTITIES", "service"},
            {"OTEL_ENTITIES", "service{}"},
            {"OTEL_ENTITIES", "{a=b}"},
            {"OTEL_ENTITIES", "service{a}"},
            {"OTEL_ENTITIES", "service{a=b}[c]"},
            {"OTEL_ENTITIES", "service{a=%4}"},
            {"OTEL_ENTITIES", "service{a=b}c"},
            {"OTEL_PROPAGATORS", "xray"},
            {"OTEL_TRACES_SAMPLER", "sometimes"},
            {"OTEL_TRACES_SAMPLER", "jaeger_remote"},
            {"OTEL_ATTRIBUTE_COUNT_LIMIT", "many"},
            {"OTEL_ATTRIBUTE_COUNT_LIMIT", "-1"},
            {"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "99999999999999"},
            {"OTEL_SPAN_EVENT_COUNT_LIMIT", "1.5"},
            {"OTEL_BSP_SCHEDULE_DELAY", "5s"},
            {"OTEL_METRIC_EXPORT_INTERVAL", "0"},
            {"OTEL_METRIC_EXPORT_INTERVAL", "999999999999"},
            {"OTEL_BLRP_SCHEDULE_DELAY", "1e3"},
            {"OTEL_TRACES_EXPORTER", "pigeon"},
            {"OTEL_LOGS_EXPORTER", "prometheus"},
            {"OTEL_EXPORTER_OTLP_ENDPOINT", "collector"},
            {"OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://collector"},
            {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://"},
            {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://h:99999"},
            {"OTEL_EXPORTER_OTLP_PROTOCOL", "smoke"},
            {"OTEL_EXPORTER_OTLP_HEADERS", "no pairs"},
            {"OTEL_EXPORTER_OTLP_TIMEOUT", "-5"},
            {"OTEL_EXPORTER_OTLP_COMPRESSION", "zip"},
            {"OTEL_EXPORTER_OTLP_INSECURE", "yes"},
            {"OTEL_EXPORTER_OTLP_ENDPOINT", "dns:"},
            {"OTEL_SDK_DISABLED", "1"},
            {"OTEL_SANITIZE_PII", "on"},
        };
        for (const auto& [name, value] : rows)
            QTest::addRow("%s=%s", name, value) << q(name) << q(value);
    }

    void badValuesAreWarnedOfAndIgnored()
    {
        QFETCH(QString, name);
        QFETCH(QString, value);
        const Applied applied = apply({{name, value}});
        QCOMPARE(applied.config, Config());
        QCOMPARE(applied.warnings.size(), 1);
        QVERIFY2(applied.warnings.first().startsWith(name + QStringLiteral(": expected")), qPrintable(applied.warnings.first()));
    }

    void aSignalWithABatchSizeOfItsOwnGetsADestinationOfItsOwn()
    {
        const Applied applied = apply({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"},
                                       {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "64"},
                                       {"OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "900000000"}});
        QCOMPARE(applied.warnings, QStringList());
        QHash<QString, int> items;
        for (const Destination& destination : applied.config.telemetry.destinations)
            items.insert(destination.name, destination.maxItems);
        QCOMPARE(items, (QHash<QString, int>{{q("env"), 0}, {q("env-traces"), 64}, {q("env-logs"), 100'000}}));
        const Applied zipkin = apply(
            {{"OTEL_TRACES_EXPORTER", "zipkin"}, {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "64"}, {"OTEL_BSP_EXPORT_TIMEOUT", "700"}});
        QCOMPARE(zipkin.config.telemetry.destinations.at(0).maxItems, 64);
        QCOMPARE(zipkin.config.telemetry.destinations.at(0).timeout, milliseconds(700));
    }

    void theTimeOfAProcessorCountsWhereTheExporterHasNone()
    {
        const auto timeoutOf = [](const QMap<QString, QString>& more, const char* name) {
            QMap<QString, QString> variables{{q("OTEL_EXPORTER_OTLP_ENDPOINT"), q("http://c:4318")},
                                             {q("OTEL_BSP_EXPORT_TIMEOUT"), q("700")},
                                             {q("OTEL_METRIC_EXPORT_TIMEOUT"), q("900")}};
            variables.insert(more);
            const Applied applied = apply(variables);
            for (const Destination& destination : applied.config.telemetry.destinations) {
                if (destination.name == q(name))
                    return destination.timeout.count();
            }
            return milliseconds::rep{-1};
        };
        QCOMPARE(timeoutOf({}, "env-traces"), 700);
        QCOMPARE(timeoutOf({}, "env-metrics"), 900);
        QCOMPARE(timeoutOf({}, "env"), Destination().timeout.count());
        QCOMPARE(timeoutOf({{q("OTEL_EXPORTER_OTLP_TIMEOUT"), q("50")}}, "env"), 50);
        QCOMPARE(timeoutOf({{q("OTEL_EXPORTER_OTLP_TIMEOUT"), q("50")}}, "env-traces"), -1);
        QCOMPARE(timeoutOf({{q("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"), q("60")}}, "env-traces"), 60);
        QCOMPARE(timeoutOf({{q("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"), q("60")}}, "env-metrics"), 900);
    }

    void prometheusIsAListenerOfThisMachine()
    {
        using Listener = PrometheusListener;
        const auto listenerOf = [](const QMap<QString, QString>& variables) {
            return apply(variables).config.telemetry.prometheus;
        };
        const QString exporter = q("OTEL_METRICS_EXPORTER");
        const QString host = q("OTEL_EXPORTER_PROMETHEUS_HOST");
        const QString port = q("OTEL_EXPORTER_PROMETHEUS_PORT");
        QVERIFY(!listenerOf({}) && !listenerOf({{exporter, q("otlp")}}));
        QVERIFY((listenerOf({{exporter, q("otlp,prometheus")}}) == Listener{q("localhost"), 9464}));
        QVERIFY((listenerOf({{exporter, q("prometheus")}, {host, q("::1")}, {port, q("9999")}}) == Listener{q("::1"), 9999}));
        const Applied open = apply({{exporter, q("prometheus")}, {host, q("0.0.0.0")}});
        QVERIFY((open.config.telemetry.prometheus == Listener{q("localhost"), 9464}));
        QVERIFY2(open.warnings.value(0).startsWith(host + q(": expected localhost")), qPrintable(open.warnings.value(0)));
        const Applied alone = apply({{port, q("9464")}});
        QVERIFY(!alone.config.telemetry.prometheus);
        QCOMPARE(alone.warnings, QStringList{port + q(": has no effect without OTEL_METRICS_EXPORTER=prometheus")});
    }

    void oneBrokenEntityDoesNotHarmTheOthers()
    {
        const Applied applied =
            apply({{"OTEL_ENTITIES", "service{service.name=a%3Bb,service.namespace=n}[service.version=1]@https://s/1.0.0; ;"
                                     "broken;host{host.id=h};"},
                   {"OTEL_RESOURCE_ATTRIBUTES", "service.version=2"}});
        const Telemetry& telemetry = applied.config.telemetry;
        QCOMPARE(applied.warnings.size(), 1);
        QVERIFY2(applied.warnings.first().contains(q("number 3 cannot be read")), qPrintable(applied.warnings.first()));
        QCOMPARE(telemetry.entities,
                 (QList<Entity>{
                     {q("service"), {q("service.name"), q("service.namespace")}, {q("service.version")}, q("https://s/1.0.0")},
                     {q("host"), {q("host.id")}, {}, {}}}));
        QCOMPARE(telemetry.serviceName, q("a;b"));
        QCOMPARE(telemetry.resourceAttributes.value(q("host.id")), q("h"));
        QCOMPARE(telemetry.resourceAttributes.value(q("service.version")), q("2"));
    }

    void theLogLevelIsOneOfOriels_data()
    {
        QTest::addColumn<QString>("level");
        QTest::newRow("TRACE") << q("debug");
        QTest::newRow("debug") << q("debug");
        QTest::newRow("Info") << q("info");
        QTest::newRow("WARN") << q("warning");
        QTest::newRow("warning") << q("warning");
        QTest::newRow("error") << q("error");
        QTest::newRow("fatal") << q("error");
    }
    void theLogLevelIsOneOfOriels()
    {
        const Applied applied = apply({{"OTEL_LOG_LEVEL", QTest::currentDataTag()}});
        QTEST(applied.config.telemetry.logLevel, "level");
        QCOMPARE(applied.warnings, QStringList());
    }

    void theServiceNameVariableWinsOverTheResourceAttribute()
    {
        QCOMPARE(apply({{"OTEL_RESOURCE_ATTRIBUTES", "service.name=a,team=b%2Cc"}}).config.telemetry.serviceName, q("a"));
        const Applied both = apply({{"OTEL_RESOURCE_ATTRIBUTES", "service.name=a,team=b%2Cc"}, {"OTEL_SERVICE_NAME", "s"}});
        QCOMPARE(both.config.telemetry.serviceName, q("s"));
        QCOMPARE(both.config.telemetry.resourceAttributes.value(q("team")), q("b,c"));
    }

    void secretsAreNeverPartOfAWarning()
    {
        const Applied applied = apply({{"OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer s3cret,s3cret"},
                                       {"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "s3cret=%zz"},
                                       {"OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://me:s3cret@host/x?key=s3cret"}});
        const QString all = applied.warnings.join(q("\n"));
        QCOMPARE(applied.warnings.size(), 3);
        QVERIFY2(!all.contains(q("s3cret")), qPrintable(all));
        QVERIFY(all.contains(q("its member 2 has no '='")));
        QVERIFY(all.contains(q("@host/x")));
    }

    void aSlipInANameIsRemarkedAndAnotherProgramsVariableIsNot()
    {
        QCOMPARE(apply({{"OTEL_EXPORTER_OTLP_ENPOINT", "http://h"}, {"OTEL_PYTHON_LOG_CORRELATION", "true"}}).warnings,
                 QStringList(q("OTEL_EXPORTER_OTLP_ENPOINT: is not known; did you mean OTEL_EXPORTER_OTLP_ENDPOINT?")));
    }

    void noCompressionIsKeptAsSaidAndMakesNoDestinationOfItsOwn()
    {
        const Applied applied =
            apply({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://h:4318"}, {"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none"}});
        QCOMPARE(applied.config.telemetry.destinations.size(), 1);
        const Applied general =
            apply({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://h:4318"}, {"OTEL_EXPORTER_OTLP_COMPRESSION", "none"}});
        QCOMPARE(general.config.telemetry.destinations.value(0).compression, q("none"));
        const Applied silent = apply({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://h:4318"}});
        QCOMPARE(silent.config.telemetry.destinations.value(0).compression, QString());
        const Applied own = apply({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://h:4318"},
                                   {"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"},
                                   {"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none"}});
        QCOMPARE(own.config.telemetry.destinations.size(), 2);
    }

    void aWayWithoutAnEndpointIsRemarked()
    {
        const Applied applied = apply({{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}});
        QCOMPARE(applied.config, Config());
        QCOMPARE(applied.warnings.size(), 1);
        QVERIFY(applied.warnings.first().startsWith(q("OTEL_EXPORTER_OTLP_PROTOCOL: has no effect without an endpoint")));
    }

    void aSamplersArgumentAloneIsRemarked()
    {
        QCOMPARE(apply({{"OTEL_TRACES_SAMPLER_ARG", "0.5"}}).warnings,
                 QStringList(q("OTEL_TRACES_SAMPLER_ARG: has no effect without OTEL_TRACES_SAMPLER")));
    }

    void theShorterOfTheDelaysOfSpansAndLogsCounts()
    {
        QCOMPARE(apply({{"OTEL_BSP_SCHEDULE_DELAY", "700"}, {"OTEL_BLRP_SCHEDULE_DELAY", "300"}}).config.telemetry.spanInterval,
                 milliseconds(300));
    }

    void propagatorsAreReadOnceEachAndNoneMeansNone()
    {
        QCOMPARE(apply({{"OTEL_PROPAGATORS", "baggage, tracecontext,baggage"}}).config.telemetry.propagators,
                 (QStringList{q("baggage"), q("tracecontext")}));
        QCOMPARE(apply({{"OTEL_PROPAGATORS", "none"}}).config.telemetry.propagators, QStringList());
        const Applied unknown = apply({{"OTEL_PROPAGATORS", "xray,tracecontext"}});
        QCOMPARE(unknown.config.telemetry.propagators, QStringList{q("tracecontext")});
        QCOMPARE(unknown.warnings.size(), 1);
    }

    void aListOfNothingButUnknownValuesCountsAsUnset()
    {
        const Applied propagators = apply({{"OTEL_PROPAGATORS", "xray, ottrace"}});
        QCOMPARE(propagators.config.telemetry.propagators, Config().telemetry.propagators);
        QCOMPARE(propagators.warnings.size(), 2);
        const Applied exporter = apply({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://h"}, {"OTEL_TRACES_EXPORTER", "pigeon"}});
        QVERIFY(exporter.destination("env")->traces);
        QCOMPARE(exporter.warnings.size(), 1);
    }

    void aSemicolonIsPartOfAResourceAttributeAndNeverOfAHeader()
    {
        QCOMPARE(apply({{"OTEL_RESOURCE_ATTRIBUTES", "roles=a;b,team=blue"}}).config.telemetry.resourceAttributes,
                 (QMap<QString, QString>{{q("roles"), q("a;b")}, {q("team"), q("blue")}}));
        const Applied header = apply({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://h"}, {"OTEL_EXPORTER_OTLP_HEADERS", "a=b;c=d"}});
        QVERIFY(header.destination("env")->headers.isEmpty());
        QCOMPARE(header.warnings.size(), 1);
    }

    void theSamplersArgumentCountsOnlyWithASamplerAndWithinItsBounds()
    {
        QCOMPARE(apply({{"OTEL_TRACES_SAMPLER_ARG", "0.25"}}).config, Config());
        const Applied half = apply({{"OTEL_TRACES_SAMPLER", "ParentBased_TraceIdRatio"}, {"OTEL_TRACES_SAMPLER_ARG", "0.5"}});
        QCOMPARE(half.config.telemetry.sampler, q("parentbased_traceidratio"));
        QCOMPARE(half.config.telemetry.samplerArg, 0.5);
        Config file;
        file.telemetry.samplerArg = 0.1;
        for (const char* bad : {"2", "-1", "nan", "half"}) {
            const Applied applied = apply({{"OTEL_TRACES_SAMPLER", "traceidratio"}, {"OTEL_TRACES_SAMPLER_ARG", bad}}, file);
            QCOMPARE(applied.config.telemetry.samplerArg, 1.0);
            QCOMPARE(applied.warnings.size(), 1);
        }
    }

    void aLimitForSpansWinsOverTheGeneralOne()
    {
        const Applied applied = apply({{"OTEL_ATTRIBUTE_COUNT_LIMIT", "5"}, {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "6"}});
        QCOMPARE(applied.config.telemetry.attributeCountLimit, 6);
    }

    void theBaseEndpointBecomesOneDestinationBesideThoseOfTheFile()
    {
        Config file;
        Destination own;
        own.name = q("env");
        own.endpoint = q("http://file");
        file.telemetry.destinations.append(own);
        const Applied applied = apply({{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4318/base"},
                                       {"OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer%20x,b=1"}},
                                      file);
        QCOMPARE(applied.config.telemetry.destinations.size(), 2);
        QCOMPARE(applied.config.telemetry.destinations[0], own);
        const Destination& made = applied.config.telemetry.destinations[1];
        QVERIFY(made.fromEnvironment && made.traces && made.metrics && made.logs);
        QVERIFY(made.name != own.name);
        QCOMPARE(made.endpoint, q("https://collector:4318/base"));
        QCOMPARE(made.headers, (QList<std::pair<QString, QString>>{{q("Authorization"), q("Bearer x")}, {q("b"), q("1")}}));
    }

    void theProtocolIsTakenFromPortAndSchemeWhereItIsNotGiven_data()
    {
        QTest::addColumn<int>("protocol");
        const auto row = [](const char* endpoint, ExportProtocol protocol) {
            QTest::newRow(endpoint) << static_cast<int>(protocol);
        };
        row("http://h:4317", ExportProtocol::Grpc);
        row("https://h:4317", ExportProtocol::Grpc);
        row("rpc://h", ExportProtocol::Grpc);
        row("rpc://h:4318", ExportProtocol::Grpc);
        row("h:4317", ExportProtocol::Grpc);
        row("http://h:4318", ExportProtocol::HttpProtobuf);
        row("http://h", ExportProtocol::HttpProtobuf);
        row("https://h/otlp", ExportProtocol::HttpProtobuf);
    }

    void theProtocolIsTakenFromPortAndSchemeWhereItIsNotGiven()
    {
        QFETCH(int, protocol);
        const Applied applied = apply({{"OTEL_EXPORTER_OTLP_ENDPOINT", QTest::currentDataTag()}});
        QCOMPARE(static_cast<int>(applied.destination("env")->protocol), protocol);
        QCOMPARE(applied.destination("env")->endpoint, q(QTest::currentDataTag()));
        const Applied given =
            apply({{"OTEL_EXPORTER_OTLP_ENDPOINT", QTest::currentDataTag()}, {"OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"}});
        QCOMPARE(given.destination("env")->protocol, ExportProtocol::HttpJson);
    }

    void oneSignalsEndpointSendsThatSignalOnly()
    {
        const Applied applied = apply({{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t:4318/x"}});
        QCOMPARE(applied.config.telemetry.destinations.size(), 1);
        const Destination* env = applied.destination("env");
        QVERIFY(env->traces && !env->metrics && !env->logs);
        QCOMPARE(env->signalEndpoints.value(q("traces")), q("http://t:4318/x"));
    }

    void signalsWithAProtocolOrHeadersOfTheirOwnGoAnotherWay()
    {
        const Applied applied = apply({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://h:4318"},
                                       {"OTEL_EXPORTER_OTLP_HEADERS", "k=all"},
                                       {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "rpc://t:4317"},
                                       {"OTEL_EXPORTER_OTLP_METRICS_HEADERS", "k=m"},
                                       {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://l/logs"}});
        const Destination* traces = applied.destination("env-traces");
        QVERIFY(traces != nullptr && traces->traces && !traces->metrics && !traces->logs);
        QCOMPARE(traces->protocol, ExportProtocol::Grpc);
        QCOMPARE(traces->signalEndpoints.value(q("traces")), q("rpc://t:4317"));
        QCOMPARE(traces->headers.first().second, q("all"));
        const Destination* metrics = applied.destination("env-metrics");
        QVERIFY(metrics != nullptr && metrics->metrics && !metrics->traces && !metrics->logs);
        QCOMPARE(metrics->headers, (QList<std::pair<QString, QString>>{{q("k"), q("m")}}));
        QCOMPARE(metrics->endpoint, q("http://h:4318"));
        const Destination* rest = applied.destination("env");
        QVERIFY(rest != nullptr && rest->logs && !rest->traces && !rest->metrics);
        QCOMPARE(rest->signalEndpoints, (QMap<QString, QString>{{q("logs"), q("http://l/logs")}}));
    }

    void anExporterThatIsAskedForWithoutAnEndpointGoesToThisMachine()
    {
        QCOMPARE(apply({{"OTEL_TRACES_EXPORTER", "otlp"}}).destination("env")->endpoint, q("http://localhost:4318"));
        QCOMPARE(apply({{"OTEL_TRACES_EXPORTER", "otlp"}, {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}}).destination("env")->endpoint,
                 q("http://localhost:4317"));
        const Applied alone = apply({{"OTEL_TRACES_EXPORTER", "otlp"}, {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc"}});
        QCOMPARE(alone.destination("env-traces")->endpoint, q("http://localhost:4317"));
        const Applied both = apply({{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t/x"}, {"OTEL_METRICS_EXPORTER", "otlp"}});
        QVERIFY(both.destination("env")->metrics);
        QCOMPARE(both.destination("env")->endpoint, q("http://localhost:4318"));
    }

    void exportersCanBeNoneOrTheConsoleOrBoth()
    {
        const Applied none = apply(
            {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://h"}, {"OTEL_TRACES_EXPORTER", "none"}, {"OTEL_METRICS_EXPORTER", "NONE"}});
        QVERIFY(!none.destination("env")->traces && !none.destination("env")->metrics && none.destination("env")->logs);
        const Applied console = apply({{"OTEL_TRACES_EXPORTER", "console"}});
        QCOMPARE(console.config.telemetry.destinations.size(), 1);
        QCOMPARE(console.destination("env-console")->protocol, ExportProtocol::Console);
        QVERIFY(console.destination("env-console")->traces && !console.destination("env-console")->logs);
        const Applied both = apply({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://h"}, {"OTEL_LOGS_EXPORTER", "console, otlp"}});
        QVERIFY(both.destination("env")->logs && both.destination("env-console")->logs &&
                !both.destination("env-console")->traces);
        const Applied silent = apply({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://h"},
                                      {"OTEL_TRACES_EXPORTER", "none"},
                                      {"OTEL_METRICS_EXPORTER", "none"},
                                      {"OTEL_LOGS_EXPORTER", "none"}});
        QCOMPARE(silent.config.telemetry.destinations.size(), 0);
    }

    void onlyTheSignalThatDiffersGoesItsOwnWay()
    {
        const Applied applied = apply({{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://h:4318"},
                                       {"OTEL_EXPORTER_OTLP_TIMEOUT", "2000"},
                                       {"OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca"},
                                       {"OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "9000"},
                                       {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2000"}});
        QCOMPARE(applied.config.telemetry.destinations.size(), 2);
        QVERIFY(applied.destination("env")->traces && applied.destination("env")->metrics && !applied.destination("env")->logs);
        QCOMPARE(applied.destination("env-logs")->timeout, milliseconds(9000));
        QCOMPARE(applied.destination("env-logs")->caFile, q("/ca"));
        QCOMPARE(applied.destination("env-logs")->endpoint, q("https://h:4318"));
    }

    void aSignalOfItsOwnProtocolGetsThatProtocolsPort()
    {
        const Applied applied = apply(
            {{"OTEL_TRACES_EXPORTER", "otlp"}, {"OTEL_LOGS_EXPORTER", "otlp"}, {"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "grpc"}});
        QCOMPARE(applied.destination("env")->endpoint, q("http://localhost:4318"));
        QCOMPARE(applied.destination("env-logs")->endpoint, q("http://localhost:4317"));
    }

    void metricsHaveTheirTemporalityAndHistograms()
    {
        const Applied applied =
            apply({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://h:4318"},
                   {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "LowMemory"},
                   {"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "explicit_bucket_histogram"}});
        QCOMPARE(applied.destination("env")->temporality, MetricTemporality::LowMemory);
        QCOMPARE(applied.destination("env")->histograms, HistogramKind::Explicit);
    }

    void grpcTargetsAreTaken()
    {
        for (const char* target : {"dns:///collector:4317", "unix:/run/otel.sock", "ipv6:[::1]:4317"}) {
            const Applied applied = apply({{"OTEL_EXPORTER_OTLP_ENDPOINT", target}});
            QCOMPARE(applied.warnings, QStringList());
            QCOMPARE(applied.destination("env")->protocol, ExportProtocol::Grpc);
        }
        QCOMPARE(
            apply({{"OTEL_EXPORTER_OTLP_ENDPOINT", "unix:/x"}, {"OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"}}).warnings.size(), 1);
    }

    void insecureHasNoMeaningWithHttps()
    {
        const Applied applied = apply({{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://h"}, {"OTEL_EXPORTER_OTLP_INSECURE", "true"}});
        QCOMPARE(applied.warnings.size(), 1);
        QVERIFY(applied.warnings.first().contains(q("OTEL_EXPORTER_OTLP_CERTIFICATE")));
        QCOMPARE(apply({{"OTEL_EXPORTER_OTLP_ENDPOINT", "rpc://h"}, {"OTEL_EXPORTER_OTLP_INSECURE", "true"}}).warnings,
                 QStringList());
    }

    void oldNamesOfInsecureGiveWayToTheNewOnes()
    {
        const Applied applied = apply({{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "h:4317"},
                                       {"OTEL_EXPORTER_OTLP_SPAN_INSECURE", "true"},
                                       {"OTEL_EXPORTER_OTLP_TRACES_INSECURE", "false"}});
        QVERIFY(!applied.destination("env-traces")->insecure);
        QCOMPARE(applied.warnings.size(), 1);
    }

    void jaegerMeansOtlpToJaeger()
    {
        const Applied alone = apply({{"OTEL_TRACES_EXPORTER", "jaeger"}});
        QCOMPARE(alone.destination("env-jaeger")->endpoint, q("http://localhost:4318"));
        QVERIFY(alone.destination("env-jaeger")->traces && !alone.destination("env-jaeger")->logs);
        const Applied named =
            apply({{"OTEL_TRACES_EXPORTER", "jaeger"}, {"OTEL_EXPORTER_JAEGER_ENDPOINT", "http://j:14268/api/traces"}});
        QCOMPARE(named.destination("env-jaeger")->endpoint, q("http://j:4318"));
        const Applied otlp = apply({{"OTEL_TRACES_EXPORTER", "jaeger"}, {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://j:4317"}});
        QVERIFY(otlp.destination("env")->traces && otlp.destination("env-jaeger") == nullptr);
    }

    void aConfigurationFileTakesThePlaceOfEveryOtherVariable()
    {
        QTemporaryFile file;
        QVERIFY(file.open());
        file.write(
            "file_format: \"1.0\"\ntracer_provider:\n  processors:\n    - batch:\n        exporter:\n          otlp_http:\n"
            "            endpoint: ${WHERE}/v1/traces\n");
        file.close();
        const QMap<QString, QString> variables{{q("OTEL_CONFIG_FILE"), file.fileName()},
                                               {q("OTEL_SERVICE_NAME"), q("ignored")},
                                               {q("OTEL_SDK_DISABLED"), q("true")},
                                               {q("WHERE"), q("http://h:4318")}};
        const Applied applied = apply(variables);
        QCOMPARE(applied.config.telemetry.serviceName, Telemetry().serviceName);
        QVERIFY(!applied.config.telemetry.exportDisabled);
        QCOMPARE(applied.destination("otel")->endpoint, q("http://h:4318"));
        QCOMPARE(applied.destination("otel")->sourceFile, file.fileName());
        QVERIFY(applied.destination("otel")->fromEnvironment);
        QCOMPARE(applied.warnings,
                 QStringList(q("OTEL_CONFIG_FILE: is set, so these are ignored: OTEL_SDK_DISABLED, OTEL_SERVICE_NAME")));
        const Applied old = apply({{q("OTEL_EXPERIMENTAL_CONFIG_FILE"), file.fileName()}, {q("WHERE"), q("http://h:4318")}});
        QVERIFY(old.destination("otel") != nullptr);
        QCOMPARE(old.warnings.size(), 1);
    }

    void aConfigurationFileThatCannotBeUsedIsAnErrorAndChangesNothing()
    {
        Config configuration;
        const QMap<QString, QString> variables{{q("OTEL_CONFIG_FILE"), q("/nowhere.yaml")}, {q("OTEL_SERVICE_NAME"), q("x")}};
        const QList<Problem> problems = applyEnvironment(configuration, variables);
        QCOMPARE(configuration, Config());
        QCOMPARE(problems.size(), 2);
        QCOMPARE(problems.last().severity, Problem::Severity::Error);
        QCOMPARE(problems.last().path, q("/nowhere.yaml"));
    }

    void sanitizingPersonalDataAddsTypesOnce()
    {
        QCOMPARE(apply({{"OTEL_SANITIZE_PII", "TRUE"}}).config.masking.piiTypes,
                 (QStringList{q("credit-card"), q("email"), q("phone")}));
    }
};

QTEST_GUILESS_MAIN(EnvironmentTest)
#include "tst_environment.moc"
