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
    /// What describes a series by its number; false when it has lost its place in the table.
    using Describe = std::function<bool(std::uint32_t series, QByteArray& metric, Labels& labels)>;
    /// Frames to append, in order. Series that cannot be described are left out.
    std::vector<std::pair<std::uint8_t, QByteArray>> encode(const Scrape& scrape, const Describe& describe);

private:
    std::map<std::uint32_t, double> m_present;
    QHash<std::uint32_t, bool> m_described;
};

/// Replays the collections of one file into a table. Before `fullFromMs` each series is thinned to its last sample of a minute:
/// collections of several sources may share the minute.
class ScrapeDecoder {
public:
    ScrapeDecoder(SeriesTable& table, std::int64_t fullFromMs, std::size_t maxSeries)
        : m_table(table),
          m_fullFromMs(fullFromMs),
          m_maxSeries(maxSeries)
    {}
    void frame(std::uint8_t type, QByteArrayView payload);
    /// Appends the samples that thinning held back.
    void finish() { flush(); }
    [[nodiscard]] std::uint64_t scrapes() const { return m_scrapes; }
    std::uint64_t damaged = 0;

private:
    struct Described {
        QByteArray metric;
        Labels labels;
        std::uint32_t number = SeriesTable::kNone; ///< in the table, once a sample went there
    };
    void keep(std::uint32_t series, const Sample& sample);
    void flush();

    SeriesTable& m_table;
    const std::int64_t m_fullFromMs;
    const std::size_t m_maxSeries;
    std::map<std::uint32_t, double> m_present;
    QHash<std::uint32_t, Described> m_described; ///< by the number in the file
    std::int64_t m_heldMs = kTimeMin;
    std::map<std::uint32_t, Sample> m_heldGone; ///< of the held minute, not in its latest collection
    std::uint64_t m_scrapes = 0;
};

} // namespace oriel::store
