// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QList>
#include <QWidget>

namespace oriel::ui {

/// A card with one number: title, figure, a quiet word beside it and the recent course as a sparkline. Clickable when a slot is
/// connected to clicked() and setClickable(true).
class KeyFigure : public QWidget {
    Q_OBJECT
public:
    explicit KeyFigure(const QString& title, QWidget* parent = nullptr);

    void setTitle(const QString& title);
    /// `value` "98.6 %", `note` "goal 99.9".
    void setFigure(const QString& value, const QString& note = {});
    void setSeries(const QList<double>& values);
    /// Invalid: the accent.
    void setSeriesColor(const QColor& color);
    /// One of the theme's service slots, which follows a change of theme; -1 for the accent.
    void setSeriesSlot(int slot);
    void setSeriesTone(Tone tone);
    void setValueTone(Tone tone);
    void setClickable(bool clickable);

    [[nodiscard]] QString value() const { return m_value; }
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

Q_SIGNALS:
    void clicked();

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    [[nodiscard]] QColor seriesColor(const Theme& theme) const;

    QString m_title;
    QString m_value;
    QString m_note;
    QList<double> m_series;
    QColor m_color;
    int m_slot = -1;
    Tone m_seriesTone = Tone::Accent;
    Tone m_valueTone = Tone::Neutral;
    bool m_clickable = false;
};

} // namespace oriel::ui
