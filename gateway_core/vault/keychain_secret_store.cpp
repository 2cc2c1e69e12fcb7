// SPDX-License-Identifier: GPL-3.0-or-later
#include "vault/keychain_secret_store.h"

#include "vault/post.h"

#include <QTimer>
#include <qt6keychain/keychain.h>

namespace oriel::vault {

struct KeychainSecretStore::State {
    std::chrono::milliseconds timeout;
    int overdue = 0; // jobs given up on that still hold QtKeychain's queue
};

namespace {

#if defined(Q_OS_UNIX) && !defined(Q_OS_MACOS)
constexpr bool kLockedReadsAsMissing = true;
#else
constexpr bool kLockedReadsAsMissing = false;
#endif

const SecretKey& canaryKey()
{
    static const SecretKey key{QStringLiteral("probe"), QStringLiteral("canary")};
    return key;
}

tl::unexpected<SecretError> refusal(SecretFailure failure, ErrorCode code, QString message, QString remedy = {})
{
    return tl::unexpected(
        SecretError{failure, Error{code, std::move(message), QStringLiteral("system keychain"), std::move(remedy)}});
}

tl::unexpected<SecretError> timedOut()
{
    return refusal(SecretFailure::Timeout, ErrorCode::Timeout, QStringLiteral("The system keychain did not answer in time."),
                   QStringLiteral("Look for a window that asks for the keychain's password, then try again."));
}

tl::unexpected<SecretError> failureOf(const QKeychain::Job& job)
{
    const QString said = job.errorString();
    switch (job.error()) {
    case QKeychain::EntryNotFound:
        return refusal(SecretFailure::NotFound, ErrorCode::NotFound, QStringLiteral("The system keychain holds no such entry."));
    case QKeychain::AccessDeniedByUser:
        return refusal(SecretFailure::Denied, ErrorCode::PermissionDenied,
                       QStringLiteral("Access to the system keychain was refused: %1").arg(said),
                       QStringLiteral("Allow Oriel to use the keychain and try again."));
    case QKeychain::AccessDenied:
        // Secret Service has one reason for this: the collection is locked.
        if (kLockedReadsAsMissing)
            return refusal(SecretFailure::Locked, ErrorCode::Unavailable,
                           QStringLiteral("The system keychain is locked: %1").arg(said),
                           QStringLiteral("Unlock the keychain (it is unlocked at log-in with a password) and try again."));
        return refusal(SecretFailure::Denied, ErrorCode::PermissionDenied,
                       QStringLiteral("The system denied access to the keychain: %1").arg(said));
    default:
        // "No service" is told as OtherError, too.
        return refusal(SecretFailure::Unavailable, ErrorCode::Unavailable,
                       QStringLiteral("The system keychain cannot be used: %1").arg(said),
                       QStringLiteral("Start a keychain service (GNOME Keyring, KWallet) or use a passphrase."));
    }
}

} // namespace

// Starts a job that nothing but itself will ever delete: its backend may hold a raw pointer to it until it ends. `ended` gets
// null when the time is over.
template <class State, class Job>
static void start(const std::shared_ptr<State>& state, Job* job, const SecretKey& key, std::function<void(const Job*)> ended)
{
    struct Pending {
        std::function<void(const Job*)> ended;
        bool overdue = false;
    };
    auto pending = std::make_shared<Pending>(Pending{std::move(ended), false});
    job->setAutoDelete(true);
    job->setInsecureFallback(false);
    job->setKey(key.toString());
    QObject::connect(job, &QKeychain::Job::finished, job, [job, pending, state] {
        if (pending->overdue) {
            --state->overdue;
            return;
        }
        const auto callback = std::move(pending->ended);
        pending->ended = nullptr;
        if (callback)
            callback(job);
    });
    QTimer::singleShot(state->timeout, job, [pending, state] {
        const auto callback = std::move(pending->ended);
        pending->ended = nullptr;
        if (!callback)
            return;
        pending->overdue = true;
        ++state->overdue;
        callback(nullptr);
    });
    QTimer::singleShot(0, job, [job] { job->start(); });
}

static QString service()
{
    return QStringLiteral("oriel");
}

KeychainSecretStore::KeychainSecretStore(std::chrono::milliseconds timeout) : m_state(std::make_shared<State>(State{timeout, 0}))
{}
KeychainSecretStore::~KeychainSecretStore() = default;

void KeychainSecretStore::read(const SecretKey& key, ReadCallback callback)
{
    if (!key.isValid())
        return post([callback] {
            callback(refusal(SecretFailure::Invalid, ErrorCode::InvalidArgument,
                             QStringLiteral("The entry's name is not acceptable.")));
        });
    if (m_state->overdue > 0)
        return post([callback] { callback(timedOut()); });
    start<State, QKeychain::ReadPasswordJob>(
        m_state, new QKeychain::ReadPasswordJob(service()), key,
        [callback, state = m_state](const QKeychain::ReadPasswordJob* job) {
            if (job == nullptr)
                return callback(timedOut());
            if (job->error() == QKeychain::NoError)
                return callback(job->binaryData());
            const auto failure = failureOf(*job);
            if (!kLockedReadsAsMissing || job->error() != QKeychain::EntryNotFound)
                return callback(failure);
            auto* const canary = new QKeychain::WritePasswordJob(service());
            canary->setBinaryData(QByteArrayLiteral("canary"));
            start<State, QKeychain::WritePasswordJob>(
                state, canary, canaryKey(), [callback, failure, state](const QKeychain::WritePasswordJob* written) {
                    if (written == nullptr)
                        return callback(timedOut());
                    if (written->error() != QKeychain::NoError)
                        return callback(failureOf(*written));
                    start<State, QKeychain::DeletePasswordJob>(state, new QKeychain::DeletePasswordJob(service()), canaryKey(),
                                                               [](const QKeychain::DeletePasswordJob*) {});
                    callback(failure);
                });
        });
}

void KeychainSecretStore::write(const SecretKey& key, const QByteArray& secret, DoneCallback callback)
{
    if (!key.isValid() || secret.isEmpty() || secret.size() > kMaxSecretBytes)
        return post([callback] {
            callback(refusal(SecretFailure::Invalid, ErrorCode::InvalidArgument,
                             QStringLiteral("An entry has 1 to %1 bytes and a plain name.").arg(kMaxSecretBytes)));
        });
    if (m_state->overdue > 0)
        return post([callback] { callback(timedOut()); });
    auto* const job = new QKeychain::WritePasswordJob(service());
    job->setBinaryData(secret);
    start<State, QKeychain::WritePasswordJob>(m_state, job, key, [callback](const QKeychain::WritePasswordJob* written) {
        if (written == nullptr)
            return callback(timedOut());
        if (written->error() != QKeychain::NoError)
            return callback(failureOf(*written));
        callback({});
    });
}

void KeychainSecretStore::remove(const SecretKey& key, DoneCallback callback)
{
    if (!key.isValid())
        return post([callback] {
            callback(refusal(SecretFailure::Invalid, ErrorCode::InvalidArgument,
                             QStringLiteral("The entry's name is not acceptable.")));
        });
    if (m_state->overdue > 0)
        return post([callback] { callback(timedOut()); });
    start<State, QKeychain::DeletePasswordJob>(
        m_state, new QKeychain::DeletePasswordJob(service()), key, [callback](const QKeychain::DeletePasswordJob* removed) {
            if (removed == nullptr)
                return callback(timedOut());
            if (removed->error() != QKeychain::NoError && removed->error() != QKeychain::EntryNotFound)
                return callback(failureOf(*removed));
            callback({});
        });
}

QString KeychainSecretStore::displayName() const
{
    return QStringLiteral("the system keychain");
}

} // namespace oriel::vault
