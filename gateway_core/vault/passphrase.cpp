// SPDX-License-Identifier: GPL-3.0-or-later
#include "vault/passphrase.h"

#include <QFile>
#include <QFileInfo>

#include <memory>
#include <optional>

#ifdef Q_OS_UNIX
#include <unistd.h>
#endif

namespace oriel::vault {

namespace {

Result<SecretBuffer> firstLine(QFile& file, const QString& context)
{
    QByteArray line = file.readLine(kMaxPassphraseBytes + 3);
    while (line.endsWith('\n') || line.endsWith('\r'))
        line.chop(1);
    SecretBuffer passphrase = SecretBuffer::taking(std::move(line));
    if (passphrase.isEmpty())
        return fail(ErrorCode::InvalidArgument, QStringLiteral("The first line is empty."), context,
                    QStringLiteral("Put the passphrase there."));
    if (passphrase.size() > kMaxPassphraseBytes)
        return fail(ErrorCode::TooLarge, QStringLiteral("The passphrase is longer than %1 bytes.").arg(kMaxPassphraseBytes),
                    context);
    return passphrase;
}

Status isPrivate(const QString& path)
{
#ifdef Q_OS_UNIX
    const QFileInfo info(path);
    constexpr QFileDevice::Permissions others =
        QFileDevice::ReadGroup | QFileDevice::WriteGroup | QFileDevice::ReadOther | QFileDevice::WriteOther;
    if ((info.permissions() & others) != 0)
        return fail(ErrorCode::PermissionDenied, QStringLiteral("Others can read the passphrase file."), path,
                    QStringLiteral("Run chmod 600 on it."));
    if (info.ownerId() != geteuid())
        return fail(ErrorCode::PermissionDenied, QStringLiteral("The passphrase file belongs to another user."), path);
#else
    Q_UNUSED(path);
#endif
    return {};
}

Result<SecretBuffer> readFile(const QString& path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return fail(ErrorCode::Io, QStringLiteral("The passphrase file cannot be read: %1.").arg(file.errorString()), path);
    if (Status status = isPrivate(path); !status)
        return fail(status.error());
    return firstLine(file, path);
}

Error alreadyTried(const QString& context)
{
    return {ErrorCode::Unauthenticated, QStringLiteral("The passphrase is wrong."), context,
            QStringLiteral("Correct it and start again.")};
}

} // namespace

PassphrasePrompt passphraseFromFile(const QString& path)
{
    return [path](const PassphraseRequest& request, const PassphraseAnswer& answer) {
        answer(request.attempt > 1 ? Result<SecretBuffer>(fail(alreadyTried(path))) : readFile(path));
    };
}

PassphrasePrompt passphraseFromDescriptor(int descriptor)
{
    auto unread = std::make_shared<std::optional<int>>(descriptor);
    return [unread, descriptor](const PassphraseRequest&, const PassphraseAnswer& answer) {
        const QString context = QStringLiteral("file descriptor %1").arg(descriptor);
        if (!*unread)
            return answer(fail(alreadyTried(context)));
        unread->reset();
        QFile file;
        if (!file.open(descriptor, QIODevice::ReadOnly, QFileDevice::AutoCloseHandle))
            return answer(
                fail(ErrorCode::Io, QStringLiteral("The descriptor cannot be read: %1.").arg(file.errorString()), context));
        answer(firstLine(file, context));
    };
}

} // namespace oriel::vault
