// SPDX-License-Identifier: GPL-3.0-or-later
#include "crowd_referee.h"

#include <QRegularExpression>

namespace oriel::gateway::test {

namespace {

constexpr std::size_t kKeptEvents = 120;

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
    for (const QByteArray& event : m_events)
        m_objection += "\n  " + event;
}

} // namespace oriel::gateway::test
