// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/status_strip.h"

#include "ui/widgets/format.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QStyle>
#include <QToolTip>

#include <algorithm>

namespace oriel::ui {
namespace {

constexpr int edge = 10;
constexpr int gap = 18;
constexpr int lampRoom = 19;

int widthOf(const StatusStrip::Segment& segment, const QFontMetrics& metrics)
{
    int width = metrics.horizontalAdvance(segment.text);
    if (segment.lamp)
        width += lampRoom;
    if (!segment.before.isEmpty())
        width += metrics.horizontalAdvance(segment.before) + 1;
    return width;
}

} // namespace

StatusStrip::StatusStrip(QWidget* parent) : QWidget(parent)
{
    setFixedHeight(metrics::statusBarHeight);
    setMouseTracking(true);
    setAccessibleName(QStringLiteral("Status"));
}

QList<StatusStrip::Segment> StatusStrip::segmentsOf(const ShellStatus& status)
{
    QList<Segment> segments;
    if (!status.endpoint.isEmpty()) {
        const QString tip =
            status.endpointTip.isEmpty() ? QStringLiteral("The gateway's address; click to copy") : status.endpointTip;
        segments.append({QStringLiteral("endpoint"), {}, status.endpointLamp, status.endpoint, tip, Tone::Neutral, false});
    }
    const bool missing = status.serversReady < status.serversConfigured;
    segments.append(
        {QStringLiteral("servers"),
         {},
         std::nullopt,
         status.serversConfigured == 0
             ? QStringLiteral("No servers")
             : QStringLiteral("Servers %1 of %2").arg(status.serversReady).arg(status.serversConfigured),
         missing ? QStringLiteral("Not every server is ready; click for the reason") : QStringLiteral("Servers that are ready"),
         Tone::Neutral,
         false});
    segments.append({QStringLiteral("rate"),
                     {},
                     std::nullopt,
                     formatNumber(status.callsPerSecond) + QStringLiteral(" calls/s"),
                     QStringLiteral("Calls in the last seconds"),
                     Tone::Neutral,
                     false});
    if (status.p95Ns)
        segments.append({QStringLiteral("p95"),
                         {},
                         std::nullopt,
                         QStringLiteral("p95 ") + formatDuration(*status.p95Ns),
                         QStringLiteral("19 of 20 calls were quicker"),
                         Tone::Neutral,
                         false});
    for (const DestinationStatus& destination : status.destinations)
        segments.append({QStringLiteral("destination:") + destination.name, destination.name, destination.lamp,
                         destination.detail,
                         destination.tip.isEmpty() ? QStringLiteral("%1: %2").arg(destination.name, lampWord(destination.lamp))
                                                   : destination.tip,
                         Tone::Neutral, true});
    segments.append({QStringLiteral("dropped"),
                     {},
                     std::nullopt,
                     QStringLiteral("dropped %1").arg(formatCount(static_cast<std::int64_t>(status.dropped))),
                     status.dropped > 0 ? QStringLiteral("Telemetry that was left out under load; calls were not slowed")
                                        : QStringLiteral("Nothing was left out"),
                     status.dropped > 0 ? Tone::Warning : Tone::Neutral,
                     true});
    if (status.storeLimitBytes > 0 || status.storeBytes > 0) {
        const QString size =
            status.storeLimitBytes > 0
                ? QStringLiteral("store %1 of %2").arg(formatBytes(status.storeBytes), formatBytes(status.storeLimitBytes))
                : QStringLiteral("store %1").arg(formatBytes(status.storeBytes));
        segments.append({QStringLiteral("store"),
                         {},
                         std::nullopt,
                         size,
                         QStringLiteral("Telemetry kept on this machine"),
                         Tone::Neutral,
                         true});
    }
    return segments;
}

void StatusStrip::setStatus(const ShellStatus& status)
{
    m_segments = segmentsOf(status);
    QStringList words;
    for (const Segment& segment : std::as_const(m_segments))
        words.append(segment.before.isEmpty() ? segment.text : segment.before + QLatin1Char(' ') + segment.text);
    setAccessibleDescription(words.join(QStringLiteral(", ")));
    update();
}

QList<StatusStrip::Placed> StatusStrip::placed() const
{
    const QFontMetrics metrics(fonts::caption());
    int needed = 2 * edge - gap;
    for (const Segment& segment : m_segments)
        needed += widthOf(segment, metrics) + gap;
    // The ends matter most: endpoint, drops and store stay; destinations go first, those that are well before the others.
    QList<bool> kept(m_segments.size(), true);
    for (qsizetype i = m_segments.size() - 1; i >= 0 && needed > width(); --i) {
        const std::optional<Lamp> lamp = m_segments[i].lamp;
        if (!m_segments[i].id.startsWith(QLatin1String("destination:")) || lamp == Lamp::Error || lamp == Lamp::Warning)
            continue;
        kept[i] = false;
        needed -= widthOf(m_segments[i], metrics) + gap;
    }
    for (const QLatin1StringView kind : {QLatin1StringView("destination:"), QLatin1StringView("p95"), QLatin1StringView("rate"),
                                         QLatin1StringView("store"), QLatin1StringView("servers")}) {
        for (qsizetype i = m_segments.size() - 1; i >= 0 && needed > width(); --i) {
            if (!kept[i] || !m_segments[i].id.startsWith(kind))
                continue;
            kept[i] = false;
            needed -= widthOf(m_segments[i], metrics) + gap;
        }
    }
    QList<Placed> result;
    int left = edge;
    int right = width() - edge;
    for (qsizetype i = 0; i < m_segments.size(); ++i) {
        if (!kept[i] || m_segments[i].right)
            continue;
        const int size = widthOf(m_segments[i], metrics);
        result.append({i, QRect(left, 0, size, height())});
        left += size + gap;
    }
    for (qsizetype i = m_segments.size() - 1; i >= 0; --i) {
        if (!kept[i] || !m_segments[i].right)
            continue;
        const int size = widthOf(m_segments[i], metrics);
        right -= size;
        result.append({i, QRect(right, 0, size, height())});
        right -= gap;
    }
    for (Placed& piece : result)
        piece.rect = QStyle::visualRect(layoutDirection(), rect(), piece.rect);
    return result;
}

void StatusStrip::paintEvent(QPaintEvent*)
{
    const Theme& theme = themeOf(this);
    QPainter painter(this);
    painter.setLayoutDirection(Qt::LayoutDirectionAuto);
    painter.fillRect(rect(), theme.panel);
    painter.fillRect(QRect(0, 0, width(), 1), theme.line);
    painter.setFont(fonts::caption());
    const QFontMetrics metrics(fonts::caption());
    const Qt::Alignment lead = QStyle::visualAlignment(layoutDirection(), Qt::AlignLeft) | Qt::AlignVCenter;
    for (const Placed& piece : placed()) {
        const Segment& segment = m_segments[piece.index];
        QRect room = piece.rect;
        const auto take = [&](int width) {
            const QRect part = QStyle::visualRect(layoutDirection(), room, QRect(room.left(), room.top(), width, room.height()));
            if (layoutDirection() == Qt::RightToLeft)
                room.setRight(room.right() - width);
            else
                room.setLeft(room.left() + width);
            return part;
        };
        painter.setPen(segment.tone == Tone::Neutral ? theme.dim : theme.toneText(segment.tone));
        if (!segment.before.isEmpty())
            painter.drawText(take(metrics.horizontalAdvance(segment.before) + 1), int(lead), segment.before);
        if (segment.lamp)
            paintLamp(painter, QRectF(take(lampRoom)), *segment.lamp, theme, 9);
        painter.drawText(room, int(lead) | Qt::TextSingleLine, segment.text);
    }
}

qsizetype StatusStrip::segmentAt(const QPoint& point) const
{
    for (const Placed& piece : placed()) {
        if (piece.rect.adjusted(-gap / 2, 0, gap / 2, 0).contains(point))
            return piece.index;
    }
    return -1;
}

void StatusStrip::mouseReleaseEvent(QMouseEvent* event)
{
    const qsizetype segment = segmentAt(event->position().toPoint());
    if (segment >= 0 && event->button() == Qt::LeftButton)
        Q_EMIT segmentClicked(m_segments[segment].id);
}

void StatusStrip::mouseMoveEvent(QMouseEvent* event)
{
    setCursor(segmentAt(event->position().toPoint()) >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
}

bool StatusStrip::event(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const qsizetype segment = segmentAt(help->pos());
        if (segment >= 0)
            QToolTip::showText(help->globalPos(), m_segments[segment].tip, this);
        else
            QToolTip::hideText();
        return true;
    }
    return QWidget::event(event);
}

} // namespace oriel::ui
