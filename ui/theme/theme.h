// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QFont>
#include <QPalette>

#include <array>
#include <cstddef>

class QWidget;

namespace oriel::ui {

/// Lengths of the design in device-independent pixels; the only place where they are written down.
namespace metrics {
inline constexpr int space1 = 4;
inline constexpr int space2 = 8;
inline constexpr int space3 = 12;
inline constexpr int space4 = 16;
inline constexpr int space6 = 24;
inline constexpr int pageMargin = 14;
inline constexpr int cardGap = 12;
inline constexpr int rowHeight = 26;
inline constexpr int compactRowHeight = 24;
inline constexpr int headerHeight = 26;
inline constexpr int controlHeight = 30;
inline constexpr int cardHeaderHeight = 36;
inline constexpr int topBarHeight = 48;
inline constexpr int statusBarHeight = 26;
inline constexpr int railWidth = 184;
inline constexpr int railCollapsedWidth = 52;
inline constexpr int railCollapsesBelow = 1100;
inline constexpr int radiusBar = 2;
inline constexpr int radiusChip = 4;
inline constexpr int radiusControl = 6;
inline constexpr int radiusCard = 8;
inline constexpr int iconSize = 16;
inline constexpr int motionMs = 120;
} // namespace metrics

/// What a colour says. Widgets name roles, never colours.
enum class Tone { Neutral, Accent, Good, Warning, Error };

/// The colours and fonts of one appearance. A value; GUI thread only because of QFont.
struct Theme {
    enum class Mode { Dark, Light };
    static constexpr std::size_t serviceColorCount = 12;

    Mode mode = Mode::Dark;
    QColor window;    ///< behind the cards, inside fields
    QColor panel;     ///< cards, rail, bars
    QColor raised;    ///< buttons, menus, tooltips
    QColor line;      ///< borders and grid lines
    QColor text;      ///< what is read first
    QColor dim;       ///< what is read second; still at least 4.5 : 1
    QColor faint;     ///< decoration, never for what must be read
    QColor accent;    ///< selection and data without a category
    QColor selection; ///< background of the selected row
    QColor hover;     ///< background under the pointer
    QColor error;
    QColor warning;
    QColor good;
    QColor onAccent; ///< text on accent
    QColor onError;  ///< text on error, as in badges
    QColor mask;     ///< behind masked values
    QColor onMask;   ///< text on the amber of masked values
    QColor shadow;
    std::array<QColor, serviceColorCount> services; ///< by slot, see ServiceColors

    [[nodiscard]] static Theme dark();
    [[nodiscard]] static Theme light();
    [[nodiscard]] static Theme forMode(Mode mode) { return mode == Mode::Dark ? dark() : light(); }

    [[nodiscard]] bool isDark() const { return mode == Mode::Dark; }
    [[nodiscard]] QColor toneColor(Tone tone) const;
    /// The tone for words, strong enough to be read on panel and on the tone's tint.
    [[nodiscard]] QColor toneText(Tone tone) const;
    /// The tone as a quiet background on panel, for banners, chips and code.
    [[nodiscard]] QColor toneTint(Tone tone) const;
    /// The palette that Qt's own widgets are drawn with.
    [[nodiscard]] QPalette palette() const;

    bool operator==(const Theme&) const = default;
};

/// The type scale, on the families of the bundled fonts or else the system's.
namespace fonts {
/// Registers the bundled fonts, when the build found them. Call once after QApplication exists; later calls do nothing.
void registerBundled();
[[nodiscard]] QFont body();       ///< 13 px
[[nodiscard]] QFont bodyMedium(); ///< 13 px, medium: buttons, selected navigation
[[nodiscard]] QFont bodyStrong(); ///< 13 px, semibold: names, headlines
[[nodiscard]] QFont cardTitle();  ///< 12 px, semibold
[[nodiscard]] QFont small();      ///< 11 px: headers, axes
[[nodiscard]] QFont caption();    ///< 12 px: hints beside a title, status bar
[[nodiscard]] QFont title();      ///< 15 px, semibold
[[nodiscard]] QFont keyFigure();  ///< 22 px, semibold
[[nodiscard]] QFont mono();       ///< 12 px monospace: ids, times, payloads
[[nodiscard]] QFont monoSmall();  ///< 11 px monospace
} // namespace fonts

/// WCAG 2 contrast ratio of two opaque colours, 1 … 21.
[[nodiscard]] double contrastRatio(const QColor& a, const QColor& b);
/// `amount` (0 … 1) of `over` laid on `base`; opaque.
[[nodiscard]] QColor mix(const QColor& base, const QColor& over, double amount);

/// The theme that `widget` (or the application, for null) is drawn with: the one its OrielStyle carries, or one that fits its
/// palette.
[[nodiscard]] const Theme& themeOf(const QWidget* widget);

} // namespace oriel::ui
