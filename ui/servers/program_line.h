// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/model.h"

#include <QWidget>

class QCheckBox;

namespace oriel::ui {

class CodeView;
class TextLabel;

/// Shows the exact line that will be started on this machine, whole, with the file that the command was found to be, and asks for
/// a yes. The yes is for that line only: another line asks again. GUI thread; the PATH is searched on a pool thread.
class ProgramLine : public QWidget {
    Q_OBJECT
public:
    explicit ProgramLine(QWidget* parent = nullptr);

    /// A line that needs no yes because it is in force already.
    void setApproved(const config::Server& server);
    /// What is in the form now.
    void setServer(const config::Server& server);
    /// True when the line shown is the approved one, or has got its yes, or nothing is started.
    [[nodiscard]] bool isApproved() const;
    void setYes(bool yes);
    [[nodiscard]] QString line() const;

Q_SIGNALS:
    void approvalChanged();

private:
    void search();

    config::Server m_server;
    QString m_approvedLine;
    CodeView* m_view;
    TextLabel* m_found;
    QCheckBox* m_yes;
    QStringList m_searched; ///< what the last search was for
    int m_searches = 0;
};

} // namespace oriel::ui
