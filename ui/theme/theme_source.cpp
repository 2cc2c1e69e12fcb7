// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/theme_source.h"

#include "ui/compat/qt_compat.hpp"
#include "ui/theme/oriel_style.h"

#include <QApplication>
#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QDBusVariant>

namespace oriel::ui {
namespace {

const QLatin1StringView portalService("org.freedesktop.portal.Desktop");
const QLatin1StringView portalPath("/org/freedesktop/portal/desktop");
const QLatin1StringView portalInterface("org.freedesktop.portal.Settings");
const QLatin1StringView appearanceGroup("org.freedesktop.appearance");
const QLatin1StringView colorSchemeKey("color-scheme");

/// The portal's older Read answers with a variant inside a variant.
QVariant unwrapped(QVariant value)
{
    while (value.canConvert<QDBusVariant>())
        value = value.value<QDBusVariant>().variant();
    return value;
}

} // namespace

SystemThemeSource::SystemThemeSource(QObject* parent) : ThemeSource(parent)
{
    m_fallback = QApplication::palette().color(QPalette::Window).lightness() < 128 ? Theme::Mode::Dark : Theme::Mode::Light;
    m_mode = m_fallback;
    const auto askQt = [this] {
        if (const std::optional<bool> dark = compat::desktopIsDark())
            apply(*dark ? Theme::Mode::Dark : Theme::Mode::Light);
    };
    askQt();
    if (!compat::watchDesktopColorScheme(this, askQt))
        askPortal();
}

SystemThemeSource::~SystemThemeSource() = default;

Theme::Mode SystemThemeSource::mode() const
{
    return m_mode;
}

bool SystemThemeSource::reducedMotion() const
{
    return !QApplication::isEffectEnabled(Qt::UI_General);
}

Theme::Mode SystemThemeSource::modeFromPortal(uint colorScheme, Theme::Mode fallback)
{
    if (colorScheme == 1)
        return Theme::Mode::Dark;
    if (colorScheme == 2)
        return Theme::Mode::Light;
    return fallback;
}

void SystemThemeSource::askPortal()
{
    QDBusConnection bus = QDBusConnection::sessionBus();
    if (!bus.isConnected())
        return;
    bus.connect(portalService, portalPath, portalInterface, QStringLiteral("SettingChanged"), this,
                SLOT(onPortalSetting(QString, QString, QDBusVariant)));
    QDBusMessage question = QDBusMessage::createMethodCall(portalService, portalPath, portalInterface, QStringLiteral("Read"));
    question << QString(appearanceGroup) << QString(colorSchemeKey);
    auto* watcher = new QDBusPendingCallWatcher(bus.asyncCall(question, 3000), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [this, watcher] {
        const QDBusPendingReply<QVariant> reply = *watcher;
        if (reply.isValid())
            apply(modeFromPortal(unwrapped(reply.value()).toUInt(), m_fallback));
        watcher->deleteLater();
    });
}

void SystemThemeSource::onPortalSetting(const QString& group, const QString& key, const QDBusVariant& value)
{
    if (group == appearanceGroup && key == colorSchemeKey)
        apply(modeFromPortal(unwrapped(value.variant()).toUInt(), m_fallback));
}

void SystemThemeSource::apply(Theme::Mode mode)
{
    if (mode == m_mode)
        return;
    m_mode = mode;
    Q_EMIT modeChanged();
}

Appearance::Appearance(std::unique_ptr<ThemeSource> source, Preference preference, QObject* parent)
    : QObject(parent),
      m_source(std::move(source)),
      m_preference(preference)
{
    fonts::registerBundled();
    QApplication::setFont(fonts::body());
    m_style = new OrielStyle(Theme::dark());
    QApplication::setStyle(m_style);
    if (m_source)
        connect(m_source.get(), &ThemeSource::modeChanged, this, &Appearance::apply);
    apply();
}

Appearance::~Appearance() = default;

void Appearance::setPreference(Preference preference)
{
    if (preference == m_preference)
        return;
    m_preference = preference;
    apply();
}

const Theme& Appearance::theme() const
{
    return m_style->theme();
}

ServiceColors& Appearance::serviceColors() const
{
    return m_style->serviceColors();
}

Appearance::Preference Appearance::preferenceFromName(const QString& name)
{
    if (name.compare(QLatin1StringView("dark"), Qt::CaseInsensitive) == 0)
        return Preference::Dark;
    if (name.compare(QLatin1StringView("light"), Qt::CaseInsensitive) == 0)
        return Preference::Light;
    return Preference::System;
}

QString Appearance::nameOf(Preference preference)
{
    switch (preference) {
    case Preference::Dark:
        return QStringLiteral("dark");
    case Preference::Light:
        return QStringLiteral("light");
    case Preference::System:
        break;
    }
    return QStringLiteral("system");
}

void Appearance::apply()
{
    Theme::Mode mode = Theme::Mode::Dark;
    if (m_preference == Preference::Light)
        mode = Theme::Mode::Light;
    else if (m_preference == Preference::System && m_source)
        mode = m_source->mode();
    m_style->setReducedMotion(m_source && m_source->reducedMotion());
    m_style->setTheme(Theme::forMode(mode));
    QApplication::setPalette(m_style->theme().palette());
    Q_EMIT themeChanged();
}

} // namespace oriel::ui
