// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/theme.h"

#include "ui/compat/qt_compat.hpp"
#include "ui/theme/oriel_style.h"

#include <QApplication>
#include <QDirIterator>
#include <QFontDatabase>
#include <QWidget>

#include <cmath>

namespace oriel::ui {
namespace {

/// A service needs telling apart from its neighbours first: hues alternate, reds stay out, and no two in a row share a
/// brightness.
constexpr std::array<QRgb, Theme::serviceColorCount> darkServices{0x1192e8, 0xff832b, 0xa56eff, 0xf1c21b, 0x009d9a, 0x78a9ff,
                                                                  0xc9a27a, 0x08bdba, 0xd2a106, 0xd4bbff, 0x82cfff, 0xa2a9b0};
constexpr std::array<QRgb, Theme::serviceColorCount> lightServices{0x0072c3, 0xeb6200, 0x8a3ffc, 0xb28600, 0x005d5d, 0x0043ce,
                                                                   0x8a3800, 0x007d79, 0x684e00, 0x6929c4, 0x00539a, 0x697077};

std::array<QColor, Theme::serviceColorCount> colorsOf(const std::array<QRgb, Theme::serviceColorCount>& values)
{
    std::array<QColor, Theme::serviceColorCount> colors;
    for (std::size_t i = 0; i < values.size(); ++i)
        colors[i] = QColor(values[i]);
    return colors;
}

double linear(double channel)
{
    return channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
}

double luminance(const QColor& color)
{
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF());
}

} // namespace

Theme Theme::dark()
{
    Theme theme;
    theme.mode = Mode::Dark;
    theme.window = QColor(0x0f1318);
    theme.panel = QColor(0x151a21);
    theme.raised = QColor(0x1b222b);
    theme.line = QColor(0x28303b);
    theme.text = QColor(0xe4e9ef);
    theme.dim = QColor(0x93a0ae);
    theme.faint = QColor(0x5f6c7a);
    theme.accent = QColor(0x5aa2ff);
    theme.selection = QColor(0x22344d);
    theme.hover = QColor(0x1f2731);
    theme.error = QColor(0xff6b64);
    theme.warning = QColor(0xf2b544);
    theme.good = QColor(0x45c08b);
    theme.onAccent = QColor(0x0b1a2e);
    theme.onError = QColor(0x2b0806);
    theme.mask = QColor(0xf2b544);
    theme.onMask = QColor(0x1d1404);
    theme.shadow = QColor(0, 0, 0, 110);
    theme.services = colorsOf(darkServices);
    return theme;
}

Theme Theme::light()
{
    Theme theme;
    theme.mode = Mode::Light;
    theme.window = QColor(0xf4f6f8);
    theme.panel = QColor(0xffffff);
    theme.raised = QColor(0xffffff);
    theme.line = QColor(0xdde3ea);
    theme.text = QColor(0x18202b);
    theme.dim = QColor(0x56636f);
    theme.faint = QColor(0x8a97a5);
    theme.accent = QColor(0x1666d8);
    theme.selection = QColor(0xdbe9fd);
    theme.hover = QColor(0xeef2f6);
    theme.error = QColor(0xd02f2f);
    theme.warning = QColor(0xa86a00);
    theme.good = QColor(0x14804f);
    theme.onAccent = QColor(0xffffff);
    theme.onError = QColor(0xffffff);
    theme.mask = QColor(0xf2c14e);
    theme.onMask = QColor(0x2b1c00);
    theme.shadow = QColor(20, 32, 48, 46);
    theme.services = colorsOf(lightServices);
    return theme;
}

QColor Theme::toneColor(Tone tone) const
{
    switch (tone) {
    case Tone::Neutral:
        return text;
    case Tone::Accent:
        return accent;
    case Tone::Good:
        return good;
    case Tone::Warning:
        return warning;
    case Tone::Error:
        return error;
    }
    return text;
}

QColor Theme::toneText(Tone tone) const
{
    // Amber and green of the light theme are made for lamps and bars; as words they need more ink.
    if (!isDark() && tone == Tone::Warning)
        return mix(warning, text, 0.28);
    if (!isDark() && tone == Tone::Good)
        return mix(good, text, 0.12);
    return toneColor(tone);
}

