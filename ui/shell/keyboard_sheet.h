// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAction>
#include <QDialog>
#include <QList>

namespace oriel::ui {

/// Every shortcut that works now, by group: "This window", the shown section, and lists. Opened by `?`.
class KeyboardSheet : public QDialog {
    Q_OBJECT
public:
    struct Group {
        QString title;
        QList<std::pair<QString, QString>> lines; ///< keys, words
    };

    KeyboardSheet(const QList<Group>& groups, QWidget* parent);

    /// The actions of `commands` that have a shortcut.
    [[nodiscard]] static Group groupOf(const QString& title, const QList<QAction*>& commands);
    /// The keys that every list, the filter and the panes answer to.
    [[nodiscard]] static Group commonKeys();

protected:
    void paintEvent(QPaintEvent* event) override;
};

} // namespace oriel::ui
