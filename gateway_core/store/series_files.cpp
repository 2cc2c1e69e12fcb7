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
        now[series] = value;
        if (!m_described.contains(series)) {
            QByteArray metric;
            Labels labels;
            describe(series, metric, labels);
            descriptions.varint(series);
            descriptions.text(metric);
            descriptions.varint(labels.size());
            for (const Label& label : labels) {
                descriptions.text(label.name);
                descriptions.text(label.value);
            }
            m_described.insert(series, true);
        }
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

void ScrapeDecoder::flush()
{
    if (m_heldMs == kTimeMin)
        return;
    for (const auto& [series, value] : m_present)
        if (const auto known = m_numbers.constFind(series); known != m_numbers.constEnd())
            m_table.append(*known, {m_heldMs, value});
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
            const std::uint32_t number = m_table.find(metric, labels, m_maxSeries);
            if (number != SeriesTable::kNone)
                m_numbers.insert(series, number);
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
    for (std::size_t left = in.count(); left > 0 && !in.failed(); --left)
        m_present.erase(static_cast<std::uint32_t>(in.varint()));
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
