// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/auth/sigv4.h"

#include <QCryptographicHash>
#include <QDateTime>
#include <QTimeZone>
#include <QUrlQuery>

#include <algorithm>
#include <array>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace oriel::otlp {

namespace {

QByteArray hmac(const QByteArray& key, const QByteArray& data)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned int size = 0;
    HMAC(EVP_sha256(), key.constData(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(data.constData()),
         static_cast<std::size_t>(data.size()), out.data(), &size);
    return {reinterpret_cast<const char*>(out.data()), static_cast<qsizetype>(size)};
}

QByteArray hexHash(const QByteArray& data)
{
    return QCryptographicHash::hash(data, QCryptographicHash::Sha256).toHex();
}

QByteArray encoded(const QString& text)
{
    return text.toUtf8().toPercentEncoding();
}

QByteArray hostOf(const QUrl& url)
{
    QByteArray host = url.host(QUrl::FullyEncoded).toLatin1();
    if (host.contains(':') && !host.startsWith('['))
        host = '[' + host + ']';
    const int usual = url.scheme() == QLatin1StringView("https") ? 443 : 80;
    return url.port(usual) == usual ? host : host + ':' + QByteArray::number(url.port());
}

QByteArray canonicalPath(const QUrl& url)
{
    const QByteArray path = url.path(QUrl::FullyEncoded).toLatin1();
    return path.isEmpty() ? QByteArray("/") : path.toPercentEncoding("/");
}

QByteArray canonicalQuery(const QUrl& url)
{
    std::vector<std::pair<QByteArray, QByteArray>> items;
    for (const auto& [name, value] : QUrlQuery(url).queryItems(QUrl::FullyDecoded))
        items.emplace_back(encoded(name), encoded(value));
    std::sort(items.begin(), items.end());
    QByteArray out;
    for (const auto& [name, value] : items)
        out += (out.isEmpty() ? "" : "&") + name + '=' + value;
    return out;
}

/// Names in lower case and in order, values trimmed with single spaces.
RequestHeaders canonicalHeaders(const RequestHeaders& headers)
{
    RequestHeaders canonical;
    for (const auto& [name, value] : headers)
        canonical.append({name.toLower(), value.simplified()});
    std::sort(canonical.begin(), canonical.end());
    return canonical;
}

} // namespace

RequestHeaders sigV4Headers(const SigV4Request& request, const SigV4Credentials& credentials, const SigV4Scope& scope,
                            std::int64_t unixNs)
{
    const QDateTime now = QDateTime::fromMSecsSinceEpoch(unixNs / 1'000'000, QTimeZone::utc());
    const QByteArray time = now.toString(QStringLiteral("yyyyMMdd'T'HHmmss'Z'")).toLatin1();
    const QByteArray date = time.first(8);
    RequestHeaders added{{"Host", hostOf(request.url)}, {"X-Amz-Date", time}};
    if (!credentials.sessionToken.isEmpty())
        added.append({"X-Amz-Security-Token", credentials.sessionToken});

    QByteArray headerLines;
    QByteArray signedNames;
    for (const auto& [name, value] : canonicalHeaders(request.headers + added)) {
        headerLines += name + ':' + value + '\n';
        signedNames += (signedNames.isEmpty() ? "" : ";") + name;
    }
    const QByteArray canonical = request.method + '\n' + canonicalPath(request.url) + '\n' + canonicalQuery(request.url) + '\n' +
                                 headerLines + '\n' + signedNames + '\n' + hexHash(request.body);
    const QByteArray credentialScope = date + '/' + scope.region + '/' + scope.service + "/aws4_request";
    const QByteArray toSign = "AWS4-HMAC-SHA256\n" + time + '\n' + credentialScope + '\n' + hexHash(canonical);
    QByteArray key = hmac("AWS4" + credentials.secretAccessKey, date);
    for (const QByteArray& part : {scope.region, scope.service, QByteArray("aws4_request")})
        key = hmac(key, part);
    added.append({"Authorization", "AWS4-HMAC-SHA256 Credential=" + credentials.accessKeyId + '/' + credentialScope +
                                       ", SignedHeaders=" + signedNames + ", Signature=" + hmac(key, toSign).toHex()});
    return added;
}

} // namespace oriel::otlp
