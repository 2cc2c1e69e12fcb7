// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/era_cache.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace oriel;
using namespace oriel::upstream;

class TestEraCache : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    [[nodiscard]] QString path() const { return m_folder.filePath(QStringLiteral("state/eras.json")); }

private Q_SLOTS:
    void cleanup() { QFile::remove(path()); }

    void verdictsAreThereAfterARestart()
    {
        const EraVerdict modern{true, "s 1", QStringLiteral("its answer to server/discover"), 17};
        {
            FileEraCache cache(path());
            cache.store("a", modern);
            cache.store("b", EraVerdict{false, "t 2", QStringLiteral("the handshake"), 18});
            cache.store("c", modern);
            cache.remove("c");
            QVERIFY(cache.lastWrite());
        }
        const FileEraCache again(path());
        QCOMPARE(again.find("a"), std::optional(modern));
        QVERIFY(again.find("b") && !again.find("b")->modern);
        QVERIFY(!again.find("c"));
    }

    void beyondTheLimitTheOldestGo()
    {
        FileEraCache cache(path(), 2);
        cache.store("old", {false, {}, {}, 1});
        cache.store("new", {false, {}, {}, 3});
        cache.store("middle", {false, {}, {}, 2});
        QVERIFY(!cache.find("old"));
        QVERIFY(cache.find("new") && cache.find("middle"));
    }

    void aBrokenFileCountsAsEmptyAndIsReplaced()
    {
        {
            FileEraCache cache(path());
            cache.store("a", {true, {}, {}, 1});
        }
        QFile file(path());
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("{\"servers\":{\"a\":{\"era\":\"mod");
        file.close();
        FileEraCache cache(path());
        QVERIFY(!cache.find("a"));
        cache.store("b", {true, {}, {}, 1});
        QVERIFY(FileEraCache(path()).find("b"));
    }

    void everyPartOfAConfigurationCounts()
    {
        config::Server server;
        server.command = QStringLiteral("run");
        server.args = {QStringLiteral("a"), QStringLiteral("b")};
        const QByteArray key = eraKeyOf(server);
        QCOMPARE(eraKeyOf(server), key);
        config::Server other = server;
        other.args = {QStringLiteral("a b")};
        QVERIFY(eraKeyOf(other) != key);
        other = server;
        other.env.insert(QStringLiteral("MODE"), QStringLiteral("x"));
        QVERIFY(eraKeyOf(other) != key);
        other = server;
        other.cwd = QStringLiteral("/tmp");
        QVERIFY(eraKeyOf(other) != key);
        other = server;
        other.concurrency = 4;
        QCOMPARE(eraKeyOf(other), key);
    }
};

QTEST_GUILESS_MAIN(TestEraCache)
#include "tst_era_cache.moc"
