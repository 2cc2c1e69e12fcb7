// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/codec/encode.h"

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

namespace oriel::otlp {

/// Items of one resource and scope, in their order.
template <class Item> struct ScopeGroup {
    const telemetry::Scope* scope = nullptr;
    std::vector<const Item*> items;
};
template <class Item> struct ResourceGroup {
    const telemetry::Resource* resource = nullptr;
    std::vector<ScopeGroup<Item>> scopes;
};

/// Groups by the identity of resource and scope; those are shared objects, so equal ones are nearly always the same one.
template <class Item> std::vector<ResourceGroup<Item>> groupByOrigin(std::span<const Item> items)
{
    std::vector<ResourceGroup<Item>> groups;
    ResourceGroup<Item>* group = nullptr;
    ScopeGroup<Item>* scope = nullptr;
    for (const Item& item : items) {
        if (group == nullptr || group->resource != item.resource.get()) {
            scope = nullptr;
            group = nullptr;
            for (ResourceGroup<Item>& known : groups) {
                if (known.resource == item.resource.get())
                    group = &known;
            }
            if (group == nullptr)
                group = &groups.emplace_back(ResourceGroup<Item>{item.resource.get(), {}});
        }
        if (scope == nullptr || scope->scope != item.scope.get()) {
            scope = nullptr;
            for (ScopeGroup<Item>& known : group->scopes) {
                if (known.scope == item.scope.get())
                    scope = &known;
            }
            if (scope == nullptr)
                scope = &group->scopes.emplace_back(ScopeGroup<Item>{item.scope.get(), {}});
        }
        scope->items.push_back(&item);
    }
    return groups;
}

/// Neighbours that share a resource, those without any metric left out.
inline std::vector<std::span<const ScopedMetrics>> byResource(std::span<const ScopedMetrics> metrics)
{
    std::vector<std::span<const ScopedMetrics>> groups;
    for (std::size_t begin = 0, end = 0; begin < metrics.size(); begin = end) {
        while (end < metrics.size() && metrics[end].resource == metrics[begin].resource)
            ++end;
        const std::span<const ScopedMetrics> group = metrics.subspan(begin, end - begin);
        if (std::any_of(group.begin(), group.end(), [](const ScopedMetrics& scoped) { return !scoped.metrics.empty(); }))
            groups.push_back(group);
    }
    return groups;
}

} // namespace oriel::otlp
