// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QDialog>

class QHBoxLayout;
class QPushButton;
class QVBoxLayout;

namespace oriel::ui {

class Banner;
class TextLabel;

/// The frame of every dialog: title, one sentence, a body, an error line, and a button row with the confirming button last and
/// the default. Escape cancels.
class Dialog : public QDialog {
    Q_OBJECT
public:
    explicit Dialog(const QString& title, QWidget* parent = nullptr);

    void setSentence(const QString& sentence);
    [[nodiscard]] QVBoxLayout* body() const { return m_body; }
    /// The confirming button; it accepts the dialog. `tone` Error for what destroys.
    QPushButton* setAcceptButton(const QString& text, Tone tone = Tone::Accent);
    [[nodiscard]] QPushButton* acceptButton() const { return m_accept; }
    [[nodiscard]] QPushButton* cancelButton() const { return m_cancel; }
    /// A further button at the left, such as "Test".
    QPushButton* addButton(const QString& text);
    /// Shows a failure in the dialog itself; an empty headline hides it.
    void showError(const QString& headline, const QString& sentence = {});

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    TextLabel* m_title;
    TextLabel* m_sentence;
    Banner* m_banner;
    QVBoxLayout* m_body;
    QHBoxLayout* m_buttons;
    QPushButton* m_accept;
    QPushButton* m_cancel;
    int m_leftButtons = 0;
};

} // namespace oriel::ui
