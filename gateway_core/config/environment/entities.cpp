// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/environment/entities.h"

#include <QRegularExpression>

namespace oriel::config {

namespace {

/// The keys of `text`, whose attributes go into `attributes`; false when it cannot be read.
bool readKeys(const QString& text, QStringList& keys, KeyValues& attributes)
{
    const auto pairs = readKeyValues(text);
    if (!pairs)
        return false;
    for (const auto& pair : *pairs) {
        keys.append(pair.first);
        attributes.append(pair);
    }
    return true;
}

std::optional<NamedEntity> readEntity(const QString& text)
{
    static const QRegularExpression form(
        QStringLiteral("^([A-Za-z][A-Za-z0-9._-]*)\\{([^{}\\[\\]]*)\\}(?:\\[([^{}\\[\\]]*)\\])?(?:@(\\S*))?$"));
    const QRegularExpressionMatch match = form.match(text);
    NamedEntity read;
    if (!match.hasMatch() || !readKeys(match.captured(2), read.entity.idKeys, read.attributes) || read.entity.idKeys.isEmpty() ||
        !readKeys(match.captured(3), read.entity.descriptionKeys, read.attributes))
        return std::nullopt;
    read.entity.type = match.captured(1);
    read.entity.schemaUrl = match.captured(4);
    return read;
}

} // namespace

QList<NamedEntity> readEntities(QStringView text, QStringList& broken)
{
    QList<NamedEntity> entities;
    int number = 0;
    for (const QStringView part : text.split(QLatin1Char(';'))) {
        ++number;
        const QString one = part.trimmed().toString();
        if (one.isEmpty())
            continue;
        if (auto entity = readEntity(one))
            entities.append(*entity);
        else
            broken.append(QStringLiteral("expected type{id=value}[description=value]@schema with percent-encoding; number %1 "
                                         "cannot be read and is ignored")
                              .arg(number));
    }
    return entities;
}

} // namespace oriel::config
