// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/random.h"
#include "vault/vault_file.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

#ifdef Q_OS_UNIX
#include <csignal>
#include <sys/resource.h>
#endif

using namespace oriel;
using namespace oriel::vault;

namespace {

constexpr KdfCost kCheap{64, 1, 1};

SecretBuffer phrase(const char* text = "correct horse")
{
    return SecretBuffer(QByteArrayView(text));
}

QByteArray contents(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

void put(const QString& path, const QByteArray& bytes)
{
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly | QIODevice::Truncate) || file.write(bytes) != bytes.size())
        qFatal("cannot write the test's file");
}

} // namespace

class VaultFileTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_path = m_folder->filePath(QStringLiteral("vault.oriel"));
    }

    void valuesComeBackAfterUnlockingWithTheKey()
    {
        VaultFile file = make({{"github", "ghx-1"}, {"proxy/eu.1", QByteArray("\0\xff", 2)}, {"empty", ""}});
        auto loaded = VaultFile::load(m_path);
        QVERIFY(loaded);
        QCOMPARE(loaded->names(), (QStringList{QStringLiteral("empty"), QStringLiteral("github"), QStringLiteral("proxy/eu.1")}));
        QCOMPARE(loaded->value(QStringLiteral("github")).error().code, ErrorCode::Unavailable);
        QVERIFY(loaded->unlockWithKey(file.masterKey()));
        QCOMPARE(loaded->value(QStringLiteral("github")).value(), QByteArray("ghx-1"));
        QCOMPARE(loaded->value(QStringLiteral("proxy/eu.1")).value(), QByteArray("\0\xff", 2));
        QCOMPARE(loaded->value(QStringLiteral("empty")).value(), QByteArray());
        QCOMPARE(loaded->value(QStringLiteral("none")).error().code, ErrorCode::NotFound);
        QVERIFY(loaded->damage().isEmpty());
    }

    void nothingOnDiskIsPlain()
    {
        VaultFile file = make({{"github", "a-very-plain-secret"}});
        QVERIFY(file.setPassphraseSlot(phrase(), m_random, kCheap));
        QVERIFY(file.save());
        for (const QString& path : {m_path, file.backupPath()}) {
            const QByteArray bytes = contents(path);
            QVERIFY(!bytes.isEmpty());
            QVERIFY(!bytes.contains("a-very-plain-secret"));
            QVERIFY(!bytes.contains("correct horse"));
            QVERIFY(!bytes.contains(file.masterKey().view().toByteArray().toHex()));
            const auto others = QFile::ReadGroup | QFile::WriteGroup | QFile::ReadOther | QFile::WriteOther;
            QCOMPARE(QFileInfo(path).permissions() & others, QFile::Permissions());
        }
    }

    void thePassphraseOpensItAndAWrongOneDoesNot()
    {
        VaultFile file = make({{"a", "1"}});
        QVERIFY(file.setPassphraseSlot(phrase(), m_random, kCheap));
        QVERIFY(file.save());
        auto loaded = VaultFile::load(m_path);
        QVERIFY(loaded && loaded->hasPassphraseSlot());
        QCOMPARE(loaded->unlockWithPassphrase(phrase("wrong horse!")).error().code, ErrorCode::Unauthenticated);
        QVERIFY(!loaded->isUnlocked());
        QVERIFY(loaded->unlockWithPassphrase(phrase()));
        QCOMPARE(loaded->value(QStringLiteral("a")).value(), QByteArray("1"));
    }

    void theDefaultCostIsTheOneThatIsWritten()
    {
        VaultFile file = VaultFile::createNew(m_path, m_random);
        QVERIFY(file.setPassphraseSlot(phrase(), m_random));
        QVERIFY(file.save());
        QVERIFY(contents(m_path).contains("slot passphrase argon2id 65536 3 4 "));
        auto loaded = VaultFile::load(m_path);
        QVERIFY(loaded && loaded->unlockWithPassphrase(phrase()));
    }

    void anotherVaultsKeyIsRefused()
    {
        make({{"a", "1"}});
        auto loaded = VaultFile::load(m_path);
        QCOMPARE(loaded->unlockWithKey(SecretBuffer(m_random.secureBytes(32))).error().code, ErrorCode::Unauthenticated);
        QCOMPARE(loaded->unlockWithKey(SecretBuffer(QByteArrayView("short"))).error().code, ErrorCode::Unauthenticated);
        QVERIFY(!loaded->isUnlocked());
        QCOMPARE(loaded->save().error().code, ErrorCode::Unavailable);
    }

    void shortAndEndlessPassphrasesAreRefused()
    {
        VaultFile file = VaultFile::createNew(m_path, m_random);
        QCOMPARE(file.setPassphraseSlot(phrase("1234567"), m_random, kCheap).error().code, ErrorCode::InvalidArgument);
        QCOMPARE(file.setPassphraseSlot(SecretBuffer(QByteArray(2000, 'x')), m_random, kCheap).error().code,
                 ErrorCode::InvalidArgument);
        QCOMPARE(file.setPassphraseSlot(phrase(), m_random, {1, 1, 1}).error().code, ErrorCode::InvalidArgument);
        QCOMPARE(file.save().error().code, ErrorCode::InvalidArgument); // no slot would open it again
    }

    void namesAndSizesHaveLimits()
    {
        VaultFile file = VaultFile::createNew(m_path, m_random);
        for (const QString& name :
             {QString(), QStringLiteral("a b"), QStringLiteral("-a"), QStringLiteral("a/"), QStringLiteral("a\nb"),
              QStringLiteral("ä"), QString(129, QLatin1Char('a')), QStringLiteral("a}b")})
            QCOMPARE(file.setValue(name, "x", m_random).error().code, ErrorCode::InvalidArgument);
        QVERIFY(file.setValue(QStringLiteral("servers/github.token-1_x"), QByteArray(VaultFile::kMaxValueBytes, 'x'), m_random));
        QCOMPARE(file.setValue(QStringLiteral("a"), QByteArray(VaultFile::kMaxValueBytes + 1, 'x'), m_random).error().code,
                 ErrorCode::TooLarge);
        for (qsizetype i = file.names().size(); i < VaultFile::kMaxEntries; ++i)
            QVERIFY(file.setValue(QStringLiteral("n%1").arg(i), "x", m_random));
        QCOMPARE(file.setValue(QStringLiteral("more"), "x", m_random).error().code, ErrorCode::ResourceExhausted);
        QVERIFY(file.setValue(QStringLiteral("n5"), "replaced", m_random));
    }

    void everyFlippedByteIsNoticedAndNeverYieldsAWrongValue()
    {
        VaultFile original = make({{"alpha", "first value"}, {"beta", "second value"}});
        QVERIFY(original.setPassphraseSlot(phrase(), m_random, kCheap));
        QVERIFY(original.save());
        const QByteArray good = contents(m_path);
        for (qsizetype i = 0; i < good.size(); ++i) {
            QByteArray bad = good;
            bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 7)));
            put(m_path, bad);
            auto loaded = VaultFile::load(m_path);
            if (!loaded) {
                QVERIFY2(loaded.error().code == ErrorCode::DataLoss || loaded.error().code == ErrorCode::Unsupported,
                         qPrintable(loaded.error().toString()));
                continue;
            }
            if (!loaded->hasKeychainSlot() || !loaded->unlockWithKey(original.masterKey()))
                continue; // cannot be opened, so nothing wrong can come out of it
            QVERIFY2(!loaded->damage().isEmpty(), qPrintable(QStringLiteral("byte %1 of %2").arg(i).arg(good.size())));
            int readable = 0;
            for (const auto& [name, expected] : {std::pair("alpha", "first value"), std::pair("beta", "second value")}) {
                const auto value = loaded->value(QString::fromLatin1(name));
                if (value) {
                    ++readable;
                    QCOMPARE(*value, QByteArray(expected));
                }
            }
            // A lost line end joins two lines; any other damage costs one secret at most.
            QVERIFY2(readable >= 1 || good[i] == '\n', "damage to one place cost more than one secret");
        }
    }

    void everyTruncationIsNoticed()
    {
        VaultFile original = make({{"alpha", "first value"}, {"beta", "second value"}});
        const QByteArray good = contents(m_path);
        for (qsizetype length = 0; length < good.size(); ++length) {
            put(m_path, good.first(length));
            auto loaded = VaultFile::load(m_path);
            if (loaded && loaded->hasKeychainSlot() && loaded->unlockWithKey(original.masterKey()))
                QVERIFY2(!loaded->damage().isEmpty(), qPrintable(QString::number(length)));
        }
    }

    void entriesCannotChangePlacesOrDisappear()
    {
        VaultFile original = make({{"alpha", "first value"}, {"beta", "second value"}});
        const QByteArrayList lines = contents(m_path).split('\n');
        QByteArray swapped = lines.join('\n');
        swapped.replace("entry alpha ", "entry tmp ").replace("entry beta ", "entry alpha ").replace("entry tmp ", "entry beta ");
        put(m_path, swapped);
        auto loaded = VaultFile::load(m_path);
        QVERIFY(loaded && loaded->unlockWithKey(original.masterKey()));
        QCOMPARE(loaded->value(QStringLiteral("alpha")).error().code, ErrorCode::DataLoss);
        QCOMPARE(loaded->damagedEntries().size(), 2);

        QByteArrayList fewer = lines;
        fewer.removeAt(2); // an entry
        put(m_path, fewer.join('\n'));
        auto shorter = VaultFile::load(m_path);
        QVERIFY(shorter && shorter->unlockWithKey(original.masterKey()));
        QCOMPARE(shorter->damage().size(), 1);
        QVERIFY(shorter->damage().front().contains(QStringLiteral("removed")));
    }

    void damageIsCarriedAlongAndTheGoodBackupIsKept()
    {
        VaultFile original = make({{"alpha", "first value"}, {"beta", "second value"}});
        QVERIFY(original.setValue(QStringLiteral("gamma"), "third value", m_random));
        QVERIFY(original.save()); // the backup holds alpha and beta
        const QByteArray backup = contents(original.backupPath());
        QByteArray bytes = contents(m_path);
        bytes.replace("entry alpha 1 ", "entry alpha x ");
        put(m_path, bytes);
        auto loaded = VaultFile::load(m_path);
        QVERIFY(loaded && loaded->unlockWithKey(original.masterKey()));
        QVERIFY(loaded->damage().front().contains(QStringLiteral("alpha")));
        QVERIFY(loaded->setValue(QStringLiteral("delta"), "new", m_random));
        QVERIFY(loaded->save());
        QVERIFY(contents(m_path).contains("entry alpha x "));
        QCOMPARE(contents(original.backupPath()), backup);
    }

    void whatIsNoVaultIsLeftAlone_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<int>("code");
        QTest::newRow("empty") << QByteArray() << static_cast<int>(ErrorCode::DataLoss);
        QTest::newRow("binary") << QByteArray(1000, '\0') << static_cast<int>(ErrorCode::DataLoss);
        QTest::newRow("text") << QByteArray("{\"a\":1}") << static_cast<int>(ErrorCode::DataLoss);
        QTest::newRow("newer") << QByteArray("oriel-vault 2 whatever\n") << static_cast<int>(ErrorCode::Unsupported);
        QTest::newRow("no id") << QByteArray("oriel-vault 1\n") << static_cast<int>(ErrorCode::DataLoss);
    }
    void whatIsNoVaultIsLeftAlone()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(int, code);
        put(m_path, bytes);
        const auto loaded = VaultFile::load(m_path);
        QVERIFY(!loaded);
        QCOMPARE(static_cast<int>(loaded.error().code), code);
        QVERIFY(!loaded.error().remedy.isEmpty());
        VaultFile fresh = VaultFile::createNew(m_path, m_random);
        fresh.addKeychainSlot();
        QCOMPARE(fresh.save().error().code, ErrorCode::AlreadyExists);
        QCOMPARE(contents(m_path), bytes);
    }

    void aMissingFileAndAFolderAreToldApart()
    {
        QCOMPARE(VaultFile::load(m_path).error().code, ErrorCode::NotFound);
        QCOMPARE(VaultFile::load(m_folder->path()).error().code, ErrorCode::Io);
    }

    void aFileThatAnotherProgramChangedIsNotOverwritten()
    {
        VaultFile mine = make({{"a", "1"}});
        auto theirs = VaultFile::load(m_path);
        QVERIFY(theirs && theirs->unlockWithKey(mine.masterKey()));
        QVERIFY(theirs->setValue(QStringLiteral("b"), "2", m_random));
        QVERIFY(theirs->save());
        QVERIFY(mine.setValue(QStringLiteral("c"), "3", m_random));
        QCOMPARE(mine.save().error().code, ErrorCode::AlreadyExists);
        QVERIFY(QFile::remove(m_path));
        QCOMPARE(mine.save().error().code, ErrorCode::AlreadyExists);
    }

