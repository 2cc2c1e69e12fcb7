// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/connections/federation.h"

#include "base/json_splice.h"
#include "base/json_writer.h"
#include "mcp/headers.h"
#include "mcp/rewrite.h"

#include <algorithm>

namespace oriel::gateway::federation {

namespace {

/// The entry's JSON with the way that it has come, or nothing when it goes no further.
std::optional<QByteArray> withWay(const mcp::ListEntry& entry, QByteArrayView peer, QByteArrayView self, json::Document& document)
{
    if (!mcp::parsedAgain(entry.raw, document).exists())
        return std::nullopt;
    const json::Value meta = document.root().find("_meta");
    const QByteArray way = extended(meta.find(mcp::meta_key::OrielVia).asUtf8(), peer);
    if (contains(way, self) || hops(way) > kMaxHops)
        return std::nullopt;
    const QByteArray quoted = json::quote(QByteArrayView(way));
    json::Splicer splicer(entry.raw);
    json::Writer object;
    if (meta.isObject()) {
        splicer.setMember(meta, mcp::meta_key::OrielVia, quoted);
    } else {
        object.beginObject().member(mcp::meta_key::OrielVia, way).endObject();
        splicer.setMember(document.root(), "_meta", object.view());
    }
    return splicer.apply();
}

} // namespace

bool contains(QByteArrayView via, QByteArrayView instance)
{
    for (qsizetype begin = 0; begin <= via.size();) {
        const qsizetype comma = via.indexOf(',', begin);
        const qsizetype end = comma < 0 ? via.size() : comma;
        if (via.sliced(begin, end - begin) == instance)
            return true;
        begin = end + 1;
    }
    return false;
}

qsizetype hops(QByteArrayView via)
{
    return via.isEmpty() ? 0 : 1 + std::count(via.begin(), via.end(), ',');
}

QByteArray extended(QByteArrayView via, QByteArrayView instance)
{
    QByteArray longer;
    longer.reserve(via.size() + 1 + instance.size());
    longer.append(via);
    if (!via.isEmpty())
        longer.append(',');
    return longer.append(instance);
}

QByteArray refusal(QByteArrayView via, QByteArrayView self)
{
    if (contains(via, self))
        return "This request has come back to the Oriel that it went through before: their servers lead in a circle. Remove one "
               "of "
               "the servers that point at each other.";
    if (hops(via) >= kMaxHops)
        return "This request has come through " + QByteArray::number(hops(via)) + " Oriels, and no more than " +
               QByteArray::number(kMaxHops) + " may stand in a row.";
    return {};
}

std::optional<mcp::Message> passedOn(const mcp::Message& notification, QByteArrayView peer, QByteArrayView self)
{
    QByteArray way = notification.text(mcp::Field::MetaOrielVia);
    if (contains(way, self) || hops(way) >= kMaxHops)
        return std::nullopt;
    if (!peer.isEmpty() && !contains(way, peer))
        way = extended(way, peer);
    json::Document document;
    const auto marked =
        mcp::readMessage(mcp::Rewrite(notification).setMeta(mcp::Field::MetaOrielVia, extended(way, self)).apply(), document);
    return marked ? std::optional(*marked) : std::nullopt;
}

std::vector<mcp::ListEntry> admitted(mcp::ListKind kind, std::span<const mcp::ListEntry> entries, QByteArrayView peer,
                                     QByteArrayView self)
{
    json::Document document;
    json::Writer list;
    list.beginObject().key(mcp::listKey(kind)).beginArray();
    for (const mcp::ListEntry& entry : entries) {
        if (const auto marked = withWay(entry, peer, self, document))
            list.raw(*marked);
    }
    list.endArray().endObject();
    // Read anew, because offsets into the entries' JSON have moved.
    if (!mcp::parsedAgain(list.view(), document).exists())
        return {};
    auto page = mcp::parseListPage(kind, document.root());
    return page ? std::move(page->entries) : std::vector<mcp::ListEntry>();
}

} // namespace oriel::gateway::federation
