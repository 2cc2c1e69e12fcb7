// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/series_chunk.h"

#include <QHash>

#include <deque>
#include <unordered_map>

namespace oriel::store {

/// Series by name and labels with their chunks; SeriesStore guards it with its lock.
class SeriesTable {
public:
    struct Series {
        QByteArray metric;
        Labels labels;
        std::deque<std::shared_ptr<const SeriesChunk>> chunks; ///< by time, finished: readers may keep them without the lock
        SeriesChunk open;                                      ///< grows; after the others in time
        std::size_t thinned = 0;                               ///< chunks at the front that are thinned already
        double deltaTotal = 0;                                 ///< see addDelta()

        [[nodiscard]] bool isEmpty() const { return chunks.empty() && open.count() == 0; }
        [[nodiscard]] std::int64_t firstMs() const { return chunks.empty() ? open.firstMs() : chunks.front()->firstMs(); }
        [[nodiscard]] std::int64_t lastMs() const { return open.count() > 0 ? open.lastMs() : chunks.back()->lastMs(); }
    };
    static constexpr std::uint32_t kNone = 0xFFFFFFFFU;

    /// The number of the series, made when it is new; its first sample, of `timeMs`, is to follow at once. When there are
    /// `maxSeries` already, a new one takes the place of one without samples, or else of the one that has been silent longest,
    /// for over an hour before `timeMs`; kNone when there is none such. The number of a series that lost its place is not used
    /// again.
    std::uint32_t find(const QByteArray& metric, const Labels& labels, std::size_t maxSeries, std::int64_t timeMs);
    /// False when the time is not after the series' last (the clock was set back) or the series has lost its place: the sample is
    /// left out.
    bool append(std::uint32_t series, const Sample& sample);
    /// Adds a delta point to the total of a series that is there, and returns the total.
    double addDelta(std::uint32_t series, double delta) { return m_series.at(series).deltaTotal += delta; }
    /// Keeps of the samples before `beforeMs` the last of each minute. Looks at `series` only.
    void thin(std::uint32_t series, std::int64_t beforeMs);
    /// Puts older chunks before what is there; samples that overlap are left out.
    void prepend(SeriesTable&& older, std::size_t maxSeries);
    /// Drops whole chunks that end before `cutMs`. Returns the samples dropped.
    std::uint64_t dropBefore(std::int64_t cutMs);
    /// Drops the oldest chunks until memory is within `bytes`.
    std::uint64_t dropToBudget(std::int64_t bytes);

    /// nullptr when the series has lost its place.
    [[nodiscard]] const Series* at(std::uint32_t series) const;
    [[nodiscard]] std::size_t count() const { return m_series.size(); }
    /// Numbers of series that are there.
    [[nodiscard]] const QHash<QByteArray, std::vector<std::uint32_t>>& byMetric() const { return m_byMetric; }
    [[nodiscard]] std::int64_t memoryBytes() const { return m_bytes; }
    [[nodiscard]] std::uint64_t samples() const { return m_samples; }
    [[nodiscard]] std::int64_t oldestMs() const;

private:
    void dropFront(Series& series);
    void finishOpen(Series& series);
    [[nodiscard]] bool makeRoom(std::int64_t timeMs);
    [[nodiscard]] bool findSilent(std::int64_t beforeMs);
    void remove(std::uint32_t number);

    std::unordered_map<std::uint32_t, Series> m_series; ///< by number
    std::uint32_t m_nextNumber = 0;
    std::vector<std::pair<std::int64_t, std::uint32_t>> m_silent; ///< last sample and number, the oldest at the end
    std::int64_t m_restFromMs = kTimeMin;                         ///< no series outside m_silent ended before
    QHash<QByteArray, std::uint32_t> m_byKey;
    QHash<QByteArray, std::vector<std::uint32_t>> m_byMetric;
    std::int64_t m_bytes = 0;
    std::uint64_t m_samples = 0;
};

} // namespace oriel::store
