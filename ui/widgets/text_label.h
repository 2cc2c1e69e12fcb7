// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLabel>

namespace oriel::ui {

/// A label in one of the theme's fonts and colours that follows a change of theme; elides at the right when asked to, with the
/// whole text as tool tip.
class TextLabel : public QLabel {
    Q_OBJECT
public:
    enum class Role { Body, Strong, Dim, Faint, Title, CardTitle, Caption, Mono, Error, Warning, Good };

    explicit TextLabel(const QString& text = {}, Role role = Role::Body, QWidget* parent = nullptr);
    void setRole(Role role);
    [[nodiscard]] Role role() const { return m_role; }
    /// With eliding the label may become narrower than its text.
    void setElided(bool elided);
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void applyRole();

    Role m_role;
    bool m_elided = false;
    bool m_applying = false;
};

} // namespace oriel::ui
