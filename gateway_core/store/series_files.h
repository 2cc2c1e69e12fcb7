// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/byte_io.h"
#include "store/framed_file.h"
#include "store/series_table.h"

#include <QHash>

#include <map>

namespace oriel::store {

inline constexpr std::uint8_t kSeriesFrame = 1; ///< new series: number, name, labels
inline constexpr std::uint8_t kScrapeFrame = 2; ///< one collection: time, changed values, series that are gone

/// One collection as it is written: the value of every series that was there.
struct Scrape {
    std::int64_t timeMs = 0;
    std::vector<std::pair<std::uint32_t, double>> values; ///< series, value
};

/// Encodes collections for one file, which stands alone: a series is described when it is first used in it, and only values that
/// changed are written. The disk thread's.
class ScrapeEncoder {
public:
    /// What describes a series by its number.
    using Describe = std::function<void(std::uint32_t series, QByteArray& metric, Labels& labels)>;
    /// Frames to append, in order.
    std::vector<std::pair<std::uint8_t, QByteArray>> encode(const Scrape& scrape, const Describe& describe);

private:
    std::map<std::uint32_t, double> m_present;
    QHash<std::uint32_t, bool> m_described;
};

/// Replays the collections of one file into a table, thinned to one a minute before `fullFromMs`.
class ScrapeDecoder {
public:
    ScrapeDecoder(SeriesTable& table, std::int64_t fullFromMs, std::size_t maxSeries)
        : m_table(table),
          m_fullFromMs(fullFromMs),
          m_maxSeries(maxSeries)
    {}
    void frame(std::uint8_t type, QByteArrayView payload);
    /// Appends the last collection that thinning held back.
    void finish() { flush(); }
    [[nodiscard]] std::uint64_t scrapes() const { return m_scrapes; }
    std::uint64_t damaged = 0;

private:
    void flush();

    SeriesTable& m_table;
    const std::int64_t m_fullFromMs;
    const std::size_t m_maxSeries;
    std::map<std::uint32_t, double> m_present;
    QHash<std::uint32_t, std::uint32_t> m_numbers; ///< in the file → in the table
    std::int64_t m_heldMs = kTimeMin;
    std::uint64_t m_scrapes = 0;
};

} // namespace oriel::store
