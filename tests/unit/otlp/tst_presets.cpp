// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/exporters/endpoint.h"
#include "otlp/presets/presets.h"

#include <QDir>
#include <QFile>
#include <QTest>

using namespace oriel;
using namespace oriel::otlp;
using config::AuthKind;
using config::Destination;
using config::ExportProtocol;
using config::MetricTemporality;

namespace {

using Fields = QMap<QString, QString>;

Destination destinationOf(const char* preset, const Fields& fields = {})
{
    Destination destination;
    destination.name = QStringLiteral("team");
    destination.preset = QString::fromLatin1(preset);
    destination.fields = fields;
    return destination;
}

/// What a user would type into every field.
Fields answersFor(const Preset& preset)
{
    Fields fields;
    for (const PresetField& field : preset.fields) {
        if (field.secret)
            fields.insert(field.id, QStringLiteral("${vault:%1}").arg(field.id));
        else if (!field.choices.isEmpty())
            fields.insert(field.id, field.choices.first());
        else if (field.id.endsWith(QStringLiteral("_url")) || field.id == QStringLiteral("endpoint"))
            fields.insert(field.id, QStringLiteral("https://in.example.com/otlp"));
        else
            fields.insert(field.id, field.example.isEmpty() ? QStringLiteral("some-name") : field.example);
    }
    return fields;
}

/// The committed data, with one text replaced by another.
QByteArray changed(const QByteArray& from, const QByteArray& to)
{
    QFile file(QStringLiteral(ORIEL_SOURCE_DIR "/resources/presets/providers.json"));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    QByteArray text = file.readAll();
    const qsizetype at = text.indexOf(from);
    return at < 0 ? QByteArray() : text.replace(at, from.size(), to);
}

QString header(const Destination& destination, const char* name)
{
    for (const auto& [key, value] : destination.headers) {
        if (key == QLatin1StringView(name))
            return value;
    }
    return {};
}

} // namespace

class PresetsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theBuiltInFileIsWholeAndHasTheProviders()
    {
        QStringList ids;
        for (const Preset& preset : builtInPresets().presets)
            ids.append(preset.id);
        for (const char* id : {"otlp",      "datadog",   "datadog-agent", "azure-otlp",    "azure-connection-string",
                               "aws",       "gcp",       "grafana-cloud", "newrelic",      "splunk",
                               "honeycomb", "dynatrace", "elastic",       "elasticsearch", "langfuse",
                               "phoenix",   "langsmith", "logfire",       "signoz-cloud",  "axiom",
                               "collector", "jaeger",    "tempo",         "loki",          "prometheus",
                               "aspire",    "zipkin"})
            QVERIFY2(ids.contains(QLatin1StringView(id)), id);
        QVERIFY(findPreset(u"nobody") == nullptr);
    }

    void brokenFilesAreRefusedWithThePlace_data()
    {
        QTest::addColumn<QByteArray>("from");
        QTest::addColumn<QByteArray>("to");
        QTest::addColumn<QString>("words");
        const auto row = [](const char* name, const char* from, const char* to, const char* words) {
            QTest::newRow(name) << QByteArray(from) << QByteArray(to) << QString::fromLatin1(words);
        };
        row("no JSON", "\"presets\": [", "\"presets\": {", "expected");
        row("version", "\"version\": 1", "\"version\": 2", "expected version 1");
        row("unknown key", "\"summary\":", "\"sumary\":", "unknown key \"sumary\"");
        row("twice", "\"id\": \"datadog-agent\"", "\"id\": \"datadog\"", "there is a preset \"datadog\" already");
        row("unknown protocol", "\"protocols\": [\"http/protobuf\", \"grpc\", \"http/json\"]",
            "\"protocols\": [\"carrier-pigeon\"]", "not a word that is known");
        row("field that nobody asks for", "https://otlp.${site}/v1/metrics", "https://otlp.${planet}/v1/metrics",
            "${planet} is used but not asked for");
        row("field that nobody uses", "\"dd-api-key\": \"${api_key}\"", "\"dd-api-key\": \"constant\"",
            "\"api_key\" is asked for but not used");
        row("number", "\"rawBytes\": 3200000", "\"rawBytes\": \"many\"", "expected an integer");
        row("status", "\"successCodes\": [200, 202]", "\"successCodes\": [200, 302]", "expected a status from 200 to 299");
        row("pattern", "\"pattern\": \"[a-z0-9-]+\"", "\"pattern\": \"[a-z\"", "is not a regular expression");
        row("order", "\"protocols\": [\"http/protobuf\", \"grpc\"]", "\"protocols\": [\"grpc\", \"http/protobuf\"]",
            "must stand first");
        row("limit of another signal", "\"eventCount\": 256", "\"metadataCount\": 256", "is no limit of this signal");
        row("signal", "\"signalHeaders\": {\"traces\"", "\"signalHeaders\": {\"smells\"", "\"smells\" is no signal");
    }

    void brokenFilesAreRefusedWithThePlace()
    {
        QFETCH(QByteArray, from);
        QFETCH(QByteArray, to);
        QFETCH(QString, words);
        const QByteArray text = changed(from, to);
        QVERIFY2(!text.isEmpty(), "the text to change is not in the file");
        const auto parsed = parsePresets(text);
        QVERIFY(!parsed.has_value());
        QVERIFY2(parsed.error().toString().contains(words), qPrintable(parsed.error().toString()));
    }

    void everyPresetExpandsOverEachOfItsProtocols()
    {
        for (const Preset& preset : builtInPresets().presets) {
            Destination destination = destinationOf(preset.id.toLatin1().constData(), answersFor(preset));
            if (!preset.unavailable.isEmpty()) {
                QCOMPARE(effectiveDestination(destination).error().code, ErrorCode::Unsupported);
                continue;
            }
            for (const ExportProtocol protocol : preset.protocols) {
                destination.protocol = protocol;
                const auto effective = effectiveDestination(destination);
                QVERIFY2(effective.has_value(), qPrintable(preset.id + (effective ? QString() : effective.error().toString())));
                QCOMPARE(effective->protocol, protocol);
                QVERIFY(effective->isEffective && effective->temporality != MetricTemporality::Default);
                for (const Signal signal : kSignals) {
                    const bool wanted = signal == Signal::Traces    ? effective->traces
                                        : signal == Signal::Metrics ? effective->metrics
                                                                    : effective->logs;
                    QCOMPARE(wanted, preset.signalNames.contains(QLatin1StringView(signalName(signal))));
                    if (!wanted)
                        continue;
                    const bool reachable = protocol == ExportProtocol::Grpc ? grpcTarget(*effective, signal).has_value()
                                                                            : signalUrl(*effective, signal).has_value();
                    QVERIFY2(reachable, qPrintable(preset.id + QLatin1Char(' ') + QLatin1StringView(signalName(signal))));
                }
                QCOMPARE(*effectiveDestination(*effective), *effective);
            }
        }
    }

    void aFieldThatIsMissingIsNamedWithWhatItIs()
    {
        for (const Preset& preset : builtInPresets().presets) {
            for (const PresetField& field : preset.fields) {
                Fields fields = answersFor(preset);
                fields.remove(field.id);
                const auto effective = effectiveDestination(destinationOf(preset.id.toLatin1().constData(), fields));
                if (field.optional) {
                    const bool isFine = effective || effective.error().context == QStringLiteral("fields.") + field.id;
                    QVERIFY2(isFine, qPrintable(preset.id + QLatin1Char(' ') + field.id));
                    continue;
                }
                QVERIFY2(!effective.has_value(), qPrintable(preset.id + QLatin1Char(' ') + field.id));
                QCOMPARE(effective.error().context, QStringLiteral("fields.") + field.id);
                QVERIFY(effective.error().message.contains(field.label) && effective.error().remedy.contains(field.hint));
            }
        }
    }

    void optionalFieldsMayAllBeMissing()
    {
        for (const Preset& preset : builtInPresets().presets) {
            Fields fields = answersFor(preset);
            for (const PresetField& field : preset.fields) {
                if (field.optional)
                    fields.remove(field.id);
            }
            const auto effective = effectiveDestination(destinationOf(preset.id.toLatin1().constData(), fields));
            QVERIFY2(effective.has_value() || !preset.unavailable.isEmpty(), qPrintable(preset.id));
        }
    }

    void fieldsThatCannotBeRightAreRefused_data()
    {
        QTest::addColumn<QString>("field");
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("words");
        QTest::newRow("another host") << QStringLiteral("zone") << QStringLiteral("evil.example/x?")
                                      << QStringLiteral("\"evil.example/x?\" cannot be the Zone of Grafana Cloud");
        QTest::newRow("secret in a URL") << QStringLiteral("zone") << QStringLiteral("${vault:zone}")
                                         << QStringLiteral("cannot be the Zone");
        QTest::newRow("line break") << QStringLiteral("instance_id") << QStringLiteral("12\n34")
                                    << QStringLiteral("cannot be the Instance id");
        QTest::newRow("unknown") << QStringLiteral("zonne") << QStringLiteral("x")
                                 << QStringLiteral("Its fields are zone, instance_id, token.");
        QTest::newRow("header injection") << QStringLiteral("token") << QStringLiteral("hush-hush\r\nX: y")
                                          << QStringLiteral("the Token holds control characters");
    }

    void fieldsThatCannotBeRightAreRefused()
    {
        QFETCH(QString, field);
        QFETCH(QString, value);
        QFETCH(QString, words);
        Fields fields = answersFor(*findPreset(u"grafana-cloud"));
        fields.insert(field, value);
        const auto effective = effectiveDestination(destinationOf("grafana-cloud", fields));
        QVERIFY(!effective.has_value());
        QCOMPARE(effective.error().code, ErrorCode::InvalidArgument);
        QVERIFY2(effective.error().toString().contains(words), qPrintable(effective.error().toString()));
        QVERIFY(!effective.error().toString().contains(QStringLiteral("hush-hush")));
    }

    void datadogHasItsHeadersLimitsAndDelta()
    {
        const auto effective =
            effectiveDestination(destinationOf("datadog", {{QStringLiteral("site"), QStringLiteral("datadoghq.eu")},
                                                           {QStringLiteral("api_key"), QStringLiteral("${vault:dd}")}}));
        QVERIFY(effective.has_value());
        QCOMPARE(signalUrl(*effective, Signal::Traces)->toString(), QStringLiteral("https://otlp.datadoghq.eu/v1/traces"));
        QCOMPARE(header(*effective, "dd-api-key"), QStringLiteral("${vault:dd}"));
        QCOMPARE(effective->signalHeaders.value(QStringLiteral("traces")).value(0).first, QStringLiteral("compute_stats"));
        QCOMPARE(effective->temporality, MetricTemporality::Delta);
        QCOMPARE(effective->successCodes, QStringList({QStringLiteral("200"), QStringLiteral("202")}));
        QCOMPARE(effective->compression, QStringLiteral("gzip"));
        QCOMPARE(requestLimits(*effective, Signal::Traces).rawBytes, 3'200'000);
        QCOMPARE(requestLimits(*effective, Signal::Metrics).wireBytes, 500'000);
        QCOMPARE(requestLimits(*effective, Signal::Logs).rawBytes, 4 * 1024 * 1024);
        QCOMPARE(requestLimits(*effective, Signal::Logs).items, 2048);
    }

    void awsIsSignedForEachSignalsService()
    {
        Fields fields = answersFor(*findPreset(u"aws"));
        auto effective = effectiveDestination(destinationOf("aws", fields));
        QVERIFY(effective.has_value());
        QCOMPARE(effective->auth.kind, AuthKind::SigV4);
        QCOMPARE(effective->auth.region, QStringLiteral("eu-central-1"));
        QCOMPARE(effective->auth.services.value(QStringLiteral("traces")), QStringLiteral("xray"));
        QCOMPARE(effective->signalHeaders.value(QStringLiteral("logs")).size(), 2);
        QCOMPARE(effective->maxAgeHours, 336);

        fields.remove(QStringLiteral("log_group"));
        Destination destination = destinationOf("aws", fields);
        effective = effectiveDestination(destination);
        QVERIFY(!effective && effective.error().remedy.contains(QStringLiteral("leave logs out of signals")));
        destination.logs = false;
        QVERIFY(effectiveDestination(destination).has_value());
    }

    void whatTheDestinationSaysWins()
    {
        Destination destination = destinationOf("gcp", {{QStringLiteral("project"), QStringLiteral("p-1")}});
        destination.auth.kind = AuthKind::Command;
        destination.auth.command = {QStringLiteral("gcloud"), QStringLiteral("auth"), QStringLiteral("print-access-token")};
        destination.endpoint = QStringLiteral("https://proxy.example/gcp");
        destination.maxAttributeLength = 100;
        destination.maxRequestBytes = 1000;
        destination.maxItems = 7;
        destination.resourceAttributes = {{QStringLiteral("team"), QStringLiteral("blue")}};
        const auto effective = effectiveDestination(destination);
        QVERIFY2(effective.has_value(), "the key is not asked for when a command gives the token");
        QCOMPARE(effective->auth, destination.auth);
        QCOMPARE(signalUrl(*effective, Signal::Logs)->toString(), QStringLiteral("https://proxy.example/gcp/v1/logs"));
        QCOMPARE(itemLimits(*effective, Signal::Traces).attributeLength, 100);
        QCOMPARE(itemLimits(*effective, Signal::Traces).attributeKeyLength, 512);
        QCOMPARE(itemLimits(*effective, Signal::Traces).eventCount, 256);
        QCOMPARE(itemLimits(*effective, Signal::Logs).eventCount, 0);
        QCOMPARE(requestLimits(*effective, Signal::Traces).rawBytes, 1000);
        QCOMPARE(requestLimits(*effective, Signal::Traces).items, 7);
        QCOMPARE(effective->resourceAttributes.value(QStringLiteral("gcp.project_id")), QStringLiteral("p-1"));
        QCOMPARE(effective->resourceAttributes.value(QStringLiteral("team")), QStringLiteral("blue"));

        destination = destinationOf("honeycomb", answersFor(*findPreset(u"honeycomb")));
        destination.headers = {{QStringLiteral("X-Honeycomb-Team"), QStringLiteral("mine")}};
        destination.fields.remove(QStringLiteral("api_key"));
        destination.compression = QStringLiteral("zstd");
        const auto own = effectiveDestination(destination);
        QVERIFY(own.has_value());
        QCOMPARE(header(*own, "X-Honeycomb-Team"), QStringLiteral("mine"));
        QVERIFY(header(*own, "x-honeycomb-team").isEmpty());
        QCOMPARE(own->compression, QStringLiteral("zstd"));
    }

    void whatAProviderDoesNotTakeIsRefused()
    {
        Destination destination = destinationOf("grafana-cloud", answersFor(*findPreset(u"grafana-cloud")));
        destination.protocol = ExportProtocol::Grpc;
        QVERIFY(effectiveDestination(destination).error().remedy.contains(QStringLiteral("http/protobuf")));
        destination.protocol = ExportProtocol::HttpProtobuf;
        destination.compression = QStringLiteral("zstd");
        QCOMPARE(effectiveDestination(destination).error().context, QStringLiteral("compression"));

        destination = destinationOf("dynatrace", answersFor(*findPreset(u"dynatrace")));
        destination.temporality = MetricTemporality::Cumulative;
        QCOMPARE(effectiveDestination(destination).error().context, QStringLiteral("temporality"));
        destination.metrics = false;
        QVERIFY(effectiveDestination(destination).has_value());

        destination = destinationOf("loki");
        destination.logs = false;
        QVERIFY(effectiveDestination(destination).error().message.contains(QStringLiteral("takes logs only")));

        const auto azure = effectiveDestination(destinationOf("azure-connection-string"));
        QVERIFY(azure.error().message.contains(QStringLiteral("azuremonitor exporter")));
        const auto nobody = effectiveDestination(destinationOf("nobody"));
        QCOMPARE(nobody.error().code, ErrorCode::NotFound);
        QVERIFY(nobody.error().remedy.contains(QStringLiteral("providers.md")));
    }

    void anOptionalSecretThatIsNotGivenLeavesNothingBehind()
    {
        const auto phoenix = effectiveDestination(destinationOf("phoenix"));
        QVERIFY(phoenix.has_value());
        QCOMPARE(phoenix->auth.kind, AuthKind::None);
        QVERIFY(!phoenix->metrics && !phoenix->logs);
        const auto aspire = effectiveDestination(destinationOf("aspire"));
        QVERIFY(aspire.has_value() && aspire->headers.isEmpty());
        const auto withKey = effectiveDestination(destinationOf("phoenix", {{QStringLiteral("api_key"), QStringLiteral("k")}}));
        QCOMPARE(withKey->auth.kind, AuthKind::Bearer);
    }

    void aUserWithoutThePasswordIsRefusedAndBothAreBasicAuthorization()
    {
        for (const char* preset : {"loki", "prometheus"}) {
            Fields fields{{QStringLiteral("user"), QStringLiteral("oriel")}};
            QCOMPARE(effectiveDestination(destinationOf(preset, fields)).error().context, QStringLiteral("fields.password"));
            fields.insert(QStringLiteral("password"), QStringLiteral("${vault:pw}"));
            const auto effective = effectiveDestination(destinationOf(preset, fields));
            QVERIFY(effective.has_value());
            QCOMPARE(effective->auth.kind, AuthKind::Basic);
            QCOMPARE(effective->auth.user, QStringLiteral("oriel"));
            QCOMPARE(effective->auth.secret, QStringLiteral("${vault:pw}"));
            QCOMPARE(effectiveDestination(destinationOf(preset))->auth.kind, AuthKind::None);
        }
    }

    void aTenantIsAHeader()
    {
        for (const char* preset : {"loki", "tempo"}) {
            const auto effective =
                effectiveDestination(destinationOf(preset, {{QStringLiteral("tenant"), QStringLiteral("blue")}}));
            QVERIFY(effective.has_value());
            QCOMPARE(header(*effective, "X-Scope-OrgID"), QStringLiteral("blue"));
            QVERIFY(effectiveDestination(destinationOf(preset))->headers.isEmpty());
        }
    }

    void noCompressionCanBeAskedForBesideAPreset()
    {
        Destination destination = destinationOf("gcp", answersFor(*findPreset(u"gcp")));
        QCOMPARE(effectiveDestination(destination)->compression, QStringLiteral("gzip"));
        destination.compression = QStringLiteral("none");
        QCOMPARE(effectiveDestination(destination)->compression, QString());
        destination = {};
        destination.compression = QStringLiteral("none");
        QCOMPARE(effectiveDestination(destination)->compression, QString());
        QCOMPARE(effectiveDestination(destinationOf("phoenix"))->compression, QString());
    }

    void jaegerAndZipkinAreProtocolsWithPlacesOfTheirOwn()
    {
        Destination destination;
        destination.name = QStringLiteral("j");
        destination.protocol = ExportProtocol::Jaeger;
        auto effective = effectiveDestination(destination);
        QVERIFY(effective.has_value());
        QCOMPARE(effective->protocol, ExportProtocol::HttpProtobuf);
        QCOMPARE(signalUrl(*effective, Signal::Traces)->toString(), QStringLiteral("http://127.0.0.1:4318/v1/traces"));
        QVERIFY(effective->traces && !effective->metrics && !effective->logs);
        destination.endpoint = QStringLiteral("http://jaeger:4317");
        effective = effectiveDestination(destination);
        QCOMPARE(effective->protocol, ExportProtocol::Grpc);
        QCOMPARE(grpcTarget(*effective, Signal::Traces)->target, QStringLiteral("jaeger:4317"));

        destination.protocol = ExportProtocol::Zipkin;
        destination.endpoint.clear();
        effective = effectiveDestination(destination);
        QCOMPARE(signalUrl(*effective, Signal::Traces)->toString(), QStringLiteral("http://127.0.0.1:9411/api/v2/spans"));
        destination.endpoint = QStringLiteral("http://zipkin:9411");
        QCOMPARE(signalUrl(*effectiveDestination(destination), Signal::Traces)->toString(),
                 QStringLiteral("http://zipkin:9411/api/v2/spans"));
        destination.endpoint = QStringLiteral("http://zipkin:9411/api/v2/spans");
        QCOMPARE(signalUrl(*effectiveDestination(destination), Signal::Traces)->toString(), destination.endpoint);
    }

    void aTelemetryWithBrokenDestinationsKeepsThem()
    {
        config::Telemetry telemetry;
        telemetry.destinations = {destinationOf("phoenix"), destinationOf("nobody")};
        const config::Telemetry effective = withEffectiveDestinations(telemetry);
        QVERIFY(effective.destinations[0].isEffective);
        QCOMPARE(effective.destinations[1], telemetry.destinations[1]);
    }

    void theReferencePageIsWhatTheDataSays()
    {
        const QByteArray page = providersPage();
        QFile file(QStringLiteral(ORIEL_SOURCE_DIR "/docs/providers.md"));
        if (qEnvironmentVariable("ORIEL_UPDATE") == QLatin1String("1") && file.open(QIODevice::WriteOnly)) {
            file.write(page);
            file.close();
        }
        QVERIFY(file.open(QIODevice::ReadOnly));
        QVERIFY2(file.readAll() == page, "run this test with ORIEL_UPDATE=1 and commit the file");
        for (const Preset& preset : builtInPresets().presets)
            QVERIFY2(page.contains("\n## " + preset.name.toUtf8() + "\n"), qPrintable(preset.id));
        QVERIFY(page.contains("| Datadog | Datadog: gRPC, header DD-API-KEY |"));
    }
};

QTEST_GUILESS_MAIN(PresetsTest)
#include "tst_presets.moc"
