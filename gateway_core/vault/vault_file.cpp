// SPDX-License-Identifier: GPL-3.0-or-later
#include "vault/vault_file.h"

#include "vault/atomic_file.h"
#include "vault/crypto.h"
#include "vault/passphrase.h"

#include <QCryptographicHash>

#include <algorithm>

namespace oriel::vault {

namespace {

Error locked(const QString& path)
{
    return {ErrorCode::Unavailable, QStringLiteral("The vault is locked."), path,
            QStringLiteral("Unlock it with the keychain or its passphrase.")};
}

QByteArray digestOf(const QByteArray& bytes)
{
    return QCryptographicHash::hash(bytes, QCryptographicHash::Sha256);
}

bool isLetterOrDigit(QChar c)
{
    return c.unicode() < 128 && c.isLetterOrNumber();
}

} // namespace

bool VaultFile::isValidName(QStringView name)
{
    if (name.isEmpty() || name.size() > kMaxNameLength || !isLetterOrDigit(name.front()) || !isLetterOrDigit(name.back()))
        return false;
    return std::all_of(name.begin(), name.end(), [](QChar c) { return isLetterOrDigit(c) || QStringView(u"._/-").contains(c); });
}

VaultFile VaultFile::createNew(const QString& path, Random& random)
{
    VaultFile file;
    file.m_path = path;
    file.m_id = random.secureBytes(16).toHex();
    file.m_master = SecretBuffer::taking(random.secureBytes(static_cast<int>(kKeyBytes)));
    return file;
}

VaultFile VaultFile::clone() const
{
    VaultFile copy;
    copy.m_path = m_path;
    copy.m_id = m_id;
    copy.m_keychainCheck = m_keychainCheck;
    copy.m_passphraseSlot = m_passphraseSlot;
    copy.m_entries = m_entries;
    copy.m_unreadLines = m_unreadLines;
    copy.m_lineDamage = m_lineDamage;
    copy.m_integrityDamage = m_integrityDamage;
    copy.m_stored = m_stored;
    copy.m_digest = m_digest;
    copy.m_generation = m_generation;
    copy.m_master = m_master.copy();
    return copy;
}

Result<VaultFile> VaultFile::load(const QString& path)
{
    Result<QByteArray> bytes = readWholeFile(path, kMaxFileBytes);
    if (!bytes)
        return fail(bytes.error());
    VaultFile file;
    file.m_path = path;
    if (Status status = file.parse(*bytes); !status)
        return fail(status.error());
    file.m_digest = digestOf(*bytes);
    return file;
}

Status VaultFile::unlockWithKey(SecretBuffer key)
{
    if (m_keychainCheck.isEmpty())
        return fail(ErrorCode::InvalidArgument, QStringLiteral("The vault has no keychain slot."), m_path);
    std::swap(m_master, key);
    if (m_master.size() != kKeyBytes || !sameBytes(keyCheck(), m_keychainCheck)) {
        std::swap(m_master, key);
        return fail(ErrorCode::Unauthenticated, QStringLiteral("The key in the keychain is not the key of this vault."), m_path);
    }
    checkIntegrity();
    return {};
}

Status VaultFile::unlockWithPassphrase(const SecretBuffer& passphrase)
{
    if (!m_passphraseSlot)
        return fail(ErrorCode::InvalidArgument, QStringLiteral("The vault has no passphrase."), m_path);
    Result<SecretBuffer> wrapping = deriveKey(passphrase, m_passphraseSlot->salt, m_passphraseSlot->cost);
    if (!wrapping)
        return fail(wrapping.error());
    Result<SecretBuffer> master =
        openAead(*wrapping, m_passphraseSlot->nonce, slotContext(*m_passphraseSlot), m_passphraseSlot->wrapped);
    if (!master || master->size() != kKeyBytes)
        return fail(ErrorCode::Unauthenticated, QStringLiteral("The passphrase is wrong."), m_path);
    m_master = std::move(*master);
    checkIntegrity();
    return {};
}

void VaultFile::addKeychainSlot()
{
    m_keychainCheck = keyCheck();
}

Status VaultFile::setPassphraseSlot(const SecretBuffer& passphrase, Random& random, KdfCost cost)
{
    if (!isUnlocked())
        return fail(locked(m_path));
    if (passphrase.size() < kMinPassphraseBytes || passphrase.size() > kMaxPassphraseBytes)
        return fail(ErrorCode::InvalidArgument,
                    QStringLiteral("A passphrase has %1 to %2 bytes.").arg(kMinPassphraseBytes).arg(kMaxPassphraseBytes));
    PassphraseSlot slot{
        cost, random.secureBytes(static_cast<int>(kSaltBytes)), random.secureBytes(static_cast<int>(kNonceBytes)), {}};
    Result<SecretBuffer> wrapping = deriveKey(passphrase, slot.salt, slot.cost);
    if (!wrapping)
        return fail(wrapping.error());
    Result<QByteArray> wrapped = sealAead(*wrapping, slot.nonce, slotContext(slot), m_master.view());
    if (!wrapped)
        return fail(wrapped.error());
    slot.wrapped = *wrapped;
    m_passphraseSlot = slot;
    return {};
}

Result<QByteArray> VaultFile::value(const QString& name) const
{
    const auto entry = m_entries.constFind(name);
    if (entry == m_entries.constEnd())
        return fail(ErrorCode::NotFound, QStringLiteral("The vault holds no secret \"%1\".").arg(name), m_path);
    if (!isUnlocked())
        return fail(locked(m_path));
    const Result<SecretBuffer> plain =
        openAead(subkey("entries"), entry->nonce, entryContext(name, entry->version), entry->sealed);
    if (!plain)
        return fail(ErrorCode::DataLoss, QStringLiteral("The secret \"%1\" is damaged on disk.").arg(name), m_path,
                    QStringLiteral("Set it again, or restore the vault's backup."));
    return plain->view().toByteArray();
}

Status VaultFile::setValue(const QString& name, QByteArrayView value, Random& random)
{
    if (!isUnlocked())
        return fail(locked(m_path));
    if (!isValidName(name))
        return fail(ErrorCode::InvalidArgument, QStringLiteral("\"%1\" is no name for a secret.").arg(name.left(200)), {},
                    QStringLiteral("Use letters, digits and . _ / - between them."));
    if (value.size() > kMaxValueBytes)
        return fail(ErrorCode::TooLarge, QStringLiteral("A secret has at most %1 KiB.").arg(kMaxValueBytes / 1024), name);
    if (m_entries.size() >= kMaxEntries && !m_entries.contains(name))
        return fail(ErrorCode::ResourceExhausted,
                    QStringLiteral("The vault holds %1 secrets, which is its limit.").arg(kMaxEntries), m_path);
    Entry entry;
    entry.version = m_entries.value(name).version + 1;
    entry.nonce = random.secureBytes(static_cast<int>(kNonceBytes));
    const Result<QByteArray> sealed = sealAead(subkey("entries"), entry.nonce, entryContext(name, entry.version), value);
    if (!sealed)
        return fail(sealed.error());
    entry.sealed = *sealed;
    m_entries.insert(name, entry);
    return {};
}

Status VaultFile::removeValue(const QString& name)
{
    if (!isUnlocked())
        return fail(locked(m_path));
    if (m_entries.remove(name) == 0)
        return fail(ErrorCode::NotFound, QStringLiteral("The vault holds no secret \"%1\".").arg(name), m_path);
    return {};
}

QStringList VaultFile::damagedEntries() const
{
    QStringList damaged;
    if (!isUnlocked())
        return damaged;
    for (auto it = m_entries.constBegin(); it != m_entries.constEnd(); ++it) {
        if (!openAead(subkey("entries"), it->nonce, entryContext(it.key(), it->version), it->sealed))
            damaged.append(it.key());
    }
    return damaged;
}

QStringList VaultFile::damage() const
{
    QStringList sentences = m_lineDamage;
    for (const QString& name : damagedEntries())
        sentences.append(QStringLiteral("The secret \"%1\" is damaged and cannot be read.").arg(name));
    // Altered bytes were named above; what is left for the end line to tell is what is not there any more.
    if (sentences.isEmpty() && !m_integrityDamage.isEmpty())
        sentences.append(m_integrityDamage);
    return sentences;
}

Status VaultFile::save()
{
    if (!isUnlocked())
        return fail(locked(m_path));
    if (!hasKeychainSlot() && !hasPassphraseSlot())
        return fail(ErrorCode::InvalidArgument, QStringLiteral("The vault has no slot that could open it again."), m_path);
    Result<QByteArray> present = readWholeFile(m_path, kMaxFileBytes);
    const bool missing = !present && present.error().code == ErrorCode::NotFound;
    if (!present && !missing)
        return fail(present.error());
    if (missing ? !m_digest.isEmpty() : digestOf(*present) != m_digest)
        return fail(ErrorCode::AlreadyExists, QStringLiteral("The vault was changed by another program."), m_path,
                    QStringLiteral("Open it again."));

    const QByteArray lines = body();
    const QByteArray bytes = lines + endLine(lines, m_generation + 1);
    if (bytes.size() > kMaxFileBytes)
        return fail(ErrorCode::TooLarge,
                    QStringLiteral("The vault would be larger than %1 MiB.").arg(kMaxFileBytes / 1024 / 1024), m_path);
    if (!missing && m_lineDamage.isEmpty() && m_integrityDamage.isEmpty()) {
        if (Status status = replaceFile(backupPath(), *present); !status)
            return status;
    }
    if (Status status = replaceFile(m_path, bytes); !status)
        return status;
    ++m_generation;
    m_digest = digestOf(bytes);
    m_integrityDamage.clear();
    return {};
}

QByteArray VaultFile::keyCheck() const
{
    return hmac(m_master, "oriel-vault key check " + m_id).view().first(16).toByteArray();
}

SecretBuffer VaultFile::subkey(QByteArrayView label) const
{
    return hmac(m_master, "oriel-vault subkey " + label.toByteArray());
}

QByteArray VaultFile::entryContext(const QString& name, quint64 version) const
{
    return "oriel-vault entry " + m_id + ' ' + name.toUtf8() + ' ' + QByteArray::number(version);
}

QByteArray VaultFile::slotContext(const PassphraseSlot& slot) const
{
    return "oriel-vault passphrase " + m_id + ' ' + QByteArray::number(slot.cost.memoryKiB) + ' ' +
           QByteArray::number(slot.cost.passes) + ' ' + QByteArray::number(slot.cost.lanes) + ' ' + slot.salt.toHex();
}

} // namespace oriel::vault
