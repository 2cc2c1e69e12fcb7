// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/wire_log.h"

#include <optional>
#include <vector>

namespace oriel::ui {

/// One thing that happened in a call: a frame at the client's side, the frame at the server's side that it became or came from,
/// or only one of both.
struct ExchangeStep {
    std::optional<std::size_t> client; ///< index among the frames
    std::optional<std::size_t> server;
    bool fromClient = true; ///< the way it went: from the client towards the server, or back
};

/// The frames of one call on both sides of the gateway.
struct WireExchange {
    std::vector<store::WireEntry> frames; ///< in their order in time
    std::vector<ExchangeStep> steps;      ///< in the order of their first frames; each frame is in exactly one

    [[nodiscard]] const store::WireEntry* clientOf(std::size_t step) const;
    [[nodiscard]] const store::WireEntry* serverOf(std::size_t step) const;
    /// The step that holds the frame of this id of the log; nothing when none does.
    [[nodiscard]] std::optional<std::size_t> stepOf(std::uint64_t frameId) const;
};

/// Finds out which frame became which: requests and notifications by their method, answers in their order, and across the eras a
/// server's question and an answer that requires input, an answer of the client and the retry that carries it. `frames` is in
/// order. Pure; any thread.
[[nodiscard]] WireExchange pairFrames(std::vector<store::WireEntry> frames);

} // namespace oriel::ui
