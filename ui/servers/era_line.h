// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/snapshots.h"

#include <QWidget>

namespace oriel::ui {

class LinkButton;
class TextLabel;

/// The line that tells which era of MCP a server speaks, how that is known and since when, with a link that asks it again. GUI
/// thread.
class EraLine : public QWidget {
    Q_OBJECT
public:
    explicit EraLine(QWidget* parent = nullptr);
    void setServer(const service::ServerSnapshot& server);
    [[nodiscard]] TextLabel* label() const { return m_label; }
    [[nodiscard]] LinkButton* link() const { return m_check; }

Q_SIGNALS:
    void checkRequested();

private:
    TextLabel* m_label;
    LinkButton* m_check;
};

} // namespace oriel::ui
