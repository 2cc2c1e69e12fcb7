// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "mcp/capabilities.h"
#include "mcp/revision.h"

#include <QByteArray>
#include <QList>

#include <optional>
#include <span>

namespace oriel::mcp {

/// `clientInfo` and `serverInfo`. `other` keeps icons, websiteUrl, description and what later revisions add.
struct Implementation {
    QByteArray name;
    QByteArray title;
    QByteArray version;
    RawMembers other;

    [[nodiscard]] static Implementation parse(const json::Value& object);
    void write(json::Writer& writer) const;
    bool operator==(const Implementation&) const = default;
};

/// `params` of `initialize`.
struct InitializeParams {
    QByteArray protocolVersion; ///< as asked for, possibly unknown to us
    ClientCapabilities capabilities;
    Implementation clientInfo;

    /// `params` is the object; errors name the member that is missing or of the wrong kind.
    [[nodiscard]] static Result<InitializeParams> parse(const json::Value& params);
    [[nodiscard]] QByteArray toJson() const;
};

/// `result` of `initialize`.
struct InitializeResult {
    QByteArray protocolVersion;
    ServerCapabilities capabilities;
    Implementation serverInfo;
    QByteArray instructions;  ///< empty: none
    QByteArray orielInstance; ///< `_meta["oriel/instance"]`: which Oriel answers; empty: it is none

    [[nodiscard]] static Result<InitializeResult> parse(const json::Value& result);
    [[nodiscard]] QByteArray toJson() const;
};

/// `result` of `server/discover` (2026-07-28).
struct DiscoverResult {
    QList<QByteArray> supportedVersions;
    ServerCapabilities capabilities;
    Implementation serverInfo; ///< from `_meta["io.modelcontextprotocol/serverInfo"]`
    QByteArray instructions;
    std::int64_t ttlMs = 0;
    bool isPublic = false;    ///< cacheScope
    QByteArray orielInstance; ///< as in InitializeResult

    [[nodiscard]] static Result<DiscoverResult> parse(const json::Value& result);
    [[nodiscard]] QByteArray toJson() const;
};

/// The version a server answers `initialize` with: the requested one if it is a legacy revision we speak, else the newest legacy
/// one (2025-11-25 basic/lifecycle, "Version Negotiation"; 2026-07-28 has no handshake, so it is never the answer).
[[nodiscard]] Revision negotiate(QByteArrayView requested);
/// The newest of a server's versions that Oriel speaks, of either era; nothing when there is none.
[[nodiscard]] std::optional<Revision> newestCommon(const QList<QByteArray>& versions);
/// `data` of that error: the stateless versions that Oriel speaks, and what was asked for.
[[nodiscard]] QByteArray unsupportedVersionData(QByteArrayView requested);
/// `data.supported` of an UnsupportedProtocolVersion error; empty when it is not there.
[[nodiscard]] QList<QByteArray> supportedVersionsOf(const json::Value& errorData);
/// The revision for a server's answer, or an error that names both sides' versions.
[[nodiscard]] Result<Revision> acceptAnswer(QByteArrayView answered);

} // namespace oriel::mcp
