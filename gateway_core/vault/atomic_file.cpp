// SPDX-License-Identifier: GPL-3.0-or-later
#include "vault/atomic_file.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSaveFile>

#ifdef Q_OS_UNIX
#include <fcntl.h>
#include <unistd.h>
#endif

namespace oriel::vault {

namespace {

bool flushFolder(const QString& folder)
{
#ifdef Q_OS_UNIX
    const int descriptor = ::open(QFile::encodeName(folder).constData(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    const bool flushed = ::fsync(descriptor) == 0;
    ::close(descriptor);
    return flushed;
#else
    Q_UNUSED(folder);
    return true; // the rename is journalled with the file on NTFS
#endif
}

} // namespace

Status replaceFile(const QString& path, const QByteArray& bytes)
{
    const auto refuse = [&path](const QString& why) {
        return fail(ErrorCode::Io, QStringLiteral("The file cannot be written: %1.").arg(why), path,
                    QStringLiteral("Check free space and that the folder belongs to you."));
    };
    const QString folder = QFileInfo(path).absolutePath();
    if (!QDir().mkpath(folder))
        return refuse(QStringLiteral("the folder cannot be created"));
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly))
        return refuse(file.errorString());
    // Before the first byte: the temporary file is made with the user's umask.
    if (!file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner))
        return refuse(file.errorString());
    if (file.write(bytes) != bytes.size() || !file.commit())
        return refuse(file.errorString());
    if (!flushFolder(folder))
        return refuse(QStringLiteral("the folder cannot be flushed to disk"));
    return {};
}

Result<QByteArray> readWholeFile(const QString& path, qint64 limit)
{
    QFile file(path);
    if (!file.exists())
        return fail(ErrorCode::NotFound, QStringLiteral("There is no such file."), path);
    if (!file.open(QIODevice::ReadOnly))
        return fail(ErrorCode::Io, QStringLiteral("The file cannot be read: %1.").arg(file.errorString()), path,
                    QStringLiteral("Check that it belongs to you."));
    const QByteArray bytes = file.read(limit + 1);
    if (file.error() != QFileDevice::NoError)
        return fail(ErrorCode::Io, QStringLiteral("The file cannot be read: %1.").arg(file.errorString()), path);
    if (bytes.size() > limit)
        return fail(ErrorCode::TooLarge, QStringLiteral("The file is larger than %1 MiB.").arg(limit / 1024 / 1024), path);
    return bytes;
}

} // namespace oriel::vault
