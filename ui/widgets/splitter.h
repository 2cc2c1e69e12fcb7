// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSplitter>

namespace oriel::ui {

/// A splitter whose handle is one line in a 7 px grip, lit under the pointer, moved by the arrow keys when it has the focus.
class Splitter : public QSplitter {
    Q_OBJECT
public:
    explicit Splitter(Qt::Orientation orientation, QWidget* parent = nullptr);
    /// With gaps the handle is as wide as the space between cards and draws nothing until hovered.
    void setGap(int pixels);

protected:
    [[nodiscard]] QSplitterHandle* createHandle() override;

private:
    bool m_gap = false;
    friend class SplitterHandle;
};

class SplitterHandle : public QSplitterHandle {
    Q_OBJECT
public:
    SplitterHandle(Qt::Orientation orientation, Splitter* parent);

protected:
    void paintEvent(QPaintEvent* event) override;
    void enterEvent(QEnterEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    bool m_hovered = false;
};

} // namespace oriel::ui
