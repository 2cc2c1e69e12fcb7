// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/random.h"
#include "vault/memory_secret_store.h"
#include "vault/vault.h"

#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <thread>

using namespace oriel;
using namespace oriel::vault;

namespace {

PassphrasePrompt answering(QByteArrayList passphrases, QList<PassphraseRequest>* asked = nullptr)
{
    return [passphrases, asked](const PassphraseRequest& request, const PassphraseAnswer& answer) mutable {
        if (asked != nullptr)
            asked->append(request);
        if (passphrases.isEmpty())
            return answer(fail(ErrorCode::Cancelled, QStringLiteral("The dialog was closed.")));
        answer(SecretBuffer(QByteArrayView(passphrases.takeFirst())));
    };
}

} // namespace

class VaultTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_store = std::make_unique<MemorySecretStore>();
    }

    void aNewVaultKeepsItsKeyInTheKeychain()
    {
        auto vault = make();
        QCOMPARE(vault->state(), VaultState::Closed);
        QCOMPARE(vault->set(QStringLiteral("a"), "1").error().code, ErrorCode::Unavailable);
        open(*vault);
        QCOMPARE(vault->state(), VaultState::Open);
        const VaultStatus status = vault->status();
        QCOMPARE(status.slot, VaultSlot::Keychain);
        QVERIFY(!status.degraded());
        QVERIFY(status.text.contains(m_store->displayName()));
        QCOMPARE(m_store->entries().size(), 1);
        QVERIFY(m_store->entries().firstKey().startsWith(QStringLiteral("oriel/vault-key/")));
        QCOMPARE(m_store->entries().first().size(), 32);
    }

    void valuesSurviveARestart()
    {
        {
            auto vault = make();
            open(*vault);
            QSignalSpy changes(vault.get(), &Vault::changed);
            QVERIFY(vault->set(QStringLiteral("github"), "one"));
            QVERIFY(vault->set(QStringLiteral("github"), "two"));
            QVERIFY(vault->set(QStringLiteral("gone"), "x"));
            QVERIFY(vault->remove(QStringLiteral("gone")));
            QCOMPARE(changes.size(), 4);
            QCOMPARE(changes.last().first().toString(), QStringLiteral("gone"));
        }
        auto vault = make();
        open(*vault);
        QCOMPARE(vault->list(), QStringList{QStringLiteral("github")});
        QCOMPARE(vault->get(QStringLiteral("github")).value(), QByteArray("two"));
        QVERIFY(vault->contains(QStringLiteral("github")));
        QCOMPARE(vault->get(QStringLiteral("gone")).error().code, ErrorCode::NotFound);
        QCOMPARE(vault->remove(QStringLiteral("gone")).error().code, ErrorCode::NotFound);
    }

    void withoutAKeychainAPassphraseIsAskedFor()
    {
        m_store->failWith(SecretFailure::Unavailable);
        QList<PassphraseRequest> asked;
        {
            auto vault = make(answering({"short", "correct horse"}, &asked));
            open(*vault);
            QCOMPARE(vault->status().slot, VaultSlot::Passphrase);
            QVERIFY(vault->set(QStringLiteral("a"), "kept"));
        }
        QCOMPARE(asked.size(), 2);
        QCOMPARE(asked[0].purpose, PassphraseRequest::Purpose::Create);
        QVERIFY(!asked[0].why.isEmpty());
        QCOMPARE(asked[1].attempt, 2);
        asked.clear();
        auto vault = make(answering({"wrong horse", "wrong again", "correct horse"}, &asked));
        open(*vault);
        QCOMPARE(asked.size(), 3);
        QCOMPARE(asked[0].purpose, PassphraseRequest::Purpose::Unlock);
        QCOMPARE(vault->get(QStringLiteral("a")).value(), QByteArray("kept"));
    }

    void afterThreeWrongPassphrasesTheVaultStaysLockedAndWhole()
    {
        m_store->failWith(SecretFailure::Unavailable);
        {
            auto vault = make(answering({"correct horse"}));
            open(*vault);
            QVERIFY(vault->set(QStringLiteral("a"), "kept"));
        }
        const QByteArray before = file();
        QList<PassphraseRequest> asked;
        auto vault = make(answering({"wrong one", "wrong two", "wrong three", "correct horse"}, &asked));
        open(*vault);
        QCOMPARE(asked.size(), 3);
        QCOMPARE(vault->state(), VaultState::SessionOnly);
        QVERIFY(vault->status().reason.contains(QStringLiteral("wrong")));
        QVERIFY(vault->set(QStringLiteral("b"), "session"));
        QCOMPARE(file(), before);
        // Asked again, answered rightly: what the session held goes into the vault.
        open(*vault);
        QCOMPARE(vault->state(), VaultState::Open);
        QCOMPARE(vault->list(), (QStringList{QStringLiteral("a"), QStringLiteral("b")}));
        QVERIFY(file().contains("entry b "));
    }

    void withNeitherItWorksForTheSessionOnly_data()
    {
        QTest::addColumn<int>("failure");
        for (const auto failure :
             {SecretFailure::Unavailable, SecretFailure::Locked, SecretFailure::Denied, SecretFailure::Timeout})
            QTest::addRow("failure %d", static_cast<int>(failure)) << static_cast<int>(failure);
    }
    void withNeitherItWorksForTheSessionOnly()
    {
        QFETCH(int, failure);
        m_store->failWith(static_cast<SecretFailure>(failure));
        auto vault = make(answering({}));
        open(*vault);
        QCOMPARE(vault->state(), VaultState::SessionOnly);
        const VaultStatus status = vault->status();
        QVERIFY(status.degraded());
        QVERIFY(status.text.contains(QStringLiteral("memory")));
        QVERIFY(!status.reason.isEmpty());
        QVERIFY(!status.remedy.isEmpty());
        QVERIFY(vault->set(QStringLiteral("a"), "1"));
        QCOMPARE(vault->get(QStringLiteral("a")).value(), QByteArray("1"));
        QVERIFY(!QFile::exists(path()));
    }

    void aLostKeyDoesNotCostTheFile()
    {
        {
            auto vault = make();
            open(*vault);
            QVERIFY(vault->set(QStringLiteral("a"), "1"));
        }
        const QByteArray before = file();
        m_store = std::make_unique<MemorySecretStore>(); // holds nothing: "not found"
        auto vault = make();
        open(*vault);
        QCOMPARE(vault->state(), VaultState::SessionOnly);
        QCOMPARE(vault->list(), QStringList{QStringLiteral("a")});
        QCOMPARE(vault->get(QStringLiteral("a")).error().code, ErrorCode::Unavailable);
        QVERIFY(vault->set(QStringLiteral("a"), "other"));
        QCOMPARE(file(), before);
        QVERIFY(m_store->entries().isEmpty());
    }

    void aDamagedVaultIsReportedAndItsBackupRestores()
    {
        {
            auto vault = make();
            open(*vault);
            QVERIFY(vault->set(QStringLiteral("a"), "1"));
            QVERIFY(vault->set(QStringLiteral("b"), "2"));
        }
        put("garbage");
        auto vault = make();
        open(*vault);
        QCOMPARE(vault->state(), VaultState::SessionOnly);
        QVERIFY(vault->status().remedy.contains(QStringLiteral("backup")));
        QCOMPARE(file(), QByteArray("garbage"));
        QVERIFY(vault->restoreBackup());
        QCOMPARE(vault->state(), VaultState::Closed);
        open(*vault);
        QCOMPARE(vault->state(), VaultState::Open);
        QCOMPARE(vault->get(QStringLiteral("a")).value(), QByteArray("1"));
        QVERIFY(QFile::exists(path() + QStringLiteral(".damaged-1")));
    }

    void oneDamagedSecretDoesNotCostTheOthers()
    {
        {
            auto vault = make();
            open(*vault);
            QVERIFY(vault->set(QStringLiteral("a"), "1"));
            QVERIFY(vault->set(QStringLiteral("b"), "2"));
        }
        put(file().replace("entry a 1", "entry a 9"));
        auto vault = make();
        open(*vault);
        QCOMPARE(vault->state(), VaultState::Open);
        QVERIFY(vault->status().degraded());
        QCOMPARE(vault->get(QStringLiteral("a")).error().code, ErrorCode::DataLoss);
        QCOMPARE(vault->get(QStringLiteral("b")).value(), QByteArray("2"));
        QVERIFY(vault->set(QStringLiteral("a"), "new"));
        QVERIFY(!vault->status().degraded());
    }

    void aVanishedFileWithABackupIsNotReplacedByAnEmptyOne()
    {
        {
            auto vault = make();
            open(*vault);
            QVERIFY(vault->set(QStringLiteral("a"), "1"));
            QVERIFY(vault->set(QStringLiteral("b"), "2"));
        }
        QVERIFY(QFile::remove(path()));
        auto vault = make();
        open(*vault);
        QCOMPARE(vault->state(), VaultState::SessionOnly);
        QVERIFY(!QFile::exists(path()));
        QVERIFY(vault->restoreBackup());
        open(*vault);
        QCOMPARE(vault->list(), QStringList{QStringLiteral("a")});
    }

    void aKeychainThatComesLateIsTriedOnceMore()
    {
        m_store->failWith(SecretFailure::Unavailable);
        Vault::Options options{.path = path(), .prompt = {}, .kdfCost = {64, 1, 1}};
        options.retryKeychainAfter = std::chrono::milliseconds(20);
        Vault vault(options, *m_store, m_random);
        VaultState first = VaultState::Closed;
        // At the moment it is known: the next try may come at any time after.
        vault.open([&] {
            first = vault.state();
            QVERIFY(vault.set(QStringLiteral("a"), "early"));
            m_store->failWith({});
        });
        QTRY_COMPARE(vault.state(), VaultState::Open);
        QCOMPARE(first, VaultState::SessionOnly);
        QCOMPARE(vault.get(QStringLiteral("a")).value(), QByteArray("early"));
        QVERIFY(file().contains("entry a "));
    }

    void aFailedWriteChangesNothing()
    {
#ifndef Q_OS_LINUX
        QSKIP("needs a folder in which nothing can be made");
#else
        Vault vault({.path = QStringLiteral("/proc/oriel/vault.oriel"), .prompt = {}, .kdfCost = {64, 1, 1}}, *m_store, m_random);
        open(vault);
        QCOMPARE(vault.state(), VaultState::SessionOnly);
        QVERIFY(!vault.status().reason.isEmpty());
        QTRY_VERIFY(m_store->entries().isEmpty()); // the key of a vault that was never written
#endif
    }

    void referencesAreReplacedAllOrNone()
    {
        auto vault = make();
        open(*vault);
        QVERIFY(vault->set(QStringLiteral("user"), "ada"));
        QVERIFY(vault->set(QStringLiteral("api/key"), "k-${vault:user}"));
        QCOMPARE(vault->resolve(QStringLiteral("plain $ {x}")).value(), QStringLiteral("plain $ {x}"));
        QCOMPARE(vault->resolve(QStringLiteral("Bearer ${vault:user}:${vault:user}!")).value(),
                 QStringLiteral("Bearer ada:ada!"));
        // A value is data: it is not resolved again.
        QCOMPARE(vault->resolve(QStringLiteral("${vault:api/key}")).value(), QStringLiteral("k-${vault:user}"));
        const auto missing = vault->resolve(QStringLiteral("${vault:user} ${vault:nobody}"));
        QCOMPARE(missing.error().code, ErrorCode::NotFound);
        QVERIFY(missing.error().message.contains(QStringLiteral("nobody")));
        QVERIFY(!missing.error().toString().contains(QStringLiteral("ada")));
        QCOMPARE(vault->resolve(QStringLiteral("${vault:user")).error().code, ErrorCode::InvalidArgument);
        QCOMPARE(Vault::references(u"${vault:a} ${vault:b}${vault:a} ${vault:"),
                 (QStringList{QStringLiteral("a"), QStringLiteral("b")}));
    }

    void aRecoveryPassphraseOpensAVaultWhoseKeychainIsGone()
    {
        {
            auto vault = make();
            open(*vault);
            QVERIFY(vault->set(QStringLiteral("a"), "1"));
            QVERIFY(vault->setPassphrase(SecretBuffer(QByteArrayView("correct horse"))));
            QVERIFY(vault->status().passphraseSlot);
        }
        m_store = std::make_unique<MemorySecretStore>();
        auto vault = make(answering({"correct horse"}));
        open(*vault);
        QCOMPARE(vault->status().slot, VaultSlot::Passphrase);
        QCOMPARE(vault->get(QStringLiteral("a")).value(), QByteArray("1"));
        std::optional<Status> remembered;
        vault->rememberInKeychain([&remembered](const Status& status) { remembered = status; });
        QTRY_VERIFY(remembered.has_value());
        QVERIFY(*remembered);
        auto next = make();
        open(*next);
        QCOMPARE(next->status().slot, VaultSlot::Keychain);
        QVERIFY(next->removePassphrase());
        QVERIFY(!next->status().passphraseSlot);
    }

    void theOnlySlotCannotBeRemoved()
    {
        m_store->failWith(SecretFailure::Unavailable);
        auto vault = make(answering({"correct horse"}));
        open(*vault);
        QCOMPARE(vault->removePassphrase().error().code, ErrorCode::InvalidArgument);
    }

    void otherThreadsReadWhileTheVaultChanges()
    {
        auto vault = make();
        open(*vault);
        QVERIFY(vault->set(QStringLiteral("a"), "0"));
        std::atomic<bool> stop = false;
        std::atomic<int> wrong = 0;
        std::thread reader([&] {
            while (!stop) {
                const auto value = vault->get(QStringLiteral("a"));
                const auto text = vault->resolve(QStringLiteral("${vault:a}"));
                if (!value || !text || vault->list().isEmpty() || vault->status().state != VaultState::Open)
                    ++wrong;
            }
        });
        bool allSet = true;
        for (int i = 1; i <= 10; ++i) // each waits for the disk several times
            allSet = vault->set(QStringLiteral("a"), QByteArray::number(i)).has_value() && allSet;
        stop = true;
        reader.join();
        QVERIFY(allSet);
        QCOMPARE(wrong.load(), 0);
        QCOMPARE(vault->get(QStringLiteral("a")).value(), QByteArray("10"));
    }

    void aVaultDestroyedWhileOpeningIsForgotten()
    {
        auto vault = make();
        vault->open();
        vault.reset();
        QCoreApplication::processEvents();
        QVERIFY(!QFile::exists(path()));
    }

private:
    QString path() const
    {
        return m_folder->filePath(QStringLiteral("vault.oriel"));
    }
    QByteArray file() const
    {
        QFile disk(path());
        return disk.open(QIODevice::ReadOnly) ? disk.readAll() : QByteArray();
    }
    void put(const QByteArray& bytes)
    {
        QFile disk(path());
        QVERIFY(disk.open(QIODevice::WriteOnly | QIODevice::Truncate));
        QCOMPARE(disk.write(bytes), bytes.size());
    }
    std::unique_ptr<Vault> make(PassphrasePrompt prompt = {})
    {
        return std::make_unique<Vault>(Vault::Options{.path = path(), .prompt = std::move(prompt), .kdfCost = {64, 1, 1}},
                                       *m_store, m_random);
    }
    static void open(Vault& vault)
    {
        bool done = false;
        vault.open([&done] { done = true; });
        QTRY_VERIFY(done);
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<MemorySecretStore> m_store;
    SeededRandom m_random{11};
};

QTEST_GUILESS_MAIN(VaultTest)
#include "tst_vault.moc"
