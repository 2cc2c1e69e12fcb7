// SPDX-License-Identifier: GPL-3.0-or-later
#include "oauth/credential_store.h"

#include "vault/vault.h"

#include <QCryptographicHash>
#include <QPointer>

namespace oriel::oauth {

namespace {

QString hashOf(const QByteArray& text)
{
    return QString::fromLatin1(QCryptographicHash::hash(text, QCryptographicHash::Sha256).first(16).toHex());
}

} // namespace

QString issuerName(const QByteArray& resource)
{
    return QStringLiteral("oauth/issuer/") + hashOf(resource);
}

QString tokenName(const QByteArray& resource, const QByteArray& issuer)
{
    return QStringLiteral("oauth/token/%1/%2").arg(hashOf(resource), hashOf(issuer));
}

QString clientName(const QByteArray& resource, const QByteArray& issuer)
{
    return QStringLiteral("oauth/client/%1/%2").arg(hashOf(resource), hashOf(issuer));
}

template <class Outcome>
void VaultCredentialStore::ask(std::function<Outcome(vault::Vault&)> question, std::function<void(Outcome)> done)
{
    // The answer crosses back through the thread's own dispatcher, so that `m_here` is looked at on its thread only.
    QPointer<QObject> here(&m_here);
    auto* const courier = new QObject;
    vault::Vault* const vault = &m_vault;
    QMetaObject::invokeMethod(
        vault,
        [vault, courier, here, question = std::move(question), done = std::move(done)] {
            const auto answer = [vault, courier, here, question, done] {
                auto outcome = question(*vault);
                QMetaObject::invokeMethod(
                    courier,
                    [courier, here, done, outcome = std::move(outcome)] {
                        courier->deleteLater();
                        if (here)
                            done(outcome);
                    },
                    Qt::QueuedConnection);
            };
            if (vault->state() == vault::VaultState::Opening)
                vault->open(answer);
            else
                answer();
        },
        Qt::QueuedConnection);
}

bool VaultCredentialStore::isReady() const
{
    const vault::VaultState state = m_vault.state();
    return state == vault::VaultState::Open || state == vault::VaultState::SessionOnly;
}

void VaultCredentialStore::read(const QString& name, ReadDone done)
{
    ask<Result<QByteArray>>([name](vault::Vault& vault) { return vault.get(name); }, std::move(done));
}

void VaultCredentialStore::write(const QString& name, const QByteArray& value, Done done)
{
    ask<Status>([name, value](vault::Vault& vault) { return vault.set(name, value); }, std::move(done));
}

void VaultCredentialStore::remove(const QString& name, Done done)
{
    ask<Status>(
        [name](vault::Vault& vault) -> Status {
            if (!vault.contains(name))
                return {};
            return vault.remove(name);
        },
        std::move(done));
}

} // namespace oriel::oauth
