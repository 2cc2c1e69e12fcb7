// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/random.h"
#include "base/result.h"
#include "vault/passphrase.h"
#include "vault/secret_store.h"
#include "vault/vault_file.h"

#include <QObject>
#include <QString>
#include <QStringList>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace oriel::vault {

enum class VaultState : quint8 {
    Closed,     ///< open() was not called
    Opening,    ///< waiting for the keychain or a passphrase
    Open,       ///< on disk, encrypted
    SessionOnly ///< values live in memory (encrypted) and end with the process; status() says why
};

enum class VaultSlot : quint8 { None, Keychain, Passphrase };

/// What people are told. `text` is one sentence in any state; `reason` and `remedy` are set when the vault is degraded.
struct VaultStatus {
    VaultState state = VaultState::Closed;
    VaultSlot slot = VaultSlot::None;
    bool passphraseSlot = false; ///< a recovery passphrase is set
    bool fileExists = false;
    QString path;
    QString text;
    QString reason;
    QString remedy;
    QStringList damage; ///< sentences about damaged entries and lines
    [[nodiscard]] bool degraded() const { return state == VaultState::SessionOnly || !damage.isEmpty(); }
};

/// Keeps secrets by name (PRODUCT S2): one encrypted file whose key is in the system's keychain, else under a passphrase, else in
/// memory for the session. Nothing is ever written in plain text, and a file that cannot be read or unlocked is never
/// overwritten.
///
/// Owner: the composition root. Threads: lives on one thread with an event loop, the thread of its SecretStore. open(), set(),
/// remove() and the slot functions are called there and may block for a disk flush or 100 ms of Argon2id: not the GUI thread.
/// get(), list(), contains(), resolve(), status() may be called from any thread. Signals are emitted on the vault's thread.
class Vault : public QObject {
    Q_OBJECT
public:
    struct Options {
        QString path;            ///< the vault file; empty = session only by choice
        PassphrasePrompt prompt; ///< may be null: no passphrase can be asked for
        KdfCost kdfCost;
        int passphraseAttempts = 3;
        std::chrono::milliseconds retryKeychainAfter{10'000}; ///< once, when the keychain was not there yet (log-in); 0 = never
    };

    /// `store` and `random` outlive the vault.
    Vault(Options options, SecretStore& store, Random& random, QObject* parent = nullptr);
    ~Vault() override;

    /// Starts opening: keychain, then passphrase, then session only. `done` runs once when the state is Open or SessionOnly.
    /// Calling again while SessionOnly tries again and takes the session's values along.
    void open(std::function<void()> done = {});

    [[nodiscard]] VaultState state() const;
    [[nodiscard]] VaultStatus status() const;

    /// NotFound, Unavailable (the vault that holds it is locked), DataLoss.
    [[nodiscard]] Result<QByteArray> get(const QString& name) const;
    [[nodiscard]] bool contains(const QString& name) const;
    /// Names only, sorted; also those of a vault that is locked.
    [[nodiscard]] QStringList list() const;
    /// InvalidArgument, TooLarge, Io (then nothing changed), Unavailable (not opened yet).
    Status set(const QString& name, QByteArrayView value);
    Status remove(const QString& name);

    /// Replaces every `${vault:name}` in `text`. Fails, naming the secret, if one is missing; the text is never returned half
    /// resolved.
    [[nodiscard]] Result<QString> resolve(const QString& text) const;
    /// The names that `text` refers to, in order, without repeats. Pure.
    [[nodiscard]] static QStringList references(QStringView text);

    /// Sets or replaces the recovery passphrase (8 bytes and more); needs state Open.
    Status setPassphrase(const SecretBuffer& passphrase);
    /// Removes it; refused when it is the only slot.
    Status removePassphrase();
    /// Keeps the key in the keychain from now on (a vault that was created with a passphrase); needs state Open. `done` runs
    /// once.
    void rememberInKeychain(std::function<void(Status)> done);
    /// Moves an unreadable file aside (`<path>.damaged-N`) and puts the backup in its place; then open() again.
    Status restoreBackup();

Q_SIGNALS:
    /// A value was set, replaced or removed; empty name: everything may differ.
    void changed(const QString& name);
    void stateChanged(oriel::vault::VaultState state);

private:
    void openFile();
    void createFile();
    void verifyNewKey(const std::shared_ptr<VaultFile>& file);
    void useKeychainKey(const SecretResult<QByteArray>& key);
    void askPassphrase(PassphraseRequest request, const std::shared_ptr<VaultFile>& created = {});
    void usePassphrase(const PassphraseRequest& request, const std::shared_ptr<VaultFile>& created,
                       const Result<SecretBuffer>& passphrase);
    void becomeOpen(VaultFile file, VaultSlot slot);
    void becomeSessionOnly(const Error& error);
    void finishOpening();
    void retryLater();
    Status change(const std::function<Status(VaultFile&)>& step);
    [[nodiscard]] SecretKey keychainKey(const VaultFile& file) const;

    const Options m_options;
    SecretStore& m_store;
    Random& m_random;
    std::vector<std::function<void()>> m_waiting;
    Error m_keychainError; // why the keychain is not used
    bool m_retryWorthwhile = false;
    bool m_retried = false;
    bool m_quiet = false; // a retry of our own asks nobody

    mutable std::mutex m_mutex; // guards what the readers see; only the vault's thread writes
    VaultState m_state = VaultState::Closed;
    VaultSlot m_slot = VaultSlot::None;
    std::optional<VaultFile> m_file;    // on disk, locked or not
    std::optional<VaultFile> m_session; // sealed with a key of this process, never saved
    bool m_fileExists = false;
    QStringList m_damage;
    Error m_degraded;
};

} // namespace oriel::vault
