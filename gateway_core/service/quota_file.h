// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "gateway/admission/limit_use.h"

#include <QList>
#include <QString>

namespace oriel::service {

/// What was used of quotas, in a small file, so that a restart does not give everybody a new day. A crash costs what was used
/// since the last write, some seconds. Used on one thread at a time that may wait for the disk.
class QuotaFile {
public:
    explicit QuotaFile(QString path) : m_path(std::move(path)) {}

    /// A missing or broken file is an empty one: it is no reason not to start.
    QList<gateway::QuotaUse> read();
    /// Replaces the file, if there is something new.
    Status write(const QList<gateway::QuotaUse>& quotas);

private:
    QString m_path;
    QByteArray m_written;
};

} // namespace oriel::service
