// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/series_table.h"

#include "base/byte_io.h"

#include <algorithm>

namespace oriel::store {

namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kSeriesCost = 400;
constexpr std::int64_t kSilentMs = 60 * kMinuteMs; // a series that misses a few collections keeps its place

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

std::int64_t endOf(const SeriesTable::Series& series)
{
    return series.isEmpty() ? kTimeMin : series.lastMs();
}

} // namespace

std::uint32_t SeriesTable::find(const QByteArray& metric, const Labels& labels, std::size_t maxSeries, std::int64_t timeMs)
{
    const QByteArray key = keyOf(metric, labels);
    if (const auto known = m_byKey.constFind(key); known != m_byKey.constEnd())
        return *known;
    if (m_series.size() >= maxSeries && !makeRoom(timeMs))
        return kNone;
    const std::uint32_t number = m_nextNumber++;
    Series& series = m_series[number];
    series.metric = metric;
    series.labels = labels;
    m_restFromMs = std::min(m_restFromMs, timeMs);
    m_byKey.insert(key, number);
    m_byMetric[metric].push_back(number);
    m_bytes += kSeriesCost + key.size() * 3;
    return number;
}

const SeriesTable::Series* SeriesTable::at(std::uint32_t number) const
{
    const auto found = m_series.find(number);
    return found == m_series.end() ? nullptr : &found->second;
}

bool SeriesTable::makeRoom(std::int64_t timeMs)
{
    const std::int64_t beforeMs = timeMs - kSilentMs;
    while (!m_silent.empty() || findSilent(beforeMs)) {
        const auto [endMs, number] = m_silent.back();
        if (endMs >= beforeMs)
            return false;
        m_silent.pop_back();
        const Series* series = at(number);
        if (series == nullptr)
            continue;
        if (endOf(*series) == endMs) {
            remove(number);
            return true;
        }
        m_restFromMs = std::min(m_restFromMs, endOf(*series));
    }
    return false;
}

// One look at all series serves many new ones, and refusals while nothing is silent need none: a flood of new series must not
// cost a walk over all others for each.
bool SeriesTable::findSilent(std::int64_t beforeMs)
{
    if (m_restFromMs >= beforeMs)
        return false;
    m_restFromMs = kTimeMax;
    for (const auto& [number, series] : m_series) {
        const std::int64_t endMs = endOf(series);
        if (endMs < beforeMs)
            m_silent.emplace_back(endMs, number);
        else
            m_restFromMs = std::min(m_restFromMs, endMs);
    }
    std::sort(m_silent.rbegin(), m_silent.rend());
    return !m_silent.empty();
}

void SeriesTable::remove(std::uint32_t number)
{
    const auto found = m_series.find(number);
    if (found == m_series.end())
        return;
    const Series& series = found->second;
    const QByteArray key = keyOf(series.metric, series.labels);
    m_bytes -= kSeriesCost + key.size() * 3 + (series.open.count() > 0 ? series.open.memoryBytes() : 0);
    m_samples -= series.open.count();
    for (const auto& chunk : series.chunks) {
        m_bytes -= chunk->memoryBytes();
        m_samples -= chunk->count();
    }
    m_byKey.remove(key);
    std::vector<std::uint32_t>& named = m_byMetric[series.metric];
    std::erase(named, number);
    if (named.empty())
        m_byMetric.remove(series.metric);
    m_series.erase(found);
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
    const auto found = m_series.find(number);
    if (found == m_series.end())
        return false;
    Series& series = found->second;
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
    const auto found = m_series.find(number);
    if (found == m_series.end())
        return;
    Series& series = found->second;
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
    std::vector<std::uint32_t> olderNumbers;
    olderNumbers.reserve(older.m_series.size());
    for (const auto& [olderNumber, old] : older.m_series)
        olderNumbers.push_back(olderNumber);
    std::sort(olderNumbers.begin(), olderNumbers.end());
    for (const std::uint32_t olderNumber : olderNumbers) {
        Series& old = older.m_series.at(olderNumber);
        older.finishOpen(old);
        if (old.isEmpty())
            continue;
        const std::uint32_t number = find(old.metric, old.labels, maxSeries, old.lastMs());
        if (number == kNone)
            continue;
        Series& series = m_series.at(number);
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
    if (series.isEmpty()) { // it gives up its place before those in m_silent
        m_silent.clear();
        m_restFromMs = kTimeMin;
    }
}

std::uint64_t SeriesTable::dropBefore(std::int64_t cutMs)
{
    const std::uint64_t before = m_samples;
    for (auto& [number, series] : m_series) {
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
        for (const auto& [number, series] : m_series)
            if (!series.chunks.empty())
                oldest = std::min(oldest, series.chunks.front()->lastMs());
        if (oldest == kTimeMax)
            break;
        for (auto& [number, series] : m_series)
            while (!series.chunks.empty() && series.chunks.front()->lastMs() < oldest + 60 * kMinuteMs)
                dropFront(series);
    }
    return before - m_samples;
}

std::int64_t SeriesTable::oldestMs() const
{
    std::int64_t oldest = kTimeMax;
    for (const auto& [number, series] : m_series)
        if (!series.isEmpty())
            oldest = std::min(oldest, series.firstMs());
    return oldest == kTimeMax ? 0 : oldest;
}

} // namespace oriel::store
