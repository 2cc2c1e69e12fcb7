// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/signal.h"

#include <QByteArray>

#include <cstdint>
#include <deque>
#include <optional>

namespace oriel::otlp {

/// One encoded request that waits for its destination.
struct Batch {
    QByteArray request;
    Encoding encoding = Encoding::Protobuf;
    std::uint32_t items = 0; ///< spans, points or records in it
    bool payloads = false;   ///< holds arguments and results of calls
};

/// What waits for one signal of one destination, oldest first. The front stays until it is answered for, so nothing is lost when
/// a request or Oriel's connection breaks. Exporter thread.
class Spool {
public:
    virtual ~Spool() = default;
    /// Adds at the end; when that exceeds the bounds the oldest go. Returns how many items were lost.
    virtual std::uint64_t push(Batch batch) = 0;
    [[nodiscard]] virtual const Batch* front() = 0;
    virtual void pop() = 0;
    [[nodiscard]] virtual std::size_t batches() const = 0;
    [[nodiscard]] virtual std::uint64_t items() const = 0;
    [[nodiscard]] virtual qint64 bytes() const = 0;
    /// While set, push() does not evict the front, because it is on its way.
    virtual void setFrontInFlight(bool inFlight) = 0;
};

struct QueueBounds {
    qint64 bytes = 16LL * 1024 * 1024;
    std::size_t batches = 1024;
};

/// A spool in memory.
class MemorySpool final : public Spool {
public:
    explicit MemorySpool(QueueBounds bounds) : m_bounds(bounds) {}
    std::uint64_t push(Batch batch) override;
    [[nodiscard]] const Batch* front() override { return m_queue.empty() ? nullptr : &m_queue.front(); }
    void pop() override;
    [[nodiscard]] std::size_t batches() const override { return m_queue.size(); }
    [[nodiscard]] std::uint64_t items() const override { return m_items; }
    [[nodiscard]] qint64 bytes() const override { return m_bytes; }
    void setFrontInFlight(bool inFlight) override { m_frontInFlight = inFlight; }

private:
    void forget(std::size_t index);

    QueueBounds m_bounds;
    std::deque<Batch> m_queue;
    qint64 m_bytes = 0;
    std::uint64_t m_items = 0;
    bool m_frontInFlight = false;
};

} // namespace oriel::otlp
