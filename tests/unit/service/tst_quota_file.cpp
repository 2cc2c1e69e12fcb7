// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/quota_file.h"

#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

using namespace oriel;
using namespace oriel::service;
using config::LimitScope;
using gateway::QuotaUse;

class QuotaFileTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    [[nodiscard]] QString path() const { return m_folder.filePath(QStringLiteral("quotas.json")); }
    void put(const QByteArray& text) const
    {
        QFile file(path());
        QVERIFY(file.open(QIODevice::WriteOnly));
        QCOMPARE(file.write(text), text.size());
    }

private Q_SLOTS:
    void cleanup() { QFile::remove(path()); }

    void whatIsWrittenIsReadAgain()
    {
        const QList<QuotaUse> quotas{{LimitScope::Client, "claude", {1'700'000'000'000'000'000, 3, 40}, {1, 5, 60}},
                                     {LimitScope::Tool, "fs__\"read\"", {0, 0, 0}, {7, 8, 9}}};
        QVERIFY(QuotaFile(path()).write(quotas));
        QCOMPARE(QuotaFile(path()).read(), quotas);
    }

    void withoutQuotasThereIsNoFile()
    {
        QVERIFY(QuotaFile(path()).write({}));
        QVERIFY(!QFile::exists(path()));
    }

    void quotasThatAreGoneAreTakenOutOfTheFile()
    {
        QuotaFile file(path());
        QVERIFY(file.write({{LimitScope::Client, "claude", {}, {}}}));
        QVERIFY(file.write({}));
        QVERIFY(QuotaFile(path()).read().isEmpty());
    }

    void theSameIsNotWrittenTwice()
    {
        const QList<QuotaUse> quotas{{LimitScope::Client, "claude", {1, 2, 3}, {4, 5, 6}}};
        QVERIFY(QuotaFile(path()).write(quotas));
        QuotaFile again(path());
        QCOMPARE(again.read(), quotas);
        QVERIFY(QFile::remove(path()));
        QVERIFY(again.write(quotas));
        QVERIFY(!QFile::exists(path()));
    }

    void aBrokenFileIsAnEmptyOne_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::newRow("empty") << QByteArray();
        QTest::newRow("cut") << QByteArray("{\"quotas\":[{\"for\":");
        QTest::newRow("not a list") << QByteArray("{\"quotas\":{\"for\":\"client\"}}");
        QTest::newRow("unknown scope") << QByteArray("{\"quotas\":[{\"for\":\"planet\",\"name\":\"x\"}]}");
    }
    void aBrokenFileIsAnEmptyOne()
    {
        QFETCH(QByteArray, text);
        put(text);
        QVERIFY(QuotaFile(path()).read().isEmpty());
    }

    void negativeNumbersGiveNobodyCredit()
    {
        put("{\"quotas\":[{\"for\":\"client\",\"name\":\"x\",\"day\":{\"startUnixNs\":5,\"calls\":-100,\"tokens\":1e99}}]}");
        const QList<QuotaUse> quotas = QuotaFile(path()).read();
        QCOMPARE(quotas.size(), 1);
        QCOMPARE(quotas.first().day.calls, 0);
    }

    void aFileThatCannotBeWrittenIsAnError()
    {
        QuotaFile file(m_folder.filePath(QStringLiteral("missing/quotas.json")));
        QVERIFY(!file.write({{LimitScope::Client, "claude", {}, {}}}));
    }
};

QTEST_GUILESS_MAIN(QuotaFileTest)
#include "tst_quota_file.moc"
