// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/ids.h"
#include "base/result.h"

#include <QByteArray>
#include <QStringView>

#include <memory>

namespace oriel::telemetry {

/// What a sampler may look at. Sampling decides at export, per destination; the local store keeps everything.
struct SamplingInput {
    TraceId traceId;
    bool hasParent = false;
    bool parentIsRemote = true;
    bool parentSampled = true;
};

/// Decides whether a finished trace goes to a destination. Stateless and thread-safe.
class Sampler {
public:
    virtual ~Sampler() = default;
    [[nodiscard]] virtual bool isExported(const SamplingInput& input) const = 0;
    /// As the OpenTelemetry specification spells it: "AlwaysOnSampler", "TraceIdRatioBased{0.000100}" …
    [[nodiscard]] virtual QByteArray description() const = 0;
};

/// `name` is a value of OTEL_TRACES_SAMPLER (case does not matter): always_on, always_off, traceidratio, parentbased_always_on,
/// parentbased_always_off, parentbased_traceidratio. `ratio` counts for the ratio samplers and must lie in [0, 1].
Result<std::shared_ptr<const Sampler>> makeSampler(QStringView name, double ratio = 1.0);

} // namespace oriel::telemetry
