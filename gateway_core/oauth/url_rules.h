// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <QByteArrayView>
#include <QHostAddress>
#include <QUrl>

/// Which addresses sign-in may talk to (MCP Security Best Practices, "Server-Side Request Forgery" and "OAuth Authorization URL
/// Validation"). A server's documents name the URLs we fetch, so they must not reach further into the network than the server
/// itself does. Pure functions.
namespace oriel::oauth {

inline constexpr qsizetype kMaxUrlBytes = 4096;

/// How near an address is; a nearer one is never reached on the word of a farther one.
enum class Reach : quint8 {
    Public,
    Private,   ///< 10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7 and other ranges that are not routed
    LinkLocal, ///< 169.254/16 (metadata services of clouds), fe80::/10
    Loopback   ///< 127/8, ::1, and the wildcard addresses, which the system takes for its own
};

/// IPv4 addresses inside IPv6 ones (mapped, 6to4, NAT64) count as what they carry. Multicast and reserved ranges: Loopback.
[[nodiscard]] Reach reachOf(const QHostAddress& address);
/// Of a URL's host: an address literal, or `localhost` and its subdomains; every other name is Public until it is connected to.
[[nodiscard]] Reach reachOf(const QUrl& url);

/// Reads a URL that a peer named. Refused (InvalidArgument): anything but https, or http to a loopback host; user information, a
/// fragment, more than 4096 bytes, no host. PermissionDenied: a host nearer than `limit`. `what` names it in the message, e.g.
/// "the token endpoint".
[[nodiscard]] Result<QUrl> checkedUrl(QByteArrayView text, Reach limit, const QString& what);
[[nodiscard]] Result<QUrl> checkedUrl(const QUrl& url, Reach limit, const QString& what);

/// The resource indicator of a server (RFC 8707 §2, MCP "Canonical Server URI"): lower-case scheme and host, no fragment, no
/// default port, no lone trailing slash.
[[nodiscard]] QByteArray canonicalResource(const QUrl& server);
/// "https://host[:port]".
[[nodiscard]] QByteArray originOf(const QUrl& url);
/// True if a document about `resource` may speak for `server`: the same origin, and its path a prefix by whole segments.
[[nodiscard]] bool resourceCovers(const QUrl& resource, const QUrl& server);

/// For messages: without user information, query and fragment.
[[nodiscard]] QString displayUrl(const QUrl& url);

} // namespace oriel::oauth
