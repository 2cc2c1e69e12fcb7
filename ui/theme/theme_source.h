// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/service_colors.h"
#include "ui/theme/theme.h"

#include <QDBusVariant>
#include <QObject>

#include <memory>

namespace oriel::ui {

class OrielStyle;

/// Tells whether the desktop wants a dark or a light appearance, and when that changes. GUI thread; never blocks.
class ThemeSource : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    [[nodiscard]] virtual Theme::Mode mode() const = 0;
    [[nodiscard]] virtual bool reducedMotion() const { return false; }

Q_SIGNALS:
    void modeChanged();
};

/// The desktop's answer: QStyleHints where this Qt has it, else the settings portal over D-Bus (asked asynchronously), else the
/// lightness of the palette that the application started with.
class SystemThemeSource final : public ThemeSource {
    Q_OBJECT
public:
    explicit SystemThemeSource(QObject* parent = nullptr);
    ~SystemThemeSource() override;
    [[nodiscard]] Theme::Mode mode() const override;
    [[nodiscard]] bool reducedMotion() const override;

    /// The portal's `color-scheme`: 1 dark, 2 light, anything else leaves `fallback`.
    [[nodiscard]] static Theme::Mode modeFromPortal(uint colorScheme, Theme::Mode fallback);

private Q_SLOTS:
    void onPortalSetting(const QString& group, const QString& key, const QDBusVariant& value);

private:
    void askPortal();
    void apply(Theme::Mode mode);

    Theme::Mode m_mode;
    Theme::Mode m_fallback;
};

/// Owns the application's style, follows the chosen preference and the system, and switches live. Made once by main(), before the
/// first window. GUI thread.
class Appearance : public QObject {
    Q_OBJECT
public:
    enum class Preference { System, Dark, Light };

    /// Installs the style, palette and fonts on the application. `source` may be null: then System means dark.
    explicit Appearance(std::unique_ptr<ThemeSource> source, Preference preference = Preference::System,
                        QObject* parent = nullptr);
    ~Appearance() override;

    void setPreference(Preference preference);
    [[nodiscard]] Preference preference() const { return m_preference; }
    [[nodiscard]] const Theme& theme() const;
    [[nodiscard]] ServiceColors& serviceColors() const;

    /// `system`, `dark` or `light`; anything else is System.
    [[nodiscard]] static Preference preferenceFromName(const QString& name);
    [[nodiscard]] static QString nameOf(Preference preference);

Q_SIGNALS:
    void themeChanged();

private:
    void apply();

    std::unique_ptr<ThemeSource> m_source;
    OrielStyle* m_style; // owned by QApplication
    Preference m_preference;
};

} // namespace oriel::ui