#ifdef Q_OS_UNIX
    void aFullDiskLeavesTheOldFileAndNoRest()
    {
        VaultFile file = make({{"a", "1"}});
        const QByteArray before = contents(m_path);
        QVERIFY(file.setValue(QStringLiteral("large"), QByteArray(60'000, 'x'), m_random));
        // A limit on the size of files fails writes as a full disk does.
        std::signal(SIGXFSZ, SIG_IGN);
        rlimit old{};
        QCOMPARE(::getrlimit(RLIMIT_FSIZE, &old), 0);
        rlimit tight = old;
        tight.rlim_cur = 4096;
        QCOMPARE(::setrlimit(RLIMIT_FSIZE, &tight), 0);
        const Status saved = file.save();
        QCOMPARE(::setrlimit(RLIMIT_FSIZE, &old), 0);
        QVERIFY(!saved);
        QCOMPARE(saved.error().code, ErrorCode::Io);
        QVERIFY(!saved.error().remedy.isEmpty());
        QCOMPARE(contents(m_path), before);
        const QStringList files = QDir(m_folder->path()).entryList(QDir::Files | QDir::Hidden);
        QCOMPARE(files, (QStringList{QStringLiteral("vault.oriel"), QStringLiteral("vault.oriel.bak")}));
        QVERIFY(file.save()); // room again
    }
#endif
#ifdef Q_OS_LINUX
    void aFolderThatCannotBeWrittenIsAnError()
    {
        // A folder in which even root can make nothing.
        VaultFile file = VaultFile::createNew(QStringLiteral("/proc/oriel/vault.oriel"), m_random);
        file.addKeychainSlot();
        QCOMPARE(file.save().error().code, ErrorCode::Io);
        VaultFile second = VaultFile::createNew(QStringLiteral("/proc/vault.oriel"), m_random);
        second.addKeychainSlot();
        QCOMPARE(second.save().error().code, ErrorCode::Io);
    }
#endif

private:
    VaultFile make(const QList<std::pair<QByteArray, QByteArray>>& values)
    {
        VaultFile file = VaultFile::createNew(m_path, m_random);
        file.addKeychainSlot();
        for (const auto& [name, value] : values) {
            if (!file.setValue(QString::fromLatin1(name), value, m_random))
                qFatal("cannot make the test's vault");
        }
        if (const Status saved = file.save(); !saved)
            qFatal("%s", qPrintable(saved.error().toString()));
        return file;
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    QString m_path;
    SeededRandom m_random{7};
};

QTEST_GUILESS_MAIN(VaultFileTest)
#include "tst_vault_file.moc"
