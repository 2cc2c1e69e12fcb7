// SPDX-License-Identifier: GPL-3.0-or-later
#include "vault/crypto.h"
#include "vault/vault_file.h"

#include <QByteArrayList>

#include <algorithm>

// The lines of the vault file: reading them without a key, and writing them.
namespace oriel::vault {

namespace {

constexpr char kMagic[] = "oriel-vault";
constexpr int kVersion = 1;

QByteArray encoded(const QByteArray& bytes)
{
    return bytes.toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals);
}

std::optional<QByteArray> decoded(const QByteArray& text)
{
    const auto result = QByteArray::fromBase64Encoding(text, QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals |
                                                                 QByteArray::AbortOnBase64DecodingErrors);
    // One text per value: what decodes but is written otherwise was altered.
    if (!result || encoded(*result) != text)
        return std::nullopt;
    return *result;
}

std::optional<quint64> number(const QByteArray& text)
{
    bool ok = false;
    const quint64 value = text.toULongLong(&ok);
    if (!ok || QByteArray::number(value) != text)
        return std::nullopt;
    return value;
}

bool isHexId(const QByteArray& id)
{
    return id.size() == 32 &&
           std::all_of(id.begin(), id.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Error unreadable(const QString& path, const QString& why)
{
    return {ErrorCode::DataLoss, QStringLiteral("This is no readable vault: %1.").arg(why), path,
            QStringLiteral("Nothing was changed. Restore the backup beside it, or move the file away to start a new vault.")};
}

} // namespace

Status VaultFile::parse(const QByteArray& bytes)
{
    const QByteArrayList lines = bytes.split('\n');
    const QByteArrayList header = lines.front().split(' ');
    if (header.front() != kMagic)
        return fail(unreadable(m_path, QStringLiteral("it does not begin as one")));
    const std::optional<quint64> version = header.size() > 1 ? number(header[1]) : std::nullopt;
    if (version && *version > kVersion)
        return fail(ErrorCode::Unsupported, QStringLiteral("The vault was written by a newer Oriel (format %1).").arg(*version),
                    m_path, QStringLiteral("Update Oriel. Nothing was changed."));
    if (header.size() != 3 || version != quint64{kVersion} || !isHexId(header[2]))
        return fail(unreadable(m_path, QStringLiteral("its first line is damaged")));
    m_id = header[2];

    qsizetype endAt = -1;
    for (qsizetype i = 1; i < lines.size(); ++i) {
        if (lines[i].startsWith("end ")) {
            endAt = i;
            break;
        }
        if (!lines[i].isEmpty())
            parseLine(lines[i], static_cast<int>(i) + 1);
    }
    if (endAt < 0 || !parseEnd(lines[endAt].split(' ')))
        m_lineDamage.append(QStringLiteral("The vault's end is missing or damaged: secrets may have been lost."));
    m_stored = bytes;
    return {};
}

void VaultFile::parseLine(const QByteArray& line, int lineNumber)
{
    const QByteArrayList fields = line.split(' ');
    const bool understood = (fields.front() == "slot" && parseSlot(fields)) || (fields.front() == "entry" && parseEntry(fields));
    if (understood)
        return;
    m_unreadLines.append(line);
    const bool entry = fields.front() == "entry" && fields.size() > 1 && isValidName(QString::fromUtf8(fields[1]));
    m_lineDamage.append(
        entry ? QStringLiteral("Line %1, the secret \"%2\", is damaged.").arg(lineNumber).arg(QString::fromUtf8(fields[1]))
              : QStringLiteral("Line %1 of the vault is damaged.").arg(lineNumber));
}

bool VaultFile::parseSlot(const QByteArrayList& fields)
{
    if (fields.size() == 3 && fields[1] == "keychain") {
        const auto check = decoded(fields[2]);
        if (!check || check->size() != 16 || hasKeychainSlot())
            return false;
        m_keychainCheck = *check;
        return true;
    }
    if (fields.size() != 9 || fields[1] != "passphrase" || fields[2] != "argon2id" || hasPassphraseSlot())
        return false;
    const auto memory = number(fields[3]);
    const auto passes = number(fields[4]);
    const auto lanes = number(fields[5]);
    const auto salt = decoded(fields[6]);
    const auto nonce = decoded(fields[7]);
    const auto wrapped = decoded(fields[8]);
    constexpr quint64 most = UINT32_MAX;
    if (!memory || !passes || !lanes || *memory > most || *passes > most || *lanes > most || !salt ||
        salt->size() != kSaltBytes || !nonce || nonce->size() != kNonceBytes || !wrapped ||
        wrapped->size() != kKeyBytes + kTagBytes)
        return false;
    const KdfCost cost{static_cast<quint32>(*memory), static_cast<quint32>(*passes), static_cast<quint32>(*lanes)};
    m_passphraseSlot = PassphraseSlot{cost, *salt, *nonce, *wrapped};
    return true;
}

bool VaultFile::parseEntry(const QByteArrayList& fields)
{
    if (fields.size() != 5)
        return false;
    const QString name = QString::fromUtf8(fields[1]);
    const auto version = number(fields[2]);
    const auto nonce = decoded(fields[3]);
    const auto sealed = decoded(fields[4]);
    if (!isValidName(name) || m_entries.contains(name) || m_entries.size() >= kMaxEntries || !version || !nonce ||
        nonce->size() != kNonceBytes || !sealed || sealed->size() < kTagBytes || sealed->size() > kMaxValueBytes + kTagBytes)
        return false;
    m_entries.insert(name, Entry{*version, *nonce, *sealed});
    return true;
}

bool VaultFile::parseEnd(const QByteArrayList& fields)
{
    if (fields.size() != 4)
        return false;
    const auto generation = number(fields[2]);
    if (!number(fields[1]) || !generation || !decoded(fields[3]))
        return false;
    m_generation = *generation;
    return true;
}

QByteArray VaultFile::body() const
{
    QByteArray lines = QByteArray(kMagic) + ' ' + QByteArray::number(kVersion) + ' ' + m_id + '\n';
    if (hasKeychainSlot())
        lines += "slot keychain " + encoded(m_keychainCheck) + '\n';
    if (m_passphraseSlot) {
        const PassphraseSlot& slot = *m_passphraseSlot;
        lines += "slot passphrase argon2id " + QByteArray::number(slot.cost.memoryKiB) + ' ' +
                 QByteArray::number(slot.cost.passes) + ' ' + QByteArray::number(slot.cost.lanes) + ' ' + encoded(slot.salt) +
                 ' ' + encoded(slot.nonce) + ' ' + encoded(slot.wrapped) + '\n';
    }
    for (auto it = m_entries.constBegin(); it != m_entries.constEnd(); ++it)
        lines += "entry " + it.key().toUtf8() + ' ' + QByteArray::number(it->version) + ' ' + encoded(it->nonce) + ' ' +
                 encoded(it->sealed) + '\n';
    for (const QByteArray& line : m_unreadLines)
        lines += line + '\n';
    return lines;
}

QByteArray VaultFile::endLine(const QByteArray& lines, quint64 generation) const
{
    const QByteArray head = "end " + QByteArray::number(m_entries.size()) + ' ' + QByteArray::number(generation) + ' ';
    return head + encoded(hmac(subkey("integrity"), lines + head).view().toByteArray()) + '\n';
}

void VaultFile::checkIntegrity()
{
    m_integrityDamage.clear();
    if (m_stored.isEmpty())
        return;
    const qsizetype end = m_stored.startsWith("end ") ? 0 : m_stored.indexOf("\nend ") + 1;
    const QByteArray lines = m_stored.first(end);
    const QByteArray stored = m_stored.sliced(end);
    const QByteArrayList fields = stored.split(' ');
    const QByteArray head = fields.size() == 4 ? fields[0] + ' ' + fields[1] + ' ' + fields[2] + ' ' : QByteArray();
    const QByteArray expected = head + encoded(hmac(subkey("integrity"), lines + head).view().toByteArray()) + '\n';
    if (head.isEmpty() || !sameBytes(stored, expected))
        m_integrityDamage = QStringLiteral("The vault was altered outside Oriel: lines were removed, added or exchanged.");
    m_stored.clear();
}

} // namespace oriel::vault
