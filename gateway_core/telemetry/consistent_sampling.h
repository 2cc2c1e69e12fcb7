// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/ids.h"

#include <QByteArray>
#include <QByteArrayView>

#include <cstdint>
#include <optional>

/// Consistent probability sampling (OpenTelemetry specification, trace/tracestate-handling and
/// tracestate-probability-sampling): a trace is kept when its randomness R is not below the threshold T, both of 56 bits. All
/// functions are pure; any thread.
namespace oriel::telemetry {

/// Randomness and thresholds lie below this, 2^56.
inline constexpr std::uint64_t kRandomnessSpace = 1ULL << 56U;

/// R: `rv` of the `ot` member of `traceState`, else the last seven bytes of the trace id.
std::uint64_t randomnessOf(TraceId trace, QByteArrayView traceState);

/// T = (1 − ratio)·2^56 at a precision of four hexadecimal digits behind leading `f`s, as it is written. Nothing for a ratio that
/// keeps no trace at all.
std::optional<std::uint64_t> thresholdOfRatio(double ratio);

/// `th` of the `ot` member; nothing when it is absent or malformed.
std::optional<std::uint64_t> thresholdIn(QByteArrayView traceState);

/// T in hexadecimal without trailing zeros: "0", "8", "fd70a".
QByteArray thresholdText(std::uint64_t threshold);

/// `traceState` with `ot=th` set, or erased when there is no threshold. `rv` and all else stay. What needs no change is shared.
QByteArray withThreshold(const QByteArray& traceState, std::optional<std::uint64_t> threshold);

/// `traceState` without an `ot=th` that says nothing true: one that a sampled trace of this randomness cannot have got, and any
/// on a trace that is not sampled.
QByteArray withoutInconsistentThreshold(const QByteArray& traceState, TraceId trace, bool sampled);

} // namespace oriel::telemetry
