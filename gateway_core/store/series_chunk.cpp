// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/series_chunk.h"

#include "base/byte_io.h"

#include <cmath>

namespace oriel::store {

namespace {

constexpr double kExact = 9007199254740992.0; // whole numbers below 2^53 have exact differences

bool isWhole(double value)
{
    return std::isfinite(value) && std::abs(value) < kExact && value == std::trunc(value) && !(value == 0 && std::signbit(value));
}

} // namespace

// A sample is a varint: zigzag of the time's second difference × 4 + the form of the value: 0 same bits, 1 whole difference, 2
// eight bytes.
void SeriesChunk::append(const Sample& sample)
{
    ByteWriter out;
    const std::int64_t step = m_count == 0 ? 0 : sample.timeMs - m_last;
    const std::int64_t change = m_count == 0 ? 0 : step - m_step;
    const auto zigzag = (static_cast<std::uint64_t>(change) << 1U) ^ static_cast<std::uint64_t>(change >> 63);
    const bool isSame = m_count > 0 && std::bit_cast<std::uint64_t>(sample.value) == std::bit_cast<std::uint64_t>(m_value);
    const bool isDifference = isWhole(sample.value) && isWhole(m_value);
    out.varint(zigzag << 2U | (isSame ? 0U : isDifference ? 1U : 2U));
    if (!isSame) {
        if (isDifference)
            out.zigzag(static_cast<std::int64_t>(sample.value) - static_cast<std::int64_t>(m_value));
        else
            out.real(sample.value);
    }
    m_bytes += out.bytes();
    if (m_count == 0)
        m_first = sample.timeMs;
    m_step = step;
    m_last = sample.timeMs;
    m_value = sample.value;
    ++m_count;
}

void SeriesChunk::read(std::int64_t fromMs, std::int64_t toMs, std::vector<Sample>& out) const
{
    if (m_count == 0 || m_last < fromMs || m_first > toMs)
        return;
    ByteReader in(QByteArrayView(m_bytes.data(), static_cast<qsizetype>(m_bytes.size())));
    Sample sample{m_first, 0};
    std::int64_t step = 0;
    for (std::uint32_t i = 0; i < m_count; ++i) {
        const std::uint64_t word = in.varint();
        const std::uint64_t zigzag = word >> 2U;
        step += static_cast<std::int64_t>(zigzag >> 1U) ^ -static_cast<std::int64_t>(zigzag & 1U);
        sample.timeMs += i == 0 ? 0 : step;
        if ((word & 3U) == 1U)
            sample.value = static_cast<double>(static_cast<std::int64_t>(sample.value) + in.zigzag());
        else if ((word & 3U) == 2U)
            sample.value = in.real();
        if (sample.timeMs > toMs)
            return;
        if (sample.timeMs >= fromMs)
            out.push_back(sample);
    }
}

} // namespace oriel::store
