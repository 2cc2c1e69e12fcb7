// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/span_data.h"

#include <QMap>
#include <QString>

#include <memory>

namespace oriel::telemetry {

struct ResourceOptions {
    QString serviceName = QStringLiteral("oriel");
    QString serviceVersion;       ///< empty: Oriel's version
    QByteArray serviceInstanceId; ///< stable for one run
    QString environment;          ///< deployment.environment.name and its old name; empty: none
    QString job;                  ///< empty: the service's name
    QByteArray revision;          ///< vcs.revision; empty: left out
    /// Of the configuration and OTEL_RESOURCE_ATTRIBUTES: they win over what is detected, `serviceName` over a `service.name`
    /// here, and nothing over `telemetry.sdk.*`, which say who made the telemetry.
    QMap<QString, QString> attributes;
    Attributes typedAttributes;      ///< the same of other types than text; they win over `attributes`
    std::vector<EntityRef> entities; ///< what the attributes identify
};

/// The Resource of everything that Oriel itself produces.
std::shared_ptr<const Resource> makeResource(const ResourceOptions& options);

/// The scope of Oriel's own spans, logs and metrics.
std::shared_ptr<const Scope> orielScope();

} // namespace oriel::telemetry
