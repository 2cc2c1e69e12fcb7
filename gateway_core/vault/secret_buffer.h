// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QByteArrayView>

namespace oriel::vault {

/// Bytes that are overwritten before their memory is given back: keys and passphrases. Move-only; never shared, never logged.
class SecretBuffer {
public:
    SecretBuffer() = default;
    explicit SecretBuffer(QByteArrayView bytes) : m_bytes(bytes.data(), bytes.size()) {}
    static SecretBuffer ofSize(qsizetype size);
    /// Takes the bytes over and wipes `source` if it is the only holder of them.
    static SecretBuffer taking(QByteArray&& source);
    ~SecretBuffer() { clear(); }
    SecretBuffer(const SecretBuffer&) = delete;
    SecretBuffer& operator=(const SecretBuffer&) = delete;
    SecretBuffer(SecretBuffer&& other) noexcept : m_bytes(std::move(other.m_bytes)) { other.m_bytes = {}; }
    SecretBuffer& operator=(SecretBuffer&& other) noexcept;

    void clear();
    [[nodiscard]] SecretBuffer copy() const { return SecretBuffer(view()); }
    [[nodiscard]] bool isEmpty() const { return m_bytes.isEmpty(); }
    [[nodiscard]] qsizetype size() const { return m_bytes.size(); }
    [[nodiscard]] QByteArrayView view() const { return m_bytes; }
    [[nodiscard]] const unsigned char* data() const { return reinterpret_cast<const unsigned char*>(m_bytes.constData()); }
    [[nodiscard]] unsigned char* data() { return reinterpret_cast<unsigned char*>(m_bytes.data()); }

private:
    QByteArray m_bytes;
};

} // namespace oriel::vault
