// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/gui_test.h"
#include "ui/settings/credentials_page.h"
#include "ui/settings/settings_text.h"

using namespace oriel;
using namespace oriel::ui;
using config::ExportProtocol;

namespace {

config::Destination collector()
{
    config::Destination destination;
    destination.name = QStringLiteral("Collector");
    destination.protocol = ExportProtocol::Grpc;
    destination.endpoint = QStringLiteral("http://localhost:4317");
    return destination;
}

QStringList fields(const QList<FieldError>& errors)
{
    QStringList list;
    for (const FieldError& error : errors)
        list.append(error.field);
    return list;
}

} // namespace

class TestSettingsText : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { test::failOnUnexpectedWarnings(); }

    void thePortsOfTheReceiverAreItsOwn()
    {
        config::Receiver receiver;
        QVERIFY(validateReceiver(receiver, 7420).isEmpty());
        receiver.grpcPort = receiver.httpPort = 0;
        QVERIFY(validateReceiver(receiver, 0).isEmpty());
        receiver.grpcPort = receiver.httpPort = 5000;
        QCOMPARE(validateReceiver(receiver, 7420).size(), 1);
        QCOMPARE(validateReceiver(receiver, 5000).size(), 2);
    }

    void aGoodDestinationPasses()
    {
        QVERIFY(validateDestination(collector(), {}).isEmpty());
        config::Destination file = collector();
        file.protocol = ExportProtocol::File;
        file.endpoint = QStringLiteral("spans.jsonl");
        QVERIFY(validateDestination(file, {}).isEmpty());
        config::Destination console = collector();
        console.protocol = ExportProtocol::Console;
        console.endpoint.clear();
        QVERIFY(validateDestination(console, {}).isEmpty());
        config::Destination target = collector();
        target.endpoint = QStringLiteral("collector:4317");
        QVERIFY(validateDestination(target, {}).isEmpty());
    }

    void everyMistakeInADestinationNamesItsField_data()
    {
        QTest::addColumn<config::Destination>("destination");
        QTest::addColumn<QString>("field");
        config::Destination wrong = collector();
        wrong.name.clear();
        QTest::newRow("no name") << wrong << QStringLiteral("name");
        wrong = collector();
        wrong.name = QStringLiteral("taken");
        QTest::newRow("name taken") << wrong << QStringLiteral("name");
        wrong = collector();
        wrong.endpoint.clear();
        QTest::newRow("no endpoint") << wrong << QStringLiteral("endpoint");
        wrong.protocol = ExportProtocol::HttpProtobuf;
        wrong.endpoint = QStringLiteral("localhost:4318");
        QTest::newRow("no scheme for http") << wrong << QStringLiteral("endpoint");
        wrong.endpoint = QStringLiteral("ftp://localhost");
        QTest::newRow("ftp") << wrong << QStringLiteral("endpoint");
        wrong = collector();
        wrong.traces = wrong.metrics = wrong.logs = false;
        QTest::newRow("no signal") << wrong << QStringLiteral("signals");
        wrong = collector();
        wrong.headers = {{QStringLiteral("bad header"), QStringLiteral("x")}};
        QTest::newRow("header name") << wrong << QStringLiteral("headers");
        wrong.headers = {{QStringLiteral("x"), QStringLiteral("a\nb")}};
        QTest::newRow("header value") << wrong << QStringLiteral("headers");
        wrong = collector();
        wrong.timeout = std::chrono::milliseconds(0);
        QTest::newRow("timeout") << wrong << QStringLiteral("timeout");
        wrong = collector();
        wrong.certFile = QStringLiteral("/c.pem");
        QTest::newRow("certificate without key") << wrong << QStringLiteral("keyFile");
    }
    void everyMistakeInADestinationNamesItsField()
    {
        QFETCH(config::Destination, destination);
        QFETCH(QString, field);
        QCOMPARE(fields(validateDestination(destination, {QStringLiteral("taken")})), QStringList{field});
    }

    void theGatewayListensOnLoopbackOnly()
    {
        config::Gateway gateway;
        QVERIFY(validateGateway(gateway).isEmpty());
        gateway.host = QStringLiteral("0.0.0.0");
        QCOMPARE(fields(validateGateway(gateway)), QStringList{QStringLiteral("host")});
        gateway = {};
        gateway.separator = QStringLiteral("::");
        QCOMPARE(fields(validateGateway(gateway)), QStringList{QStringLiteral("separator")});
        gateway = {};
        gateway.allowedOrigins = {QStringLiteral("https://app.example"), QStringLiteral("https://app.example/path")};
        QCOMPARE(fields(validateGateway(gateway)), QStringList{QStringLiteral("allowedOrigins")});
        gateway = {};
        gateway.maxBodyBytes = 10;
        QCOMPARE(fields(validateGateway(gateway)), QStringList{QStringLiteral("maxBodyBytes")});
        gateway = {};
        gateway.timeouts.auth = std::chrono::milliseconds(0);
        QCOMPARE(fields(validateGateway(gateway)), QStringList{QStringLiteral("timeouts.auth")});
    }

    void patternsAndExceptionsAreChecked()
    {
        QVERIFY(validatePatterns({{QStringLiteral("ticket"), QStringLiteral("T-[0-9]+")}}).isEmpty());
        QCOMPARE(validatePatterns({{QStringLiteral("a b"), QStringLiteral("x")}, {QStringLiteral("c"), QString()}}).size(), 2);
        QCOMPARE(
            validatePatterns({{QStringLiteral("a"), QStringLiteral("x")}, {QStringLiteral("a"), QStringLiteral("y")}}).size(), 1);
        QVERIFY(validateExceptions({QStringLiteral("$.a.b"), QString(64, QLatin1Char('a'))}).isEmpty());
        QCOMPARE(validateExceptions({QStringLiteral("hunter2"), QString(63, QLatin1Char('a'))}).size(), 2);
    }

    void namesOfTokensAndSecretsAreChecked()
    {
        QVERIFY(validateTokenName(QStringLiteral("claude-code"), {}).isEmpty());
        QVERIFY(!validateTokenName(QString(), {}).isEmpty());
        QVERIFY(!validateTokenName(QStringLiteral("a"), {QStringLiteral("a")}).isEmpty());
        QVERIFY(validateSecretName(QStringLiteral("github.token")).isEmpty());
        QVERIFY(!validateSecretName(QStringLiteral("git hub")).isEmpty());
        QVERIFY(!validateSecretName(QStringLiteral("a}b")).isEmpty());
    }

    void whatASecretIsUsedByIsFoundAndWhatIsMissingToo()
    {
        config::Config configuration;
        config::Server server;
        server.name = QStringLiteral("notes");
        server.env.insert(QStringLiteral("KEY"), QStringLiteral("${vault:notes.KEY}"));
        server.args = {QStringLiteral("--token=${vault:gone}")};
        config::Server tracker;
        tracker.name = QStringLiteral("tracker");
        tracker.oauth.clientSecret = QStringLiteral("${vault:tracker}");
        configuration.servers = {server, tracker};
        config::Destination destination = collector();
        destination.headers = {{QStringLiteral("Authorization"), QStringLiteral("Bearer ${vault:notes.KEY}")}};
        configuration.telemetry.destinations = {destination};
        QCOMPARE(usesOfSecret(configuration, QStringLiteral("notes.KEY")),
                 (QStringList{QStringLiteral("server notes"), QStringLiteral("destination Collector")}));
        const QList<SecretRow> rows = secretRows({QStringLiteral("notes.KEY"), QStringLiteral("idle")}, configuration);
        QCOMPARE(rows.size(), 4);
        QCOMPARE(rows[0].name, QStringLiteral("gone"));
        QCOMPARE(rows[1].name, QStringLiteral("tracker"));
        QVERIFY(!rows[1].set);
        QVERIFY(!rows[0].set);
        QCOMPARE(rows[0].uses, QStringList{QStringLiteral("server notes")});
        QVERIFY(rows[2].set);
        QVERIFY(rows[3].uses.isEmpty());
        QCOMPARE(usesOfSecret(configuration, QStringLiteral("tracker")), QStringList{QStringLiteral("server tracker")});
    }
};

QTEST_GUILESS_MAIN(TestSettingsText)
#include "tst_settings_text.moc"
