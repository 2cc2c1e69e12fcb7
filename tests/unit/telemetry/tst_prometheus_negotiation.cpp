// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/prometheus_negotiation.h"

#include <QTest>

using namespace oriel::telemetry;

class PrometheusNegotiationTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theFormatIsWhatTheScraperAsksForMost_data()
    {
        QTest::addColumn<QByteArray>("accept");
        QTest::addColumn<QByteArray>("type");
        const QByteArray text = "text/plain; version=0.0.4; charset=utf-8";
        const QByteArray open = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        QTest::newRow("nothing") << QByteArray() << text;
        QTest::newRow("browser") << QByteArray("text/html,application/xhtml+xml,*/*;q=0.8") << text;
        QTest::newRow("everything") << QByteArray("*/*") << text;
        QTest::newRow("Debian's Prometheus 2.42")
            << QByteArray("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                          "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
            << open;
        QTest::newRow("the same with native histograms")
            << QByteArray("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,"
                          "application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,"
                          "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
            << open;
        QTest::newRow("Prometheus 3")
            << QByteArray("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
                          "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
                          "text/plain;version=0.0.4;q=0.2,*/*;q=0.1")
            << open + "; escaping=allow-utf-8";
        QTest::newRow("an escaping we do not know")
            << QByteArray("application/openmetrics-text;version=1.0.0;escaping=rot13") << open + "; escaping=underscores";
        QTest::newRow("an escaping of a version that has none") << QByteArray("text/plain;version=0.0.4;escaping=dots") << text;
        QTest::newRow("text of 1.0.0") << QByteArray(
                                              "text/plain;version=1.0.0;escaping=dots;q=0.9,text/plain;version=0.0.4;q=0.1")
                                       << QByteArray("text/plain; version=1.0.0; charset=utf-8; escaping=dots");
        QTest::newRow("old OpenMetrics") << QByteArray("application/openmetrics-text;version=0.0.1")
                                         << QByteArray("application/openmetrics-text; version=0.0.1; charset=utf-8");
        QTest::newRow("OpenMetrics of any version") << QByteArray("application/openmetrics-text") << open;
        QTest::newRow("text preferred") << QByteArray("text/plain;version=0.0.4,application/openmetrics-text;q=0.2") << text;
        QTest::newRow("equal: the first") << QByteArray("application/openmetrics-text,text/plain") << open;
        QTest::newRow("the best comes last") << QByteArray("text/plain;q=0.1 , application/openmetrics-text ; q=0.2") << open;
        QTest::newRow("unknown version") << QByteArray("application/openmetrics-text;version=9.0.0,text/plain;q=0.1") << text;
        QTest::newRow("refused") << QByteArray("application/openmetrics-text;q=0") << text;
        QTest::newRow("refused but for the rest") << QByteArray("text/plain;q=0,*/*") << open;
        QTest::newRow("capitals and quotes") << QByteArray("Application/OpenMetrics-Text; Version=\"1.0.0\"; Q=1") << open;
        QTest::newRow("a comma in quotes") << QByteArray("x/y;a=\",application/openmetrics-text,\";q=1,text/plain;q=0.5") << text;
        QTest::newRow("broken weights") << QByteArray("application/openmetrics-text;q=abc,text/plain;q=2") << text;
        QTest::newRow("garbage") << QByteArray(";;,,=;q==,\"") << text;
    }
    void theFormatIsWhatTheScraperAsksForMost()
    {
        QFETCH(QByteArray, accept);
        QFETCH(QByteArray, type);
        QCOMPARE(expositionContentType(negotiateExposition(accept)), type);
    }

    void gzipIsUsedWhereItIsAccepted()
    {
        QVERIFY(acceptsGzip("gzip"));
        QVERIFY(acceptsGzip("deflate, GZIP;q=0.5"));
        QVERIFY(acceptsGzip("*"));
        QVERIFY(!acceptsGzip(""));
        QVERIFY(!acceptsGzip("identity"));
        QVERIFY(!acceptsGzip("gzip;q=0"));
        QVERIFY(!acceptsGzip("gzip;q=0, *"));
        QVERIFY(!acceptsGzip("*;q=0"));
    }
};

QTEST_GUILESS_MAIN(PrometheusNegotiationTest)
#include "tst_prometheus_negotiation.moc"
