// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/servers/import_choice.h"

namespace oriel::ui {

ImportChoice::ImportChoice(QList<service::ImportCandidate> candidates)
    : m_candidates(std::move(candidates)),
      m_chosen(m_candidates.size(), false)
{
    for (int index = int(m_candidates.size()) - 1; index >= 0; --index) // from the end, so that the first of a name wins
        setChosen(index, true);
}

bool ImportChoice::isPossible(int index) const
{
    return index >= 0 && index < m_candidates.size() && m_candidates[index].conflict.isEmpty();
}

void ImportChoice::setChosen(int index, bool chosen)
{
    if (!isPossible(index))
        return;
    for (int other = 0; chosen && other < m_candidates.size(); ++other) {
        if (m_candidates[other].server.name == m_candidates[index].server.name)
            m_chosen[other] = false;
    }
    m_chosen[index] = chosen;
}

QList<service::ImportCandidate> ImportChoice::chosen() const
{
    QList<service::ImportCandidate> list;
    for (int index = 0; index < m_candidates.size(); ++index) {
        if (m_chosen[index])
            list.append(m_candidates[index]);
    }
    return list;
}

int ImportChoice::secretCount() const
{
    int count = 0;
    for (const service::ImportCandidate& candidate : chosen())
        count += int(candidate.secretFields.size());
    return count;
}

QString ImportChoice::remark(int index) const
{
    if (index < 0 || index >= m_candidates.size())
        return {};
    if (!m_candidates[index].conflict.isEmpty())
        return m_candidates[index].conflict;
    for (int other = 0; other < m_candidates.size(); ++other) {
        if (other != index && m_candidates[other].server.name == m_candidates[index].server.name && m_chosen[other])
            return QStringLiteral("chosen from %1 already").arg(m_candidates[other].client);
    }
    return m_candidates[index].warnings.join(QStringLiteral("; "));
}

} // namespace oriel::ui
