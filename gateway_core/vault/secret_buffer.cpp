// SPDX-License-Identifier: GPL-3.0-or-later
#include "vault/secret_buffer.h"

#include <openssl/crypto.h>

namespace oriel::vault {

SecretBuffer SecretBuffer::ofSize(qsizetype size)
{
    SecretBuffer buffer;
    buffer.m_bytes = QByteArray(size, '\0');
    return buffer;
}

SecretBuffer SecretBuffer::taking(QByteArray&& source)
{
    SecretBuffer buffer;
    if (source.isDetached()) {
        buffer.m_bytes = std::move(source);
        source = {};
    } else {
        buffer = SecretBuffer(QByteArrayView(source));
        source = {};
    }
    return buffer;
}

SecretBuffer& SecretBuffer::operator=(SecretBuffer&& other) noexcept
{
    if (this != &other) {
        clear();
        m_bytes = std::move(other.m_bytes);
        other.m_bytes = {};
    }
    return *this;
}

void SecretBuffer::clear()
{
    if (!m_bytes.isEmpty())
        OPENSSL_cleanse(m_bytes.data(), static_cast<std::size_t>(m_bytes.size()));
    m_bytes = {};
}

} // namespace oriel::vault
