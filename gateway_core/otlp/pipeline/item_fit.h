// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "config/model.h"
#include "otlp/codec/encode.h"
#include "telemetry/limits.h"
#include "telemetry/log_record.h"

#include <map>
#include <memory>

namespace oriel::otlp {

/// Fits single items to what a backend takes: long keys, values, names and lines are cut, what is beyond a count is left out and
/// added to the dropped counts, and of an item that is too large as a whole the longest texts are cut until it fits. Resource and
/// scope get the lengths of keys and values. One for the items of one request. Any one thread.
class ItemFit {
public:
    explicit ItemFit(const config::ItemLimits& limits);

    /// Could a request of so many bytes hold an item that is beyond the limits?
    [[nodiscard]] bool concerns(qsizetype requestBytes) const;
    /// TooLarge where an item would not fit with its texts cut to nothing of use; the item is then in no certain state.
    Status fit(telemetry::SpanData& span);
    Status fit(telemetry::LogRecord& log);
    Status fit(ScopedMetrics& metrics);

private:
    Status fitBody(telemetry::LogRecord& log) const;
    Status fitMetadata(telemetry::LogRecord& log) const;
    template <class Item> void fitOrigin(Item& item);
    template <class Origin>
    std::shared_ptr<const Origin> fitted(std::map<const void*, std::shared_ptr<const Origin>>& known,
                                         const std::shared_ptr<const Origin>& origin) const;

    const config::ItemLimits m_limits;
    const telemetry::SpanLimits m_values;  ///< of attributes of items
    const telemetry::SpanLimits m_lengths; ///< the same without counts
    // Items of one origin share it, and must share it afterwards.
    std::map<const void*, std::shared_ptr<const telemetry::Resource>> m_resources;
    std::map<const void*, std::shared_ptr<const telemetry::Scope>> m_scopes;
};

} // namespace oriel::otlp