QColor Theme::toneTint(Tone tone) const
{
    if (tone == Tone::Neutral)
        return isDark() ? mix(panel, text, 0.06) : mix(panel, text, 0.045);
    if (tone == Tone::Accent)
        return isDark() ? mix(panel, accent, 0.16) : mix(panel, accent, 0.10);
    return mix(panel, toneColor(tone), isDark() ? 0.15 : 0.08);
}

QPalette Theme::palette() const
{
    QPalette palette;
    palette.setColor(QPalette::Window, window);
    palette.setColor(QPalette::WindowText, text);
    palette.setColor(QPalette::Base, window);
    palette.setColor(QPalette::AlternateBase, panel);
    palette.setColor(QPalette::ToolTipBase, raised);
    palette.setColor(QPalette::ToolTipText, text);
    palette.setColor(QPalette::PlaceholderText, dim);
    palette.setColor(QPalette::Text, text);
    palette.setColor(QPalette::Button, raised);
    palette.setColor(QPalette::ButtonText, text);
    palette.setColor(QPalette::BrightText, error);
    palette.setColor(QPalette::Link, accent);
    palette.setColor(QPalette::LinkVisited, accent);
    palette.setColor(QPalette::Highlight, selection);
    palette.setColor(QPalette::HighlightedText, text);
    palette.setColor(QPalette::Light, raised);
    palette.setColor(QPalette::Midlight, line);
    palette.setColor(QPalette::Mid, line);
    palette.setColor(QPalette::Dark, line);
    palette.setColor(QPalette::Shadow, shadow);
    for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::HighlightedText})
        palette.setColor(QPalette::Disabled, role, faint);
    return palette;
}

double contrastRatio(const QColor& a, const QColor& b)
{
    const double first = luminance(a);
    const double second = luminance(b);
    return (std::max(first, second) + 0.05) / (std::min(first, second) + 0.05);
}

QColor mix(const QColor& base, const QColor& over, double amount)
{
    const auto channel = [amount](float from, float to) { return static_cast<float>(from + (to - from) * amount); };
    return QColor::fromRgbF(channel(base.redF(), over.redF()), channel(base.greenF(), over.greenF()),
                            channel(base.blueF(), over.blueF()));
}

const Theme& themeOf(const QWidget* widget)
{
    const QStyle* style = widget ? widget->style() : QApplication::style();
    if (const auto* ours = qobject_cast<const OrielStyle*>(style))
        return ours->theme();
    static const Theme darkTheme = Theme::dark();
    static const Theme lightTheme = Theme::light();
    const QPalette palette = widget ? widget->palette() : QApplication::palette();
    return palette.color(QPalette::Window).lightness() < 128 ? darkTheme : lightTheme;
}

namespace fonts {
namespace {

QFont make(int pixels, QFont::Weight weight)
{
    QFont font = QApplication::font();
    font.setFamilies({QStringLiteral("Inter"), QFontDatabase::systemFont(QFontDatabase::GeneralFont).family()});
    font.setPixelSize(pixels);
    font.setWeight(weight);
    font.setHintingPreference(QFont::PreferNoHinting);
    compat::useTabularDigits(font);
    return font;
}

QFont makeMono(int pixels)
{
    QFont font;
    font.setFamilies({QStringLiteral("JetBrains Mono"), QFontDatabase::systemFont(QFontDatabase::FixedFont).family()});
    font.setStyleHint(QFont::Monospace);
    font.setFixedPitch(true);
    font.setPixelSize(pixels);
    font.setHintingPreference(QFont::PreferNoHinting);
    return font;
}

} // namespace

void registerBundled()
{
    QDirIterator files(QStringLiteral(":/oriel/fonts"));
    while (files.hasNext())
        QFontDatabase::addApplicationFont(files.next());
}

QFont body()
{
    return make(13, QFont::Normal);
}
QFont bodyMedium()
{
    return make(13, QFont::Medium);
}
QFont bodyStrong()
{
    return make(13, QFont::DemiBold);
}
QFont cardTitle()
{
    return make(12, QFont::DemiBold);
}
QFont small()
{
    return make(11, QFont::Normal);
}
QFont caption()
{
    return make(12, QFont::Normal);
}
QFont title()
{
    return make(15, QFont::DemiBold);
}
QFont keyFigure()
{
    return make(22, QFont::DemiBold);
}
QFont mono()
{
    return makeMono(12);
}
QFont monoSmall()
{
    return makeMono(11);
}

} // namespace fonts
} // namespace oriel::ui
