// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vault/secret_store.h"

#include <QMap>

#include <optional>

namespace oriel::vault {

/// Keeps entries until it is destroyed; for tests and for runs that must leave no trace. Can be told to fail as a real store
/// would.
class MemorySecretStore final : public SecretStore {
public:
    void read(const SecretKey& key, ReadCallback callback) override;
    void write(const SecretKey& key, const QByteArray& secret, DoneCallback callback) override;
    void remove(const SecretKey& key, DoneCallback callback) override;
    [[nodiscard]] QString displayName() const override;

    /// From now on every call fails like this; nothing = works again.
    void failWith(std::optional<SecretFailure> failure) { m_failure = failure; }
    [[nodiscard]] const QMap<QString, QByteArray>& entries() const { return m_entries; }

private:
    QMap<QString, QByteArray> m_entries;
    std::optional<SecretFailure> m_failure;
};

} // namespace oriel::vault
