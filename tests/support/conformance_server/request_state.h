// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "protocol.h"

namespace oriel::conformance {

/// Makes and checks `requestState` (2026-07-28 basic/patterns/mrtr): a payload that the client carries and cannot change, bound
/// to the request it was given for and to a short time. There are no principals here: the server authenticates nobody.
class RequestState {
public:
    RequestState(QByteArray key, const Clock& clock) : m_key(std::move(key)), m_clock(clock) {}

    [[nodiscard]] QString seal(const QString& method, const QJsonObject& params, const QJsonObject& state) const;
    /// Nothing if it was changed, is of another request or has expired.
    [[nodiscard]] std::optional<QJsonObject> open(const QString& method, const QJsonObject& params, const QString& sealed) const;

private:
    [[nodiscard]] QByteArray code(const QByteArray& payload) const;

    QByteArray m_key;
    const Clock& m_clock;
};

} // namespace oriel::conformance
