// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/fuzzy.h"

#include <QAction>
#include <QFrame>
#include <QPointer>

class QAbstractListModel;
class QLineEdit;
class QListView;

namespace oriel::ui {

/// Every command of the window in one list, found by a few letters. Floats over the window; Enter runs, Escape closes. What was
/// run last stands first while nothing is typed. Owned by MainWindow.
class CommandPalette : public QFrame {
    Q_OBJECT
public:
    explicit CommandPalette(QWidget* parent);
    ~CommandPalette() override;

    /// Opens with these commands; disabled and unnamed ones are left out.
    void openWith(const QList<QAction*>& commands);
    [[nodiscard]] QLineEdit* edit() const { return m_edit; }
    /// The texts in the order in which they are shown.
    [[nodiscard]] QStringList shownTexts() const;

protected:
    void paintEvent(QPaintEvent* event) override;
    bool eventFilter(QObject* object, QEvent* event) override;

private:
    class Model;
    class Delegate;
    void refresh();
    void place();
    void run(int row);

    QLineEdit* m_edit;
    QListView* m_list;
    Model* m_model;
    QList<QPointer<QAction>> m_recent;
    QPointer<QWidget> m_focusBefore;
};

} // namespace oriel::ui
