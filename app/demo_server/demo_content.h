// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QJsonArray>
#include <QJsonObject>
#include <QString>

#include <optional>

namespace oriel::demo {

/// What the demo server offers besides tools; results as the protocol wants them. Pure.
QJsonArray promptList();
/// Nothing for an unknown prompt.
std::optional<QJsonObject> prompt(const QString& name, const QJsonObject& arguments);
/// Two pages, so that paging is real: `cursor` empty or "2"; nothing for any other.
std::optional<QJsonObject> resourcePage(const QString& cursor);
QJsonArray resourceTemplateList();
/// Nothing for an unknown URI.
std::optional<QJsonObject> resource(const QString& uri, int calls);
QJsonObject completion(const QJsonObject& ref, const QJsonObject& argument);

} // namespace oriel::demo
