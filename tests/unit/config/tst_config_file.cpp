// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/file/config_file.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace oriel;
using namespace oriel::config;

namespace {

const QString kPath = QStringLiteral("config.json");

/// The texts have ' for ", which reads better in C++.
tl::expected<Loaded, QList<Problem>> parsed(QByteArray text)
{
    return parseConfig(text.replace('\'', '"'), kPath);
}

Config good(const QByteArray& text)
{
    const auto loaded = parsed(text);
    if (!loaded) {
        for (const Problem& problem : loaded.error())
            qWarning("%s", qPrintable(problem.toString()));
        return {};
    }
    return loaded->config;
}

QStringList problems(const QByteArray& text)
{
    QStringList lines;
    const auto loaded = parsed(text);
    for (const Problem& problem : loaded ? loaded->warnings : loaded.error())
        lines.append(problem.toString());
    return lines;
}

Server server(const QByteArray& entry)
{
    const Config configuration = good("{\"mcpServers\": {\"s\": " + entry + "}}");
    return configuration.servers.isEmpty() ? Server() : configuration.servers.first();
}

} // namespace

class ConfigFileTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void anEmptyFileGivesTheDefaults()
    {
        QCOMPARE(good("").gateway.port, quint16(7420));
        QCOMPARE(good(" \n"), Config());
        QCOMPARE(good("{}"), Config());
        QVERIFY(!good("{}").gateway.portIsExplicit);
    }

    void commentsTrailingCommasAndAByteOrderMarkAreAllowed()
    {
        const Config configuration = good("\xEF\xBB\xBF// mine\n{ /* port */ \"gateway\": {\"port\": 7000,}, }");
        QCOMPARE(configuration.gateway.port, quint16(7000));
        QVERIFY(configuration.gateway.portIsExplicit);
    }

    void aBrokenTextIsReportedWithItsPlaceAndWhatWasFound()
    {
        QCOMPARE(problems("{\n  \"gateway\": {\n    \"port\" 7420\n  }\n}"),
                 QStringList{QStringLiteral("config.json:3:12: expected ':' after the key, found 7420")});
        QCOMPARE(problems("{\"a\": 1"),
                 QStringList{QStringLiteral("config.json:1:8: expected ',' or '}', found the end of the file")});
        QCOMPARE(problems("{\"a\": 1,\n \"a\": 2}"),
                 QStringList{QStringLiteral("config.json:2:2: this key stands twice in its object")});
    }

    void aDestinationMayHaveAPresetInsteadOfAnEndpoint()
    {
        const QList<Destination> destinations =
            good(
                "{\"telemetry\": {\"destinations\": [{\"name\": \"aws\", \"preset\": \"aws\", \"fields\": {\"region\": "
                "\"eu-west-1\"},"
                "\"temporality\": \"delta\", \"histograms\": \"exponential\", \"successCodes\": [\"202\"], \"compression\": "
                "\"zstd\","
                "\"auth\": {\"kind\": \"command\", \"command\": [\"token\", \"--print\"], \"services\": {\"traces\": \"xray\"}}},"
                "{\"name\": \"j\", \"protocol\": \"jaeger\"}, {\"name\": \"z\", \"protocol\": \"zipkin\"}]}}")
                .telemetry.destinations;
        QCOMPARE(destinations.size(), 3);
        QCOMPARE(destinations[0].preset, QStringLiteral("aws"));
        QCOMPARE(destinations[0].fields.value(QStringLiteral("region")), QStringLiteral("eu-west-1"));
        QCOMPARE(destinations[0].temporality, MetricTemporality::Delta);
        QCOMPARE(destinations[0].histograms, HistogramKind::Exponential);
        QCOMPARE(destinations[0].auth.kind, AuthKind::Command);
        QCOMPARE(destinations[0].auth.command.size(), 2);
        QCOMPARE(destinations[1].protocol, ExportProtocol::Jaeger);
        QCOMPARE(destinations[2].protocol, ExportProtocol::Zipkin);
        QCOMPARE(
            problems(
                "{\"telemetry\": {\"destinations\": [{\"name\": \"a\", \"preset\": \"aws\", \"successCodes\": [\"302\"]}]}}"),
            QStringList{QStringLiteral("config.json:1:80: telemetry.destinations[0].successCodes: expected statuses from 200 to "
                                       "299, as texts, found [\"302\"]")});
    }

    void allProblemsAreReportedTogether()
    {
        const QByteArray text =
            "{\n"
            "  'gateway': {'port': 'abc', 'host': '0.0.0.0', 'auth': 1},\n"
            "  'telemetry': {'samplerArg': -1, 'destinations': [{'protocol': 'grpc', 'endpoint': 'x:1'}, 5]},\n"
            "  'mcpServers': {\n"
            "    'no way': {'command': 'x'},\n"
            "    'empty': {},\n"
            "    'bare': {'type': 'http'},\n"
            "    'list': {'command': 'x', 'args': ['a', 2]}\n"
            "  }\n"
            "}";
        const QStringList expected{
            QStringLiteral("config.json:2:23: gateway.port: expected an integer from 0 to 65535, found \"abc\""),
            QStringLiteral("config.json:2:57: gateway.auth: expected true or false, found 1"),
            QStringLiteral("config.json:3:31: telemetry.samplerArg: expected a number from 0.0 to 1000000.0, found -1"),
            QStringLiteral("config.json:5:5: mcpServers.no way: a server's name has 1 to 64 letters, digits, '_', '-' or '.'"),
            QStringLiteral("config.json:6:14: mcpServers.empty: expected a command, or a url"),
            QStringLiteral("config.json:7:13: mcpServers.bare.url: expected the server's URL"),
            QStringLiteral("config.json:8:44: mcpServers.list.args[1]: expected a text, found 2"),
            QStringLiteral("config.json:3:52: telemetry.destinations[0].name: expected a name"),
            QStringLiteral("config.json:3:93: telemetry.destinations[1]: expected an object, found 5"),
            QStringLiteral(
                "config.json:2:38: gateway.host: expected a loopback address (127.0.0.1, localhost, ::1), found \"0.0.0.0\""),
        };
        QCOMPARE(problems(text), expected);
        QVERIFY(!parsed(text));
    }

    void aLongValueIsCutWhereItIsQuoted()
    {
        const QStringList lines = problems("{\"gateway\": {\"port\": \"" + QByteArray(5000, 'x') + "\"}}");
        QCOMPARE(lines.size(), 1);
        QVERIFY(lines.first().size() < 200);
    }

    void unknownKeysWarnWithTheNearestKnownOne()
    {
        const auto loaded = parsed("{'gateway': {'prot': 1}, 'telemetri': {}, 'zzz': 1}");
        QVERIFY(loaded);
        QStringList lines;
        for (const Problem& problem : loaded->warnings) {
            QCOMPARE(problem.severity, Problem::Severity::Warning);
            lines.append(problem.toString());
        }
        QCOMPARE(lines,
                 (QStringList{QStringLiteral("config.json:1:14: gateway.prot: unknown key; did you mean \"gateway.port\"?"),
                              QStringLiteral("config.json:1:26: telemetri: unknown key; did you mean \"telemetry\"?"),
                              QStringLiteral("config.json:1:43: zzz: unknown key")}));
    }

    void keysOfLaterVersionsAndOfClientsAreNoMistake()
    {
        QCOMPARE(problems("{'$schema': 'x', 'clients': [], 'receiver': {}, 'guardrails': {}, 'alerts': {}, 'inputs': []}"),
                 QStringList());
        QCOMPARE(problems("{'mcpServers': {'a': {'command': 'x', 'envFile': 'e', 'description': 'd', 'alwaysLoad': true}}}"),
                 QStringList());
    }

    void durationsAreMillisecondsOrATextWithAUnit_data()
    {
        QTest::addColumn<QByteArray>("json");
        QTest::addColumn<int>("ms");
        QTest::newRow("plain") << QByteArray("250") << 250;
        QTest::newRow("ms") << QByteArray("\"250ms\"") << 250;
        QTest::newRow("s") << QByteArray("\"30s\"") << 30'000;
        QTest::newRow("fraction") << QByteArray("\"1.5 s\"") << 1'500;
        QTest::newRow("m") << QByteArray("\"2m\"") << 120'000;
        QTest::newRow("min") << QByteArray("\"2min\"") << 120'000;
        QTest::newRow("h") << QByteArray("\"1h\"") << 3'600'000;
        for (const char* bad : {"\"\"", "\"s\"", "\"30\"", "\"infs\"", "\"nanms\"", "\"-1s\"", "\"1e300h\"", "\"25h\"", "0", "-5",
                                "1.5", "null", "[1]"})
            QTest::newRow(bad) << QByteArray(bad) << -1;
    }

    void durationsAreMillisecondsOrATextWithAUnit()
    {
        QFETCH(QByteArray, json);
        QFETCH(int, ms);
        const QByteArray text = "{\"gateway\": {\"timeouts\": {\"toolCall\": " + json + "}}}";
        if (ms < 0)
            QCOMPARE(problems(text), QStringList{QStringLiteral("config.json:1:39: gateway.timeouts.toolCall: expected "
                                                                "milliseconds from 1 to 86400000, or a text such as "
                                                                "\"30s\", found ") +
                                                 QString::fromUtf8(json)});
        else
            QCOMPARE(good(text).gateway.timeouts.toolCall.count(), ms);
    }

    void listsWithFixedWordsRefuseOthers()
    {
        QCOMPARE(problems("{'masking': {'piiTypes': ['email', 'shoe-size']}}"),
                 QStringList{QStringLiteral(
                     "config.json:1:36: masking.piiTypes[1]: expected one of credit-card, email, iban, us-ssn, ipv4, phone, "
                     "found \"shoe-size\"")});
        QVERIFY(!parsed("{'telemetry': {'destinations': [{'name': 'a', 'endpoint': 'http://h', 'signals': ['spans']}]}}"));
    }

    void everyShapeOfAServerIsUnderstood()
    {
        const Server stdio =
            server("{'command': 'npx', 'args': ['-y', 'p'], 'env': {'A': '1', 'B': 2, 'C': null}, 'cwd': '/srv'}");
        QCOMPARE(stdio.transport, ServerTransport::Stdio);
        QCOMPARE(stdio.args, (QStringList{QStringLiteral("-y"), QStringLiteral("p")}));
        QCOMPARE(stdio.env, (QMap<QString, QString>{{QStringLiteral("A"), QStringLiteral("1")},
                                                    {QStringLiteral("B"), QStringLiteral("2")}}));
        QCOMPARE(stdio.cwd, QStringLiteral("/srv"));
        QVERIFY(stdio.enabled);

        QCOMPARE(server("{'type': 'http', 'url': 'https://h/mcp'}").transport, ServerTransport::StreamableHttp);
        QCOMPARE(server("{'type': 'streamable-http', 'url': 'https://h/mcp'}").transport, ServerTransport::StreamableHttp);
        QCOMPARE(server("{'type': 'sse', 'url': 'https://h/sse'}").transport, ServerTransport::LegacySse);
        const Server guessed = server("{'url': 'https://h/mcp', 'headers': {'B': '1', 'A': '2'}}");
        QCOMPARE(guessed.transport, ServerTransport::StreamableHttp);
        QCOMPARE(guessed.headers.first().first, QStringLiteral("B"));
        QCOMPARE(server("{'serverUrl': 'https://h/w'}").url, QStringLiteral("https://h/w"));
        QCOMPARE(server("{'url': '${BASE}/mcp'}").url, QStringLiteral("${BASE}/mcp"));
        QCOMPARE(server("{'command': 'x', 'url': 'https://h'}").transport, ServerTransport::Stdio);
    }

    void theServersKeyOfVsCodeIsReadAsWell()
    {
        QCOMPARE(good("{'servers': {'a': {'command': 'x'}}, 'inputs': []}").servers.size(), 1);
        const QStringList both = problems("{'servers': {'a': {'command': 'x'}}, 'mcpServers': {'b': {'command': 'y'}}}");
        QCOMPARE(both, QStringList{QStringLiteral("config.json:1:2: servers: not read, because mcpServers is there as well")});
    }

    void aServersUrlHasASchemeThatCanBeSpoken()
    {
        QCOMPARE(
            problems("{'mcpServers': {'a': {'url': 'h:80/mcp'}}}"),
            QStringList{QStringLiteral(
                "config.json:1:30: mcpServers.a.url: expected a URL that begins with http:// or https://, found \"h:80/mcp\"")});
    }

    void oneServersTimeoutLeavesTheOthersToTheGateway()
    {
        const Server one = server("{'command': 'x', 'timeouts': {'toolCall': '1s'}}");
        QCOMPARE(one.timeouts.toolCall, std::optional<milliseconds>(1000));
        QVERIFY(!one.timeouts.connectivity && !one.timeouts.discovery);
    }

    void theGatewayListensOnLoopbackOnly_data()
    {
        QTest::addColumn<bool>("accepted");
        for (const char* host : {"127.0.0.1", "127.1.2.3", "localhost", "::1", "[::1]"})
            QTest::newRow(host) << true;
        for (const char* host : {"0.0.0.0", "192.168.1.2", "127.example.com", "127.0.0.1.example.com", "127.0.0", "127.0.0.256",
                                 "example.com", "::", ""})
            QTest::newRow(host) << false;
    }

    void theGatewayListensOnLoopbackOnly()
    {
        QFETCH(bool, accepted);
        const QByteArray text = QByteArray("{\"gateway\": {\"host\": \"") + QTest::currentDataTag() + "\"}}";
        QCOMPARE(parsed(text).has_value(), accepted);
    }

    void aSeparatorAndAMetricPrefixAreUsableInNames()
    {
        QVERIFY(parsed("{'gateway': {'separator': '-'}, 'metrics': {'namespace': 'acme_mcp'}}"));
        for (const char* bad :
             {"{'gateway': {'separator': ''}}", "{'gateway': {'separator': ' : '}}", "{'metrics': {'namespace': ''}}",
              "{'metrics': {'namespace': '9x'}}", "{'metrics': {'namespace': 'a-b'}}"})
            QCOMPARE(problems(bad).size(), 1);
    }

    void limitsAreReadWithAllTheirFields()
    {
        const Config configuration =
            good("{'limits': [{'for': 'client', 'name': 'claude', 'callsPerSecond': 2.5, 'burst': 10, 'concurrency': 4,"
                 " 'callsPerHour': 100, 'callsPerDay': 1000, 'tokensPerHour': 50000, 'tokensPerDay': 400000},"
                 " {'for': 'project', 'callsPerDay': 1}]}");
        QCOMPARE(configuration.limits.size(), 2);
        QCOMPARE(configuration.limits[0],
                 (Limit{LimitScope::Client, QStringLiteral("claude"), 2.5, 10, 4, 100, 1000, 50000, 400000}));
        QCOMPARE(configuration.limits[1].scope, LimitScope::Project);
        QCOMPARE(configuration.limits[1].name, QStringLiteral("*"));
    }

    void aLimitThatCannotBeMeantIsRefused_data()
    {
        QTest::addColumn<QByteArray>("limits");
        QTest::addColumn<QString>("problem");
        QTest::newRow("no list") << QByteArray("{'for': 'client'}")
                                 << QStringLiteral(
                                        "config.json:1:12: limits: expected a list of limits, found {\"for\": \"client\"}");
        QTest::newRow("no object") << QByteArray("[7]")
                                   << QStringLiteral("config.json:1:13: limits[0]: expected an object, found 7");
        QTest::newRow("of nobody") << QByteArray("[{'callsPerDay': 1}]")
                                   << QStringLiteral(
                                          "config.json:1:13: limits[0].for: expected whose calls it counts: client, project, "
                                          "tenant, server or tool");
        QTest::newRow("of what there is not")
            << QByteArray("[{'for': 'planet', 'callsPerDay': 1}]")
            << QStringLiteral("config.json:1:21: limits[0].for: expected one of client, project, "
                              "tenant, server, tool, found \"planet\"");
        QTest::newRow("of nothing") << QByteArray("[{'for': 'client'}]")
                                    << QStringLiteral(
                                           "config.json:1:13: limits[0]: limits nothing; give callsPerSecond, concurrency, "
                                           "or calls or tokens per hour or day");
        QTest::newRow("no name") << QByteArray("[{'for': 'client', 'name': '', 'callsPerDay': 1}]")
                                 << QStringLiteral("config.json:1:39: limits[0].name: expected a name, or *, found \"\"");
        QTest::newRow("twice") << QByteArray("[{'for': 'client', 'callsPerDay': 1}, {'for': 'client', 'name': '*', 'burst': 1}]")
                               << QStringLiteral(
                                      "config.json:1:50: limits[1]: there is a limit for this client already; write all of it "
                                      "into one entry");
        QTest::newRow("a burst of nothing") << QByteArray("[{'for': 'client', 'callsPerDay': 1, 'burst': 2}]")
                                            << QStringLiteral(
                                                   "config.json:1:58: limits[0].burst: has no meaning without callsPerSecond");
        QTest::newRow("negative") << QByteArray("[{'for': 'client', 'callsPerSecond': -1}]")
                                  << QStringLiteral(
                                         "config.json:1:49: limits[0].callsPerSecond: expected a number from 0.0 to 1000000.0, "
                                         "found -1");
        QTest::newRow("no such server") << QByteArray("[{'for': 'server', 'name': 'gone', 'callsPerDay': 1}]")
                                        << QStringLiteral("config.json:1:39: limits[0].name: there is no server \"gone\"");
    }
    void aLimitThatCannotBeMeantIsRefused()
    {
        QFETCH(QByteArray, limits);
        QFETCH(QString, problem);
        QCOMPARE(problems("{'limits': " + limits + "}"), QStringList{problem});
    }

    void breakersAndRetriesAreReadForAllServersAndForOne()
    {
        const Config configuration = good(
            "{'gateway': {'circuitBreaker': {'enabled': false, 'failures': 3, 'failureRate': 0.25, 'minimumCalls': 7, 'window': "
            "'2m', 'cooldown': '1s', 'maxCooldown': '9s'}, 'retries': {'max': 0, 'delay': '50ms'}}}");
        const CircuitBreaker& breaker = configuration.gateway.circuitBreaker;
        QCOMPARE(breaker, (CircuitBreaker{false, 3, 0.25, 7, milliseconds(120'000), milliseconds(1'000), milliseconds(9'000)}));
        QCOMPARE(configuration.gateway.retries, (Retries{0, milliseconds(50)}));
        const Server own =
            server("{'command': 'c', 'circuitBreaker': {'failures': 0, 'cooldown': 10}, 'retries': {'max': 2, 'tools': "
                   "'annotated'}}");
        QCOMPARE(own.circuitBreaker, (ServerCircuitBreaker{true, 0, milliseconds(10)}));
        QCOMPARE(own.retries, (ServerRetries{2, ToolRetries::Annotated}));
        QCOMPARE(server("{'command': 'c'}").circuitBreaker, ServerCircuitBreaker());
        QVERIFY(!parsed("{'mcpServers': {'s': {'command': 'c', 'retries': {'tools': 'always'}}}}"));
    }

    void destinationsAreReadWithAllTheirFields()
    {
        const Config configuration = good(
            "{'telemetry': {'destinations': [\n"
            "            {'name': 'a', 'protocol': 'grpc', 'endpoint': 'host:4317', 'insecure': true, 'signals': ['traces', "
            "'logs'], 'timeout': '2s'},\n"
            "            {'name': 'b', 'tracesEndpoint': 'http://t/x', 'headers': {'Authorization': 'Bearer ${vault:k}'}, "
            "'compression': 'gzip'},\n"
            "            {'name': 'c', 'protocol': 'file', 'endpoint': '/tmp/x', 'enabled': false, 'aliases': ['kuadrant']},\n"
            "            {'name': 'd', 'protocol': 'console', 'compression': 'none'}]}}");
        QCOMPARE(configuration.telemetry.destinations.size(), 4);
        const Destination* a = findDestination(configuration, u"a");
        QVERIFY(a != nullptr && a->traces && !a->metrics && a->logs && a->insecure);
        QCOMPARE(a->timeout.count(), 2000);
        const Destination* b = findDestination(configuration, u"b");
        QCOMPARE(b->signalEndpoints.value(QStringLiteral("traces")), QStringLiteral("http://t/x"));
        QCOMPARE(b->protocol, ExportProtocol::HttpProtobuf);
        QCOMPARE(b->compression, QStringLiteral("gzip"));
        QVERIFY(b->traces && b->metrics && b->logs);
        QCOMPARE(findDestination(configuration, u"d")->protocol, ExportProtocol::Console);
        QCOMPARE(findDestination(configuration, u"d")->compression, QStringLiteral("none"));
        QCOMPARE(a->compression, QString());
        QVERIFY(findDestination(configuration, u"e") == nullptr);
        QCOMPARE(
            problems("{'telemetry': {'destinations': [{'name': 'a', 'endpoint': 'x'}, {'name': 'a', 'endpoint': 'y'}, {'name': "
                     "'b'}]}}"),
            (QStringList{
                QStringLiteral("config.json:1:74: telemetry.destinations[1].name: there is a destination \"a\" already"),
                QStringLiteral("config.json:1:97: telemetry.destinations[2].endpoint: expected where to send to, or a preset")}));
    }

    void aMissingFileGivesTheDefaultsAndAnUnreadableOneAnError()
    {
        QTemporaryDir dir;
        const QString path = dir.filePath(QStringLiteral("c.json"));
        QVERIFY(loadConfig(path));
        QCOMPARE(loadConfig(path)->config, Config());
        const auto folder = loadConfig(dir.path());
        QVERIFY(!folder);
        QVERIFY(folder.error().first().toString().contains(QStringLiteral("cannot be read")));
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        QVERIFY(file.resize(5 * 1024 * 1024));
        file.close();
        QVERIFY(!loadConfig(path));
        QCOMPARE(loadConfig(path).error().first().message, QStringLiteral("is larger than 4 MiB"));
    }

    void anyBytesGiveAnAnswerAndNeverACrash()
    {
        const QByteArray text =
            "{'gateway': {'port': 1, 'timeouts': {'auth': '1s'}}, 'mcpServers': {'a': {'command': 'x', 'env': {'A': 'b'}}},\n"
            "            'telemetry': {'destinations': [{'name': 'a', 'endpoint': 'x'}]}}";
        for (qsizetype cut = 0; cut < text.size(); ++cut) {
            (void)parsed(text.first(cut));
            for (const char byte : {'\0', '\'', '{', ']', '9', '\xff'}) {
                QByteArray changed = text;
                changed[cut] = byte;
                const auto loaded = parsed(changed);
                if (!loaded)
                    QVERIFY(!loaded.error().isEmpty());
            }
        }
    }
};

QTEST_GUILESS_MAIN(ConfigFileTest)
#include "tst_config_file.moc"
