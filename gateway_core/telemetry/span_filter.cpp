// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/span_filter.h"

#include "telemetry/span_processor.h"

#include <QString>

#include <algorithm>
#include <array>
#include <optional>

namespace oriel::telemetry {

namespace {

constexpr QByteArrayView kResourcePrefix("resource.");

const Attributes& attributesOf(const Resource* resource)
{
    static const Attributes kNone;
    return resource != nullptr ? resource->attributes : kNone;
}

QByteArrayView kindName(SpanKind kind)
{
    static constexpr std::array kNames{"unspecified", "internal", "server", "client", "producer", "consumer"};
    return kNames[std::min<std::size_t>(static_cast<std::size_t>(kind), kNames.size() - 1)];
}

QByteArrayView statusName(StatusCode status)
{
    return status == StatusCode::Error ? "error" : status == StatusCode::Ok ? "ok" : "unset";
}

std::optional<double> severityNumber(const QByteArray& word)
{
    struct Row {
        const char* name;
        int number;
    };
    static constexpr std::array kRows{Row{"trace", 1}, Row{"debug", 5},  Row{"info", 9},
                                      Row{"warn", 13}, Row{"error", 17}, Row{"fatal", 21}};
    for (const Row& row : kRows) {
        if (word.compare(row.name, Qt::CaseInsensitive) == 0)
            return row.number;
    }
    bool ok = false;
    const double number = word.toDouble(&ok);
    return ok ? std::optional(number) : std::nullopt;
}

std::optional<double> nanoseconds(const QByteArray& text)
{
    struct Row {
        const char* unit;
        double factor;
    };
    // The longer units first: every one of them ends in s.
    static constexpr std::array kRows{Row{"ns", 1}, Row{"us", 1e3}, Row{"ms", 1e6}, Row{"s", 1e9}};
    for (const Row& row : kRows) {
        if (!text.endsWith(row.unit))
            continue;
        bool ok = false;
        const double number = text.chopped(static_cast<qsizetype>(std::char_traits<char>::length(row.unit))).toDouble(&ok);
        return ok ? std::optional(number * row.factor) : std::nullopt;
    }
    return std::nullopt;
}

tl::unexpected<Error> refused(const QByteArray& word, const QString& why)
{
    return fail(ErrorCode::InvalidArgument, QStringLiteral("the condition \"%1\" %2").arg(QString::fromUtf8(word), why), {},
                QStringLiteral("Write for example name=tools/*, status=error or duration>1s."));
}

} // namespace

Result<SpanFilter::Condition> SpanFilter::parseCondition(const QByteArray& word)
{
    const auto at = std::find_if(word.begin(), word.end(), [](char c) { return c == '=' || c == '<' || c == '>' || c == '!'; });
    const auto keyLength = static_cast<qsizetype>(at - word.begin());
    const bool unequal = at != word.end() && *at == '!' && at + 1 != word.end() && *(at + 1) == '=';
    if (keyLength == 0 || at == word.end() || (*at == '!' && !unequal))
        return refused(word, QStringLiteral("has no key, or none of = != < >"));
    Condition condition;
    condition.op = unequal ? Operator::Unequal : *at == '<' ? Operator::Less : *at == '>' ? Operator::Greater : Operator::Equal;
    condition.key = word.first(keyLength);
    condition.pattern = word.sliced(keyLength + (unequal ? 2 : 1));
    struct Row {
        const char* name;
        Field field;
    };
    static constexpr std::array kFields{Row{"name", Field::Name},         Row{"kind", Field::Kind},
                                        Row{"status", Field::Status},     Row{"duration", Field::Duration},
                                        Row{"severity", Field::Severity}, Row{"body", Field::Body}};
    for (const Row& row : kFields) {
        if (condition.key == row.name)
            condition.field = row.field;
    }
    if (condition.key.startsWith(kResourcePrefix) && condition.key.size() > kResourcePrefix.size()) {
        condition.field = Field::ResourceAttribute;
        condition.key.remove(0, kResourcePrefix.size());
    }
    const bool ordered = condition.op == Operator::Less || condition.op == Operator::Greater;
    std::optional<double> number;
    if (condition.field == Field::Duration)
        number = nanoseconds(condition.pattern);
    else if (condition.field == Field::Severity)
        number = severityNumber(condition.pattern);
    else if (condition.field != Field::Attribute && condition.field != Field::ResourceAttribute && ordered)
        return refused(word, QStringLiteral("compares a text with < or >"));
    else if (ordered) {
        bool ok = false;
        const double parsed = condition.pattern.toDouble(&ok);
        number = ok ? std::optional(parsed) : std::nullopt;
    } else {
        return condition;
    }
    if (!number)
        return refused(word, condition.field == Field::Duration ? QStringLiteral("needs a time such as 250ms or 1.5s")
                                                                : QStringLiteral("needs a number"));
    condition.number = *number;
    return condition;
}

Result<SpanFilter> SpanFilter::parse(const std::vector<QByteArray>& words)
{
    SpanFilter filter;
    for (const QByteArray& word : words) {
        auto condition = parseCondition(word);
        if (!condition)
            return fail(condition.error());
        filter.m_conditions.push_back(std::move(*condition));
    }
    if (filter.m_conditions.empty())
        return refused({}, QStringLiteral("is missing: a filter without one would drop everything"));
    return filter;
}

bool SpanFilter::compares(const Condition& condition, QByteArrayView text)
{
    return matchesPattern(text, condition.pattern) == (condition.op == Operator::Equal);
}

bool SpanFilter::compares(const Condition& condition, double number)
{
    switch (condition.op) {
    case Operator::Equal:
        return number == condition.number;
    case Operator::Unequal:
        return number != condition.number;
    case Operator::Less:
        return number < condition.number;
    case Operator::Greater:
        break;
    }
    return number > condition.number;
}

bool SpanFilter::comparesAttribute(const Condition& condition, const Attributes& attributes)
{
    const AnyValue* value = findAttribute(attributes, condition.key);
    if (value == nullptr)
        return condition.op == Operator::Unequal;
    if (condition.op == Operator::Less || condition.op == Operator::Greater) {
        if (const auto* integer = std::get_if<std::int64_t>(&value->value))
            return compares(condition, static_cast<double>(*integer));
        const auto* number = std::get_if<double>(&value->value);
        return number != nullptr && compares(condition, *number);
    }
    return value->text() != nullptr ? compares(condition, QByteArrayView(*value->text()))
                                    : compares(condition, QByteArrayView(toJson(*value)));
}

bool SpanFilter::meets(const SpanData& span) const
{
    return std::all_of(m_conditions.begin(), m_conditions.end(), [&](const Condition& condition) {
        switch (condition.field) {
        case Field::Name:
            return compares(condition, QByteArrayView(span.name));
        case Field::Kind:
            return compares(condition, kindName(span.kind));
        case Field::Status:
            return compares(condition, statusName(span.status));
        case Field::Duration:
            return compares(condition, static_cast<double>(span.endUnixNs - span.startUnixNs));
        case Field::Attribute:
            return comparesAttribute(condition, span.attributes);
        case Field::ResourceAttribute:
            return comparesAttribute(condition, attributesOf(span.resource.get()));
        case Field::Severity:
        case Field::Body:
            break;
        }
        return false;
    });
}

bool SpanFilter::meets(const LogRecord& log) const
{
    return std::all_of(m_conditions.begin(), m_conditions.end(), [&](const Condition& condition) {
        switch (condition.field) {
        case Field::Severity:
            return compares(condition, static_cast<double>(log.severity));
        case Field::Body:
            return compares(condition, log.body.text() != nullptr ? *log.body.text() : toJson(log.body));
        case Field::Attribute:
            return comparesAttribute(condition, log.attributes);
        case Field::ResourceAttribute:
            return comparesAttribute(condition, attributesOf(log.resource.get()));
        case Field::Name:
        case Field::Kind:
        case Field::Status:
        case Field::Duration:
            break;
        }
        return false;
    });
}

} // namespace oriel::telemetry
