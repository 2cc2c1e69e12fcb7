// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/environment/substitution.h"
#include "config/imports/telemetry_file.h"
#include "config/imports/yaml_tree.h"
#include "config/settings/settings_table.h"

#include <QTemporaryFile>
#include <QTest>

using namespace oriel;
using namespace oriel::config;

namespace {

QString q(const char* text)
{
    return QString::fromUtf8(text);
}

const QMap<QString, QString> kVariables{
    {q("WORD"), q("value")},     {q("TRUTH"), q("true")},      {q("NUMBER"), q("1")},
    {q("HEX"), q("0xdeadbeef")}, {q("EMPTY"), QString()},      {q("MAP"), q("value\nkey:value")},
    {q("NESTED"), q("${WORD}")}, {q("DOLLARS"), q("value$$")}, {q("API_KEY"), q("000")}};

/// What a file makes of the defaults, and what was said about it.
struct Read {
    Telemetry telemetry;
    QStringList problems;
    bool isUsable = false;

    [[nodiscard]] const Destination* destination(const char* name) const
    {
        for (const Destination& one : telemetry.destinations) {
            if (one.name == q(name))
                return &one;
        }
        return nullptr;
    }
};

Read read(const QByteArray& text, const Config& base = {})
{
    const auto file = readTelemetryFile(text, q("otel.yaml"), kVariables, base);
    Read result;
    result.isUsable = file.has_value();
    if (file)
        result.telemetry = file->config.telemetry;
    for (const Problem& problem : file ? file->warnings : file.error())
        result.problems.append(problem.toString());
    return result;
}

Read readBody(const QByteArray& body)
{
    return read("file_format: \"1.0\"\n" + body);
}

/// One exporter of traces, indented for its place.
QByteArray withExporter(const QByteArray& exporter)
{
    return "tracer_provider:\n  processors:\n    - batch:\n        exporter:\n          " + exporter + "\n";
}

} // namespace

class TelemetryFileTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void referencesArePutIntoAScalarOnce_data()
    {
        QTest::addColumn<QString>("expected");
        const auto row = [](const char* text, const char* expected) { QTest::newRow(text) << q(expected); };
        row("${WORD}", "value");
        row("${env:WORD}", "value");
        row("foo ${WORD} ${NUMBER}", "foo value 1");
        row("${MISSING}", "");
        row("${MISSING:-fallback}", "fallback");
        row("${EMPTY:-fallback}", "fallback");
        row("${WORD:-fallback}", "value");
        row("${NESTED}", "${WORD}");
        row("${MISSING:-${WORD}}", "${WORD}");
        row("$${WORD}", "${WORD}");
        row("$$${WORD}", "$value");
        row("$$$${WORD}", "$${WORD}");
        row("$${WORD:-${WORD}}", "${WORD:-value}");
        row("${MISSING:-$${MISSING}}", "${MISSING:-${MISSING}}");
        row("${DOLLARS}", "value$$");
        row("a $$ b", "a $ b");
        row("a $ b", "a $ b");
        row("${WORD", "${WORD");
        row("", "");
    }

    void referencesArePutIntoAScalarOnce()
    {
        QFETCH(QString, expected);
        const auto substituted = substitute(q(QTest::currentDataTag()), kVariables);
        QVERIFY(substituted.has_value());
        QCOMPARE(*substituted, expected);
    }

    void otherFormsOfReferencesAreRefused()
    {
        for (const char* text : {"${1WORD}", "${WO$RD}", "${WORD:?error}", "${ WORD}", "${other:WORD}"}) {
            const auto substituted = substitute(q(text), kVariables);
            QVERIFY2(!substituted, text);
            QVERIFY(substituted.error().contains(q(text)));
        }
    }

    void theTypeOfAScalarIsToldAfterTheSubstitution()
    {
        const QByteArray text = "a: ${TRUTH}\nb: \"${TRUTH}\"\nc: ${HEX}\nd: ${MISSING}\ne: ${MAP}\n${WORD}: 1.5\n";
        const auto tree = readYaml(text, [](const QString& scalar) { return substitute(scalar, kVariables); });
        QVERIFY(tree.has_value());
        QCOMPARE((*tree)->find(u"a")->asBool(), std::optional(true));
        QCOMPARE((*tree)->find(u"b")->asBool(), std::nullopt);
        QCOMPARE((*tree)->find(u"b")->text, q("true"));
        QCOMPARE((*tree)->find(u"c")->asInteger(), std::optional(qint64(3735928559)));
        QVERIFY((*tree)->find(u"d")->isNull());
        QCOMPARE((*tree)->find(u"e")->kind, YamlNode::Kind::Scalar);
        QCOMPARE((*tree)->find(u"e")->text, q("value\nkey:value"));
        QCOMPARE((*tree)->find(u"${WORD}")->asNumber(), std::optional(1.5));
    }

    void yamlThatIsNoTreeOfModestSizeIsRefusedWithItsPlace_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("message");
        QTest::addColumn<int>("line");
        QTest::newRow("not YAML") << QByteArray("a: [1,\nb: }") << q("") << 2;
        QTest::newRow("a key twice") << QByteArray("a: 1\nb: 2\na: 3\n") << q("the key \"a\" stands here twice") << 3;
        QTest::newRow("a list as key") << QByteArray("? [1]\n: 2\n") << q("expected a text as a key") << 1;
        QTest::newRow("two documents") << QByteArray("a: 1\n---\nb: 2\n") << q("expected one document") << 3;
        QTest::newRow("an unknown alias") << QByteArray("a: *b\n") << q("") << 1;
        QTest::newRow("an alias of itself") << QByteArray("a: &a [*a]\n") << q("an alias stands within what it names") << 1;
        QTest::newRow("deep") << QByteArray(40, '[') + QByteArray(40, ']') << q("more than 32 levels") << 1;
        QTest::newRow("very deep") << QByteArray(500'000, '[') << q("") << 1;
        QByteArray bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
        for (int i = 1; i < 10; ++i) {
            const QByteArray before = "*a" + QByteArray::number(i - 1);
            bomb +=
                'a' + QByteArray::number(i) + ": &a" + QByteArray::number(i) + " [" + (before + ',').repeated(9) + before + "]\n";
        }
        QTest::newRow("an alias bomb") << bomb << q("more than 20000 values") << 5;
        QTest::newRow("no UTF-8") << QByteArray("a: \xff\xfe") << q("is not text in UTF-8") << 0;
        QTest::newRow("large") << QByteArray(1024 * 1024 + 1, ' ') << q("larger than 1 MiB") << 0;
    }

    void yamlThatIsNoTreeOfModestSizeIsRefusedWithItsPlace()
    {
        QFETCH(QByteArray, text);
        QFETCH(QString, message);
        QFETCH(int, line);
        const auto tree = readYaml(text);
        QVERIFY(!tree);
        QVERIFY(!tree.error().message.isEmpty());
        if (!message.isEmpty())
            QCOMPARE(tree.error().message, message);
        QCOMPARE(static_cast<int>(tree.error().line), line);
    }

    void anAliasStandsForWhatItNames()
    {
        const auto tree = readYaml("a: &x {k: [1, 2]}\nb: *x\n");
        QVERIFY(tree.has_value());
        QCOMPARE((*tree)->find(u"b")->find(u"k")->items.size(), std::size_t(2));
    }

    void aFileOfEverySignalToOneCollectorIsOneDestination()
    {
        const Read file =
            readBody("resource:\n"
                     "  attributes:\n"
                     "    - name: service.name\n"
                     "      value: gate\n"
                     "    - name: team\n"
                     "      value: ${WORD}\n"
                     "  attributes_list: \"team=red,region=eu%2Cwest\"\n"
                     "propagator:\n"
                     "  composite:\n"
                     "    - tracecontext:\n"
                     "tracer_provider:\n"
                     "  processors:\n"
                     "    - batch:\n"
                     "        schedule_delay: 700\n"
                     "        exporter:\n"
                     "          otlp_http: &exporter\n"
                     "            endpoint: http://collector:4318/v1/traces\n"
                     "            headers:\n"
                     "              - name: api-key\n"
                     "                value: ${API_KEY}\n"
                     "            headers_list: \"api-key=other,x=y\"\n"
                     "            compression: gzip\n"
                     "            timeout: 0\n"
                     "  sampler:\n"
                     "    parent_based:\n"
                     "      root:\n"
                     "        trace_id_ratio_based: {ratio: 0.25}\n"
                     "  limits: {attribute_count_limit: 64, event_count_limit: 5, link_count_limit: 6}\n"
                     "attribute_limits: {attribute_value_length_limit: 4096}\n"
                     "meter_provider:\n"
                     "  readers:\n"
                     "    - periodic:\n"
                     "        interval: 9000\n"
                     "        exporter:\n"
                     "          otlp_http:\n"
                     "            endpoint: http://collector:4318/v1/metrics\n"
                     "            headers_list: \"api-key=${API_KEY},x=y\"\n"
                     "            compression: gzip\n"
                     "            timeout: 0\n"
                     "            temporality_preference: low_memory\n"
                     "            default_histogram_aggregation: base2_exponential_bucket_histogram\n"
                     "logger_provider:\n"
                     "  processors:\n"
                     "    - batch: {exporter: {otlp_http: {endpoint: \"http://logs/x\", compression: gzip, timeout: 0,\n"
                     "        headers: [{name: api-key, value: \"000\"}, {name: x, value: y}]}}}\n");
        QCOMPARE(file.problems, QStringList());
        const Telemetry& telemetry = file.telemetry;
        QCOMPARE(telemetry.serviceName, q("gate"));
        QCOMPARE(telemetry.resourceAttributes.value(q("team")), q("value"));
        QCOMPARE(telemetry.resourceAttributes.value(q("region")), q("eu,west"));
        QCOMPARE(telemetry.propagators, QStringList{q("tracecontext")});
        QCOMPARE(telemetry.sampler, q("parentbased_traceidratio"));
        QCOMPARE(telemetry.samplerArg, 0.25);
        QCOMPARE(telemetry.attributeCountLimit, 64);
        QCOMPARE(telemetry.attributeLengthLimit, 4096);
        QCOMPARE(telemetry.eventCountLimit, 5);
        QCOMPARE(telemetry.linkCountLimit, 6);
        QCOMPARE(telemetry.spanInterval, milliseconds(700));
        QCOMPARE(telemetry.metricInterval, milliseconds(9000));
        QCOMPARE(telemetry.destinations.size(), 2);
        const Destination* first = file.destination("otel");
        QVERIFY(first != nullptr && first->fromEnvironment && first->traces && first->metrics && !first->logs);
        QCOMPARE(first->sourceFile, q("otel.yaml"));
        QCOMPARE(first->protocol, ExportProtocol::HttpProtobuf);
        QCOMPARE(first->endpoint, q("http://collector:4318"));
        QCOMPARE(first->headers, (QList<std::pair<QString, QString>>{{q("api-key"), q("000")}, {q("x"), q("y")}}));
        QCOMPARE(first->compression, q("gzip"));
        QCOMPARE(first->timeout, milliseconds(0));
        QCOMPARE(first->temporality, MetricTemporality::LowMemory);
        QCOMPARE(first->histograms, HistogramKind::Exponential);
        const Destination* logs = file.destination("otel-2");
        QVERIFY(logs != nullptr && logs->logs && !logs->traces);
        QCOMPARE(logs->signalEndpoints.value(q("logs")), q("http://logs/x"));
        QVERIFY(logs->endpoint.isEmpty());
    }

    void everyExporterBecomesItsDestination()
    {
        const Read grpc = readBody(withExporter("otlp_grpc: {endpoint: \"collector:4317\", tls: {insecure: true, ca_file: /ca, "
                                                "cert_file: /c, key_file: /k}}"));
        QCOMPARE(grpc.problems, QStringList());
        const Destination* one = grpc.destination("otel");
        QCOMPARE(one->protocol, ExportProtocol::Grpc);
        QCOMPARE(one->endpoint, q("collector:4317"));
        QVERIFY(one->insecure && one->caFile == q("/ca") && one->certFile == q("/c") && one->keyFile == q("/k"));
        QCOMPARE(readBody(withExporter("otlp_http: {}")).destination("otel")->endpoint, q("http://localhost:4318"));
        QCOMPARE(readBody(withExporter("otlp_http: {encoding: json}")).destination("otel")->protocol, ExportProtocol::HttpJson);
        QCOMPARE(readBody(withExporter("console: {}")).destination("otel")->protocol, ExportProtocol::Console);
        const Read file = readBody(withExporter("otlp_file/development: {output_stream: \"file:///tmp/x.jsonl\"}"));
        QCOMPARE(file.destination("otel")->protocol, ExportProtocol::File);
        QCOMPARE(file.destination("otel")->endpoint, q("/tmp/x.jsonl"));
    }

    void anExporterWithoutOptionsHasTheDefaults()
    {
        const Read http = readBody(withExporter("otlp_http:"));
        QCOMPARE(http.problems, QStringList());
        QCOMPARE(http.destination("otel")->endpoint, q("http://localhost:4318"));
        QCOMPARE(readBody(withExporter("otlp_grpc:")).destination("otel")->endpoint, q("http://localhost:4317"));
        QCOMPARE(readBody(withExporter("console:")).destination("otel")->protocol, ExportProtocol::Console);
    }

    void destinationsOfTheConfigurationStay()
    {
        Config given;
        Telemetry& base = given.telemetry;
        base.exportDisabled = true;
        base.serviceName = q("mine");
        base.destinations.append(Destination{});
        base.destinations.first().name = q("otel");
        const Read file = read("file_format: 1.1\n" + withExporter("console:"), given);
        QCOMPARE(file.problems, QStringList());
        QCOMPARE(file.telemetry.destinations.size(), 2);
        QCOMPARE(file.telemetry.destinations.first(), base.destinations.first());
        QCOMPARE(file.telemetry.destinations.last().name, q("otel-2"));
        QVERIFY(file.telemetry.exportDisabled);
        QCOMPARE(file.telemetry.serviceName, q("mine"));
    }

    void samplersHaveTheirNames_data()
    {
        QTest::addColumn<QString>("sampler");
        const auto row = [](const char* yaml, const char* sampler) { QTest::newRow(yaml) << q(sampler); };
        row("{always_on: }", "always_on");
        row("{always_off: }", "always_off");
        row("{trace_id_ratio_based: {ratio: 0.5}}", "traceidratio");
        row("{parent_based: }", "parentbased_always_on");
        row("{parent_based: {root: {always_off: }, remote_parent_sampled: {always_on: }}}", "parentbased_always_off");
    }

    void samplersHaveTheirNames()
    {
        QFETCH(QString, sampler);
        const Read file = readBody("tracer_provider:\n  sampler: " + QByteArray(QTest::currentDataTag()) + "\n");
        QCOMPARE(file.problems, QStringList());
        QCOMPARE(file.telemetry.sampler, sampler);
    }

    void theLogLevelIsOneOfOriels()
    {
        QCOMPARE(readBody("log_level: warn2\n").telemetry.logLevel, q("warning"));
        QCOMPARE(readBody("log_level: FATAL\n").telemetry.logLevel, q("error"));
        QCOMPARE(readBody("log_level: debug\n").problems, QStringList());
        QCOMPARE(readBody("disabled: false\n").telemetry.logLevel, QString());
    }

    void viewsAreRead()
    {
        const Read file =
            readBody("meter_provider:\n"
                     "  views:\n"
                     "    - selector:\n"
                     "        instrument_name: tool_latency_seconds\n"
                     "        instrument_type: histogram\n"
                     "        unit: s\n"
                     "        meter_name: oriel.gateway\n"
                     "        meter_version: \"1\"\n"
                     "        meter_schema_url: https://x\n"
                     "      stream:\n"
                     "        name: latency\n"
                     "        description: \"\"\n"
                     "        aggregation: {explicit_bucket_histogram: {boundaries: [-1, 0.5, 2], record_min_max: false}}\n"
                     "        aggregation_cardinality_limit: 7\n"
                     "        attribute_keys: {included: [server, \"t*\"], excluded: [tool]}\n"
                     "    - selector: {instrument_name: \"*\"}\n"
                     "      stream: {aggregation: {drop: }}\n"
                     "    - selector: {instrument_type: counter}\n"
                     "      stream: {aggregation: {sum: }}\n"
                     "    - selector: {}\n"
                     "      stream: {aggregation: {base2_exponential_bucket_histogram: {max_scale: 3, max_size: 20}}}\n"
                     "    - selector: {}\n"
                     "      stream: {aggregation: {default: }}\n");
        QCOMPARE(file.problems, QStringList());
        using Aggregation = MetricView::Aggregation;
        const QList<MetricView>& views = file.telemetry.views;
        QCOMPARE(views.size(), 5);
        const MetricView expected{q("tool_latency_seconds"),
                                  q("histogram"),
                                  q("s"),
                                  q("oriel.gateway"),
                                  q("1"),
                                  q("https://x"),
                                  q("latency"),
                                  QString(),
                                  Aggregation::ExplicitBuckets,
                                  QList<double>{-1, 0.5, 2},
                                  false,
                                  160,
                                  20,
                                  {q("server"), q("t*")},
                                  {q("tool")},
                                  7};
        QCOMPARE(views[0], expected);
        QVERIFY(views[0].description.has_value());
        QVERIFY(views[1].aggregation == Aggregation::Drop && !views[1].description);
        QVERIFY(views[2].aggregation == Aggregation::Sum);
        QVERIFY(views[3].aggregation == Aggregation::Exponential && views[3].maxSize == 20 && views[3].maxScale == 3);
        QCOMPARE(views[4], MetricView());
    }

    void whatOrielDoesNotDoIsToldWithItsPlace_data()
    {
        QTest::addColumn<QString>("warning");
        const auto row = [](const char* body, const char* warning) { QTest::newRow(body) << q(warning); };
        row("future_part: {x: 1}", "otel.yaml:2:14: future_part: is not known");
        row("instrumentation/development: {general: {}}", "instrumentation/development: has no effect");
        row("resource: {schema_url: x}", "otel.yaml:2:24: resource.schema_url: has no effect");
        row("resource: {attributes: [{name: a, value: [1, 2]}]}", "resource.attributes[0].value: is not sent");
        row("propagator: {composite: [{xray: }]}", "propagator: Oriel has no propagator \"xray\"");
        row("tracer_provider: {sampler: {jaeger_remote/development: {endpoint: x}}}",
            "tracer_provider.sampler.jaeger_remote/development: is not known");
        row("tracer_provider: {sampler: {parent_based: {remote_parent_sampled: {always_off: }}}}",
            "tracer_provider.sampler.parent_based.remote_parent_sampled: has no effect");
        row("tracer_provider: {processors: [{simple: {exporter: {console: }}}]}",
            "tracer_provider.processors[0].simple: is taken for");
        row("tracer_provider: {processors: [{batch: {max_queue_size: 7, exporter: {console: }}}]}",
            "tracer_provider.processors[0].batch.max_queue_size: has no effect");
        row("logger_provider: {processors: [{batch: {exporter: {zipkin: {endpoint: x}}}}]}",
            "logger_provider.processors[0].batch.exporter.zipkin: has no effect");
        row("meter_provider: {readers: [{pull: {exporter: {prometheus/development: }}}]}",
            "meter_provider.readers[0].pull: has no effect in Oriel: /metrics is always there");
        row("meter_provider: {views: [{selector: {instrument_name: \"a*\"}, stream: {name: b}}]}",
            "meter_provider.views[0].stream.name: has no effect: several instruments");
        row("meter_provider: {views: [{selector: {}, stream: {aggregation: {last_value: }}}]}",
            "meter_provider.views[0].stream.aggregation.last_value: has no effect");
        row("meter_provider: {views: [{selector: {instrument_number: 7}}]}",
            "meter_provider.views[0].selector.instrument_number: is not known");
        row("meter_provider: {views: [{selector: {}, stream: {aggregation: {sum: {x: 1}, spread: }}}]}",
            "meter_provider.views[0].stream.aggregation.spread: is not known");
    }

    void whatOrielDoesNotDoIsToldWithItsPlace()
    {
        QFETCH(QString, warning);
        const Read file = readBody(QByteArray(QTest::currentDataTag()) + '\n');
        QVERIFY2(file.isUsable, qPrintable(file.problems.join(q("\n"))));
        QVERIFY2(file.problems.join(q("\n")).contains(warning), qPrintable(file.problems.join(q("\n"))));
    }

    void mistakesMakeTheWholeFileUnusable_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("message");
        const auto row = [](const char* text, const char* message) {
            QTest::newRow(QByteArray(text).simplified().constData()) << QByteArray(text) << q(message);
        };
        row("", "otel.yaml:1:1");
        row("disabled: true\n", "file_format: expected a version");
        row("file_format: \"0.4\"\n", "otel.yaml:1:14: file_format: expected version 1.x");
        row("file_format: \"10.0\"\n", "file_format: expected version 1.x");
        row("[1]\n", "expected a mapping, found a list");
        row("file_format: \"1.0\"\ndisabled: maybe\n", "otel.yaml:2:11: disabled: expected true or false, found a text");
        row("file_format: \"1.0\"\nresource: ${WORD:?x}\n", "otel.yaml:2:11: expected ${NAME}");
        row("file_format: \"1.0\"\ntracer_provider: {processors: [{batch: }]}\n", "batch: expected an exporter");
        row("file_format: \"1.0\"\ntracer_provider: {processors: [{batch: {}}]}\n", "batch.exporter: expected an exporter");
        row("file_format: \"1.0\"\nresource: {attributes: [{name: a, value: \"x\", type: int}]}\n",
            "resource.attributes[0].value: expected a value of the type int");
        row("file_format: \"1.0\"\nresource: {attributes: [{name: a, value: [1, yes], type: int_array}]}\n",
            "resource.attributes[0].value: expected a value of the type int_array");
        row("file_format: \"1.0\"\nlog_level: loud\n", "otel.yaml:2:12: log_level: expected a severity");
        row("file_format: \"1.0\"\nmeter_provider: {views: [{stream: {name: a}}]}\n",
            "views[0].selector: expected which instruments");
        row("file_format: \"1.0\"\nmeter_provider: {views: [{selector: {instrument_type: odd}}]}\n",
            "views[0].selector.instrument_type: expected one of counter");
        row("file_format: \"1.0\"\nmeter_provider: {views: [{selector: {instrument_name: a}, stream: {name: \"1 b\"}}]}\n",
            "views[0].stream.name: expected the name of a metric");
        row("file_format: \"1.0\"\nmeter_provider: {views: [{selector: {}, stream: {aggregation: {explicit_bucket_histogram: "
            "{boundaries: [2, 1]}}}}]}\n",
            "boundaries: expected a list of numbers");
        row("file_format: \"1.0\"\nmeter_provider: {views: [{selector: {}, stream: {aggregation: "
            "{base2_exponential_bucket_histogram: {max_size: 1}}}}]}\n",
            "max_size: expected an integer from 2");
        row("file_format: \"1.0\"\nmeter_provider: {views: [{selector: {}, stream: {aggregation_cardinality_limit: 0}}]}\n",
            "aggregation_cardinality_limit: expected an integer from 1");
        row("file_format: \"1.0\"\ntracer_provider: {processors: {}}\n", "tracer_provider.processors: expected a list");
        row("file_format: \"1.0\"\ntracer_provider: {sampler: {trace_id_ratio_based: {ratio: 2}}}\n",
            "expected a number from 0 to 1");
        row("file_format: \"1.0\"\nmeter_provider: {readers: [{periodic: {interval: 0, exporter: {console: }}}]}\n",
            "expected an integer from 1 to");
        row("file_format: \"1.0\"\nmeter_provider: {readers: [{periodic: {exporter: {otlp_http: {temporality_preference: "
            "odd}}}}]}\n",
            "expected one of cumulative, delta, low_memory");
        row("file_format: \"1.0\"\ntracer_provider: {processors: [{batch: {exporter: {otlp_http: {endpoint: \"ftp://x\"}}}}]}\n",
            "otlp_http.endpoint: expected a URL");
        row("file_format: \"1.0\"\ntracer_provider: {processors: [{batch: {exporter: {otlp_http: {headers: [{value: "
            "s3cret}]}}}}]}\n",
            "headers[0].name: expected the header's name");
        row("file_format: \"1.0\"\ntracer_provider: {processors: [{batch: {exporter: {otlp_http: {headers_list: s3cret}}}}]}\n",
            "headers_list: expected key=value,key=value; its member 1 has no '='");
        row("file_format: \"1.0\"\ntracer_provider: {processors: [{batch: {exporter: {otlp_http: {headers: [{name: a, value: "
            "\"s3cret\\r\\nX: y\"}]}}}}]}\n",
            "headers[0].value: expected a header without control characters");
        row("file_format: \"1.0\"\ntracer_provider: {processors: [{batch: {exporter: {otlp_http: {timeout: s3cret}}}}]}\n",
            "timeout: expected an integer from 0 to 86400000, found a text");
    }

    void mistakesMakeTheWholeFileUnusable()
    {
        QFETCH(QByteArray, text);
        QFETCH(QString, message);
        const Read file = read(text);
        QVERIFY(!file.isUsable);
        const QString all = file.problems.join(q("\n"));
        QVERIFY2(all.contains(message), qPrintable(all));
        QVERIFY(!all.contains(q("s3cret")));
    }

    void resourceAttributesKeepTheirType()
    {
        const Read file = read("file_format: \"1.0\"\n"
                               "resource:\n"
                               "  attributes:\n"
                               "    - {name: shards, value: 3, type: int}\n"
                               "    - {name: share, value: 0.5, type: double}\n"
                               "    - {name: canary, value: true, type: bool}\n"
                               "    - {name: teams, value: [a, \"1\"], type: string_array}\n"
                               "    - {name: ports, value: [1, 2], type: int_array}\n"
                               "    - {name: plain, value: 7}\n");
        QCOMPARE(file.problems, QStringList());
        const QMap<QString, QVariant> expected{{q("shards"), qint64{3}},
                                               {q("share"), 0.5},
                                               {q("canary"), true},
                                               {q("teams"), QVariantList{q("a"), q("1")}},
                                               {q("ports"), QVariantList{qint64{1}, qint64{2}}}};
        QCOMPARE(file.telemetry.typedResourceAttributes, expected);
        QCOMPARE(file.telemetry.resourceAttributes.value(q("plain")), q("7"));
    }

    void aLimitIsSetOrSaidToHaveNoSetting()
    {
        constexpr std::array kLimits{
            std::pair{"tracer_provider: {limits: {event_attribute_count_limit: 7}}", "telemetry.limits.eventAttributeCount"},
            std::pair{"logger_provider: {limits: {attribute_count_limit: 7}}", "telemetry.limits.logAttributeCount"},
            std::pair{"tracer_provider: {limits: {link_count_limit: 7}}", "telemetry.limits.linkCount"}};
        for (const auto& [body, key] : kLimits) {
            const auto file = readTelemetryFile(QByteArray("file_format: \"1.0\"\n") + body + '\n', q("otel.yaml"), {}, {});
            QVERIFY(file.has_value());
            const auto settings = settingsTable();
            const auto row = std::find_if(settings.begin(), settings.end(),
                                          [wanted = key](const auto& one) { return qstrcmp(one.key, wanted) == 0; });
            if (row == settings.end())
                QVERIFY(file->warnings.size() == 1 && file->warnings.first().message.contains(q("has no effect")));
            else
                QVERIFY(file->warnings.isEmpty() && row->read(file->config) == SettingValue(qint64(7)));
        }
    }

    void aFileThatCannotBeReadIsAProblemWithItsPath()
    {
        const auto missing = loadTelemetryFile(q("/nowhere/otel.yaml"), {}, {});
        QVERIFY(!missing);
        QVERIFY(
            missing.error().first().toString().startsWith(q("/nowhere/otel.yaml: the file of OTEL_CONFIG_FILE cannot be read")));
        QTemporaryFile large;
        QVERIFY(large.open());
        large.write(QByteArray(1024 * 1024 + 1, '#'));
        large.close();
        QVERIFY(loadTelemetryFile(large.fileName(), {}, {}).error().first().message.contains(q("larger than 1 MiB")));
    }
};

QTEST_GUILESS_MAIN(TelemetryFileTest)
#include "tst_telemetry_file.moc"
