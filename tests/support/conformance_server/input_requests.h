// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "protocol.h"

namespace oriel::conformance {

/// Requests of the server to the client, as they stand in `inputRequests` (2026-07-28) and, method and params, as messages of the
/// server's own (legacy).
[[nodiscard]] QJsonObject formElicitation(const QString& message, const QJsonObject& properties, const QStringList& required);
/// `elicitationId` is of 2025-11-25 only; empty leaves it out.
[[nodiscard]] QJsonObject urlElicitation(const QString& message, const QString& url, const QString& elicitationId);
[[nodiscard]] QJsonObject samplingRequest(const QString& prompt, int maxTokens);
[[nodiscard]] QJsonObject rootsRequest();

/// What of ClientCapabilities `requests` (key to request) need and `declared` lacks.
[[nodiscard]] QJsonObject undeclaredCapabilities(const QJsonObject& requests, const QJsonObject& declared);
/// Why `response` is no result of `request`; empty if it is one.
[[nodiscard]] QString responseProblem(const QJsonObject& request, const QJsonValue& response);

} // namespace oriel::conformance
