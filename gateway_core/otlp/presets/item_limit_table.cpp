// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/presets/item_limit_table.h"

#include <array>

namespace oriel::otlp {

namespace {

using config::ItemLimits;

constexpr std::array kItemLimits{
    ItemLimitRow{"itemBytes", &ItemLimits::itemBytes, "%1 bytes an item"},
    ItemLimitRow{"attributeLength", &ItemLimits::attributeLength, "%1 bytes an attribute"},
    ItemLimitRow{"attributeKeyLength", &ItemLimits::attributeKeyLength, "%1 bytes the name of an attribute"},
    ItemLimitRow{"arrayLength", &ItemLimits::arrayLength, "%1 elements a list"},
    ItemLimitRow{"attributeCount", &ItemLimits::attributeCount, "%1 attributes an item", true, false, true},
    ItemLimitRow{"eventCount", &ItemLimits::eventCount, "%1 events a span", true, false, false},
    ItemLimitRow{"linkCount", &ItemLimits::linkCount, "%1 links a span", true, false, false},
    ItemLimitRow{"nameLength", &ItemLimits::nameLength, "%1 bytes the name of a span", true, false, false},
    ItemLimitRow{"bodyLength", &ItemLimits::bodyLength, "%1 bytes a line", false, false, true},
    ItemLimitRow{"metadataBytes", &ItemLimits::metadataBytes, "%1 bytes of structured metadata a line", false, false, true},
    ItemLimitRow{"metadataCount", &ItemLimits::metadataCount, "%1 entries of structured metadata a line", false, false, true},
};

} // namespace

std::span<const ItemLimitRow> itemLimitTable()
{
    return kItemLimits;
}

} // namespace oriel::otlp
