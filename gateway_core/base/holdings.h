// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>

#include <utility>

namespace oriel {

/// How much an object keeps for peers that wait, by kind. Kinds of which nothing is kept are left out, so an object that nobody
/// waits for holds nothing and its text is empty. Made on demand, for tests and diagnosis; not for the call path.
class Holdings {
public:
    /// Adds to the kind `what`; nothing when `count` is 0.
    Holdings& add(QByteArrayView what, qsizetype count);
    /// The same for what a part holds, each kind as `part: kind`.
    Holdings& add(QByteArrayView part, const Holdings& held);

    [[nodiscard]] bool isEmpty() const { return m_counts.isEmpty(); }
    [[nodiscard]] qsizetype count(QByteArrayView what) const; ///< 0 when none
    /// "active calls 2, listeners 1", in the order in which the kinds were added.
    [[nodiscard]] QByteArray toText() const;

private:
    QList<std::pair<QByteArray, qsizetype>> m_counts;
};

} // namespace oriel
