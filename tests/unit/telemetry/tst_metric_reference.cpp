// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/metric_reference.h"
#include "telemetry/metric_table.h"

#include <QDir>
#include <QFile>
#include <QTest>

using namespace oriel::telemetry;

class MetricReferenceTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theReferencePageIsWhatTheTableSays()
    {
        const QByteArray page = metricReference();
        QFile file(QDir(QStringLiteral(ORIEL_SOURCE_DIR)).filePath(QStringLiteral("docs/reference/metrics.md")));
        if (qEnvironmentVariable("ORIEL_UPDATE") == QLatin1String("1") && file.open(QIODevice::WriteOnly)) {
            file.write(page);
            file.close();
        }
        QVERIFY(file.open(QIODevice::ReadOnly));
        QVERIFY2(file.readAll() == page,
                 "does not equal what the code makes; run this test with ORIEL_UPDATE=1 and commit the file");
    }

    void everyMetricIsDescribedInASentence()
    {
        const QByteArray page = metricReference();
        for (const MetricRow& row : metricTable()) {
            QVERIFY2(QByteArray(row.description).endsWith('.'), row.name);
            QVERIFY2(page.contains(row.name), row.name);
        }
        QVERIFY(page.contains("`mcp.server.operation.duration`<br>`mcp_server_operation_duration_seconds`"));
        QVERIFY(page.contains("`NS_timeout_escalation_warn_total`<br>also `NS_timeout_escalation_warn`"));
    }
};

QTEST_GUILESS_MAIN(MetricReferenceTest)
#include "tst_metric_reference.moc"
