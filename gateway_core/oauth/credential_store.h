// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <QByteArray>
#include <QObject>
#include <QString>

#include <functional>

namespace oriel::vault {
class Vault;
}

namespace oriel::oauth {

/// Where tokens and client registrations are kept: encrypted, by name. Functions return at once; the callback runs once, later,
/// on the caller's thread. One store is used from one thread only.
class CredentialStore {
public:
    using ReadDone = std::function<void(Result<QByteArray>)>;
    using Done = std::function<void(Status)>;

    virtual ~CredentialStore() = default;
    /// False while answers wait for something that may take its time, as a keychain that asks the user does. Any thread.
    [[nodiscard]] virtual bool isReady() const { return true; }
    /// NotFound when there is none.
    virtual void read(const QString& name, ReadDone done) = 0;
    virtual void write(const QString& name, const QByteArray& value, Done done) = 0;
    /// Removing what is not there succeeds.
    virtual void remove(const QString& name, Done done) = 0;
};

/// The user's vault, asked on its own thread; questions wait while it is being opened. Callbacks still open when the store is
/// destroyed are dropped.
class VaultCredentialStore final : public CredentialStore {
public:
    /// `vault` outlives the store.
    explicit VaultCredentialStore(vault::Vault& vault) : m_vault(vault) {}
    [[nodiscard]] bool isReady() const override;
    void read(const QString& name, ReadDone done) override;
    void write(const QString& name, const QByteArray& value, Done done) override;
    void remove(const QString& name, Done done) override;

private:
    template <class Outcome> void ask(std::function<Outcome(vault::Vault&)> question, std::function<void(Outcome)> done);

    vault::Vault& m_vault;
    QObject m_here; ///< where answers come back to
};

/// The names under which one server's things are kept; hashes, because URLs are no names for a vault.
[[nodiscard]] QString issuerName(const QByteArray& resource);
[[nodiscard]] QString tokenName(const QByteArray& resource, const QByteArray& issuer);
[[nodiscard]] QString clientName(const QByteArray& resource, const QByteArray& issuer);

} // namespace oriel::oauth
