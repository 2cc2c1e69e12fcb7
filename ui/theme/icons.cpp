// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/icons.h"

#include "ui/theme/theme.h"

#include <QFile>
#include <QIconEngine>
#include <QPaintDevice>
#include <QPainter>
#include <QPixmapCache>
#include <QSvgRenderer>

#include <array>
#include <cmath>

namespace oriel::ui {
namespace {

struct IconFile {
    IconName name;
    const char* file;
};

constexpr auto iconFiles = std::to_array<IconFile>({
    {IconName::Overview, "overview"},
    {IconName::Traces, "traces"},
    {IconName::Metrics, "metrics"},
    {IconName::Logs, "logs"},
    {IconName::Audit, "audit"},
    {IconName::Servers, "servers"},
    {IconName::Playground, "playground"},
    {IconName::Alerts, "alerts"},
    {IconName::Settings, "settings"},
    {IconName::Search, "search"},
    {IconName::Filter, "filter"},
    {IconName::Play, "play"},
    {IconName::Pause, "pause"},
    {IconName::Live, "live"},
    {IconName::Plus, "plus"},
    {IconName::Edit, "edit"},
    {IconName::Trash, "trash"},
    {IconName::Restart, "restart"},
    {IconName::Stop, "stop"},
    {IconName::Copy, "copy"},
    {IconName::Export, "export"},
    {IconName::Import, "import"},
    {IconName::Close, "close"},
    {IconName::Check, "check"},
    {IconName::Cross, "cross"},
    {IconName::Warning, "warning"},
    {IconName::Info, "info"},
    {IconName::ChevronUp, "chevron-up"},
    {IconName::ChevronDown, "chevron-down"},
    {IconName::ChevronLeft, "chevron-left"},
    {IconName::ChevronRight, "chevron-right"},
    {IconName::Expand, "expand"},
    {IconName::Collapse, "collapse"},
    {IconName::Key, "key"},
    {IconName::Lock, "lock"},
    {IconName::Unlock, "unlock"},
    {IconName::Link, "link"},
    {IconName::External, "external"},
    {IconName::Clock, "clock"},
    {IconName::Wire, "wire"},
    {IconName::Plug, "plug"},
    {IconName::Command, "command"},
    {IconName::Bell, "bell"},
    {IconName::User, "user"},
    {IconName::Client, "client"},
    {IconName::Download, "download"},
    {IconName::Upload, "upload"},
    {IconName::Refresh, "refresh"},
    {IconName::More, "more"},
    {IconName::ZoomIn, "zoom-in"},
    {IconName::ZoomOut, "zoom-out"},
    {IconName::Fit, "fit"},
    {IconName::Pin, "pin"},
    {IconName::Compare, "compare"},
    {IconName::Tool, "tool"},
    {IconName::Shield, "shield"},
    {IconName::Database, "database"},
    {IconName::Folder, "folder"},
    {IconName::File, "file"},
});

QPixmap renderIcon(IconName name, const QColor& color, const QSize& pixels)
{
    const QString file = iconFileName(name);
    const QString key =
        QStringLiteral("oriel-icon/%1/%2/%3x%4").arg(file, color.name(QColor::HexArgb)).arg(pixels.width()).arg(pixels.height());
    QPixmap pixmap;
    if (QPixmapCache::find(key, &pixmap))
        return pixmap;
    QFile source(QStringLiteral(":/oriel/icons/%1.svg").arg(file));
    if (!source.open(QIODevice::ReadOnly))
        return {};
    QByteArray svg = source.readAll();
    svg.replace("currentColor", color.name(QColor::HexRgb).toLatin1());
    QSvgRenderer renderer(svg);
    pixmap = QPixmap(pixels);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setOpacity(color.alphaF());
    renderer.render(&painter, QRectF(QPointF(), QSizeF(pixels)));
    painter.end();
    QPixmapCache::insert(key, pixmap);
    return pixmap;
}

QColor tintColor(const Theme& theme, IconTint tint)
{
    switch (tint) {
    case IconTint::Text:
        return theme.text;
    case IconTint::Dim:
        return theme.dim;
    case IconTint::Accent:
        return theme.accent;
    case IconTint::Error:
        return theme.error;
    case IconTint::Warning:
        return theme.warning;
    case IconTint::Good:
        return theme.good;
    }
    return theme.text;
}

/// Asks the application's theme for its colour each time it paints, so that an icon made once follows the theme.
class ThemedIconEngine final : public QIconEngine {
public:
    ThemedIconEngine(IconName name, IconTint tint) : m_name(name), m_tint(tint) {}

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State state) override
    {
        paintIcon(*painter, rect, m_name, color(mode, state));
    }
    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override
    {
        return renderIcon(m_name, color(mode, state), size);
    }
    QPixmap scaledPixmap(const QSize& size, QIcon::Mode mode, QIcon::State state, qreal scale) override
    {
        Q_UNUSED(scale) // the size already counts device pixels
        return pixmap(size, mode, state);
    }
    [[nodiscard]] QIconEngine* clone() const override { return new ThemedIconEngine(m_name, m_tint); }
    QString key() const override { return QStringLiteral("oriel"); }
    bool isNull() override { return m_name == IconName::None; }

private:
    [[nodiscard]] QColor color(QIcon::Mode mode, QIcon::State state) const
    {
        const Theme& theme = themeOf(nullptr);
        if (mode == QIcon::Disabled)
            return theme.faint;
        if (m_tint == IconTint::Dim && state == QIcon::On)
            return theme.accent;
        if (m_tint == IconTint::Dim && mode == QIcon::Active)
            return theme.text;
        return tintColor(theme, m_tint);
    }

    IconName m_name;
    IconTint m_tint;
};

} // namespace

QString iconFileName(IconName name)
{
    for (const IconFile& entry : iconFiles) {
        if (entry.name == name)
            return QString::fromLatin1(entry.file);
    }
    return {};
}

QList<IconName> allIcons()
{
    QList<IconName> names;
    for (const IconFile& entry : iconFiles)
        names.append(entry.name);
    return names;
}

QIcon themedIcon(IconName name, IconTint tint)
{
    if (name == IconName::None)
        return {};
    return QIcon(new ThemedIconEngine(name, tint));
}

void paintIcon(QPainter& painter, const QRectF& rect, IconName name, const QColor& color)
{
    if (name == IconName::None)
        return;
    const qreal side = std::min(rect.width(), rect.height());
    const qreal ratio = painter.device() ? painter.device()->devicePixelRatioF() : 1.0;
    const int pixels = std::max(1, static_cast<int>(std::lround(side * ratio)));
    QPixmap pixmap = renderIcon(name, color, QSize(pixels, pixels));
    pixmap.setDevicePixelRatio(ratio);
    const QPointF topLeft(rect.center().x() - side / 2, rect.center().y() - side / 2);
    const QPointF snapped(std::round(topLeft.x() * ratio) / ratio, std::round(topLeft.y() * ratio) / ratio);
    painter.drawPixmap(snapped, pixmap);
}

} // namespace oriel::ui
