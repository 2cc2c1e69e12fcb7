// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/auth/client_tls.h"

#include <QFile>
#include <QSslCertificate>
#include <QSslKey>

namespace oriel::otlp {

namespace {

Result<QByteArray> readFile(const QString& path, const QString& what)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly)) {
        return fail(ErrorCode::Io, QStringLiteral("the %1 cannot be read: %2").arg(what, file.errorString()), path,
                    QStringLiteral("Check the path and its permissions."));
    }
    return file.readAll();
}

} // namespace

Result<QSslConfiguration> clientTls(const config::Destination& destination)
{
    QSslConfiguration tls = QSslConfiguration::defaultConfiguration();
    if (!destination.caFile.isEmpty()) {
        const auto pem = readFile(destination.caFile, QStringLiteral("certificate file"));
        if (!pem)
            return fail(pem.error());
        const QList<QSslCertificate> certificates = QSslCertificate::fromData(*pem, QSsl::Pem);
        if (certificates.isEmpty()) {
            return fail(ErrorCode::Parse, QStringLiteral("the certificate file holds no PEM certificate"), destination.caFile,
                        QStringLiteral("Give the certificate of the backend's authority in PEM form."));
        }
        tls.setCaCertificates(certificates);
    }
    if (destination.certFile.isEmpty() && destination.keyFile.isEmpty())
        return tls;
    const auto certificate = readFile(destination.certFile, QStringLiteral("client certificate"));
    if (!certificate)
        return fail(certificate.error());
    const auto keyText = readFile(destination.keyFile, QStringLiteral("client key"));
    if (!keyText)
        return fail(keyText.error());
    const QList<QSslCertificate> chain = QSslCertificate::fromData(*certificate, QSsl::Pem);
    QSslKey key(*keyText, QSsl::Rsa);
    if (key.isNull())
        key = QSslKey(*keyText, QSsl::Ec);
    if (chain.isEmpty() || key.isNull()) {
        return fail(ErrorCode::Parse, QStringLiteral("the client certificate or its key is not PEM"),
                    chain.isEmpty() ? destination.certFile : destination.keyFile,
                    QStringLiteral("RSA and EC keys without a passphrase are read."));
    }
    tls.setLocalCertificateChain(chain);
    tls.setPrivateKey(key);
    return tls;
}

} // namespace oriel::otlp
