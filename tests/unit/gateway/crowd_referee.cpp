// SPDX-License-Identifier: GPL-3.0-or-later
#include "crowd_referee.h"

#include <QRegularExpression>

#include <algorithm>

namespace oriel::gateway::test {

namespace {

constexpr std::size_t kKeptEvents = 30'000;
constexpr std::size_t kTold = 120; ///< of the events before an objection

} // namespace

QByteArray Word::toText() const
{
    return QByteArray(1, sort) + ':' + QByteArray::number(client) + ':' + QByteArray::number(life) + ':' +
           QByteArray::number(call) + ';';
}

QList<Word> Word::in(const QByteArray& frame)
{
    static const QRegularExpression pattern(QStringLiteral("([war]):(\\d+):(\\d+):(-?\\d+);"));
    QList<Word> words;
    auto matches = pattern.globalMatch(QString::fromUtf8(frame));
    while (matches.hasNext()) {
        const QRegularExpressionMatch match = matches.next();
        words.append({match.captured(1).at(0).toLatin1(), match.captured(2).toInt(), match.captured(3).toInt(),
                      match.captured(4).toInt()});
    }
    return words;
}

void Referee::note(const QByteArray& event)
{
    m_events.push_back(event);
    if (m_events.size() > kKeptEvents)
        m_events.pop_front();
}

void Referee::object(const QByteArray& why)
{
    if (hasObjection())
        return;
    m_objection = why + "\nWhat happened last:";
    for (std::size_t i = m_events.size() - std::min(m_events.size(), kTold); i < m_events.size(); ++i)
        m_objection += "\n  " + m_events[i];
}

QByteArray Referee::storyOf(QByteArrayView who) const
{
    QByteArray story;
    for (const QByteArray& event : m_events) {
        if (event.startsWith(who) || !event.startsWith("client "))
            story += "\n  " + event;
    }
    return story;
}

} // namespace oriel::gateway::test
