// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/entity.h"
#include "config/environment/key_values.h"

namespace oriel::config {

/// An entity and the attributes that its keys name.
struct NamedEntity {
    Entity entity;
    KeyValues attributes;
};

/// Reads OTEL_ENTITIES (specification, entities, in development): `type{id=…,…}[description=…,…]@schema-url`, several with `;`;
/// description and schema may be absent, values are percent-encoded. One broken entity does not harm the others: `broken` gets a
/// sentence for each that tells which one it is, never a value.
QList<NamedEntity> readEntities(QStringView text, QStringList& broken);

} // namespace oriel::config
