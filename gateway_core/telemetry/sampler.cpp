// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/sampler.h"

#include <QString>

#include <cmath>

namespace oriel::telemetry {

namespace {

class AlwaysSampler final : public Sampler {
public:
    explicit AlwaysSampler(bool on) : m_on(on) {}
    [[nodiscard]] bool isExported(const SamplingInput&) const override { return m_on; }
    [[nodiscard]] QByteArray description() const override
    {
        return m_on ? QByteArrayLiteral("AlwaysOnSampler") : QByteArrayLiteral("AlwaysOffSampler");
    }

private:
    bool m_on;
};

/// Looks at the random low 56 bits of the trace id only, so every process decides alike and a higher ratio keeps all that a lower
/// one keeps.
class RatioSampler final : public Sampler {
public:
    explicit RatioSampler(double ratio)
        : m_ratio(ratio),
          m_threshold(static_cast<std::uint64_t>(std::llround((1.0 - ratio) * kSpace)))
    {}
    [[nodiscard]] bool isExported(const SamplingInput& input) const override
    {
        return (input.traceId.low & 0x00ff'ffff'ffff'ffffULL) >= m_threshold;
    }
    [[nodiscard]] QByteArray description() const override
    {
        return "TraceIdRatioBased{" + QByteArray::number(m_ratio, 'f', 6) + '}';
    }

private:
    static constexpr double kSpace = 72057594037927936.0; // 2^56
    double m_ratio;
    std::uint64_t m_threshold;
};

class ParentBasedSampler final : public Sampler {
public:
    explicit ParentBasedSampler(std::shared_ptr<const Sampler> root) : m_root(std::move(root)) {}
    [[nodiscard]] bool isExported(const SamplingInput& input) const override
    {
        return input.hasParent ? input.parentSampled : m_root->isExported(input);
    }
    [[nodiscard]] QByteArray description() const override
    {
        return "ParentBased{root=" + m_root->description() +
               ",remoteParentSampled=AlwaysOnSampler,remoteParentNotSampled=AlwaysOffSampler,"
               "localParentSampled=AlwaysOnSampler,localParentNotSampled=AlwaysOffSampler}";
    }

private:
    std::shared_ptr<const Sampler> m_root;
};

} // namespace

Result<std::shared_ptr<const Sampler>> makeSampler(QStringView name, double ratio)
{
    constexpr QLatin1StringView kParentBased("parentbased_");
    const bool parentBased = name.startsWith(kParentBased, Qt::CaseInsensitive);
    const QStringView root = parentBased ? name.sliced(kParentBased.size()) : name;
    std::shared_ptr<const Sampler> sampler;
    if (root.compare(QLatin1StringView("always_on"), Qt::CaseInsensitive) == 0) {
        sampler = std::make_shared<AlwaysSampler>(true);
    } else if (root.compare(QLatin1StringView("always_off"), Qt::CaseInsensitive) == 0) {
        sampler = std::make_shared<AlwaysSampler>(false);
    } else if (root.compare(QLatin1StringView("traceidratio"), Qt::CaseInsensitive) == 0) {
        if (!(ratio >= 0.0 && ratio <= 1.0)) {
            return fail(ErrorCode::InvalidArgument, QStringLiteral("the sampling ratio %1 is not between 0 and 1").arg(ratio),
                        QStringLiteral("sampler"), QStringLiteral("Give a ratio such as 0.1."));
        }
        sampler = std::make_shared<RatioSampler>(ratio);
    } else {
        return fail(ErrorCode::InvalidArgument, QStringLiteral("there is no sampler \"%1\"").arg(name), QStringLiteral("sampler"),
                    QStringLiteral("Use always_on, always_off or traceidratio, each also with parentbased_ before it."));
    }
    if (parentBased)
        sampler = std::make_shared<ParentBasedSampler>(std::move(sampler));
    return sampler;
}

} // namespace oriel::telemetry
