// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/exporters/endpoint.h"

#include <QHostAddress>

#include <algorithm>

namespace oriel::otlp {

namespace {

QString signalKey(Signal signal)
{
    return QString::fromLatin1(signalName(signal));
}

bool isLoopback(const QString& host)
{
    const QHostAddress address(host.startsWith(QLatin1Char('[')) ? host.sliced(1).chopped(1) : host);
    return host.compare(QLatin1StringView("localhost"), Qt::CaseInsensitive) == 0 ||
           host.endsWith(QLatin1StringView(".localhost"), Qt::CaseInsensitive) || address.isLoopback() ||
           address == QHostAddress::AnyIPv4 || address == QHostAddress::AnyIPv6;
}

Error badEndpoint(const QString& text, const QString& why)
{
    return {ErrorCode::InvalidArgument, QStringLiteral("the endpoint \"%1\" %2").arg(text, why), QString(),
            QStringLiteral("Give a URL such as http://localhost:4318.")};
}

/// Host and port of a gRPC target, as far as it names them.
std::pair<QString, int> hostAndPort(const QString& target)
{
    QString text = target;
    if (const qsizetype scheme = text.indexOf(QLatin1StringView(":///")); scheme >= 0)
        text = text.sliced(scheme + 4);
    const qsizetype colon = text.lastIndexOf(QLatin1Char(':'));
    if (colon < 0 || text.indexOf(QLatin1Char(']'), colon) >= 0)
        return {text, 443};
    return {text.first(colon), text.sliced(colon + 1).toInt()};
}

} // namespace

Result<QUrl> signalUrl(const config::Destination& destination, Signal signal)
{
    const QString own = destination.signalEndpoints.value(signalKey(signal));
    const QString text = own.isEmpty() ? destination.endpoint : own;
    QUrl url(text, QUrl::StrictMode);
    if (!url.isValid() || url.host().isEmpty())
        return fail(badEndpoint(text, QStringLiteral("is not a URL with a host")));
    if (url.scheme() != QLatin1StringView("http") && url.scheme() != QLatin1StringView("https"))
        return fail(badEndpoint(text, QStringLiteral("is neither http nor https")));
    if (!own.isEmpty()) {
        if (url.path().isEmpty())
            url.setPath(QStringLiteral("/"));
        return url;
    }
    QString path = url.path();
    if (!path.endsWith(QLatin1Char('/')))
        path += QLatin1Char('/');
    url.setPath(path + QStringLiteral("v1/") + signalKey(signal));
    return url;
}

Result<GrpcTarget> grpcTarget(const config::Destination& destination, Signal signal)
{
    const QString own = destination.signalEndpoints.value(signalKey(signal));
    const QString text = own.isEmpty() ? destination.endpoint : own;
    if (text.isEmpty())
        return fail(badEndpoint(text, QStringLiteral("is empty")));
    const QUrl url(text, QUrl::StrictMode);
    const bool http = url.scheme() == QLatin1StringView("http");
    const bool https = url.scheme() == QLatin1StringView("https");
    const bool rpc = url.scheme() == QLatin1StringView("rpc");
    if (!http && !https && !rpc)
        return GrpcTarget{text, !destination.insecure};
    if (!url.isValid() || url.host().isEmpty())
        return fail(badEndpoint(text, QStringLiteral("is not a URL with a host")));
    const QString host = url.host().contains(QLatin1Char(':')) ? QLatin1Char('[') + url.host() + QLatin1Char(']') : url.host();
    const int port = url.port(rpc ? 4317 : http ? 80 : 443);
    return GrpcTarget{QStringLiteral("%1:%2").arg(host).arg(port), rpc ? !destination.insecure : https};
}

bool isOwnReceiver(const config::Destination& destination, std::span<const quint16> receiverPorts)
{
    using config::ExportProtocol;
    const bool grpc = destination.protocol == ExportProtocol::Grpc;
    if (!grpc && destination.protocol != ExportProtocol::HttpProtobuf && destination.protocol != ExportProtocol::HttpJson)
        return false;
    return std::any_of(kSignals.begin(), kSignals.end(), [&](Signal signal) {
        QString host;
        int port = 0;
        if (grpc) {
            if (const auto target = grpcTarget(destination, signal))
                std::tie(host, port) = hostAndPort(target->target);
        } else if (const auto url = signalUrl(destination, signal)) {
            host = url->host();
            port = url->port(url->scheme() == QLatin1StringView("https") ? 443 : 80);
        }
        return isLoopback(host) && std::find(receiverPorts.begin(), receiverPorts.end(), port) != receiverPorts.end();
    });
}

Result<QByteArray> resolveSecrets(QStringView text, const SecretResolver& resolver)
{
    constexpr QLatin1StringView kOpen("${vault:");
    QByteArray out;
    while (!text.isEmpty()) {
        const qsizetype begin = text.indexOf(kOpen);
        const qsizetype end = begin < 0 ? -1 : text.indexOf(QLatin1Char('}'), begin);
        if (end < 0)
            break;
        out += text.first(begin).toUtf8();
        const QStringView name = text.sliced(begin + kOpen.size(), end - begin - kOpen.size());
        if (!resolver)
            return fail(ErrorCode::Unavailable, QStringLiteral("there is no vault to read \"%1\" from").arg(name));
        const auto secret = resolver(name);
        if (!secret)
            return fail(secret.error());
        out += *secret;
        text = text.sliced(end + 1);
    }
    return out + text.toUtf8();
}

} // namespace oriel::otlp
