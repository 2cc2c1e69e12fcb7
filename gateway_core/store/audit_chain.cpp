// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/audit_chain.h"

#include "store/byte_io.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace oriel::store {

QByteArray hmacSha256(QByteArrayView key, QByteArrayView message)
{
    QByteArray out(EVP_MAX_MD_SIZE, Qt::Uninitialized);
    unsigned length = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(message.data()),
         static_cast<std::size_t>(message.size()), reinterpret_cast<unsigned char*>(out.data()), &length);
    out.truncate(static_cast<qsizetype>(length));
    return out;
}

QByteArray auditRowHash(QByteArrayView key, QByteArrayView previousHash, const AuditRow& row)
{
    ByteWriter out;
    out.text(previousHash);
    out.fixed64(static_cast<std::uint64_t>(row.sequence));
    out.byte(static_cast<std::uint8_t>(row.kind));
    out.byte(static_cast<std::uint8_t>(row.outcome));
    out.byte(static_cast<std::uint8_t>((row.replay ? 1U : 0U) | (row.synthetic ? 2U : 0U)));
    for (const std::int64_t number : {row.timeUnixNs, row.argumentsBytes, row.responseBytes, row.latencyNs})
        out.fixed64(static_cast<std::uint64_t>(number));
    for (const std::uint64_t number : {row.traceId.high, row.traceId.low, row.spanId.value})
        out.fixed64(number);
    for (const QByteArray* text : {&row.id, &row.client, &row.user, &row.project, &row.server, &row.tool, &row.method, &row.arguments,
                                   &row.response, &row.errorType, &row.errorMessage, &row.requestId, &row.guardrails})
        out.text(*text);
    return hmacSha256(key, out.view());
}

QByteArray auditKeyId(QByteArrayView key) { return key.isEmpty() ? QByteArray() : hmacSha256(key, "oriel audit key id").first(8); }

QByteArray auditPositionSeal(QByteArrayView key, QByteArrayView purpose, std::int64_t sequence, QByteArrayView hash)
{
    if (key.isEmpty())
        return {};
    ByteWriter out;
    out.text(purpose);
    out.fixed64(static_cast<std::uint64_t>(sequence));
    out.text(hash);
    return hmacSha256(key, out.view());
}

} // namespace oriel::store
