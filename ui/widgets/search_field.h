// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLineEdit>

namespace oriel::ui {

/// A line edit with a magnifier and a clear button; Escape clears, then gives the focus away. searched() comes after a short
/// pause in typing, or at once with Enter.
class SearchField : public QLineEdit {
    Q_OBJECT
public:
    explicit SearchField(const QString& placeholder = {}, QWidget* parent = nullptr);

Q_SIGNALS:
    void searched(const QString& text);

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    class QTimer* m_pause;
};

} // namespace oriel::ui
