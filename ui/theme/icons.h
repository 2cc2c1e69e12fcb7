// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QIcon>
#include <QList>
#include <QRectF>
#include <QString>

class QPainter;

namespace oriel::ui {

/// Every icon of the product; each is resources/icons/<name>.svg on a 16 × 16 grid with 1.5 px strokes in `currentColor`.
enum class IconName {
    None,
    Overview,
    Traces,
    Metrics,
    Logs,
    Audit,
    Servers,
    Playground,
    Alerts,
    Settings,
    Search,
    Filter,
    Play,
    Pause,
    Live,
    Plus,
    Edit,
    Trash,
    Restart,
    Stop,
    Copy,
    Export,
    Import,
    Close,
    Check,
    Cross,
    Warning,
    Info,
    ChevronUp,
    ChevronDown,
    ChevronLeft,
    ChevronRight,
    Expand,
    Collapse,
    Key,
    Lock,
    Unlock,
    Link,
    External,
    Clock,
    Wire,
    Plug,
    Command,
    Bell,
    User,
    Client,
    Download,
    Upload,
    Refresh,
    More,
    ZoomIn,
    ZoomOut,
    Fit,
    Pin,
    Compare,
    Tool,
    Shield,
    Database,
    Folder,
    File,
};

/// Which colour of the palette an icon takes; it follows a change of theme by itself.
enum class IconTint { Text, Dim, Accent, Error, Warning, Good };

/// File name without extension, such as `chevron-down`.
[[nodiscard]] QString iconFileName(IconName name);
/// All icons but None, for tests and the gallery.
[[nodiscard]] QList<IconName> allIcons();

/// A scalable icon for actions, buttons and item views; dimmed when disabled, tinted with the accent when checked.
[[nodiscard]] QIcon themedIcon(IconName name, IconTint tint = IconTint::Dim);
/// Paints the icon in `color`, centred and scaled into `rect`, sharp at the painter's device pixel ratio.
void paintIcon(QPainter& painter, const QRectF& rect, IconName name, const QColor& color);

} // namespace oriel::ui
