// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/json.h"

/// The search for duplicate keys. Private to base/json*.
namespace oriel::json {

using Nodes = std::vector<Document::Node>;
/// Hash and node of each key of one big object.
using KeyScratch = std::vector<std::pair<std::uint64_t, std::uint32_t>>;

inline constexpr std::uint32_t NoNode = 0xFFFFFFFFU;

/// The node of a key of the (closed) object that equals, unescaped, an earlier one, or NoNode. Objects of a few members cost a
/// comparison of machine words per pair; big ones a sort, whatever their keys are.
[[nodiscard]] std::uint32_t findDuplicateKey(QByteArrayView all, const Nodes& nodes, std::uint32_t object, KeyScratch& scratch);

} // namespace oriel::json
