// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/trace_store_p.h"
#include "telemetry/call_spans.h"

#include <algorithm>

namespace oriel::store {

using telemetry::SpanData;

namespace {

constexpr std::uint32_t kChunk = TraceSegment::kChunk;

} // namespace

std::vector<QByteArray> TraceStore::attributeKeys(QByteArrayView prefix, int limit) const
{
    // A sample of the newest records is enough to know which keys there are.
    std::unordered_map<std::string, std::uint64_t> counts;
    const std::shared_ptr<const SegmentList> segments = d->snapshot();
    std::uint32_t left = 4000;
    const auto count = [&](const telemetry::Attributes& attributes) {
        for (const telemetry::Attribute& attribute : attributes)
            if (attribute.key.startsWith(prefix))
                ++counts[attribute.key.toStdString()];
    };
    for (auto segment = segments->rbegin(); segment != segments->rend() && left > 0; ++segment) {
        TraceDecoder decoder(**segment);
        for (std::uint32_t row = (*segment)->rows(); row-- > 0 && left > 0; --left) {
            if (((*segment)->chunk(row).flags[row % kChunk] & flag::kCall) == 0) {
                count(decoder.span(row).attributes);
                continue;
            }
            left -= std::min(left - 1, 15U);
            std::vector<SpanData> spans;
            telemetry::appendCallSpans(decoder.call(row), {}, spans);
            for (const SpanData& span : spans)
                count(span.attributes);
        }
    }
    std::vector<std::pair<std::string, std::uint64_t>> ranked(counts.begin(), counts.end());
    std::sort(ranked.begin(), ranked.end(),
              [](const auto& a, const auto& b) { return a.second != b.second ? a.second > b.second : a.first < b.first; });
    std::vector<QByteArray> out;
    for (const auto& [key, number] : ranked)
        if (static_cast<int>(out.size()) < limit)
            out.push_back(QByteArray::fromStdString(key));
    return out;
}

std::vector<QByteArray> TraceStore::fieldValues(FilterField field, QByteArrayView key, QByteArrayView prefix, int limit) const
{
    std::vector<QByteArray> out;
    const auto add = [&](QByteArrayView text) {
        const bool fits = text.size() >= prefix.size() && text.first(prefix.size()).compare(prefix, Qt::CaseInsensitive) == 0;
        if (text.isEmpty() || !fits || static_cast<int>(out.size()) >= limit * 4)
            return;
        if (std::find(out.begin(), out.end(), text) == out.end())
            out.push_back(text.toByteArray());
    };
    const std::shared_ptr<const SegmentList> segments = d->snapshot();
    std::optional<Facet> facet;
    switch (field) {
    case FilterField::Service:
        facet = Facet::Service;
        break;
    case FilterField::Name:
        facet = Facet::Name;
        break;
    case FilterField::Tool:
        facet = Facet::Tool;
        break;
    case FilterField::Server:
        facet = Facet::Server;
        break;
    case FilterField::Client:
        facet = Facet::Client;
        break;
    case FilterField::Method:
        facet = Facet::Method;
        break;
    default:
        break;
    }
    std::uint32_t left = 4000;
    for (auto segment = segments->rbegin(); segment != segments->rend(); ++segment) {
        if (facet) {
            const std::uint32_t count = (*segment)->facetValues(*facet);
            for (std::uint32_t value = 1; value <= count; ++value)
                add((*segment)->facetText(*facet, static_cast<std::uint16_t>(value)));
            continue;
        }
        if (field != FilterField::Attribute)
            break;
        TraceDecoder decoder(**segment);
        for (std::uint32_t row = (*segment)->rows(); row-- > 0 && left > 0; --left) {
            std::vector<SpanData> spans;
            if (((*segment)->chunk(row).flags[row % kChunk] & flag::kCall) != 0) {
                left -= std::min(left - 1, 15U);
                telemetry::appendCallSpans(decoder.call(row), {}, spans);
            } else {
                spans.push_back(decoder.span(row));
            }
            for (const SpanData& span : spans)
                if (const telemetry::AnyValue* value = telemetry::findAttribute(span.attributes, key))
                    add(value->text() != nullptr ? *value->text() : telemetry::toJson(*value));
        }
    }
    std::sort(out.begin(), out.end());
    if (static_cast<int>(out.size()) > limit)
        out.resize(static_cast<std::size_t>(limit));
    return out;
}

} // namespace oriel::store
