// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/series_table.h"

#include "base/byte_io.h"

#include <algorithm>

namespace oriel::store {

namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kSeriesCost = 400;

QByteArray keyOf(const QByteArray& metric, const Labels& labels)
{
    ByteWriter key;
    key.text(metric);
    for (const Label& label : labels) {
        key.text(label.name);
        key.text(label.value);
    }
    return key.view().toByteArray();
}

std::int64_t minuteOf(std::int64_t timeMs)
{
    return timeMs >= 0 ? timeMs / kMinuteMs : (timeMs - kMinuteMs + 1) / kMinuteMs;
}

} // namespace

std::uint32_t SeriesTable::find(const QByteArray& metric, const Labels& labels, std::size_t maxSeries)
{
    const QByteArray key = keyOf(metric, labels);
    if (const auto known = m_byKey.constFind(key); known != m_byKey.constEnd())
        return *known;
    if (m_series.size() >= maxSeries)
        return kNone;
    const auto number = static_cast<std::uint32_t>(m_series.size());
    m_series.push_back({metric, labels, {}, {}, 0});
    m_byKey.insert(key, number);
    m_byMetric[metric].push_back(number);
    m_bytes += kSeriesCost + key.size() * 3;
    return number;
}

void SeriesTable::finishOpen(Series& series)
{
    if (series.open.count() == 0)
        return;
    m_bytes -= series.open.memoryBytes();
    series.open.finish();
    m_bytes += series.open.memoryBytes();
    series.chunks.push_back(std::make_shared<const SeriesChunk>(std::exchange(series.open, SeriesChunk())));
}

bool SeriesTable::append(std::uint32_t number, const Sample& sample)
{
    Series& series = m_series[number];
    if (!series.isEmpty() && sample.timeMs <= series.lastMs())
        return false;
    if (series.open.isFull())
        finishOpen(series);
    m_bytes -= series.open.count() > 0 ? series.open.memoryBytes() : 0;
    series.open.append(sample);
    m_bytes += series.open.memoryBytes();
    ++m_samples;
    return true;
}

void SeriesTable::thin(std::uint32_t number, std::int64_t beforeMs)
{
    Series& series = m_series[number];
    while (series.thinned < series.chunks.size() && series.chunks[series.thinned]->lastMs() < beforeMs) {
        const SeriesChunk& full = *series.chunks[series.thinned];
        std::vector<Sample> samples;
        full.read(kTimeMin, kTimeMax, samples);
        const std::size_t before = samples.size();
        std::size_t kept = 0;
        for (std::size_t i = 0; i < samples.size(); ++i)
            if (i + 1 == samples.size() || minuteOf(samples[i + 1].timeMs) != minuteOf(samples[i].timeMs))
                samples[kept++] = samples[i];
        samples.resize(kept);
        // Joins the thinned chunk before it while that has room, so chunks do not become many and small.
        const SeriesChunk* previous = series.thinned > 0 ? series.chunks[series.thinned - 1].get() : nullptr;
        const bool joins = previous != nullptr && previous->count() + kept <= SeriesChunk::kMaxSamples;
        auto thinned = joins ? std::make_shared<SeriesChunk>(*previous) : std::make_shared<SeriesChunk>();
        m_bytes -= full.memoryBytes() + (joins ? previous->memoryBytes() : 0);
        m_samples -= before;
        for (const Sample& sample : samples)
            thinned->append(sample);
        thinned->finish();
        m_bytes += thinned->memoryBytes();
        m_samples += kept;
        if (joins) {
            series.chunks[series.thinned - 1] = std::move(thinned);
            series.chunks.erase(series.chunks.begin() + static_cast<std::ptrdiff_t>(series.thinned));
        } else {
            series.chunks[series.thinned] = std::move(thinned);
            ++series.thinned;
        }
    }
}

void SeriesTable::prepend(SeriesTable&& older, std::size_t maxSeries)
{
    for (Series& old : older.m_series) {
        older.finishOpen(old);
        const std::uint32_t number = find(old.metric, old.labels, maxSeries);
        if (number == kNone)
            continue;
        Series& series = m_series[number];
        while (!old.chunks.empty() && !series.isEmpty() && old.chunks.back()->lastMs() >= series.firstMs())
            old.chunks.pop_back();
        series.thinned = 0;
        for (auto chunk = old.chunks.rbegin(); chunk != old.chunks.rend(); ++chunk) {
            m_bytes += (*chunk)->memoryBytes();
            m_samples += (*chunk)->count();
            series.chunks.push_front(std::move(*chunk));
        }
    }
}

void SeriesTable::dropFront(Series& series)
{
    m_bytes -= series.chunks.front()->memoryBytes();
    m_samples -= series.chunks.front()->count();
    series.chunks.pop_front();
    if (series.thinned > 0)
        --series.thinned;
}

std::uint64_t SeriesTable::dropBefore(std::int64_t cutMs)
{
    const std::uint64_t before = m_samples;
    for (Series& series : m_series) {
        if (series.open.count() > 0 && series.open.lastMs() < cutMs)
            finishOpen(series);
        while (!series.chunks.empty() && series.chunks.front()->lastMs() < cutMs)
            dropFront(series);
    }
    return before - m_samples;
}

std::uint64_t SeriesTable::dropToBudget(std::int64_t bytes)
{
    const std::uint64_t before = m_samples;
    while (m_bytes > bytes) {
        // The hour that begins with the oldest chunk, of all series alike.
        std::int64_t oldest = kTimeMax;
        for (const Series& series : m_series)
            if (!series.chunks.empty())
                oldest = std::min(oldest, series.chunks.front()->lastMs());
        if (oldest == kTimeMax)
            break;
        for (Series& series : m_series)
            while (!series.chunks.empty() && series.chunks.front()->lastMs() < oldest + 60 * kMinuteMs)
                dropFront(series);
    }
    return before - m_samples;
}

std::int64_t SeriesTable::oldestMs() const
{
    std::int64_t oldest = kTimeMax;
    for (const Series& series : m_series)
        if (!series.isEmpty())
            oldest = std::min(oldest, series.firstMs());
    return oldest == kTimeMax ? 0 : oldest;
}

} // namespace oriel::store
