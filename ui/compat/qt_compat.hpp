// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFuture>

#include <QFont>
#include <QGuiApplication>
#include <QObject>
#include <QStyleHints>

#include <functional>
#include <optional>

/// Every difference between the Qt releases that Oriel builds with, 6.4 to 6.10; no other file asks for a version.
namespace oriel::ui::compat {

/// The desktop's colour scheme as Qt itself knows it: true for dark; nothing on a Qt without QStyleHints::colorScheme
/// (before 6.5) or when the platform does not tell.
[[nodiscard]] inline std::optional<bool> desktopIsDark()
{
#if QT_VERSION >= QT_VERSION_CHECK(6, 5, 0)
    switch (QGuiApplication::styleHints()->colorScheme()) {
    case Qt::ColorScheme::Dark:
        return true;
    case Qt::ColorScheme::Light:
        return false;
    case Qt::ColorScheme::Unknown:
        break;
    }
#endif
    return std::nullopt;
}

/// Calls `changed` whenever the answer of desktopIsDark() changes, as long as `context` lives. False when this Qt cannot tell.
inline bool watchDesktopColorScheme(QObject* context, std::function<void()> changed)
{
#if QT_VERSION >= QT_VERSION_CHECK(6, 5, 0)
    QObject::connect(QGuiApplication::styleHints(), &QStyleHints::colorSchemeChanged, context, std::move(changed));
    return true;
#else
    Q_UNUSED(context)
    Q_UNUSED(changed)
    return false;
#endif
}

/// Digits of equal width, where this Qt can switch the font feature on (6.7).
inline void useTabularDigits(QFont& font)
{
#if QT_VERSION >= QT_VERSION_CHECK(6, 7, 0)
    font.setFeature(QFont::Tag("tnum"), 1);
#else
    Q_UNUSED(font)
#endif
}

/// Cancels a future that still runs. Never `future.cancel()` on one that may be finished: Qt before 6.6 then writes to the state of continuations that
/// are gone.
template <class T> void cancelRunning(QFuture<T>& future)
{
    if (!future.isFinished())
        future.cancel();
}

} // namespace oriel::ui::compat
