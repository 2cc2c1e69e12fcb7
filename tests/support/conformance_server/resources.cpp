// SPDX-License-Identifier: GPL-3.0-or-later
#include "resources.h"

#include "tools.h"

namespace oriel::conformance {

namespace {

QJsonObject resource(const QString& uri, const QString& name, const QString& description, const QString& mimeType)
{
    return {{u"uri"_s, uri}, {u"name"_s, name}, {u"description"_s, description}, {u"mimeType"_s, mimeType}};
}

QJsonObject textContents(const QString& uri, const QString& mimeType, const QString& text)
{
    return {{u"uri"_s, uri}, {u"mimeType"_s, mimeType}, {u"text"_s, text}};
}

} // namespace

QString templateUri()
{
    return u"test://template/{id}/data"_s;
}

QJsonArray listResources()
{
    return {resource(u"test://static-text"_s, u"static-text"_s, u"A text that never changes"_s, u"text/plain"_s),
            resource(u"test://static-binary"_s, u"static-binary"_s, u"An image that never changes"_s, u"image/png"_s),
            resource(u"test://watched-resource"_s, u"watched-resource"_s, u"A text to subscribe to"_s, u"text/plain"_s),
            resource(u"test://server-state"_s, u"server-state"_s, u"What the server counts"_s, u"application/json"_s)};
}

QJsonArray listResourceTemplates()
{
    return {QJsonObject{{u"uriTemplate"_s, templateUri()},
                        {u"name"_s, u"template"_s},
                        {u"description"_s, u"Data made for an id"_s},
                        {u"mimeType"_s, u"application/json"_s}}};
}

std::optional<QJsonObject> readResource(const QString& uri, const QJsonObject& serverState)
{
    if (uri == "test://static-text"_L1) {
        return textContents(uri, u"text/plain"_s, u"This is the content of the static text resource."_s);
    }
    if (uri == "test://static-binary"_L1) {
        return QJsonObject{{u"uri"_s, uri}, {u"mimeType"_s, u"image/png"_s}, {u"blob"_s, redPixelPng()}};
    }
    if (uri == "test://watched-resource"_L1) {
        return textContents(uri, u"text/plain"_s, u"Watched resource content"_s);
    }
    if (uri == "test://server-state"_L1) {
        return textContents(uri, u"application/json"_s, compactText(serverState));
    }
    const QString before = u"test://template/"_s;
    const QString behind = u"/data"_s;
    const qsizetype length = uri.size() - before.size() - behind.size();
    if (uri.startsWith(before) && uri.endsWith(behind) && length > 0) {
        const QString id = uri.mid(before.size(), length);
        if (!id.contains(u'/')) {
            const QJsonObject data{{u"id"_s, id}, {u"templateTest"_s, true}, {u"data"_s, u"Data for ID: "_s + id}};
            return textContents(uri, u"application/json"_s, compactText(data));
        }
    }
    return std::nullopt;
}

} // namespace oriel::conformance
