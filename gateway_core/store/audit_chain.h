// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/audit_row.h"

struct evp_mac_ctx_st;

namespace oriel::store {

/// HMAC-SHA256 under the key of the chain. Holds the keyed state, so a row costs its own bytes only. One thread.
class AuditChain {
public:
    /// An empty key: no hashes.
    explicit AuditChain(QByteArrayView key);
    ~AuditChain();
    AuditChain(const AuditChain&) = delete;
    AuditChain& operator=(const AuditChain&) = delete;

    [[nodiscard]] bool hasKey() const { return m_context != nullptr; }
    /// The hash of a row in the chain (A3): HMAC(key, previous hash ‖ canonical row). The canonical row holds every stored field
    /// with its length, in a fixed order, so no two rows have the same.
    [[nodiscard]] QByteArray rowHash(QByteArrayView previousHash, const AuditRow& row) const;
    /// Names the key without telling it: which rows were written with which key.
    [[nodiscard]] QByteArray keyId() const;
    /// The seal of a position of the chain: its head after each commit, and its beginning after retention.
    [[nodiscard]] QByteArray positionSeal(QByteArrayView purpose, std::int64_t sequence, QByteArrayView hash) const;

private:
    [[nodiscard]] QByteArray mac(QByteArrayView message) const;
    evp_mac_ctx_st* m_context = nullptr;
};

} // namespace oriel::store
