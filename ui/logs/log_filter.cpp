// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/logs/log_filter.h"

#include "ui/logs/log_words.h"
#include "ui/widgets/filter_text.h"

#include <algorithm>

namespace oriel::ui {
namespace {

std::vector<QByteArray> listOf(const QString& value)
{
    std::vector<QByteArray> values;
    for (const QString& part : value.split(QLatin1Char(','), Qt::SkipEmptyParts))
        values.push_back(part.trimmed().toUtf8());
    return values;
}

bool isConnective(const QString& word)
{
    return word.compare(QLatin1StringView("or"), Qt::CaseInsensitive) == 0 ||
           word.compare(QLatin1StringView("not"), Qt::CaseInsensitive) == 0;
}

bool containsText(const telemetry::LogRecord& record, const QByteArray& lowered)
{
    const auto has = [&lowered](const telemetry::AnyValue& value) {
        return (value.text() != nullptr ? *value.text() : telemetry::toJson(value)).toLower().contains(lowered);
    };
    return has(record.body) || record.eventName.toLower().contains(lowered) ||
           std::any_of(record.attributes.begin(), record.attributes.end(),
                       [&has](const telemetry::Attribute& attribute) { return has(attribute.value); });
}

} // namespace

LogFilter LogFilter::parse(const QString& text)
{
    LogFilter filter;
    for (const FilterTerm& term : splitFilter(text)) {
        if (term.text.compare(QLatin1StringView("and"), Qt::CaseInsensitive) == 0)
            continue;
        filter.add(term);
    }
    filter.m_isEmpty = filter.m_conditions.empty() && filter.m_text.isEmpty() && filter.m_source.isEmpty() &&
                       filter.m_minSeverity == telemetry::Severity::Unspecified && !filter.m_trace;
    return filter;
}

void LogFilter::add(const FilterTerm& term)
{
    if (!term.isComparison()) {
        if (isConnective(term.text)) {
            m_ignored.append(term.text);
        } else if (m_text.isEmpty()) {
            m_text = term.value.toUtf8();
        } else if (!term.value.isEmpty()) {
            m_conditions.push_back({Condition::Field::Text, {}, {term.value.toUtf8().toLower()}, false});
        }
        return;
    }
    const QString key = term.key.toLower();
    if (key == QLatin1StringView("level") || key == QLatin1StringView("severity")) {
        addLevel(term);
        return;
    }
    Condition condition;
    condition.negated = term.op == QLatin1StringView("!=");
    condition.values = listOf(term.value);
    const bool isEquality = condition.negated || term.op == QLatin1StringView("=");
    if (key == QLatin1StringView("source") || key == QLatin1StringView("server") || key == QLatin1StringView("service")) {
        condition.field = Condition::Field::Source;
    } else if (key == QLatin1StringView("trace")) {
        condition.field = Condition::Field::Trace;
    } else if (key == QLatin1StringView("span")) {
        condition.field = Condition::Field::Span;
    } else if (key == QLatin1StringView("event")) {
        condition.field = Condition::Field::Event;
    } else if (key.startsWith(QLatin1StringView("attr.")) || key == QLatin1StringView("request.id")) {
        condition.field = Condition::Field::Attribute;
        condition.key = (key.startsWith(QLatin1StringView("attr.")) ? term.key.mid(5) : term.key).toUtf8();
        condition.values = {term.value.toUtf8()}; // a value may hold commas
    } else {
        m_ignored.append(term.text);
        return;
    }
    if (!isEquality || condition.values.empty()) {
        m_ignored.append(term.text);
        return;
    }
    if (condition.field == Condition::Field::Source && !condition.negated && condition.values.size() == 1 && m_source.isEmpty()) {
        m_source = condition.values.front();
        return;
    }
    if (condition.field == Condition::Field::Trace && !condition.negated && condition.values.size() == 1 && !m_trace) {
        m_trace = TraceId::fromHex(condition.values.front().toLower());
        if (m_trace)
            return;
    }
    m_conditions.push_back(std::move(condition));
}

void LogFilter::addLevel(const FilterTerm& term)
{
    const bool isBound = term.op == QLatin1StringView(">=") || term.op == QLatin1StringView(">");
    if (isBound) {
        const std::optional<telemetry::Severity> severity = severityOfWord(term.value);
        if (!severity) {
            m_ignored.append(term.text);
            return;
        }
        const int step = term.op == QLatin1StringView(">") ? 4 : 0;
        m_minSeverity = std::max(m_minSeverity, static_cast<telemetry::Severity>(static_cast<int>(*severity) + step));
        return;
    }
    Condition condition{Condition::Field::Level, {}, {}, term.op == QLatin1StringView("!=")};
    for (const QByteArray& value : listOf(term.value)) {
        if (const std::optional<telemetry::Severity> severity = severityOfWord(QString::fromUtf8(value)))
            condition.values.push_back(logLevelWord(logLevel(*severity)).toLatin1());
    }
    if (condition.values.empty() || !(condition.negated || term.op == QLatin1StringView("=")))
        m_ignored.append(term.text);
    else
        m_conditions.push_back(std::move(condition));
}

void LogFilter::applyTo(store::LogQuery& query) const
{
    query.text = m_text;
    query.traceId = m_trace;
    query.minSeverity = std::max(query.minSeverity, m_minSeverity);
    query.source = m_source;
}

bool LogFilter::matches(const telemetry::LogRecord& record) const
{
    return std::all_of(m_conditions.begin(), m_conditions.end(),
                       [&record](const Condition& condition) { return holds(condition, record) != condition.negated; });
}

bool LogFilter::holds(const Condition& condition, const telemetry::LogRecord& record)
{
    const auto isOneOf = [&condition](const QByteArray& text) {
        return std::find(condition.values.begin(), condition.values.end(), text) != condition.values.end();
    };
    const auto begins = [&condition](const QByteArray& hex) {
        return std::any_of(condition.values.begin(), condition.values.end(),
                           [&hex](const QByteArray& value) { return hex.startsWith(value.toLower()); });
    };
    switch (condition.field) {
    case Condition::Field::Source:
        return isOneOf(record.source);
    case Condition::Field::Level:
        return isOneOf(logLevelWord(logLevel(record.severity)).toLatin1());
    case Condition::Field::Trace:
        return record.traceId.isValid() && begins(record.traceId.toHex());
    case Condition::Field::Span:
        return record.spanId.isValid() && begins(record.spanId.toHex());
    case Condition::Field::Event:
        return isOneOf(record.eventName);
    case Condition::Field::Text:
        return containsText(record, condition.values.front());
    case Condition::Field::Attribute:
        break;
    }
    const telemetry::AnyValue* value = telemetry::findAttribute(record.attributes, condition.key);
    if (value == nullptr && record.resource != nullptr)
        value = telemetry::findAttribute(record.resource->attributes, condition.key);
    return value != nullptr && attributeText(*value).toUtf8() == condition.values.front();
}

} // namespace oriel::ui
