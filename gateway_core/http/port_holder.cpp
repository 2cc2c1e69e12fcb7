// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/port_holder.h"

#include <QByteArray>
#include <QDir>
#include <QFile>
#include <QSet>

#include <algorithm>
#include <array>
#include <cstring>

namespace oriel::http {

namespace {

#ifdef Q_OS_LINUX
/// As the tables write it: words of the network order, each as a number of this machine.
template <std::size_t Size> QByteArray tableAddress(const std::array<unsigned char, Size>& bytes)
{
    QByteArray text;
    for (std::size_t i = 0; i < Size; i += sizeof(quint32)) {
        quint32 word = 0;
        std::memcpy(&word, bytes.data() + i, sizeof word);
        text += QByteArray::number(word, 16).toUpper().rightJustified(8, '0');
    }
    return text;
}

QByteArray tableAddress(const QHostAddress& address)
{
    if (address.protocol() == QAbstractSocket::IPv4Protocol) {
        const quint32 number = address.toIPv4Address();
        return tableAddress<4>({static_cast<unsigned char>(number >> 24U), static_cast<unsigned char>(number >> 16U),
                                static_cast<unsigned char>(number >> 8U), static_cast<unsigned char>(number)});
    }
    const Q_IPV6ADDR number = address.toIPv6Address();
    std::array<unsigned char, 16> bytes{};
    std::memcpy(bytes.data(), &number, bytes.size());
    return tableAddress(bytes);
}

QSet<QByteArray> listeningInodes(const QHostAddress& address, quint16 port)
{
    QSet<QByteArray> inodes;
    const QByteArray suffix = ':' + QByteArray::number(port, 16).toUpper().rightJustified(4, '0');
    const std::array places{tableAddress(address) + suffix, QByteArray(8, '0') + suffix, QByteArray(32, '0') + suffix};
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
            if (columns.size() > inode && std::find(places.begin(), places.end(), columns[local]) != places.end() &&
                columns[state] == "0A")
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

QString portHolder([[maybe_unused]] const QHostAddress& address, [[maybe_unused]] quint16 port)
{
#ifdef Q_OS_LINUX
    const QSet<QByteArray> inodes = listeningInodes(address, port);
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

Error portInUse(const QHostAddress& address, quint16 port)
{
    const QString holder = portHolder(address, port);
    return {ErrorCode::AlreadyExists,
            holder.isEmpty() ? QStringLiteral("Port %1 is in use").arg(port)
                             : QStringLiteral("Port %1 is in use by %2").arg(port).arg(holder),
            QStringLiteral("%1:%2").arg(address.toString()).arg(port),
            QStringLiteral("End that program or choose another port.")};
}

} // namespace oriel::http
