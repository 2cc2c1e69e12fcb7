// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "telemetry/log_record.h"
#include "telemetry/span_data.h"

#include <vector>

namespace oriel::telemetry {

/// The conditions of a `filter` rule; all of them must hold. Immutable; any thread.
class SpanFilter {
public:
    /// One condition a word: `name=tools/*`, `duration>1.5s`.
    static Result<SpanFilter> parse(const std::vector<QByteArray>& words);
    [[nodiscard]] bool meets(const SpanData& span) const;
    [[nodiscard]] bool meets(const LogRecord& log) const;

private:
    enum class Operator : std::uint8_t { Equal, Unequal, Less, Greater };
    enum class Field : std::uint8_t { Name, Kind, Status, Duration, Severity, Body, Attribute, ResourceAttribute };
    struct Condition {
        Field field = Field::Attribute;
        Operator op = Operator::Equal;
        QByteArray key;     ///< of an attribute, without the prefix of the resource's
        QByteArray pattern; ///< for = and !=
        double number = 0;  ///< for < and >, nanoseconds for durations; severities for all
    };
    static Result<Condition> parseCondition(const QByteArray& word);
    static bool compares(const Condition& condition, QByteArrayView text);
    static bool compares(const Condition& condition, double number);
    static bool comparesAttribute(const Condition& condition, const Attributes& attributes);

    std::vector<Condition> m_conditions;
};

} // namespace oriel::telemetry
