// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace oriel::gateway {

/// What was used within the current hour or day of the local clock. Times are nanoseconds since 1970. Not thread-safe.
class QuotaWindow {
public:
    enum class Length : std::uint8_t { Hour, Day };
    explicit QuotaWindow(Length length) : m_length(length) {}

    /// Begins anew when the window is over. A clock that is set back begins none: what was used stays used.
    void roll(std::int64_t nowUnixNs);
    void add(std::int64_t calls, std::int64_t tokens)
    {
        m_calls += calls;
        m_tokens += tokens;
    }
    /// Takes over what an earlier run used, if its window began within the current one.
    void restore(std::int64_t startUnixNs, std::int64_t calls, std::int64_t tokens, std::int64_t nowUnixNs);

    [[nodiscard]] std::int64_t calls() const { return m_calls; }
    [[nodiscard]] std::int64_t tokens() const { return m_tokens; }
    [[nodiscard]] std::int64_t startUnixNs() const { return m_startNs; }
    [[nodiscard]] std::int64_t endUnixNs() const { return m_endNs; }

private:
    void setBounds(std::int64_t nowUnixNs);

    Length m_length;
    std::int64_t m_startNs = 0;
    std::int64_t m_endNs = 0;
    std::int64_t m_calls = 0;
    std::int64_t m_tokens = 0;
};

} // namespace oriel::gateway
