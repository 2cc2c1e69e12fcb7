// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/received/passing_mark.h"

#include "base/ids.h"

#include <QFile>
#include <QSaveFile>

namespace oriel::service {

PassingMark passingMark(const QString& path, Random& random)
{
    constexpr qint64 kMostBytes = 64;
    PassingMark made;
    QFile file(path);
    if (file.open(QIODevice::ReadOnly)) {
        if (const auto kept = SpanId::fromHex(file.read(kMostBytes).trimmed()))
            return {kept->toHex(), {}};
        made.problem =
            QStringLiteral("%1 is damaged. It is made anew, so backends may see what is passed on as new series.").arg(path);
    }
    file.close();
    made.mark = SpanId::generate(random).toHex();
    QSaveFile fresh(path);
    const bool kept = fresh.open(QIODevice::WriteOnly) &&
                      fresh.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner) &&
                      fresh.write(made.mark + '\n') > 0 && fresh.commit();
    if (!kept)
        made.problem = QStringLiteral("%1 cannot be written: %2. Until it can, each start marks what it passes on anew.")
                           .arg(path, fresh.errorString());
    return made;
}

} // namespace oriel::service
