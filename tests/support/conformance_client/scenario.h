// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/json.h"

#include <QByteArray>
#include <QList>
#include <QString>

namespace oriel::conformance {

/// One request that a scenario wants to see.
struct Step {
    QByteArray method;
    QByteArray params; ///< JSON of an object
};

/// What a suite tells the client under test: environment variables, and the server's URL as the last argument.
struct Scenario {
    QString url;
    QByteArray name;    ///< MCP_CONFORMANCE_SCENARIO
    QByteArray version; ///< MCP_CONFORMANCE_PROTOCOL_VERSION; empty: a suite that knows no other than the legacy era
    QByteArray context; ///< MCP_CONFORMANCE_CONTEXT, JSON; may be empty

    [[nodiscard]] static Scenario fromEnvironment(const QString& url);
    [[nodiscard]] bool isModern() const { return version >= "2026"; }
    /// A member of the context; empty when it is not there.
    [[nodiscard]] QString contextText(const char* member) const;
    /// The requests that the scenario names; empty: everything that the server lists is used once.
    [[nodiscard]] QList<Step> namedSteps() const;
};

[[nodiscard]] Step toolCall(const QByteArray& tool, const QByteArray& arguments);

} // namespace oriel::conformance
