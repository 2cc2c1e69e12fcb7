// SPDX-License-Identifier: GPL-3.0-or-later
#include "vault/memory_secret_store.h"

#include "vault/post.h"

namespace oriel::vault {

namespace {

ErrorCode codeOf(SecretFailure failure)
{
    switch (failure) {
    case SecretFailure::NotFound:
        return ErrorCode::NotFound;
    case SecretFailure::Denied:
        return ErrorCode::PermissionDenied;
    case SecretFailure::Timeout:
        return ErrorCode::Timeout;
    case SecretFailure::Invalid:
        return ErrorCode::InvalidArgument;
    case SecretFailure::Unavailable:
    case SecretFailure::Locked:
        break;
    }
    return ErrorCode::Unavailable;
}

tl::unexpected<SecretError> refusal(SecretFailure failure, const QString& message)
{
    return tl::unexpected(SecretError{failure, Error{codeOf(failure), message, {}, {}}});
}

} // namespace

void MemorySecretStore::read(const SecretKey& key, ReadCallback callback)
{
    SecretResult<QByteArray> result;
    if (m_failure)
        result = refusal(*m_failure, QStringLiteral("The store was told to fail."));
    else if (!m_entries.contains(key.toString()))
        result = refusal(SecretFailure::NotFound, QStringLiteral("There is no entry %1.").arg(key.toString()));
    else
        result = m_entries.value(key.toString());
    post([callback = std::move(callback), result = std::move(result)] { callback(result); });
}

void MemorySecretStore::write(const SecretKey& key, const QByteArray& secret, DoneCallback callback)
{
    SecretResult<void> result;
    if (m_failure)
        result = refusal(*m_failure, QStringLiteral("The store was told to fail."));
    else if (!key.isValid() || secret.size() > kMaxSecretBytes)
        result = refusal(SecretFailure::Invalid, QStringLiteral("The entry's name or size is not acceptable."));
    else
        m_entries.insert(key.toString(), secret);
    post([callback = std::move(callback), result = std::move(result)] { callback(result); });
}

void MemorySecretStore::remove(const SecretKey& key, DoneCallback callback)
{
    SecretResult<void> result;
    if (m_failure)
        result = refusal(*m_failure, QStringLiteral("The store was told to fail."));
    else
        m_entries.remove(key.toString());
    post([callback = std::move(callback), result = std::move(result)] { callback(result); });
}

QString MemorySecretStore::displayName() const
{
    return QStringLiteral("memory");
}

} // namespace oriel::vault
