// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/random.h"
#include "base/result.h"
#include "vault/secret_buffer.h"

#include <QByteArray>
#include <QMap>
#include <QString>
#include <QStringList>

#include <optional>

namespace oriel::vault {

/// Argon2id cost as stored in a passphrase slot (RFC 9106, second recommended choice).
struct KdfCost {
    quint32 memoryKiB = 64 * 1024;
    quint32 passes = 3;
    quint32 lanes = 4;
};

/// The vault on disk: a text file of lines, so that damage to one line costs one entry and not the file.
///
///     oriel-vault 1 <vault id>
///     slot keychain <key check>
///     slot passphrase argon2id <KiB> <passes> <lanes> <salt> <nonce> <wrapped key>
///     entry <name> <version> <nonce> <ciphertext and tag>
///     end <entries> <generation> <authentication code of all lines above>
///
/// Values are sealed with AES-256-GCM under a key derived from the 256-bit master key; vault id, entry name and version are
/// authenticated with them, so an entry cannot be moved, renamed or replaced by another one of the file. Entry names are
/// readable. The `end` line shows that lines were removed. What it cannot show is that the whole file was put back to an older
/// state.
///
/// A value type without threads of its own: the owner serialises access. Functions that touch the disk block.
class VaultFile {
public:
    static constexpr qsizetype kKeyBytes = 32;
    static constexpr qsizetype kMaxValueBytes = 64 * 1024;
    static constexpr qsizetype kMaxEntries = 2000;
    static constexpr qint64 kMaxFileBytes = 32 * 1024 * 1024;
    static constexpr qsizetype kMaxNameLength = 128;

    /// Letters, digits, and `. _ / -` between them, at most 128.
    [[nodiscard]] static bool isValidName(QStringView name);

    VaultFile(VaultFile&&) noexcept = default;
    VaultFile& operator=(VaultFile&&) noexcept = default;
    /// A copy to change and save() while the original still answers.
    [[nodiscard]] VaultFile clone() const;

    /// A new, unlocked vault with a random id and master key; nothing is written before save().
    static VaultFile createNew(const QString& path, Random& random);
    /// Reads header, slots and entries; no key is needed. NotFound: there is no file. DataLoss: this is no readable vault (and it
    /// is left as it is). Io, TooLarge as named. Damaged entry lines do not fail it, see damagedLines().
    static Result<VaultFile> load(const QString& path);

    [[nodiscard]] const QString& path() const { return m_path; }
    [[nodiscard]] QString backupPath() const { return m_path + QStringLiteral(".bak"); }
    [[nodiscard]] const QByteArray& id() const { return m_id; }
    [[nodiscard]] bool hasKeychainSlot() const { return !m_keychainCheck.isEmpty(); }
    [[nodiscard]] bool hasPassphraseSlot() const { return m_passphraseSlot.has_value(); }
    [[nodiscard]] bool isUnlocked() const { return !m_master.isEmpty(); }

    /// Unauthenticated: that key is not this vault's.
    Status unlockWithKey(SecretBuffer key);
    /// Unauthenticated: wrong passphrase. Blocks for about 100 ms (Argon2id).
    Status unlockWithPassphrase(const SecretBuffer& passphrase);
    /// The master key, for the keychain; only when unlocked.
    [[nodiscard]] SecretBuffer masterKey() const { return m_master.copy(); }

    // Slots and entries below need an unlocked vault and change memory only; save() makes them last.
    void addKeychainSlot();
    void removeKeychainSlot() { m_keychainCheck.clear(); }
    Status setPassphraseSlot(const SecretBuffer& passphrase, Random& random, KdfCost cost = {});
    void removePassphraseSlot() { m_passphraseSlot.reset(); }

    [[nodiscard]] QStringList names() const { return m_entries.keys(); }
    /// NotFound, DataLoss (the entry was altered on disk).
    [[nodiscard]] Result<QByteArray> value(const QString& name) const;
    /// InvalidArgument, TooLarge, ResourceExhausted.
    Status setValue(const QString& name, QByteArrayView value, Random& random);
    Status removeValue(const QString& name);

    /// Names of entries that cannot be opened with the key; only when unlocked. Decrypts all of them.
    [[nodiscard]] QStringList damagedEntries() const;
    /// Sentences about lines and entries that could not be read or that are missing; empty = the file is whole. Decrypts all
    /// entries when unlocked.
    [[nodiscard]] QStringList damage() const;

    /// Replaces the file atomically (temporary file, 0600, flush to disk, rename, flush of the folder) and keeps the previous
    /// one, if it was whole, as backupPath(). Damaged lines are carried over unchanged. On any error the file on disk is what it
    /// was. AlreadyExists: another program wrote the file meanwhile; Io.
    Status save();

private:
    struct PassphraseSlot {
        KdfCost cost;
        QByteArray salt;
        QByteArray nonce;
        QByteArray wrapped;
    };
    struct Entry {
        quint64 version = 0;
        QByteArray nonce;
        QByteArray sealed;
    };

    VaultFile() = default;
    Status parse(const QByteArray& bytes);
    void parseLine(const QByteArray& line, int number);
    bool parseSlot(const QByteArrayList& fields);
    bool parseEntry(const QByteArrayList& fields);
    bool parseEnd(const QByteArrayList& fields);
    [[nodiscard]] QByteArray body() const;
    [[nodiscard]] QByteArray endLine(const QByteArray& lines, quint64 generation) const;
    [[nodiscard]] QByteArray keyCheck() const;
    [[nodiscard]] QByteArray entryContext(const QString& name, quint64 version) const;
    [[nodiscard]] QByteArray slotContext(const PassphraseSlot& slot) const;
    [[nodiscard]] SecretBuffer subkey(QByteArrayView label) const;
    void checkIntegrity();

    QString m_path;
    QByteArray m_id;
    QByteArray m_keychainCheck; // empty: no keychain slot
    std::optional<PassphraseSlot> m_passphraseSlot;
    QMap<QString, Entry> m_entries;
    QByteArrayList m_unreadLines; // kept byte for byte
    QStringList m_lineDamage;
    QString m_integrityDamage;
    QByteArray m_stored; // what was read, until its end line can be checked
    QByteArray m_digest; // of the file as read or written last; empty: there was none
    quint64 m_generation = 0;
    SecretBuffer m_master;
};

} // namespace oriel::vault
