// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <QList>
#include <QString>

namespace oriel::config {

using KeyValues = QList<std::pair<QString, QString>>;

/// What a `;` in a member is: a property's beginning, as in W3C Baggage, which headers may not have; or a character like any
/// other, as resource attributes reserve only `,` and `=`.
enum class Semicolon : quint8 { Refused, Plain };

/// Reads `key=value,key=value` as OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_HEADERS have it: W3C Baggage with
/// percent-encoding and without properties. Blanks around keys and values, and empty members, do not count. One broken member
/// (no `=`, no key, a broken escape, a `;` that is refused, a control character, bytes that are no UTF-8) fails the whole; the
/// message tells which member by its number and never its value, which may be a secret.
Result<KeyValues> readKeyValues(QStringView text, Semicolon semicolon = Semicolon::Refused);

/// True when the text holds a control character, which no header may.
bool hasControlCharacter(QStringView text);

/// A URL as it may be shown: without user name, password and query.
QString withoutSecrets(const QString& url);

} // namespace oriel::config
