// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/snapshots.h"

#include <QWidget>

class QAction;

namespace oriel::ui {

class StatusDot;
class TextLabel;

/// The line over a server's tabs: lamp, name, state, and its commands as buttons. GUI thread.
class ServerHeader : public QWidget {
    Q_OBJECT
public:
    /// The actions stay the caller's.
    ServerHeader(const QList<QAction*>& commands, QWidget* parent = nullptr);
    void setServer(const service::ServerSnapshot& server);

private:
    StatusDot* m_lamp;
    TextLabel* m_name;
    TextLabel* m_state;
};

} // namespace oriel::ui
