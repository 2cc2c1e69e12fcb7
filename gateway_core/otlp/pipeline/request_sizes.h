// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"

#include <QtGlobal>

#include <algorithm>
#include <chrono>
#include <optional>

namespace oriel::otlp {

/// What a backend's answers told of the largest request that it takes: the smallest that it called too large, for a while. Sizes
/// are bytes of the request before compression. One thread.
class RequestSizes {
public:
    static constexpr std::chrono::minutes kMemory{10};
    explicit RequestSizes(const Clock& clock) : m_clock(clock) {}

    void refuse(qint64 bytes)
    {
        m_refused = std::min(bytes, isRemembered() ? *m_refused : bytes);
        m_untilNs = m_clock.bootTimeNs() + std::chrono::nanoseconds(kMemory).count();
    }
    void accept(qint64 bytes)
    {
        if (isTooLarge(bytes))
            m_refused.reset();
    }
    void forget() { m_refused.reset(); }
    /// Would it be refused, as far as is remembered?
    [[nodiscard]] bool isTooLarge(qint64 bytes) const { return isRemembered() && bytes >= *m_refused; }

private:
    [[nodiscard]] bool isRemembered() const { return m_refused && m_clock.bootTimeNs() < m_untilNs; }

    const Clock& m_clock;
    std::optional<qint64> m_refused;
    std::int64_t m_untilNs = 0;
};

} // namespace oriel::otlp
