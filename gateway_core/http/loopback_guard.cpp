// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/loopback_guard.h"

#include <algorithm>
#include <array>

namespace oriel::http {

namespace {

/// "host", "host:port", "[v6]" or "[v6]:port"; nothing else (no user, no path, no blank).
struct HostPort {
    QByteArrayView host;
    std::optional<quint16> port;
};

std::optional<quint16> parsePort(QByteArrayView digits)
{
    if (digits.isEmpty() || digits.size() > 5)
        return std::nullopt;
    quint32 port = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9')
            return std::nullopt;
        port = port * 10 + static_cast<quint32>(c - '0');
    }
    if (port == 0 || port > 65535)
        return std::nullopt;
    return static_cast<quint16>(port);
}

std::optional<HostPort> splitHostPort(QByteArrayView text)
{
    qsizetype hostEnd = 0;
    if (text.startsWith('[')) {
        hostEnd = text.indexOf(']') + 1;
        if (hostEnd == 0)
            return std::nullopt;
    } else {
        hostEnd = text.indexOf(':');
        if (hostEnd < 0)
            hostEnd = text.size();
    }
    HostPort result{text.first(hostEnd), std::nullopt};
    if (result.host.isEmpty())
        return std::nullopt;
    if (hostEnd == text.size())
        return result;
    if (text[hostEnd] != ':')
        return std::nullopt;
    result.port = parsePort(text.sliced(hostEnd + 1));
    if (!result.port)
        return std::nullopt;
    return result;
}

bool isLoopbackName(QByteArrayView host)
{
    return host == "127.0.0.1" || host == "[::1]" || equalsIgnoringCase(host, "localhost");
}

/// Dotted decimal with exactly four parts and no leading zeros: the only spelling of an IPv4 address that everyone reads alike.
std::optional<quint32> strictIpv4(QStringView text)
{
    quint32 address = 0;
    const auto parts = text.split(u'.');
    if (parts.size() != 4)
        return std::nullopt;
    for (const QStringView part : parts) {
        if (part.isEmpty() || part.size() > 3 || (part.size() > 1 && part.front() == u'0'))
            return std::nullopt;
        quint32 value = 0;
        for (const QChar c : part) {
            if (c < u'0' || c > u'9')
                return std::nullopt;
            value = value * 10 + static_cast<quint32>(c.unicode() - u'0');
        }
        if (value > 255)
            return std::nullopt;
        address = (address << 8) | value;
    }
    return address;
}

} // namespace

bool isLoopback(const QHostAddress& address)
{
    if (address.protocol() == QAbstractSocket::IPv4Protocol)
        return (address.toIPv4Address() >> 24) == 127;
    if (address.protocol() != QAbstractSocket::IPv6Protocol)
        return false;
    const Q_IPV6ADDR bytes = address.toIPv6Address();
    return std::all_of(std::begin(bytes.c), std::end(bytes.c) - 1, [](quint8 b) { return b == 0; }) && bytes.c[15] == 1;
}

Result<QHostAddress> parseListenAddress(QStringView text)
{
    const QStringView host = text.trimmed();
    if (host.compare(u"localhost", Qt::CaseInsensitive) == 0)
        return QHostAddress(QHostAddress::LocalHost);
    if (host == u"::1" || host == u"[::1]")
        return QHostAddress(QHostAddress::LocalHostIPv6);
    if (const std::optional<quint32> v4 = strictIpv4(host); v4 && (*v4 >> 24) == 127)
        return QHostAddress(*v4);
    return fail(ErrorCode::InvalidArgument, QStringLiteral("\"%1\" is not a loopback address").arg(host), {},
                QStringLiteral("Use 127.0.0.1 or ::1; Oriel does not listen on other addresses."));
}

bool isHostAllowed(const Headers& headers, quint16 port, const QList<QByteArray>& extraHosts)
{
    if (headers.count("Host") != 1)
        return false;
    const QByteArrayView value = headers.value("Host");
    if (const auto split = splitHostPort(value); split && isLoopbackName(split->host) && split->port.value_or(80) == port)
        return true;
    return std::any_of(extraHosts.begin(), extraHosts.end(),
                       [&](const QByteArray& extra) { return equalsIgnoringCase(extra, value); });
}

bool isOriginAllowed(const Headers& headers, const QList<QByteArray>& allowedOrigins)
{
    const qsizetype count = headers.count("Origin");
    if (count == 0)
        return true;
    if (count > 1)
        return false;
    const QByteArrayView origin = headers.value("Origin");
    for (const QByteArrayView scheme : {QByteArrayView("http://"), QByteArrayView("https://")}) {
        if (!origin.startsWith(scheme))
            continue;
        if (const auto split = splitHostPort(origin.sliced(scheme.size())); split && isLoopbackName(split->host))
            return true;
    }
    return origin != "null" && std::any_of(allowedOrigins.begin(), allowedOrigins.end(),
                                           [&](const QByteArray& allowed) { return equalsIgnoringCase(allowed, origin); });
}

std::optional<QByteArrayView> bearerToken(const Headers& headers)
{
    constexpr QByteArrayView scheme("Bearer ");
    if (headers.count("Authorization") != 1)
        return std::nullopt;
    const QByteArrayView value = headers.value("Authorization");
    if (value.size() <= scheme.size() || !equalsIgnoringCase(value.first(scheme.size()), scheme))
        return std::nullopt;
    QByteArrayView token = value.sliced(scheme.size());
    while (token.startsWith(' '))
        token = token.sliced(1);
    // b64token: anything else (a blank, a comma, a quote) would be read differently by different parsers.
    const bool valid = std::all_of(token.begin(), token.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               QByteArrayView("-._~+/=").contains(c);
    });
    if (token.isEmpty() || !valid)
        return std::nullopt;
    return token;
}

bool constantTimeEquals(QByteArrayView presented, QByteArrayView expected)
{
    volatile unsigned char difference = presented.size() == expected.size() && !expected.isEmpty() ? 0 : 1;
    for (qsizetype i = 0; i < presented.size(); ++i) {
        const char other = expected.isEmpty() ? '\0' : expected[i % expected.size()];
        difference = static_cast<unsigned char>(difference | static_cast<unsigned char>(presented[i] ^ other));
    }
    return difference == 0;
}

} // namespace oriel::http
