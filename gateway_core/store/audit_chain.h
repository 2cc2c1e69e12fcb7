// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/audit_row.h"

namespace oriel::store {

/// HMAC-SHA256.
QByteArray hmacSha256(QByteArrayView key, QByteArrayView message);

/// The hash of a row in the keyed chain (A3): HMAC(key, previous hash ‖ canonical row). The canonical row holds every stored field with its
/// length, in a fixed order, so no two rows have the same.
QByteArray auditRowHash(QByteArrayView key, QByteArrayView previousHash, const AuditRow& row);

/// Names a key without telling it: which rows were written with which key.
QByteArray auditKeyId(QByteArrayView key);
/// The seal of a position of the chain: its head after each commit, and its beginning after retention.
QByteArray auditPositionSeal(QByteArrayView key, QByteArrayView purpose, std::int64_t sequence, QByteArrayView hash);

} // namespace oriel::store
