// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/filter_eval.h"

#include "telemetry/call_spans.h"
#include "telemetry/semconv.h"

#include <algorithm>
#include <array>
#include <re2/re2.h>

namespace oriel::store {

using telemetry::AnyValue;
using telemetry::Outcome;

namespace {

constexpr std::uint32_t kChunk = TraceSegment::kChunk;

bool matchesPattern(const re2::RE2& pattern, QByteArrayView text)
{
    return RE2::PartialMatch(re2::StringPiece(text.data(), static_cast<std::size_t>(text.size())), pattern);
}

QByteArray lowered(QByteArrayView text)
{
    return text.toByteArray().toLower();
}

/// Whether a text passes a condition of equality or pattern.
bool textPasses(const FilterCondition& condition, QByteArrayView text)
{
    switch (condition.op) {
    case FilterOp::Equal:
    case FilterOp::NotEqual: {
        const bool found = std::any_of(condition.values.begin(), condition.values.end(),
                                       [&](const QByteArray& value) { return QByteArrayView(value) == text; });
        return found == (condition.op == FilterOp::Equal);
    }
    case FilterOp::Match:
        return matchesPattern(*condition.pattern, text);
    case FilterOp::NotMatch:
        return !matchesPattern(*condition.pattern, text);
    default:
        return false;
    }
}

bool ordered(FilterOp op, double left, double right)
{
    switch (op) {
    case FilterOp::Less:
        return left < right;
    case FilterOp::LessOrEqual:
        return left <= right;
    case FilterOp::Greater:
        return left > right;
    case FilterOp::GreaterOrEqual:
        return left >= right;
    default:
        return false;
    }
}

bool valuePasses(const FilterCondition& condition, const AnyValue& value)
{
    if (condition.op >= FilterOp::Less) {
        if (const auto* integer = std::get_if<std::int64_t>(&value.value))
            return ordered(condition.op, static_cast<double>(*integer), condition.number);
        if (const auto* real = std::get_if<double>(&value.value))
            return ordered(condition.op, *real, condition.number);
        bool isNumber = false;
        const double number = value.text() != nullptr ? value.text()->toDouble(&isNumber) : 0;
        return isNumber && ordered(condition.op, number, condition.number);
    }
    return value.text() != nullptr ? textPasses(condition, *value.text()) : textPasses(condition, telemetry::toJson(value));
}

bool statusPasses(QByteArrayView status, Outcome outcome, std::uint8_t flags)
{
    const bool isCall = (flags & flag::kCall) != 0;
    const bool isError = (flags & flag::kError) != 0;
    if (status == "error")
        return isError;
    if (status == "running")
        return (flags & flag::kRunning) != 0;
    if (status == "ok")
        return !isError && (flags & flag::kRunning) == 0 && (!isCall || outcome == Outcome::Ok);
    return isCall && telemetry::outcomeName(outcome) == status;
}

} // namespace

struct RowFilter::Step {
    enum class Kind : std::uint8_t { All, Nothing, And, Or, Not, Facets, Duration, Status, Trace, Attribute };
    Kind kind = Kind::All;
    std::vector<std::unique_ptr<Step>> children;
    std::array<std::vector<std::uint8_t>, kFacetCount> tables; ///< by facet value; empty: the facet does not matter
    std::vector<std::uint8_t> byTrace;
    std::array<std::uint8_t, 2048> byStatus{}; ///< outcome × 256 + flags
    std::int64_t low = 0;                      ///< durations in [low, high]
    std::int64_t high = 0;
    bool inverse = false;
    const FilterCondition* condition = nullptr;
    QByteArray key;
    TraceDecoder::AttributeTest test;
    bool isUnique = false;                       ///< the attribute differs from call to call
    bool isOfNoCall = false;                     ///< no call has such an attribute
    std::unordered_map<std::string, bool> alike; ///< answers by what a call's attributes follow from
    [[nodiscard]] bool isSlow() const
    {
        return kind == Kind::Attribute ||
               std::any_of(children.begin(), children.end(), [](const auto& child) { return child->isSlow(); });
    }
};

RowFilter::RowFilter(const TraceSegment& segment, const FilterNode* node) : m_segment(segment), m_decoder(segment)
{
    m_root = node != nullptr ? prepare(*node) : std::make_unique<Step>();
}

RowFilter::~RowFilter() = default;

bool RowFilter::passesNothing() const
{
    return m_root->kind == Step::Kind::Nothing;
}

std::unique_ptr<RowFilter::Step> RowFilter::prepare(const FilterNode& node)
{
    auto step = std::make_unique<Step>();
    if (node.kind == FilterNode::Kind::Condition) {
        prepareCondition(*step, node.condition);
        return step;
    }
    for (const FilterNode& child : node.children)
        step->children.push_back(prepare(child));
    const auto isNothing = [](const std::unique_ptr<Step>& child) { return child->kind == Step::Kind::Nothing; };
    switch (node.kind) {
    case FilterNode::Kind::And:
        step->kind = std::any_of(step->children.begin(), step->children.end(), isNothing) ? Step::Kind::Nothing : Step::Kind::And;
        // Conditions on columns first: the slow ones then look at what is left.
        std::stable_partition(step->children.begin(), step->children.end(), [](const auto& child) { return !child->isSlow(); });
        break;
    case FilterNode::Kind::Or:
        std::erase_if(step->children, isNothing);
        step->kind = step->children.empty() ? Step::Kind::Nothing : Step::Kind::Or;
        break;
    case FilterNode::Kind::Not:
        step->kind = isNothing(step->children.front()) ? Step::Kind::All : Step::Kind::Not;
        break;
    case FilterNode::Kind::Condition:
        break;
    }
    return step;
}

void RowFilter::prepareCondition(Step& step, const FilterCondition& condition)
{
    step.condition = &condition;
    const auto table = [&](Facet facet, const auto& accepts) {
        std::vector<std::uint8_t>& out = step.tables[static_cast<std::size_t>(facet)];
        const std::uint32_t count = m_segment.facetValues(facet);
        out.resize(count + 1);
        bool any = false;
        for (std::uint32_t value = 0; value <= count; ++value) {
            out[value] = accepts(m_segment.facetText(facet, static_cast<std::uint16_t>(value))) ? 1 : 0;
            any = any || out[value] != 0;
        }
        return any;
    };
    const auto facet = [&](Facet which) {
        step.kind = table(which, [&](QByteArrayView text) { return textPasses(condition, text); }) ? Step::Kind::Facets
                                                                                                   : Step::Kind::Nothing;
    };
    switch (condition.field) {
    case FilterField::Service:
        facet(Facet::Service);
        break;
    case FilterField::Name:
        facet(Facet::Name);
        break;
    case FilterField::Tool:
        facet(Facet::Tool);
        break;
    case FilterField::Server:
        facet(Facet::Server);
        break;
    case FilterField::Client:
        facet(Facet::Client);
        break;
    case FilterField::Method:
        facet(Facet::Method);
        break;
    case FilterField::Text: {
        const QByteArray needle = lowered(condition.values.front());
        bool any = false;
        for (const Facet which : {Facet::Name, Facet::Tool, Facet::Error})
            any = table(which, [&](QByteArrayView text) { return lowered(text).contains(needle); }) || any;
        step.kind = any ? Step::Kind::Facets : Step::Kind::Nothing;
        break;
    }
    case FilterField::Status:
        step.kind = Step::Kind::Status;
        for (std::size_t i = 0; i < step.byStatus.size(); ++i) {
            const bool found = std::any_of(condition.values.begin(), condition.values.end(), [&](const QByteArray& status) {
                return statusPasses(status, static_cast<Outcome>(i >> 8U), static_cast<std::uint8_t>(i & 0xFFU));
            });
            step.byStatus[i] = found == (condition.op == FilterOp::Equal) ? 1 : 0;
        }
        break;
    case FilterField::Duration: {
        constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
        const std::int64_t ns = condition.durationNs;
        step.kind = Step::Kind::Duration;
        step.inverse = condition.op == FilterOp::NotEqual;
        step.low = condition.op == FilterOp::Greater ? ns + 1
                   : condition.op == FilterOp::Less || condition.op == FilterOp::LessOrEqual
                       ? std::numeric_limits<std::int64_t>::min()
                       : ns;
        step.high = condition.op == FilterOp::Less                                                  ? ns - 1
                    : condition.op == FilterOp::Greater || condition.op == FilterOp::GreaterOrEqual ? kMost
                                                                                                    : ns;
        break;
    }
    case FilterField::Trace:
        prepareTrace(step, condition);
        break;
    case FilterField::RequestId:
        prepareAttribute(step, condition, telemetry::attributeName(telemetry::Attr::GatewayRequestId));
        break;
    case FilterField::Attribute:
        prepareAttribute(step, condition, condition.key);
        break;
    }
}

void RowFilter::prepareTrace(Step& step, const FilterCondition& condition)
{
    const std::uint32_t count = m_segment.traces();
    step.kind = Step::Kind::Trace;
    step.byTrace.resize(count);
    bool any = false;
    for (std::uint32_t i = 0; i < count; ++i) {
        const TraceId& id = m_segment.trace(i).id;
        bool found = false;
        if (condition.pattern) {
            step.byTrace[i] = textPasses(condition, id.toHex()) ? 1 : 0;
        } else {
            for (const QByteArray& prefix : condition.values) {
                const QByteArray padded = prefix.leftJustified(32, '0');
                const std::uint64_t high = padded.first(16).toULongLong(nullptr, 16);
                const std::uint64_t low = padded.last(16).toULongLong(nullptr, 16);
                const auto bits = static_cast<unsigned>(prefix.size()) * 4U;
                const std::uint64_t highMask = bits >= 64U ? ~0ULL : bits == 0 ? 0ULL : ~0ULL << (64U - bits);
                const std::uint64_t lowMask = bits >= 128U ? ~0ULL : bits <= 64U ? 0ULL : ~0ULL << (128U - bits);
                found = found || (((id.high ^ high) & highMask) | ((id.low ^ low) & lowMask)) == 0;
            }
            step.byTrace[i] = found == (condition.op == FilterOp::Equal) ? 1 : 0;
        }
        any = any || step.byTrace[i] != 0;
    }
    if (!any)
        step.kind = Step::Kind::Nothing;
}

void RowFilter::prepareAttribute(Step& step, const FilterCondition& condition, QByteArrayView key)
{
    step.kind = Step::Kind::Attribute;
    step.key = key.toByteArray();
    step.test.keyString = m_segment.strings().find(key);
    step.test.accepts = [&condition](const AnyValue& value) { return valuePasses(condition, value); };
    step.test.acceptsResource = [&condition, name = step.key](const telemetry::Resource& resource) {
        const AnyValue* value = telemetry::findAttribute(resource.attributes, name);
        return value != nullptr && valuePasses(condition, *value);
    };
    step.isUnique = dependsOnOneCall(key);
    const auto table = telemetry::attributeTable();
    const bool isOurs = std::any_of(table.begin(), table.end(),
                                    [&](const telemetry::AttributeRow& one) { return key == QByteArrayView(one.name); });
    step.isOfNoCall = !isOurs && step.test.keyString == StringTable::kFull;
    if (m_segment.calls() == 0 && step.test.keyString == StringTable::kFull)
        step.kind = Step::Kind::Nothing;
    if (m_segment.calls() > 512 && !step.isOfNoCall)
        m_decoder.expectManyRows();
}

void RowFilter::apply(std::uint32_t chunk, std::uint32_t count, std::uint8_t* mask)
{
    run(*m_root, m_segment.chunk(chunk * kChunk), chunk * kChunk, count, mask);
}

void RowFilter::run(Step& step, const TraceSegment::Chunk& chunk, std::uint32_t first, std::uint32_t count, std::uint8_t* mask)
{
    switch (step.kind) {
    case Step::Kind::All:
        return;
    case Step::Kind::Nothing:
        std::fill_n(mask, count, std::uint8_t{0});
        return;
    case Step::Kind::And:
        for (const auto& child : step.children)
            run(*child, chunk, first, count, mask);
        return;
    case Step::Kind::Or: {
        std::array<std::uint8_t, kChunk> result{};
        std::array<std::uint8_t, kChunk> scratch;
        for (const auto& child : step.children) {
            std::copy_n(mask, count, scratch.begin());
            run(*child, chunk, first, count, scratch.data());
            for (std::uint32_t i = 0; i < count; ++i)
                result[i] = static_cast<std::uint8_t>(result[i] | scratch[i]);
        }
        std::copy_n(result.begin(), count, mask);
        return;
    }
    case Step::Kind::Not: {
        std::array<std::uint8_t, kChunk> scratch;
        std::copy_n(mask, count, scratch.begin());
        run(*step.children.front(), chunk, first, count, scratch.data());
        for (std::uint32_t i = 0; i < count; ++i)
            mask[i] = static_cast<std::uint8_t>(mask[i] & ~scratch[i] & 1U);
        return;
    }
    case Step::Kind::Facets: {
        std::array<std::uint8_t, kChunk> result{};
        for (std::size_t f = 0; f < kFacetCount; ++f) {
            const std::vector<std::uint8_t>& table = step.tables[f];
            if (table.empty())
                continue;
            const auto size =
                static_cast<std::uint16_t>(std::min<std::size_t>(table.size(), 65'535)); // values newer than the table: not seen
            for (std::uint32_t i = 0; i < count; ++i) {
                const std::uint16_t value = chunk.facets[f][i];
                result[i] = static_cast<std::uint8_t>(result[i] | (value < size ? table[value] : 0U));
            }
        }
        for (std::uint32_t i = 0; i < count; ++i)
            mask[i] = static_cast<std::uint8_t>(mask[i] & result[i]);
        return;
    }
    case Step::Kind::Duration:
        for (std::uint32_t i = 0; i < count; ++i) {
            const bool inside = chunk.duration[i] >= step.low && chunk.duration[i] <= step.high;
            mask[i] = static_cast<std::uint8_t>(mask[i] & (inside != step.inverse ? 1U : 0U));
        }
        return;
    case Step::Kind::Status:
        for (std::uint32_t i = 0; i < count; ++i)
            mask[i] = static_cast<std::uint8_t>(mask[i] & step.byStatus[(chunk.outcome[i] & 7U) << 8U | chunk.flags[i]]);
        return;
    case Step::Kind::Trace:
        for (std::uint32_t i = 0; i < count; ++i)
            mask[i] =
                static_cast<std::uint8_t>(mask[i] & (chunk.trace[i] < step.byTrace.size() ? step.byTrace[chunk.trace[i]] : 0U));
        return;
    case Step::Kind::Attribute:
        runSlow(step, chunk, first, count, mask);
        return;
    }
}

void RowFilter::runSlow(Step& step, const TraceSegment::Chunk& chunk, std::uint32_t first, std::uint32_t count,
                        std::uint8_t* mask)
{
    for (std::uint32_t i = 0; i < count; ++i) {
        if (mask[i] == 0)
            continue;
        const bool isCall = (chunk.flags[i] & flag::kCall) != 0;
        const bool passes = isCall ? callPasses(step, first + i) : m_decoder.passes(first + i, step.test);
        mask[i] = passes ? 1 : 0;
    }
}

namespace {

/// What the attributes of a call's spans follow from, except its ids and times: calls that agree in it agree in them.
std::string natureOf(const telemetry::CallRecord& call)
{
    ByteWriter out;
    const auto address = [&out](const auto& shared) { out.fixed64(reinterpret_cast<std::uintptr_t>(shared.get())); };
    out.text(call.method);
    out.byte(static_cast<std::uint8_t>(call.targetKind));
    out.text(call.target);
    address(call.routedServer);
    out.text(call.routedTarget);
    address(call.client);
    out.byte(
        static_cast<std::uint8_t>((call.overHttp ? 1U : 0U) | (call.replay ? 2U : 0U) | (call.parentSpanId.isValid() ? 4U : 0U)));
    out.zigzag(call.httpStatus);
    out.byte(static_cast<std::uint8_t>(call.outcome));
    out.text(call.errorType);
    out.zigzag(call.rpcErrorCode);
    for (const telemetry::Hop& hop : call.hops) {
        address(hop.server);
        out.text(hop.target);
        out.text(hop.errorType);
        out.zigzag(hop.rpcErrorCode);
        out.varint(hop.attempt);
    }
    out.varint(call.guardrails.size());
    for (const telemetry::GuardrailVerdict& verdict : call.guardrails) {
        out.text(verdict.check);
        out.byte(verdict.onOutput ? 1 : 0);
        out.text(verdict.violation);
        out.text(verdict.action);
        out.zigzag(verdict.count);
    }
    return out.bytes();
}

} // namespace

bool RowFilter::dependsOnOneCall(QByteArrayView key) const
{
    using telemetry::Attr;
    return key == telemetry::attributeName(Attr::JsonrpcRequestId) || key == telemetry::attributeName(Attr::GatewayOverhead) ||
           key == telemetry::attributeName(Attr::GatewayRequestId);
}

bool RowFilter::callPasses(Step& step, std::uint32_t row)
{
    if (step.isOfNoCall)
        return false;
    if (step.condition->field == FilterField::RequestId)
        return textPasses(*step.condition, m_decoder.requestId(row));
    const telemetry::CallRecord call = m_decoder.call(row);
    const auto expand = [&] {
        std::vector<telemetry::SpanData> spans;
        telemetry::appendCallSpans(call, {}, spans);
        return std::any_of(spans.begin(), spans.end(), [&](const telemetry::SpanData& span) {
            const AnyValue* value = telemetry::findAttribute(span.attributes, step.key);
            return value != nullptr && valuePasses(*step.condition, *value);
        });
    };
    if (step.isUnique || !call.extraAttributes.empty())
        return expand();
    auto [known, isNew] = step.alike.try_emplace(natureOf(call), false);
    if (isNew)
        known->second = expand();
    return known->second;
}

struct TraceFilterPlan::Truth {
    FilterNode::Kind kind = FilterNode::Kind::Condition;
    std::size_t group = 0;
    std::vector<std::unique_ptr<Truth>> children;
};

namespace {

bool isNegative(const FilterCondition& condition)
{
    return condition.op == FilterOp::NotEqual || condition.op == FilterOp::NotMatch;
}

bool isPositive(const FilterNode& node)
{
    if (node.kind == FilterNode::Kind::Not || (node.kind == FilterNode::Kind::Condition && isNegative(node.condition)))
        return false;
    return std::all_of(node.children.begin(), node.children.end(), isPositive);
}

} // namespace

TraceFilterPlan::TraceFilterPlan(const Filter& filter) : m_filter(filter)
{
    if (m_filter.root() != nullptr)
        m_truth = lift(*m_filter.root());
}

TraceFilterPlan::~TraceFilterPlan() = default;

std::unique_ptr<TraceFilterPlan::Truth> TraceFilterPlan::groupOf(FilterNode node)
{
    auto truth = std::make_unique<Truth>();
    truth->group = m_groups.size();
    m_groups.push_back(std::make_unique<FilterNode>(std::move(node)));
    return truth;
}

std::unique_ptr<TraceFilterPlan::Truth> TraceFilterPlan::lift(const FilterNode& node)
{
    if (isPositive(node))
        return groupOf(node);
    auto truth = std::make_unique<Truth>();
    truth->kind = node.kind;
    if (node.kind == FilterNode::Kind::Condition) {
        // `server!=fs` excludes the traces in which `server=fs` holds, as NOT does.
        FilterNode positive = node;
        positive.condition.op = node.condition.op == FilterOp::NotEqual ? FilterOp::Equal : FilterOp::Match;
        truth->kind = FilterNode::Kind::Not;
        truth->children.push_back(groupOf(std::move(positive)));
        return truth;
    }
    if (node.kind == FilterNode::Kind::Not) {
        truth->children.push_back(lift(node.children.front()));
        return truth;
    }
    FilterNode together;
    together.kind = node.kind;
    for (const FilterNode& child : node.children) {
        if (isPositive(child))
            together.children.push_back(child);
        else
            truth->children.push_back(lift(child));
    }
    if (!together.children.empty())
        truth->children.push_back(groupOf(std::move(together)));
    return truth;
}

bool TraceFilterPlan::holds(const Truth& truth, std::uint64_t groups)
{
    const auto child = [groups](const std::unique_ptr<Truth>& one) { return holds(*one, groups); };
    switch (truth.kind) {
    case FilterNode::Kind::Condition:
        return (groups >> truth.group & 1U) != 0;
    case FilterNode::Kind::And:
        return std::all_of(truth.children.begin(), truth.children.end(), child);
    case FilterNode::Kind::Or:
        return std::any_of(truth.children.begin(), truth.children.end(), child);
    case FilterNode::Kind::Not:
        return !holds(*truth.children.front(), groups);
    }
    return false;
}

bool TraceFilterPlan::accepts(std::uint64_t groups) const
{
    return !m_truth || holds(*m_truth, groups);
}

std::vector<std::uint64_t> matchTraces(const TraceSegment& segment, std::uint32_t rows, std::uint32_t traces,
                                       const TraceFilterPlan& plan, const std::stop_token& stop)
{
    std::vector<std::uint64_t> bits(traces);
    std::array<std::uint8_t, kChunk> mask;
    for (std::size_t group = 0; group < plan.groupCount(); ++group) {
        RowFilter filter(segment, &plan.group(group));
        if (filter.passesNothing())
            continue;
        for (std::uint32_t first = 0; first < rows; first += kChunk) {
            if (stop.stop_requested())
                return {};
            const std::uint32_t count = std::min(kChunk, rows - first);
            mask.fill(1);
            filter.apply(first / kChunk, count, mask.data());
            const TraceSegment::Chunk& chunk = segment.chunk(first);
            for (std::uint32_t i = 0; i < count; ++i)
                if (mask[i] != 0 && chunk.trace[i] < traces)
                    bits[chunk.trace[i]] |= 1ULL << group;
        }
    }
    return bits;
}

} // namespace oriel::store
