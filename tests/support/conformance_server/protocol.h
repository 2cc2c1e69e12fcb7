// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mcp/errors.h"
#include "mcp/revision.h"

#include <QJsonArray>
#include <QJsonObject>
#include <QJsonValue>
#include <QString>
#include <QStringList>

#include <optional>

/// The conformance server: an MCP server of either era that does what the official suites ask of one. It reads and writes JSON
/// with Qt alone, so that a mistake of Oriel's own codec cannot hide by being made on both sides.
namespace oriel::conformance {

using mcp::Revision;
namespace error_code = mcp::error_code;
using namespace Qt::StringLiterals;

namespace meta {
inline constexpr QLatin1StringView ProtocolVersion{"io.modelcontextprotocol/protocolVersion"};
inline constexpr QLatin1StringView ClientCapabilities{"io.modelcontextprotocol/clientCapabilities"};
inline constexpr QLatin1StringView ServerInfo{"io.modelcontextprotocol/serverInfo"};
inline constexpr QLatin1StringView LogLevel{"io.modelcontextprotocol/logLevel"};
inline constexpr QLatin1StringView SubscriptionId{"io.modelcontextprotocol/subscriptionId"};
inline constexpr QLatin1StringView RelatedTask{"io.modelcontextprotocol/related-task"};
} // namespace meta

inline constexpr QLatin1StringView TasksExtension{"io.modelcontextprotocol/tasks"};

/// A JSON-RPC error; `httpStatus` is what Streamable HTTP of 2026-07-28 answers with it.
struct RpcError {
    int code = error_code::InternalError;
    QString message;
    QJsonValue data = QJsonValue::Undefined;
    int httpStatus = 200;
};

[[nodiscard]] RpcError invalidParams(const QString& message, const QJsonValue& data = QJsonValue::Undefined);
/// `capabilities` is shaped like ClientCapabilities: what the client would have had to declare.
[[nodiscard]] RpcError missingCapability(const QJsonObject& capabilities);

/// Which revisions a server speaks: one, or all of them.
class Eras {
public:
    explicit Eras(std::optional<Revision> only) : m_only(only) {}
    /// "2025-11-25" and the like or "dual"; nothing for other text.
    [[nodiscard]] static std::optional<Eras> fromText(const QString& text);

    [[nodiscard]] bool hasModern() const { return !m_only || mcp::isModern(*m_only); }
    [[nodiscard]] bool hasLegacy() const { return !m_only || mcp::isLegacy(*m_only); }
    [[nodiscard]] bool has(Revision revision) const { return !m_only || *m_only == revision; }
    /// Newest first.
    [[nodiscard]] QStringList modernVersions() const;
    [[nodiscard]] QStringList versions() const;
    /// What `initialize` answers: the requested legacy revision if it is spoken here, else the newest that is.
    [[nodiscard]] Revision negotiated(const QString& requested) const;
    [[nodiscard]] Revision newest() const { return m_only.value_or(mcp::NewestModern); }

private:
    std::optional<Revision> m_only;
};

[[nodiscard]] QString versionText(Revision revision);

/// The object that `text` is; for constants of this program.
[[nodiscard]] QJsonObject json(const char* text);
[[nodiscard]] QByteArray compact(const QJsonObject& object);
[[nodiscard]] QString compactText(const QJsonObject& object);

[[nodiscard]] QJsonObject resultMessage(const QJsonValue& id, const QJsonObject& result);
/// Without a member `id` if `id` is undefined.
[[nodiscard]] QJsonObject errorMessage(const QJsonValue& id, const RpcError& error);
[[nodiscard]] QJsonObject requestMessage(const QJsonValue& id, const QString& method, const QJsonObject& params);
[[nodiscard]] QJsonObject notificationMessage(const QString& method, const QJsonObject& params = {});
/// What stands for the id of a request whose id could not be read: absent since 2025-11-25, null before.
[[nodiscard]] QJsonValue unknownId(Revision revision);

enum class MessageKind { Request, Notification, Response, Invalid };
/// What a decoded JSON value is by JSON-RPC 2.0 and MCP (an id is a string or an integer).
[[nodiscard]] MessageKind kindOf(const QJsonValue& message);
/// A key for maps in which 1 and "1" differ.
[[nodiscard]] QString idKey(const QJsonValue& id);

[[nodiscard]] QJsonObject textContent(const QString& text);
/// A tool's result of one text.
[[nodiscard]] QJsonObject textResult(const QString& text, bool isError = false);

} // namespace oriel::conformance
