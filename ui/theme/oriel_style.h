// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/service_colors.h"
#include "ui/theme/theme.h"

#include <QProxyStyle>

namespace oriel::ui {

/// Draws every standard control: flat, one-pixel lines, radius 6, hover, a two-pixel accent ring for keyboard focus. Carries the
/// theme and the service colours for the widgets that are drawn with it. Owned by the application (QApplication::setStyle) or a
/// window's root in tests. GUI thread.
class OrielStyle : public QProxyStyle {
    Q_OBJECT
public:
    /// A push button whose property of this name is true is filled with the accent, or with the error colour for `danger`.
    static constexpr const char* primaryProperty = "orielPrimary";
    static constexpr const char* dangerProperty = "orielDanger";
    /// A button drawn without frame until hovered.
    static constexpr const char* flatProperty = "orielFlat";

    explicit OrielStyle(Theme theme = Theme::dark());

    [[nodiscard]] const Theme& theme() const { return m_theme; }
    void setTheme(Theme theme);
    [[nodiscard]] ServiceColors& serviceColors() const { return m_serviceColors; }
    /// With reduced motion nothing is animated.
    void setReducedMotion(bool reduced) { m_reducedMotion = reduced; }
    [[nodiscard]] bool reducedMotion() const { return m_reducedMotion; }

    using QProxyStyle::polish;
    void polish(QPalette& palette) override;
    void polish(QWidget* widget) override;
    void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                       const QWidget* widget) const override;
    void drawControl(ControlElement element, const QStyleOption* option, QPainter* painter, const QWidget* widget) const override;
    void drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter,
                            const QWidget* widget) const override;
    [[nodiscard]] int pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const override;
    [[nodiscard]] int styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                                QStyleHintReturn* returnData) const override;
    [[nodiscard]] QSize sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size,
                                         const QWidget* widget) const override;
    [[nodiscard]] QRect subControlRect(ComplexControl control, const QStyleOptionComplex* option, SubControl subControl,
                                       const QWidget* widget) const override;
    [[nodiscard]] QRect subElementRect(SubElement element, const QStyleOption* option, const QWidget* widget) const override;
    [[nodiscard]] QIcon standardIcon(StandardPixmap standardIcon, const QStyleOption* option,
                                     const QWidget* widget) const override;

private:
    void drawButtonPanel(const QStyleOption* option, QPainter* painter, const QWidget* widget) const;
    void drawFieldPanel(const QStyleOption* option, QPainter* painter, const QWidget* widget) const;
    void drawIndicator(const QStyleOption* option, QPainter* painter, bool round) const;
    void drawTab(const QStyleOption* option, QPainter* painter) const;
    void drawMenuItem(const QStyleOption* option, QPainter* painter, const QWidget* widget) const;
    void drawHeaderSection(const QStyleOption* option, QPainter* painter) const;
    void drawHeaderLabel(const QStyleOption* option, QPainter* painter) const;
    void drawProgress(const QStyleOption* option, QPainter* painter) const;
    void drawItemPanel(const QStyleOption* option, QPainter* painter, const QWidget* widget) const;
    void drawScrollBar(const QStyleOptionComplex* option, QPainter* painter, const QWidget* widget) const;
    void drawComboBox(const QStyleOptionComplex* option, QPainter* painter, const QWidget* widget) const;
    void drawSlider(const QStyleOptionComplex* option, QPainter* painter, const QWidget* widget) const;
    void drawFrame(const QStyleOption* option, QPainter* painter, const QWidget* widget) const;
    void drawSpinBox(const QStyleOptionComplex* option, QPainter* painter, const QWidget* widget) const;

    [[nodiscard]] QRect scrollBarRect(const QStyleOptionComplex* option, SubControl subControl) const;
    [[nodiscard]] QRect groupBoxRect(const QStyleOptionComplex* option, SubControl subControl) const;

    Theme m_theme;
    mutable ServiceColors m_serviceColors;
    bool m_reducedMotion = false;
};

/// Paints the keyboard focus ring just inside `rect`.
void paintFocusRing(QPainter& painter, const QRectF& rect, qreal radius, const Theme& theme);

} // namespace oriel::ui
