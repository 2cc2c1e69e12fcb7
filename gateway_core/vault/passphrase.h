// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "vault/secret_buffer.h"

#include <QString>

#include <functional>

namespace oriel::vault {

/// What a passphrase is wanted for.
struct PassphraseRequest {
    enum class Purpose : quint8 { Unlock, Create };
    Purpose purpose = Purpose::Unlock;
    int attempt = 1; ///< 2 and more: the one before was wrong
    QString why{};   ///< one sentence to show: why the keychain is not used
};

/// Asks for a passphrase and answers later through the callback (once, on the vault's thread): in a dialog, from a file, from a
/// descriptor. An error means "none": the vault then works for the session only.
using PassphraseAnswer = std::function<void(Result<SecretBuffer>)>;
using PassphrasePrompt = std::function<void(const PassphraseRequest&, PassphraseAnswer)>;

inline constexpr qsizetype kMinPassphraseBytes = 8; ///< for a new one
inline constexpr qsizetype kMaxPassphraseBytes = 1024;

/// Reads the first line of `path`. On Unix the file must belong to the user and be closed to group and others. Answers the first
/// attempt only, so that a wrong passphrase is not tried again and again.
PassphrasePrompt passphraseFromFile(const QString& path);
/// Reads the first line from an open descriptor (`--passphrase-fd N`) once and closes it.
PassphrasePrompt passphraseFromDescriptor(int descriptor);

} // namespace oriel::vault
