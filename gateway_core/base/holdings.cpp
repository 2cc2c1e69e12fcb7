// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/holdings.h"

#include <algorithm>

namespace oriel {

Holdings& Holdings::add(QByteArrayView what, qsizetype count)
{
    if (count == 0)
        return *this;
    const auto known = std::find_if(m_counts.begin(), m_counts.end(), [&](const auto& entry) { return what == entry.first; });
    if (known == m_counts.end())
        m_counts.append({what.toByteArray(), count});
    else
        known->second += count;
    return *this;
}

Holdings& Holdings::add(QByteArrayView part, const Holdings& held)
{
    for (const auto& [what, count] : held.m_counts)
        add(part.toByteArray() + ": " + what, count);
    return *this;
}

qsizetype Holdings::count(QByteArrayView what) const
{
    const auto known = std::find_if(m_counts.cbegin(), m_counts.cend(), [&](const auto& entry) { return what == entry.first; });
    return known == m_counts.cend() ? 0 : known->second;
}

QByteArray Holdings::toText() const
{
    QByteArray text;
    for (const auto& [what, count] : m_counts)
        text += (text.isEmpty() ? QByteArray() : QByteArray(", ")) + what + ' ' + QByteArray::number(count);
    return text;
}

} // namespace oriel
