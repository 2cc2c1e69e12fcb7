// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/json.h"

#include <QByteArray>
#include <QList>

#include <algorithm>
#include <cstdlib>

/// What the fuzz targets have in common.
namespace oriel::fuzz {

/// A property that does not hold ends the process, which is what the fuzzer takes for a finding.
inline void require(bool condition)
{
    if (!condition) {
        std::abort();
    }
}

/// True if both values are the same but for members at the paths in `changed` ("params._meta.traceparent"), whether those were
/// set, added or taken away. A path stands for all that is beneath it. Numbers, strings and unknown members count as written.
inline bool sameElsewhere(const json::Value& before, const json::Value& after, const QList<QByteArray>& changed,
                          const QByteArray& path = {})
{
    if (changed.contains(path)) {
        return true;
    }
    const auto within = [&](const QByteArray& key) { return path.isEmpty() ? key : path + '.' + key; };
    const auto leadsToChange = [&](const QByteArray& to) {
        return std::any_of(changed.cbegin(), changed.cend(), [&](const QByteArray& one) { return one.startsWith(to + '.'); });
    };
    const bool wasNothing = !before.exists() || before.isNull();
    if (after.isObject() && (before.isObject() || (wasNothing && leadsToChange(path)))) {
        for (const json::Member& member : before.members()) {
            const QByteArray key = member.key.asUtf8();
            const json::Value now = after.find(key);
            if (!changed.contains(within(key)) && (!now.exists() || !sameElsewhere(member.value, now, changed, within(key)))) {
                return false;
            }
        }
        for (const json::Member& member : after.members()) {
            const QByteArray key = member.key.asUtf8();
            if (!before.find(key).exists() && !changed.contains(within(key)) &&
                !sameElsewhere(json::Value(), member.value, changed, within(key))) {
                return false;
            }
        }
        return true;
    }
    return before.raw() == after.raw();
}

} // namespace oriel::fuzz
