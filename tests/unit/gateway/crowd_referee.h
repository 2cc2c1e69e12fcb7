// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>
#include <QString>

#include <cstdint>
#include <deque>
#include <random>

namespace oriel::gateway::test {

/// Who a word belongs to. Words go along with everything a client sends and come back in everything that is meant for it.
struct Word {
    char sort = 0; ///< 'w': of a call's arguments, 'a': a client's answer while the call ran, 'r': a client's roots
    int client = -1;
    int life = -1; ///< a client that leaves comes back as another one
    int call = -1; ///< -1 in roots

    [[nodiscard]] QByteArray toText() const;
    /// All words in a frame.
    [[nodiscard]] static QList<Word> in(const QByteArray& frame);
    bool operator==(const Word&) const = default;
};

/// Chooses by a seed that is printed, so that a schedule can be run again.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : m_engine(seed) {}
    /// 0 … count − 1.
    int below(int count) { return static_cast<int>(m_engine() % static_cast<std::uint64_t>(count)); }
    /// True once in `count`.
    bool oneIn(int count) { return below(count) == 0; }

private:
    std::mt19937_64 m_engine;
};

/// Keeps the rules: hears of all that happens and remembers the first thing that must not have happened.
class Referee {
public:
    void note(const QByteArray& event);
    void object(const QByteArray& why);
    [[nodiscard]] bool hasObjection() const { return !m_objection.isEmpty(); }
    /// The first objection with what happened last before it.
    [[nodiscard]] QByteArray objection() const { return m_objection; }
    /// What happened to everybody, and to one client.
    [[nodiscard]] QByteArray storyOf(QByteArrayView who) const;

    int heard = 0;     ///< frames of any sort
    int results = 0;   ///< calls answered with what the tool gave
    int errors = 0;    ///< calls answered with an error
    int progress = 0;  ///< notifications of progress
    int questions = 0; ///< of servers, by requests or in results
    int cancelled = 0;
    int forgeries = 0;

private:
    std::deque<QByteArray> m_events;
    QByteArray m_objection;
};

} // namespace oriel::gateway::test
