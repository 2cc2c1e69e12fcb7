// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/audit/audit_filter.h"

#include "telemetry/call_spans.h"

#include <algorithm>

namespace oriel::ui {

using store::FilterField;
using store::FilterNode;
using store::FilterOp;
using telemetry::Outcome;

namespace {

/// A value that no row has, so that two lists with nothing in common find nothing.
const QByteArray kNobody("\x01", 1);

constexpr std::array kOutcomes{Outcome::Ok,        Outcome::ToolError, Outcome::RpcError, Outcome::Timeout,
                               Outcome::Cancelled, Outcome::Blocked,   Outcome::Rejected, Outcome::Unavailable};

void narrow(std::vector<QByteArray>& list, const std::vector<QByteArray>& wanted)
{
    if (wanted.empty())
        return;
    if (list.empty()) {
        list = wanted;
        return;
    }
    std::erase_if(list,
                  [&wanted](const QByteArray& value) { return std::find(wanted.begin(), wanted.end(), value) == wanted.end(); });
    if (list.empty())
        list.push_back(kNobody);
}

void narrow(QByteArray& value, const QByteArray& wanted)
{
    if (!wanted.isEmpty())
        value = value.isEmpty() || value == wanted ? wanted : kNobody;
}

} // namespace

std::vector<Outcome> outcomesOfStatus(QByteArrayView word)
{
    std::vector<Outcome> outcomes;
    const QByteArray lowered = word.toByteArray().toLower();
    for (const Outcome outcome : kOutcomes) {
        const bool isFailure = outcome != Outcome::Ok;
        if (lowered == telemetry::outcomeName(outcome) || (lowered == "error" && isFailure))
            outcomes.push_back(outcome);
    }
    return outcomes;
}

AuditFilter AuditFilter::parse(const QString& text)
{
    AuditFilter filter;
    const auto parsed = store::Filter::parse(text.toUtf8());
    if (!parsed) {
        filter.m_error = parsed.error().message;
        return filter;
    }
    if (parsed->root() == nullptr)
        return filter;
    filter.m_isEmpty = false;
    filter.take(*parsed->root());
    return filter;
}

void AuditFilter::take(const FilterNode& node)
{
    switch (node.kind) {
    case FilterNode::Kind::And:
        for (const FilterNode& child : node.children)
            take(child);
        break;
    case FilterNode::Kind::Condition:
        if (!takeCondition(node.condition))
            ignore(node.condition);
        break;
    case FilterNode::Kind::Or:
        m_ignored.append(QStringLiteral("OR"));
        break;
    case FilterNode::Kind::Not:
        m_ignored.append(QStringLiteral("NOT"));
        break;
    }
}

void AuditFilter::ignore(const store::FilterCondition& condition)
{
    QByteArray values;
    for (const QByteArray& value : condition.values)
        values += (values.isEmpty() ? "" : ",") + store::quoteFilterValue(value);
    if (condition.field == FilterField::Text)
        m_ignored.append(QString::fromUtf8(values));
    else
        m_ignored.append(QString::fromUtf8(store::filterKeyText(condition.field, condition.key) +
                                           store::filterOpText(condition.op).toByteArray() + values));
}

bool AuditFilter::takeCondition(const store::FilterCondition& condition)
{
    if (condition.field == FilterField::Status)
        return takeStatus(condition);
    if (condition.field == FilterField::Duration) {
        if (condition.op != FilterOp::Greater && condition.op != FilterOp::GreaterOrEqual)
            return false;
        const std::int64_t atLeast = condition.durationNs + (condition.op == FilterOp::Greater ? 1 : 0);
        m_query.minLatencyNs = std::max(m_query.minLatencyNs, atLeast);
        return true;
    }
    if (condition.op != FilterOp::Equal || condition.values.empty())
        return false;
    const QByteArray& first = condition.values.front();
    switch (condition.field) {
    case FilterField::Text:
        if (!m_query.text.isEmpty())
            return false;
        m_query.text = first;
        return true;
    case FilterField::Server:
        narrow(m_query.servers, condition.values);
        return true;
    case FilterField::Tool:
        narrow(m_query.tools, condition.values);
        return true;
    case FilterField::Client:
        narrow(m_query.clients, condition.values);
        return true;
    case FilterField::Trace:
        m_query.traceId = TraceId::fromHex(first.toLower());
        return m_query.traceId.has_value();
    case FilterField::RequestId:
        m_query.requestId = first;
        return true;
    case FilterField::Attribute:
        if (condition.key == "user.id")
            m_query.user = first;
        else if (condition.key == "project.id")
            m_query.project = first;
        else
            return false;
        return true;
    default:
        return false;
    }
}

bool AuditFilter::takeStatus(const store::FilterCondition& condition)
{
    std::vector<Outcome> outcomes;
    for (const QByteArray& word : condition.values) {
        for (const Outcome outcome : outcomesOfStatus(word)) {
            if (std::find(outcomes.begin(), outcomes.end(), outcome) == outcomes.end())
                outcomes.push_back(outcome);
        }
    }
    if (outcomes.empty() || (condition.op != FilterOp::Equal && condition.op != FilterOp::NotEqual))
        return false;
    for (const Outcome outcome : kOutcomes) {
        const bool isListed = std::find(outcomes.begin(), outcomes.end(), outcome) != outcomes.end();
        const bool isWanted = isListed == (condition.op == FilterOp::Equal);
        if (isWanted && std::find(m_query.outcomes.begin(), m_query.outcomes.end(), outcome) == m_query.outcomes.end())
            m_query.outcomes.push_back(outcome);
    }
    return true;
}

void AuditFilter::applyTo(store::AuditQuery& query) const
{
    narrow(query.servers, m_query.servers);
    narrow(query.tools, m_query.tools);
    narrow(query.clients, m_query.clients);
    narrow(query.user, m_query.user);
    narrow(query.project, m_query.project);
    if (!m_query.outcomes.empty()) {
        if (query.outcomes.empty())
            query.outcomes = m_query.outcomes;
        else
            std::erase_if(query.outcomes, [this](Outcome outcome) {
                return std::find(m_query.outcomes.begin(), m_query.outcomes.end(), outcome) == m_query.outcomes.end();
            });
        if (query.outcomes.empty())
            query.servers = {kNobody};
    }
    query.text = m_query.text;
    query.traceId = m_query.traceId;
    query.requestId = m_query.requestId;
    query.minLatencyNs = std::max(query.minLatencyNs, m_query.minLatencyNs);
}

} // namespace oriel::ui
