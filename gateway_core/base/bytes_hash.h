// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <functional>
#include <string_view>

namespace oriel {

/// For the unordered containers of hot paths. Qt's hash of texts below 16 bytes mixes AVX-512 and SSE instructions, which stalls
/// some processors for longer than a whole lookup takes.
struct BytesHash {
    [[nodiscard]] std::size_t operator()(const QByteArray& bytes) const noexcept
    {
        return std::hash<std::string_view>()({bytes.constData(), static_cast<std::size_t>(bytes.size())});
    }
};

} // namespace oriel
