// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "vault/secret_store.h"

#include <chrono>
#include <memory>

namespace oriel::vault {

/// The operating system's keychain through QtKeychain (Secret Service or KWallet, Windows Credential Manager, macOS Keychain).
///
/// Binary entries only, no plain-text fallback. A locked Secret Service answers a read with "not found"; therefore a read that
/// finds nothing is followed by writing and removing a canary entry, and only if that works the answer is NotFound. A job that
/// has no answer within the time-out is reported as Timeout and left alone (deleting a running job crashes); until it ends,
/// further calls fail with Timeout at once.
///
/// Threads: QtKeychain has one global queue without a lock, so all stores of a process live on one thread, which runs an event
/// loop.
class KeychainSecretStore final : public SecretStore {
public:
    explicit KeychainSecretStore(std::chrono::milliseconds timeout = std::chrono::seconds(4));
    ~KeychainSecretStore() override;

    void read(const SecretKey& key, ReadCallback callback) override;
    void write(const SecretKey& key, const QByteArray& secret, DoneCallback callback) override;
    void remove(const SecretKey& key, DoneCallback callback) override;
    [[nodiscard]] QString displayName() const override;

private:
    struct State;
    std::shared_ptr<State> m_state; // outlives the store while jobs run
};

} // namespace oriel::vault
