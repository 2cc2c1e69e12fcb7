// SPDX-License-Identifier: GPL-3.0-or-later
#include "vault/passphrase.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <optional>

#ifdef Q_OS_UNIX
#include <unistd.h>
#endif

using namespace oriel;
using namespace oriel::vault;

namespace {

Result<QByteArray> ask(const PassphrasePrompt& prompt, int attempt = 1)
{
    std::optional<Result<QByteArray>> answer;
    prompt({.purpose = PassphraseRequest::Purpose::Unlock, .attempt = attempt},
           [&answer](const Result<SecretBuffer>& passphrase) {
               if (passphrase)
                   answer = passphrase->view().toByteArray();
               else
                   answer = fail(passphrase.error());
           });
    return answer.value();
}

} // namespace

class PassphraseTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theFirstLineOfAFileIsThePassphrase()
    {
        const QString path = write("correct horse \r\nsecond line\n");
        QCOMPARE(ask(passphraseFromFile(path)).value(), QByteArray("correct horse "));
    }
    void aWrongPassphraseInAFileIsNotTriedAgain()
    {
        const QString path = write("correct horse\n");
        QCOMPARE(ask(passphraseFromFile(path), 2).error().code, ErrorCode::Unauthenticated);
    }
    void emptyMissingAndEndlessFilesAreRefused()
    {
        QCOMPARE(ask(passphraseFromFile(write("\n"))).error().code, ErrorCode::InvalidArgument);
        QCOMPARE(ask(passphraseFromFile(write(QByteArray(5000, 'x')))).error().code, ErrorCode::TooLarge);
        QCOMPARE(ask(passphraseFromFile(m_folder.filePath(QStringLiteral("none")))).error().code, ErrorCode::Io);
    }
#ifdef Q_OS_UNIX
    void aFileThatOthersCanReadIsRefused()
    {
        const QString path = write("correct horse\n");
        QVERIFY(QFile::setPermissions(path, QFile::ReadOwner | QFile::WriteOwner | QFile::ReadGroup));
        const auto answer = ask(passphraseFromFile(path));
        QCOMPARE(answer.error().code, ErrorCode::PermissionDenied);
        QVERIFY(answer.error().remedy.contains(QStringLiteral("600")));
    }
    void aDescriptorIsReadOnceAndClosed()
    {
        int ends[2];
        QCOMPARE(::pipe(ends), 0);
        QCOMPARE(::write(ends[1], "correct horse\n", 14), 14);
        ::close(ends[1]);
        const PassphrasePrompt prompt = passphraseFromDescriptor(ends[0]);
        QCOMPARE(ask(prompt).value(), QByteArray("correct horse"));
        QCOMPARE(ask(prompt).error().code, ErrorCode::Unauthenticated);
        QCOMPARE(::close(ends[0]), -1);
    }
    void aClosedDescriptorIsAnError()
    {
        QCOMPARE(ask(passphraseFromDescriptor(987)).error().code, ErrorCode::InvalidArgument);
    }
#endif

private:
    QString write(const QByteArray& bytes)
    {
        const QString path = m_folder.filePath(QStringLiteral("passphrase-%1").arg(++m_files));
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size() ||
            !file.setPermissions(QFile::ReadOwner | QFile::WriteOwner))
            qFatal("cannot write the test's file");
        return path;
    }
    QTemporaryDir m_folder;
    int m_files = 0;
};

QTEST_GUILESS_MAIN(PassphraseTest)
#include "tst_passphrase.moc"
