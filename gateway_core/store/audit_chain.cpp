// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/audit_chain.h"

#include "base/byte_io.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

namespace oriel::store {

AuditChain::AuditChain(QByteArrayView key)
{
    if (key.isEmpty())
        return;
    EVP_MAC* algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    m_context = EVP_MAC_CTX_new(algorithm);
    EVP_MAC_free(algorithm);
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                     OSSL_PARAM_construct_end()};
    if (m_context != nullptr && EVP_MAC_init(m_context, reinterpret_cast<const unsigned char*>(key.data()),
                                             static_cast<std::size_t>(key.size()), parameters) != 1) {
        EVP_MAC_CTX_free(m_context);
        m_context = nullptr;
    }
}

AuditChain::~AuditChain()
{
    EVP_MAC_CTX_free(m_context);
}

QByteArray AuditChain::mac(QByteArrayView message) const
{
    if (m_context == nullptr)
        return {};
    QByteArray out(32, Qt::Uninitialized);
    std::size_t length = 0;
    EVP_MAC_init(m_context, nullptr, 0, nullptr); // the same key again
    EVP_MAC_update(m_context, reinterpret_cast<const unsigned char*>(message.data()), static_cast<std::size_t>(message.size()));
    EVP_MAC_final(m_context, reinterpret_cast<unsigned char*>(out.data()), &length, static_cast<std::size_t>(out.size()));
    return out;
}

QByteArray AuditChain::rowHash(QByteArrayView previousHash, const AuditRow& row) const
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
    for (const QByteArray* text :
         {&row.id, &row.client, &row.user, &row.project, &row.server, &row.tool, &row.method, &row.arguments, &row.response,
          &row.errorType, &row.errorMessage, &row.requestId, &row.guardrails})
        out.text(*text);
    return mac(out.view());
}

QByteArray AuditChain::keyId() const
{
    return mac("oriel audit key id").left(8);
}

QByteArray AuditChain::positionSeal(QByteArrayView purpose, std::int64_t sequence, QByteArrayView hash) const
{
    ByteWriter out;
    out.text(purpose);
    out.fixed64(static_cast<std::uint64_t>(sequence));
    out.text(hash);
    return mac(out.view());
}

} // namespace oriel::store
