// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/exporters/endpoint.h"

#include <QTest>

using namespace oriel;
using namespace oriel::otlp;
using config::ExportProtocol;

namespace {
config::Destination http(const char* endpoint)
{
    config::Destination destination;
    destination.endpoint = QString::fromLatin1(endpoint);
    return destination;
}
} // namespace

class OtlpEndpointTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aBaseUrlGetsTheSignalsPath_data()
    {
        QTest::addColumn<QByteArray>("base");
        QTest::addColumn<QByteArray>("traces");
        QTest::newRow("plain") << QByteArray("http://c:4318") << QByteArray("http://c:4318/v1/traces");
        QTest::newRow("slash") << QByteArray("http://c:4318/") << QByteArray("http://c:4318/v1/traces");
        QTest::newRow("path") << QByteArray("https://c/mycollector/") << QByteArray("https://c/mycollector/v1/traces");
        QTest::newRow("path without slash") << QByteArray("https://c/otlp") << QByteArray("https://c/otlp/v1/traces");
        QTest::newRow("query stays") << QByteArray("https://c/otlp?key=1") << QByteArray("https://c/otlp/v1/traces?key=1");
    }
    void aBaseUrlGetsTheSignalsPath()
    {
        QFETCH(QByteArray, base);
        QFETCH(QByteArray, traces);
        const auto url = signalUrl(http(base.constData()), Signal::Traces);
        QVERIFY(url.has_value());
        QCOMPARE(url->toString(), QString::fromLatin1(traces));
    }

    void aSignalsOwnUrlIsUsedAsItIs()
    {
        config::Destination destination = http("http://base:4318");
        destination.signalEndpoints = {{QStringLiteral("traces"), QStringLiteral("http://c:4318")},
                                       {QStringLiteral("logs"), QStringLiteral("https://l/loki/otlp")}};
        QCOMPARE(signalUrl(destination, Signal::Traces)->toString(), QStringLiteral("http://c:4318/"));
        QCOMPARE(signalUrl(destination, Signal::Logs)->toString(), QStringLiteral("https://l/loki/otlp"));
        QCOMPARE(signalUrl(destination, Signal::Metrics)->toString(), QStringLiteral("http://base:4318/v1/metrics"));
    }

    void whatIsNoHttpUrlIsRefused()
    {
        for (const char* bad : {"", "localhost:4318", "ftp://c", "http://", "file:///tmp/x", "http://[bad"})
            QVERIFY2(!signalUrl(http(bad), Signal::Traces).has_value(), bad);
    }

    void theSchemeDecidesTlsOfGrpc()
    {
        const auto target = [](const char* endpoint, bool insecure = false) {
            config::Destination destination = http(endpoint);
            destination.insecure = insecure;
            return *grpcTarget(destination, Signal::Traces);
        };
        QCOMPARE(target("http://c:4317"), (GrpcTarget{QStringLiteral("c:4317"), false}));
        QCOMPARE(target("https://c:4317", true), (GrpcTarget{QStringLiteral("c:4317"), true}));
        QCOMPARE(target("https://c"), (GrpcTarget{QStringLiteral("c:443"), true}));
        QCOMPARE(target("c:4317"), (GrpcTarget{QStringLiteral("c:4317"), true}));
        QCOMPARE(target("c:4317", true), (GrpcTarget{QStringLiteral("c:4317"), false}));
        QCOMPARE(target("dns:///c:4317", true), (GrpcTarget{QStringLiteral("dns:///c:4317"), false}));
        QCOMPARE(target("rpc://c", true), (GrpcTarget{QStringLiteral("c:4317"), false}));
        QCOMPARE(target("rpc://c:9"), (GrpcTarget{QStringLiteral("c:9"), true}));
        QCOMPARE(target("http://[::1]:4317"), (GrpcTarget{QStringLiteral("[::1]:4317"), false}));
        QVERIFY(!grpcTarget(http(""), Signal::Traces).has_value());
    }

    void orielsOwnReceiverIsRecognized_data()
    {
        QTest::addColumn<QByteArray>("endpoint");
        QTest::addColumn<int>("protocol");
        QTest::addColumn<bool>("own");
        const auto row = [](const char* endpoint, ExportProtocol protocol, bool own) {
            QTest::addRow("%s %d", endpoint, static_cast<int>(protocol))
                << QByteArray(endpoint) << static_cast<int>(protocol) << own;
        };
        row("http://localhost:4318", ExportProtocol::HttpProtobuf, true);
        row("http://127.0.0.1:4318/x", ExportProtocol::HttpJson, true);
        row("http://[::1]:4317", ExportProtocol::HttpJson, true);
        row("http://127.9.9.9:4318", ExportProtocol::HttpJson, true);
        row("http://0.0.0.0:4318", ExportProtocol::HttpJson, true);
        row("localhost:4317", ExportProtocol::Grpc, true);
        row("dns:///localhost:4317", ExportProtocol::Grpc, true);
        row("http://localhost:4319", ExportProtocol::HttpProtobuf, false);
        row("http://collector:4318", ExportProtocol::HttpProtobuf, false);
        row("collector:4317", ExportProtocol::Grpc, false);
        row("localhost:4318", ExportProtocol::File, false);
    }
    void orielsOwnReceiverIsRecognized()
    {
        QFETCH(QByteArray, endpoint);
        QFETCH(int, protocol);
        QFETCH(bool, own);
        config::Destination destination = http(endpoint.constData());
        destination.protocol = static_cast<ExportProtocol>(protocol);
        const std::vector<quint16> ports{4317, 4318};
        QCOMPARE(isOwnReceiver(destination, ports), own);
        QVERIFY(!isOwnReceiver(destination, {}));
    }

    void secretsAreFilledIn()
    {
        const SecretResolver vault = [](QStringView name) -> Result<QByteArray> {
            if (name == QLatin1StringView("key"))
                return QByteArray("s3cr3t");
            return fail(ErrorCode::NotFound, QStringLiteral("no such secret"));
        };
        QCOMPARE(*resolveSecrets(u"Bearer ${vault:key}!", vault), QByteArray("Bearer s3cr3t!"));
        QCOMPARE(*resolveSecrets(u"${vault:key}${vault:key}", vault), QByteArray("s3cr3ts3cr3t"));
        QCOMPARE(*resolveSecrets(u"plain $5 ${other}", vault), QByteArray("plain $5 ${other}"));
        QCOMPARE(*resolveSecrets(u"${vault:open", vault), QByteArray("${vault:open"));
        QCOMPARE(resolveSecrets(u"${vault:missing}", vault).error().code, ErrorCode::NotFound);
        QVERIFY(!resolveSecrets(u"${vault:key}", {}).has_value());
    }
};

QTEST_GUILESS_MAIN(OtlpEndpointTest)
#include "tst_otlp_endpoint.moc"
