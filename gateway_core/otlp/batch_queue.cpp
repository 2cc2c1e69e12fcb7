// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/batch_queue.h"

namespace oriel::otlp {

void MemorySpool::forget(std::size_t index)
{
    const auto batch = m_queue.begin() + static_cast<std::ptrdiff_t>(index);
    m_bytes -= batch->request.size();
    m_items -= batch->items;
    m_queue.erase(batch);
}

std::uint64_t MemorySpool::push(Batch batch)
{
    m_bytes += batch.request.size();
    m_items += batch.items;
    m_queue.push_back(std::move(batch));
    std::uint64_t lost = 0;
    const std::size_t oldest = m_frontInFlight ? 1 : 0;
    while ((m_bytes > m_bounds.bytes || m_queue.size() > m_bounds.batches) && m_queue.size() > oldest) {
        lost += m_queue[oldest].items;
        forget(oldest);
    }
    return lost;
}

void MemorySpool::pop()
{
    if (!m_queue.empty())
        forget(0);
    m_frontInFlight = false;
}

} // namespace oriel::otlp
