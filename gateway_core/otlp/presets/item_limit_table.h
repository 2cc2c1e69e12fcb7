// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/model.h"
#include "otlp/codec/signal.h"

#include <span>

namespace oriel::otlp {

/// One limit of a single item, from which the reader of providers.json, docs/providers.md and the tests come.
struct ItemLimitRow {
    const char* key; ///< in limits.<signal> of providers.json
    qint64 config::ItemLimits::*member;
    const char* words; ///< for the page; %1 is the number
    bool traces = true;
    bool metrics = true;
    bool logs = true;

    [[nodiscard]] bool concerns(Signal signal) const
    {
        return signal == Signal::Traces ? traces : signal == Signal::Metrics ? metrics : logs;
    }
};

std::span<const ItemLimitRow> itemLimitTable();

} // namespace oriel::otlp
