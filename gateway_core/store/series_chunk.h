// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/series_source.h"

#include <string>

namespace oriel::store {

/// Samples of one series packed into bytes: differences of differences of times, differences of whole-numbered values, one byte
/// for a value that did not change. A value type; not shared between threads while it grows.
class SeriesChunk {
public:
    static constexpr std::uint32_t kMaxSamples = 240;

    /// Times must not fall.
    void append(const Sample& sample);
    [[nodiscard]] bool isFull() const { return m_count >= kMaxSamples; }
    [[nodiscard]] std::uint32_t count() const { return m_count; }
    [[nodiscard]] std::int64_t firstMs() const { return m_first; }
    [[nodiscard]] std::int64_t lastMs() const { return m_last; }
    [[nodiscard]] double lastValue() const { return m_value; }
    /// Appends the samples of [fromMs, toMs].
    void read(std::int64_t fromMs, std::int64_t toMs, std::vector<Sample>& out) const;
    [[nodiscard]] std::int64_t memoryBytes() const { return static_cast<std::int64_t>(sizeof(SeriesChunk) + m_bytes.capacity()); }
    /// Gives back the room kept for growing.
    void finish() { m_bytes.shrink_to_fit(); }

private:
    std::string m_bytes;
    std::int64_t m_first = 0;
    std::int64_t m_last = 0;
    std::int64_t m_step = 0;
    double m_value = 0;
    std::uint32_t m_count = 0;
};

} // namespace oriel::store
