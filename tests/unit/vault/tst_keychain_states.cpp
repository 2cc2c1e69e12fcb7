// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/random.h"
#include "vault/keychain_secret_store.h"
#include "vault/vault.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QTest>

#include <optional>

using namespace oriel;
using namespace oriel::vault;

namespace {

const SecretKey kKept{QStringLiteral("test"), QStringLiteral("kept")};
const QByteArray kBytes = QByteArray("a\0b\xff", 4); // no text: a NUL would cut it

SecretResult<QByteArray> read(SecretStore& store, const SecretKey& key)
{
    std::optional<SecretResult<QByteArray>> answer;
    store.read(key, [&answer](const SecretResult<QByteArray>& result) { answer = result; });
    const bool answered = QTest::qWaitFor([&answer] { return answer.has_value(); }, 20'000);
    if (!answered)
        qFatal("the store never answered");
    return *answer;
}

SecretResult<void> write(SecretStore& store, const SecretKey& key, const QByteArray& secret)
{
    std::optional<SecretResult<void>> answer;
    store.write(key, secret, [&answer](const SecretResult<void>& result) { answer = result; });
    if (!QTest::qWaitFor([&answer] { return answer.has_value(); }, 20'000))
        qFatal("the store never answered");
    return *answer;
}

SecretResult<void> remove(SecretStore& store, const SecretKey& key)
{
    std::optional<SecretResult<void>> answer;
    store.remove(key, [&answer](const SecretResult<void>& result) { answer = result; });
    if (!QTest::qWaitFor([&answer] { return answer.has_value(); }, 20'000))
        qFatal("the store never answered");
    return *answer;
}

QString vaultPath()
{
    return QDir::homePath() + QStringLiteral("/data/vault.oriel");
}

struct OpenedVault {
    explicit OpenedVault(PassphrasePrompt prompt = {})
        : vault({.path = vaultPath(), .prompt = std::move(prompt), .kdfCost = {64, 1, 1}}, store, random)
    {
        bool done = false;
        vault.open([&done] { done = true; });
        if (!QTest::qWaitFor([&done] { return done; }, 30'000))
            qFatal("the vault never opened");
    }
    KeychainSecretStore store;
    SystemRandom random;
    Vault vault;
};

} // namespace

/// The keyring is there and unlocked.
class UnlockedKeychainTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void whatIsWrittenIsReadBackByteForByte()
    {
        KeychainSecretStore store;
        QVERIFY(write(store, kKept, kBytes));
        const auto bytes = read(store, kKept);
        QVERIFY(bytes);
        QCOMPARE(*bytes, kBytes);
        QVERIFY(write(store, kKept, "second"));
        QCOMPARE(*read(store, kKept), QByteArray("second"));
        QVERIFY(remove(store, kKept));
    }
    void whatIsNotThereIsNotFound()
    {
        KeychainSecretStore store;
        const auto missing = read(store, {QStringLiteral("test"), QStringLiteral("missing")});
        QVERIFY(!missing);
        QCOMPARE(missing.error().failure, SecretFailure::NotFound);
        // The probe that told so leaves nothing behind.
        const auto canary = read(store, {QStringLiteral("probe"), QStringLiteral("canary")});
        QVERIFY(!canary);
        QCOMPARE(canary.error().failure, SecretFailure::NotFound);
    }
    void removingTwiceSucceeds()
    {
        KeychainSecretStore store;
        QVERIFY(remove(store, {QStringLiteral("test"), QStringLiteral("missing")}));
    }
    void tooLargeAndBadlyNamedEntriesAreRefused()
    {
        KeychainSecretStore store;
        QCOMPARE(write(store, kKept, QByteArray(SecretStore::kMaxSecretBytes + 1, 'x')).error().failure, SecretFailure::Invalid);
        QCOMPARE(write(store, {QStringLiteral("a/b"), QStringLiteral("c")}, "x").error().failure, SecretFailure::Invalid);
        QCOMPARE(read(store, {QString(), QStringLiteral("c")}).error().failure, SecretFailure::Invalid);
    }
    void aStoreThatIsDestroyedStillAnswers()
    {
        auto store = std::make_unique<KeychainSecretStore>();
        std::optional<SecretFailure> answer;
        store->read({QStringLiteral("test"), QStringLiteral("missing")},
                    [&answer](const SecretResult<QByteArray>& result) { answer = result.error().failure; });
        store.reset();
        QTRY_VERIFY(answer.has_value());
        QCOMPARE(*answer, SecretFailure::NotFound);
    }
    void aTimeOutIsToldOnceAndTheJobIsLeftAlone()
    {
        KeychainSecretStore store(std::chrono::milliseconds(0));
        int answers = 0;
        SecretFailure failure{};
        store.read(kKept, [&](const SecretResult<QByteArray>& result) {
            ++answers;
            failure = result.error().failure;
        });
        QTRY_COMPARE(answers, 1);
        QCOMPARE(failure, SecretFailure::Timeout);
        // The late answer frees the queue: another store is served.
        KeychainSecretStore patient;
        QVERIFY(write(patient, kKept, "x"));
        QVERIFY(remove(patient, kKept));
        QCOMPARE(answers, 1);
    }
    void aVaultSurvivesARestart()
    {
        {
            OpenedVault first;
            QCOMPARE(first.vault.state(), VaultState::Open);
            QCOMPARE(first.vault.status().slot, VaultSlot::Keychain);
            QVERIFY(first.vault.set(QStringLiteral("github"), "s3cret"));
        }
        OpenedVault second;
        QCOMPARE(second.vault.status().slot, VaultSlot::Keychain);
        QCOMPARE(second.vault.get(QStringLiteral("github")).value(), QByteArray("s3cret"));
        QFile file(vaultPath());
        QVERIFY(file.open(QIODevice::ReadOnly));
        QVERIFY(!file.readAll().contains("s3cret"));
        QCOMPARE(file.permissions() & (QFile::ReadGroup | QFile::ReadOther | QFile::WriteGroup | QFile::WriteOther),
                 QFile::Permissions());
    }
    void aVaultWhoseKeyIsLostIsNotOverwritten()
    {
        QFile file(vaultPath());
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray before = file.readAll();
        const QString id = QString::fromUtf8(before.split('\n').first().split(' ').at(2));
        KeychainSecretStore store;
        QVERIFY(remove(store, {QStringLiteral("vault-key"), id}));
        OpenedVault opened;
        QCOMPARE(opened.vault.state(), VaultState::SessionOnly);
        QVERIFY(opened.vault.status().reason.contains(QStringLiteral("lost the key")));
        QVERIFY(opened.vault.set(QStringLiteral("other"), "x"));
        file.seek(0);
        QCOMPARE(file.readAll(), before);
    }
};

/// No bus, or a bus with nobody who keeps secrets.
class NoKeychainTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everythingIsUnavailable()
    {
        KeychainSecretStore store;
        QCOMPARE(read(store, kKept).error().failure, SecretFailure::Unavailable);
        QCOMPARE(write(store, kKept, "x").error().failure, SecretFailure::Unavailable);
        const auto error = read(store, kKept).error().error;
        QVERIFY(!error.message.isEmpty());
        QVERIFY(!error.remedy.isEmpty());
    }
    void theVaultWorksForTheSessionAndSaysSo()
    {
        OpenedVault opened;
        QCOMPARE(opened.vault.state(), VaultState::SessionOnly);
        const VaultStatus status = opened.vault.status();
        QVERIFY(status.degraded());
        QVERIFY2(status.reason.contains(QStringLiteral("keychain")), qPrintable(status.reason));
        QVERIFY(!status.remedy.isEmpty());
        QVERIFY(opened.vault.set(QStringLiteral("a"), "b"));
        QCOMPARE(opened.vault.get(QStringLiteral("a")).value(), QByteArray("b"));
        QVERIFY(!QFile::exists(vaultPath()));
    }
    void aPassphraseMakesItLast()
    {
        const auto prompt = [](const PassphraseRequest& request, const PassphraseAnswer& answer) {
            QVERIFY(!request.why.isEmpty());
            answer(SecretBuffer(QByteArrayView("correct horse")));
        };
        {
            OpenedVault first(prompt);
            QCOMPARE(first.vault.status().slot, VaultSlot::Passphrase);
            QVERIFY(first.vault.set(QStringLiteral("a"), "kept"));
        }
        OpenedVault second(prompt);
        QCOMPARE(second.vault.get(QStringLiteral("a")).value(), QByteArray("kept"));
    }
};

/// Makes what the locked keyring will hold.
class PrepareTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void anEntryAndAVaultAreKept()
    {
        KeychainSecretStore store;
        QVERIFY(write(store, kKept, kBytes));
        OpenedVault opened;
        QCOMPARE(opened.vault.status().slot, VaultSlot::Keychain);
        QVERIFY(opened.vault.set(QStringLiteral("github"), "s3cret"));
        QVERIFY(opened.vault.setPassphrase(SecretBuffer(QByteArrayView("correct horse"))));
    }
};

/// The keyring holds entries and is locked; there is nobody to ask.
class LockedKeychainTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aLockedKeychainIsNotTakenForAnEmptyOne()
    {
        KeychainSecretStore store;
        QCOMPARE(read(store, kKept).error().failure, SecretFailure::Locked);
        QCOMPARE(write(store, kKept, "x").error().failure, SecretFailure::Locked);
    }
    void theVaultStaysAsItIsAndSaysThatItIsLocked()
    {
        QFile file(vaultPath());
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray before = file.readAll();
        OpenedVault opened;
        QCOMPARE(opened.vault.state(), VaultState::SessionOnly);
        QVERIFY2(opened.vault.status().reason.contains(QStringLiteral("locked")), qPrintable(opened.vault.status().reason));
        QCOMPARE(opened.vault.list(), QStringList{QStringLiteral("github")});
        QCOMPARE(opened.vault.get(QStringLiteral("github")).error().code, ErrorCode::Unavailable);
        QVERIFY(!opened.vault.remove(QStringLiteral("github")));
        file.seek(0);
        QCOMPARE(file.readAll(), before);
    }
    void theRecoveryPassphraseOpensIt()
    {
        OpenedVault opened([](const PassphraseRequest&, const PassphraseAnswer& answer) {
            answer(SecretBuffer(QByteArrayView("correct horse")));
        });
        QCOMPARE(opened.vault.status().slot, VaultSlot::Passphrase);
        QCOMPARE(opened.vault.get(QStringLiteral("github")).value(), QByteArray("s3cret"));
    }
};

int main(int argc, char** argv)
{
    QCoreApplication application(argc, argv);
    const QByteArray state = qgetenv("ORIEL_KEYCHAIN_STATE");
    const auto run = [&](QObject&& test) { return QTest::qExec(&test, argc, argv); };
    if (state == "ok")
        return run(UnlockedKeychainTest());
    if (state == "no-bus" || state == "no-service")
        return run(NoKeychainTest());
    if (state == "prepare")
        return run(PrepareTest());
    if (state == "locked")
        return run(LockedKeychainTest());
    qCritical("Run this under tests/support/with-secret-service.sh.");
    return 1;
}

#include "tst_keychain_states.moc"
