// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QPushButton;

namespace oriel::ui {

class Banner;
class TextLabel;

/// Appears at the foot of a page when something in it has changed: "Unsaved changes", Revert and Save, and above them why saving
/// failed.
class SaveBar : public QWidget {
    Q_OBJECT
public:
    explicit SaveBar(QWidget* parent = nullptr);

    void setChanged(bool changed);
    [[nodiscard]] bool isChanged() const { return m_changed; }
    /// While it is being saved the buttons rest.
    void setBusy(bool busy);
    /// An empty headline takes the error away.
    void showError(const QString& headline, const QString& sentence = {});
    [[nodiscard]] QString error() const;
    [[nodiscard]] QPushButton* saveButton() const { return m_save; }
    [[nodiscard]] QPushButton* revertButton() const { return m_revert; }

Q_SIGNALS:
    void saveRequested();
    void revertRequested();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void update();

    Banner* m_banner;
    TextLabel* m_words;
    QPushButton* m_revert;
    QPushButton* m_save;
    bool m_changed = false;
    bool m_busy = false;
};

} // namespace oriel::ui
