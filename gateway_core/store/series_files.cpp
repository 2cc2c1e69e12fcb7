// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/series_files.h"

#include <algorithm>
#include <bit>

namespace oriel::store {

std::vector<std::pair<std::uint8_t, QByteArray>> ScrapeEncoder::encode(const Scrape& scrape, const Describe& describe)
{
    ByteWriter descriptions;
    ByteWriter changes;
    std::uint64_t changed = 0;
    std::map<std::uint32_t, double> now;
    for (const auto& [series, value] : scrape.values) {
        if (!m_described.contains(series)) {
            QByteArray metric;
            Labels labels;
            if (!describe(series, metric, labels))
                continue;
            descriptions.varint(series);
            descriptions.text(metric);
            descriptions.varint(labels.size());
            for (const Label& label : labels) {
                descriptions.text(label.name);
                descriptions.text(label.value);
            }
            m_described.insert(series, true);
        }
        now[series] = value;
        const auto before = m_present.find(series);
        if (before != m_present.end() && std::bit_cast<std::uint64_t>(before->second) == std::bit_cast<std::uint64_t>(value))
            continue;
        changes.varint(series);
        changes.real(value);
        ++changed;
    }
    ByteWriter gone;
    std::uint64_t goneCount = 0;
    for (const auto& [series, value] : m_present) {
        if (now.contains(series))
            continue;
        gone.varint(series);
        ++goneCount;
    }
    m_present = std::move(now);
    ByteWriter payload;
    payload.zigzag(scrape.timeMs);
    payload.varint(changed);
    payload.raw(changes.view());
    payload.varint(goneCount);
    payload.raw(gone.view());
    std::vector<std::pair<std::uint8_t, QByteArray>> frames;
    if (descriptions.size() > 0)
        frames.emplace_back(kSeriesFrame, descriptions.view().toByteArray());
    frames.emplace_back(kScrapeFrame, payload.view().toByteArray());
    return frames;
}

void ScrapeDecoder::keep(std::uint32_t series, const Sample& sample)
{
    const auto known = m_described.find(series);
    if (known == m_described.end())
        return;
    // With its sample, not when it is described: only the sample's time tells which series may give up their places.
    if (m_table.at(known->number) == nullptr)
        known->number = m_table.find(known->metric, known->labels, m_maxSeries, sample.timeMs);
    m_table.append(known->number, sample);
}

void ScrapeDecoder::flush()
{
    if (m_heldMs == kTimeMin)
        return;
    for (const auto& [series, sample] : m_heldGone)
        if (!m_present.contains(series))
            keep(series, sample);
    m_heldGone.clear();
    for (const auto& [series, value] : m_present)
        keep(series, {m_heldMs, value});
    m_heldMs = kTimeMin;
}

void ScrapeDecoder::frame(std::uint8_t type, QByteArrayView payload)
{
    ByteReader in(payload);
    if (type == kSeriesFrame) {
        while (!in.atEnd() && !in.failed()) {
            const auto series = static_cast<std::uint32_t>(in.varint());
            const QByteArray metric = in.text().toByteArray();
            Labels labels(in.count(2));
            for (Label& label : labels) {
                label.name = in.text().toByteArray();
                label.value = in.text().toByteArray();
            }
            if (in.failed())
                break;
            m_described.insert(series, Described{metric, std::move(labels), SeriesTable::kNone});
        }
        damaged += in.failed() ? 1 : 0;
        return;
    }
    if (type != kScrapeFrame)
        return;
    const std::int64_t time = in.zigzag();
    // Samples of the same old minute: only the last is kept.
    if (m_heldMs != kTimeMin && (time >= m_fullFromMs || time / 60'000 != m_heldMs / 60'000))
        flush();
    for (std::size_t left = in.count(9); left > 0 && !in.failed(); --left) {
        const auto series = static_cast<std::uint32_t>(in.varint());
        m_present[series] = in.real();
    }
    for (std::size_t left = in.count(); left > 0 && !in.failed(); --left) {
        const auto gone = m_present.find(static_cast<std::uint32_t>(in.varint()));
        if (gone == m_present.end())
            continue;
        // The collection may be another source's, and this sample the series' last of its minute.
        if (m_heldMs != kTimeMin)
            m_heldGone.insert_or_assign(gone->first, Sample{m_heldMs, gone->second});
        m_present.erase(gone);
    }
    if (in.failed()) {
        ++damaged;
        return;
    }
    ++m_scrapes;
    m_heldMs = time;
    if (time >= m_fullFromMs)
        flush();
}

} // namespace oriel::store
