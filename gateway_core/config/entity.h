// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>

namespace oriel::config {

/// One of the things that the resource is made of: which of its attributes identify it, and which describe it.
struct Entity {
    QString type;
    QStringList idKeys;
    QStringList descriptionKeys;
    QString schemaUrl;
    bool operator==(const Entity&) const = default;
};

} // namespace oriel::config
