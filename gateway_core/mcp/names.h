// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QHash>
#include <QList>

#include <optional>

namespace oriel::mcp {

inline constexpr qsizetype MaxNameLength = 128;

/// 1 to 128 characters of A-Z a-z 0-9 _ - . (2025-11-25 server/tools, "Tool Names"; a SHOULD, so upstream names that break it are
/// relayed).
[[nodiscard]] bool isPortableName(QByteArrayView name);

/// Names of servers and the names that clients see: `server__tool`. Immutable once built; copy freely.
class NameSpace {
public:
    /// `separator` must be non-empty and made of portable characters; server names portable, unique, and not empty.
    [[nodiscard]] static Result<NameSpace> create(const QList<QByteArray>& servers, QByteArrayView separator = "__");

    struct Split {
        int server = -1;      ///< index into servers()
        QByteArrayView local; ///< view into the name that was split
    };

    /// "server" + separator + "tool".
    [[nodiscard]] QByteArray join(int server, QByteArrayView local) const;
    /// The known server that the name begins with, the longest where several do; nothing when none does or no local name follows.
    [[nodiscard]] std::optional<Split> split(QByteArrayView name) const;
    [[nodiscard]] const QList<QByteArray>& servers() const { return m_servers; }
    [[nodiscard]] QByteArrayView separator() const { return m_separator; }

private:
    QList<QByteArray> m_servers;
    QByteArray m_separator;
    QHash<QByteArray, int> m_byName;
};

/// A server name as configuration has it ("My Server!") turned into a portable one ("My_Server_").
[[nodiscard]] QByteArray toPortableName(QByteArrayView name);

} // namespace oriel::mcp
