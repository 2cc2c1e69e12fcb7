// SPDX-License-Identifier: GPL-3.0-or-later
#include "mcp/names.h"

#include <algorithm>
#include <string_view>

namespace oriel::mcp {

namespace {

bool isPortable(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

} // namespace

bool isPortableName(QByteArrayView name)
{
    return !name.isEmpty() && name.size() <= MaxNameLength && std::all_of(name.begin(), name.end(), isPortable);
}

Result<NameSpace> NameSpace::create(const QList<QByteArray>& servers, QByteArrayView separator)
{
    if (!isPortableName(separator)) {
        return fail(ErrorCode::InvalidArgument,
                    QStringLiteral("The separator \"%1\" must be made of A-Z a-z 0-9 _ - .").arg(QString::fromUtf8(separator)));
    }
    NameSpace names;
    names.m_separator = separator.toByteArray();
    names.m_servers = servers;
    for (int i = 0; i < servers.size(); ++i) {
        const QByteArray& server = servers[i];
        if (!isPortableName(server)) {
            return fail(ErrorCode::InvalidArgument,
                        QStringLiteral("The server name \"%1\" must have 1 to 128 characters of A-Z a-z 0-9 _ - .")
                            .arg(QString::fromUtf8(server)));
        }
        if (names.m_byName.contains(server)) {
            return fail(ErrorCode::AlreadyExists, QStringLiteral("Two servers are named \"%1\"").arg(QString::fromUtf8(server)));
        }
        names.m_byName.insert(server, i);
    }
    return names;
}

QByteArray NameSpace::join(int server, QByteArrayView local) const
{
    const QByteArray& name = m_servers[server];
    QByteArray joined;
    joined.reserve(name.size() + m_separator.size() + local.size());
    return joined.append(name).append(m_separator).append(local);
}

std::optional<NameSpace::Split> NameSpace::split(QByteArrayView name) const
{
    // From the right: the longest server name that fits wins, so "git__hub__list" belongs to "git__hub" when there is one.
    const std::string_view text(name.data(), static_cast<std::size_t>(name.size()));
    const std::string_view separator(m_separator.constData(), static_cast<std::size_t>(m_separator.size()));
    std::size_t before = std::string_view::npos;
    for (;;) {
        const std::size_t at = text.rfind(separator, before);
        if (at == std::string_view::npos || at == 0) {
            return std::nullopt;
        }
        const QByteArrayView local = name.sliced(static_cast<qsizetype>(at) + m_separator.size());
        const auto found = m_byName.constFind(QByteArray::fromRawData(name.data(), static_cast<qsizetype>(at)));
        if (found != m_byName.cend() && !local.isEmpty()) {
            return Split{*found, local};
        }
        before = at - 1;
    }
}

QByteArray toPortableName(QByteArrayView name)
{
    QByteArray portable = name.first(qMin(name.size(), MaxNameLength)).toByteArray();
    std::replace_if(
        portable.begin(), portable.end(), [](char c) { return !isPortable(c); }, '_');
    return portable.isEmpty() ? QByteArrayLiteral("_") : portable;
}

} // namespace oriel::mcp
