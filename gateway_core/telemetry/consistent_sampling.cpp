// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/consistent_sampling.h"

#include "telemetry/propagation.h"

#include <cmath>

namespace oriel::telemetry {

namespace {

constexpr QByteArrayView kMember("ot");
constexpr int kDigits = 14;

std::optional<std::uint64_t> hexDigits(QByteArrayView text, qsizetype least)
{
    if (text.size() < least || text.size() > kDigits)
        return std::nullopt;
    std::uint64_t word = 0;
    for (const char c : text) {
        if (c >= '0' && c <= '9')
            word = word * 16 + static_cast<std::uint64_t>(c - '0');
        else if (c >= 'a' && c <= 'f')
            word = word * 16 + static_cast<std::uint64_t>(c - 'a' + 10);
        else
            return std::nullopt;
    }
    return word << static_cast<unsigned>(4 * (kDigits - text.size()));
}

/// Calls `visit(key, value)` for each `key:value` between semicolons.
template <class Visit> void forEachSubKey(QByteArrayView member, Visit visit)
{
    for (qsizetype begin = 0; begin < member.size();) {
        qsizetype end = member.indexOf(';', begin);
        if (end < 0)
            end = member.size();
        const QByteArrayView part = member.sliced(begin, end - begin);
        const qsizetype colon = part.indexOf(':');
        if (colon > 0)
            visit(part.first(colon), part.sliced(colon + 1));
        begin = end + 1;
    }
}

QByteArrayView subKey(QByteArrayView traceState, QByteArrayView wanted)
{
    QByteArrayView found;
    forEachSubKey(tracestateMember(traceState, kMember), [&](QByteArrayView key, QByteArrayView value) {
        if (key == wanted)
            found = value;
    });
    return found;
}

} // namespace

std::uint64_t randomnessOf(TraceId trace, QByteArrayView traceState)
{
    if (!traceState.isEmpty()) {
        if (const auto explicitRandomness = hexDigits(subKey(traceState, "rv"), kDigits))
            return *explicitRandomness;
    }
    return trace.low & (kRandomnessSpace - 1);
}

std::optional<std::uint64_t> thresholdOfRatio(double ratio)
{
    if (!(ratio > 0))
        return std::nullopt;
    if (ratio >= 1)
        return 0;
    constexpr int kPrecision = 4;
    const auto exact = static_cast<std::uint64_t>(std::llround((1.0 - ratio) * static_cast<double>(kRandomnessSpace)));
    int leading = 0;
    while (leading < kDigits && ((exact >> static_cast<unsigned>(4 * (kDigits - 1 - leading))) & 0xFU) == 0xFU)
        ++leading;
    const int digits = std::min(kDigits, leading + kPrecision);
    const auto cut = static_cast<unsigned>(4 * (kDigits - digits));
    const std::uint64_t rounded = cut == 0 ? exact : ((exact + (1ULL << (cut - 1))) >> cut) << cut;
    // Rounding up must not make a small ratio into none.
    return rounded < kRandomnessSpace ? rounded : std::min(exact, kRandomnessSpace - 1);
}

std::optional<std::uint64_t> thresholdIn(QByteArrayView traceState)
{
    return traceState.isEmpty() ? std::nullopt : hexDigits(subKey(traceState, "th"), 1);
}

QByteArray thresholdText(std::uint64_t threshold)
{
    QByteArray text = QByteArray::number(static_cast<qulonglong>(threshold), 16).rightJustified(kDigits, '0');
    while (text.size() > 1 && text.endsWith('0'))
        text.chop(1);
    return text;
}

QByteArray withThreshold(const QByteArray& traceState, std::optional<std::uint64_t> threshold)
{
    const QByteArrayView member = tracestateMember(traceState, kMember);
    constexpr qsizetype kMaxMember = 256;
    QByteArray rewritten = threshold ? "th:" + thresholdText(*threshold) : QByteArray();
    bool hadThreshold = false;
    const auto append = [&](QByteArrayView key, QByteArrayView value) {
        if (rewritten.size() + 2 + key.size() + value.size() > kMaxMember)
            return;
        if (!rewritten.isEmpty())
            rewritten += ';';
        rewritten.append(key).append(':').append(value);
    };
    // The randomness before the rest: where there is no room for all, it must not be what goes.
    forEachSubKey(member, [&](QByteArrayView key, QByteArrayView value) {
        hadThreshold = hadThreshold || key == QByteArrayView("th");
        if (key == QByteArrayView("rv"))
            append(key, value);
    });
    forEachSubKey(member, [&](QByteArrayView key, QByteArrayView value) {
        if (key != QByteArrayView("th") && key != QByteArrayView("rv"))
            append(key, value);
    });
    while (rewritten.endsWith(' '))
        rewritten.chop(1);
    if (!threshold && !hadThreshold)
        return traceState;
    if (rewritten.isEmpty())
        return removeTracestateMember(traceState, kMember);
    return setTracestateMember(traceState, kMember, rewritten);
}

QByteArray withoutInconsistentThreshold(const QByteArray& traceState, TraceId trace, bool sampled)
{
    if (traceState.isEmpty() || !traceState.contains("th:"))
        return traceState;
    const auto threshold = thresholdIn(traceState);
    return sampled && threshold && randomnessOf(trace, traceState) >= *threshold ? traceState
                                                                                 : withThreshold(traceState, std::nullopt);
}

} // namespace oriel::telemetry
