// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/snapshots.h"

#include <QList>

namespace oriel::ui {

/// Which of the servers found in other clients' files are to be imported. Two of one name cannot both be: choosing one drops the
/// other. A value; GUI thread only by use.
class ImportChoice {
public:
    ImportChoice() = default;
    /// Everything that can be added is chosen, the first of each name.
    explicit ImportChoice(QList<service::ImportCandidate> candidates);

    [[nodiscard]] const QList<service::ImportCandidate>& candidates() const { return m_candidates; }
    [[nodiscard]] bool isPossible(int index) const;
    [[nodiscard]] bool isChosen(int index) const { return index >= 0 && index < m_chosen.size() && m_chosen[index]; }
    void setChosen(int index, bool chosen);
    [[nodiscard]] QList<service::ImportCandidate> chosen() const;
    [[nodiscard]] int chosenCount() const { return int(m_chosen.count(true)); }
    /// Secrets in plain text among the chosen.
    [[nodiscard]] int secretCount() const;
    /// "in Claude Desktop too": why this one is not chosen beside another of its name; the conflict where there is one.
    [[nodiscard]] QString remark(int index) const;

private:
    QList<service::ImportCandidate> m_candidates;
    QList<bool> m_chosen;
};

} // namespace oriel::ui
