// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <cstdint>
#include <deque>
#include <list>
#include <optional>

namespace oriel::upstream {

/// The calls that wait for one server: each client in its own order, the clients in turns, so that one with a thousand calls
/// does not hold up another with one. Searching is linear in what waits, which its owner bounds. Not thread-safe.
class FairQueue {
public:
    void push(const QByteArray& client, std::int64_t id);
    /// The next of all: it has had its turn already.
    void pushFront(std::int64_t id) { m_first.push_front(id); }
    /// The next call; the queue must not be empty.
    std::int64_t pop();
    /// Takes out a call; false when it is not there.
    bool remove(std::int64_t id);
    /// Makes room for a call of `client`: takes out the newest call of the client with the most, if that has at least two more
    /// than `client`. nullopt: it is `client`'s turn to do without.
    std::optional<std::int64_t> makeRoom(const QByteArray& client);

    [[nodiscard]] qsizetype size() const;
    [[nodiscard]] bool isEmpty() const { return m_first.empty() && m_lanes.empty(); }

private:
    struct Lane {
        QByteArray client;
        std::deque<std::int64_t> ids; ///< never empty
    };
    std::deque<std::int64_t> m_first;
    std::list<Lane> m_lanes; ///< in the order of their turns
};

} // namespace oriel::upstream
