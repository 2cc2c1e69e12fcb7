// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "config/model.h"

#include <QByteArray>
#include <QList>
#include <QString>
#include <QStringList>

namespace oriel {
class Random;
}

namespace oriel::service {

/// What the hand-over kit takes from a configuration.
struct StackSettings {
    QByteArray metricPrefix; ///< "mcp_gateway_": the namespace as it stands before the names in Prometheus
    quint16 gatewayPort = 7420;
    int metricDays = 15;
    int logDays = 7;
    int traceDays = 7;
};
/// `port` is the one that the gateway answers on when it runs; 0: the configured one, or the default where that is 0 too.
StackSettings stackSettings(const config::Config& configuration, quint16 port);

/// One file of the kit; `path` is relative to its folder.
struct StackFile {
    QString path;
    QByteArray content;
    bool isSecret = false; ///< mode 0600, and kept when it is there
};

/// The hand-over kit (X6): Collector, Prometheus with alert rules, Grafana, Loki, Tempo and Jaeger for what Oriel emits, from the
/// templates in resources/stack. `random` makes the password of Grafana's administrator.
QList<StackFile> stackFiles(const StackSettings& settings, Random& random);

/// What writeStack did.
struct StackWritten {
    QStringList written; ///< paths as given
    QStringList kept;    ///< secrets that were there
};
/// Writes the files below `directory`, which is made when it is not there: then all files appear at once or none does. In one
/// that is there each file is replaced as a whole; files that do not belong to the kit stay. Errors: AlreadyExists when a file is
/// there and `force` is not set (nothing is written), Io.
Result<StackWritten> writeStack(const QString& directory, const QList<StackFile>& files, bool force);

} // namespace oriel::service
