// SPDX-License-Identifier: GPL-3.0-or-later
#include "oauth/url_rules.h"

#include <algorithm>
#include <array>

namespace oriel::oauth {

namespace {

struct Range {
    const char* base;
    int prefix;
    Reach reach;
};

constexpr std::array kRanges4 = {
    Range{"0.0.0.0", 8, Reach::Loopback},    Range{"127.0.0.0", 8, Reach::Loopback},  Range{"169.254.0.0", 16, Reach::LinkLocal},
    Range{"10.0.0.0", 8, Reach::Private},    Range{"172.16.0.0", 12, Reach::Private}, Range{"192.168.0.0", 16, Reach::Private},
    Range{"100.64.0.0", 10, Reach::Private}, Range{"192.0.0.0", 24, Reach::Private},  Range{"198.18.0.0", 15, Reach::Private},
    Range{"224.0.0.0", 4, Reach::Loopback},  Range{"240.0.0.0", 4, Reach::Loopback},
};

constexpr std::array kRanges6 = {
    Range{"::", 128, Reach::Loopback},  Range{"::1", 128, Reach::Loopback},  Range{"fe80::", 10, Reach::LinkLocal},
    Range{"fc00::", 7, Reach::Private}, Range{"fec0::", 10, Reach::Private}, Range{"ff00::", 8, Reach::Loopback},
};

template <std::size_t Count> Reach find(const std::array<Range, Count>& ranges, const QHostAddress& address)
{
    for (const Range& range : ranges) {
        if (address.isInSubnet(QHostAddress(QLatin1StringView(range.base)), range.prefix))
            return range.reach;
    }
    return Reach::Public;
}

QHostAddress ipv4At(const Q_IPV6ADDR& bytes, int offset)
{
    quint32 address = 0;
    for (int i = 0; i < 4; ++i)
        address = (address << 8U) | bytes[offset + i];
    return QHostAddress(address);
}

/// The IPv4 address that an IPv6 one stands for; null when none.
QHostAddress carried(const QHostAddress& address)
{
    bool mapped = false;
    const quint32 ipv4 = address.toIPv4Address(&mapped);
    if (mapped)
        return QHostAddress(ipv4);
    const Q_IPV6ADDR bytes = address.toIPv6Address();
    if (address.isInSubnet(QHostAddress(QStringLiteral("2002::")), 16))
        return ipv4At(bytes, 2);
    if (address.isInSubnet(QHostAddress(QStringLiteral("64:ff9b::")), 96))
        return ipv4At(bytes, 12);
    return {};
}

bool isLocalName(const QString& host)
{
    const QString name = host.endsWith(u'.') ? host.chopped(1) : host;
    return name == QLatin1StringView("localhost") || name.endsWith(QLatin1StringView(".localhost"));
}

tl::unexpected<Error> refused(const QString& what, const char* why, const QUrl& url)
{
    return fail(ErrorCode::InvalidArgument, QStringLiteral("%1 is refused: %2").arg(what, QLatin1StringView(why)),
                displayUrl(url), QStringLiteral("Tell the operator of the server."));
}

QString pathOf(const QUrl& url)
{
    QString path = url.path(QUrl::FullyEncoded);
    while (path.endsWith(u'/'))
        path.chop(1);
    return path;
}

} // namespace

Reach reachOf(const QHostAddress& address)
{
    if (address.isNull())
        return Reach::Loopback;
    if (address.protocol() == QAbstractSocket::IPv4Protocol)
        return find(kRanges4, address);
    const QHostAddress inner = carried(address);
    return std::max(find(kRanges6, address), inner.isNull() ? Reach::Public : find(kRanges4, inner));
}

Reach reachOf(const QUrl& url)
{
    const QString host = url.host(QUrl::FullyEncoded).toLower();
    if (isLocalName(host))
        return Reach::Loopback;
    const QHostAddress address(host);
    return address.isNull() ? Reach::Public : reachOf(address);
}

Result<QUrl> checkedUrl(const QUrl& url, Reach limit, const QString& what)
{
    if (!url.isValid() || url.isRelative() || url.host().isEmpty())
        return refused(what, "it is no complete web address", url);
    const QString scheme = url.scheme();
    if (scheme != QLatin1StringView("https") && scheme != QLatin1StringView("http"))
        return refused(what, "only https addresses are used for signing in", url);
    if (!url.userInfo().isEmpty() || url.authority().contains(u'@'))
        return refused(what, "it carries a user name or password", url);
    if (url.hasFragment())
        return refused(what, "it has a fragment", url);
    const Reach reach = reachOf(url);
    if (scheme == QLatin1StringView("http") && reach != Reach::Loopback)
        return refused(what, "signing in needs https; plain http is only for this computer", url);
    if (reach > limit) {
        return fail(
            ErrorCode::PermissionDenied,
            QStringLiteral("%1 is refused: it lies in a private network or on this computer, and the server does not").arg(what),
            displayUrl(url), QStringLiteral("Use this server only if you trust it; tell its operator."));
    }
    return url;
}

Result<QUrl> checkedUrl(QByteArrayView text, Reach limit, const QString& what)
{
    if (text.size() > kMaxUrlBytes)
        return fail(ErrorCode::TooLarge, QStringLiteral("%1 is refused: its address is too long").arg(what));
    const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
    const QUrl url = printable ? QUrl(QString::fromLatin1(text), QUrl::StrictMode) : QUrl();
    return checkedUrl(url, limit, what);
}

QByteArray originOf(const QUrl& url)
{
    QUrl origin;
    origin.setScheme(url.scheme().toLower());
    origin.setHost(url.host());
    const int usual = origin.scheme() == QLatin1StringView("https") ? 443 : 80;
    if (url.port(usual) != usual)
        origin.setPort(url.port());
    return origin.toEncoded();
}

QByteArray canonicalResource(const QUrl& server)
{
    QByteArray resource = originOf(server);
    const QByteArray path = server.path(QUrl::FullyEncoded).toLatin1();
    if (path != "/")
        resource += path;
    if (server.hasQuery())
        resource += '?' + server.query(QUrl::FullyEncoded).toLatin1();
    return resource;
}

bool resourceCovers(const QUrl& resource, const QUrl& server)
{
    if (originOf(resource) != originOf(server))
        return false;
    const QString outer = pathOf(resource);
    return outer == pathOf(server) || pathOf(server).startsWith(outer + u'/');
}

QString displayUrl(const QUrl& url)
{
    return url.toDisplayString(QUrl::RemoveUserInfo | QUrl::RemoveQuery | QUrl::RemoveFragment).left(300);
}

} // namespace oriel::oauth
