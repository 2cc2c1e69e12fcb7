// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/main_window.h"

#include <QObject>
#include <QPixmap>
#include <QTimer>

#include <utility>
#include <vector>

namespace oriel::app {

/// Takes the pictures of --screenshot one after another: shows the section, waits until it has data, writes the window's picture.
/// `finished` tells how many sections had nothing to show or no file that could be written. GUI thread.
class ScreenshotRun final : public QObject {
    Q_OBJECT
public:
    /// `warmUpMs` is waited once before the first picture, for traffic that has just begun.
    ScreenshotRun(ui::MainWindow& window, std::vector<std::pair<QString, QString>> wanted, int warmUpMs);

Q_SIGNALS:
    void finished(int failures);

private:
    static constexpr int kReadyDeadlineMs = 20'000;
    static constexpr int kSettleMs = 700;

    void next();
    void lookAgain();
    void take();
    /// The window and the dialogs over it.
    [[nodiscard]] QPixmap picture() const;

    ui::MainWindow& m_window;
    std::vector<std::pair<QString, QString>> m_wanted;
    std::size_t m_index = 0;
    int m_failures = 0;
    QTimer m_deadline;
    QTimer m_settle;
    QMetaObject::Connection m_ready;
};

} // namespace oriel::app
