// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/semconv.h"
#include "telemetry/telemetry_reference.h"

#include <QDir>
#include <QFile>
#include <QTest>

using namespace oriel::telemetry;

class TelemetryReferenceTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theReferencePageIsWhatTheTablesSay()
    {
        const QByteArray page = telemetryReference();
        QFile file(QDir(QStringLiteral(ORIEL_SOURCE_DIR)).filePath(QStringLiteral("docs/reference/spans.md")));
        if (qEnvironmentVariable("ORIEL_UPDATE") == QLatin1String("1") && file.open(QIODevice::WriteOnly)) {
            file.write(page);
            file.close();
        }
        QVERIFY2(file.open(QIODevice::ReadOnly) && file.readAll() == page,
                 "does not equal what the code makes; run this test with ORIEL_UPDATE=1 and commit the file");
    }

    void thePageNamesEveryAttribute()
    {
        const QByteArray page = telemetryReference();
        for (const AttributeRow& row : attributeTable())
            QVERIFY2(page.contains("| `" + QByteArray(row.name) + "` |"), row.name);
    }
};

QTEST_GUILESS_MAIN(TelemetryReferenceTest)
#include "tst_telemetry_reference.moc"
