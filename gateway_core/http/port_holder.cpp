// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/port_holder.h"

#include <QByteArray>
#include <QDir>
#include <QFile>
#include <QSet>

namespace oriel::http {

namespace {

#ifdef Q_OS_LINUX
QSet<QByteArray> listeningInodes(quint16 port)
{
    QSet<QByteArray> inodes;
    const QByteArray suffix = ':' + QByteArray::number(port, 16).toUpper().rightJustified(4, '0');
    for (const QString& table : {QStringLiteral("/proc/net/tcp"), QStringLiteral("/proc/net/tcp6")}) {
        QFile file(table);
        if (!file.open(QIODevice::ReadOnly))
            continue;
        const QList<QByteArray> lines = file.readAll().split('\n');
        for (const QByteArray& line : lines) {
            const QList<QByteArray> columns = line.simplified().split(' ');
            constexpr qsizetype local = 1;
            constexpr qsizetype state = 3;
            constexpr qsizetype inode = 9;
            if (columns.size() > inode && columns[local].endsWith(suffix) && columns[state] == "0A")
                inodes.insert("socket:[" + columns[inode] + ']');
        }
    }
    return inodes;
}

bool holdsOneOf(const QString& process, const QSet<QByteArray>& inodes)
{
    const QDir descriptors(QStringLiteral("/proc/%1/fd").arg(process));
    const QStringList names = descriptors.entryList(QDir::Files | QDir::System | QDir::Hidden);
    for (const QString& name : names) {
        const QString target = QFile::symLinkTarget(descriptors.filePath(name));
        if (inodes.contains(target.section(u'/', -1).toUtf8()))
            return true;
    }
    return false;
}
#endif

} // namespace

QString portHolder([[maybe_unused]] quint16 port)
{
#ifdef Q_OS_LINUX
    const QSet<QByteArray> inodes = listeningInodes(port);
    if (inodes.isEmpty())
        return {};
    const QStringList processes = QDir(QStringLiteral("/proc")).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    for (const QString& process : processes) {
        bool isNumber = false;
        process.toUInt(&isNumber);
        if (!isNumber || !holdsOneOf(process, inodes))
            continue;
        QFile command(QStringLiteral("/proc/%1/comm").arg(process));
        const QString name =
            command.open(QIODevice::ReadOnly) ? QString::fromUtf8(command.readAll()).trimmed() : QStringLiteral("process");
        return QStringLiteral("%1 (pid %2)").arg(name, process);
    }
    return QStringLiteral("another user's program");
#else
    return {};
#endif
}

} // namespace oriel::http
