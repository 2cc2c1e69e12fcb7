// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/key_value_table.h"

#include "ui/theme/icons.h"
#include "ui/widgets/filter_text.h"
#include "ui/widgets/json_tokens.h"

#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QPainter>
#include <QScrollBar>
#include <QStyle>
#include <QTextLayout>

#include <algorithm>

namespace oriel::ui {
namespace {

constexpr int side = 12;
constexpr int lineStep = 21;
constexpr qsizetype shownCharacters = 4000;

/// A value broken into lines of `width`, at any character where no word ends.
int layoutValue(QTextLayout& layout, double width)
{
    QTextOption option;
    option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    layout.setTextOption(option);
    layout.beginLayout();
    int lines = 0;
    for (QTextLine line = layout.createLine(); line.isValid(); line = layout.createLine()) {
        line.setLineWidth(std::max(40.0, width));
        line.setPosition({0, double(lines * lineStep)});
        ++lines;
    }
    layout.endLayout();
    return std::max(1, lines);
}

QString shownValue(const KeyValue& row)
{
    QString value = row.value.size() > shownCharacters ? row.value.left(shownCharacters) + QStringLiteral(" …") : row.value;
    value.replace(QLatin1Char('\n'), QChar::LineSeparator);
    return value;
}

QList<QTextLayout::FormatRange> maskFormats(const QString& value, const Theme& theme)
{
    QList<QTextLayout::FormatRange> formats;
    for (const JsonToken& mask : findMasks(value)) {
        QTextLayout::FormatRange range;
        range.start = static_cast<int>(mask.start);
        range.length = static_cast<int>(mask.length);
        range.format.setBackground(theme.mask);
        range.format.setForeground(theme.onMask);
        formats.append(range);
    }
    return formats;
}

} // namespace

KeyValueTable::KeyValueTable(QWidget* parent) : QAbstractScrollArea(parent)
{
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    viewport()->setAutoFillBackground(false);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_tops = {0};
}

void KeyValueTable::setRows(const QList<KeyValue>& rows)
{
    if (rows == m_rows)
        return;
    m_rows = rows;
    m_current = m_current < m_rows.size() ? m_current : -1;
    relayout();
}

void KeyValueTable::setKeyWidth(int width)
{
    m_keyWidth = width;
    relayout();
}

void KeyValueTable::setFitToContents(bool fit)
{
    m_fit = fit;
    setVerticalScrollBarPolicy(fit ? Qt::ScrollBarAlwaysOff : Qt::ScrollBarAsNeeded);
    setSizePolicy(QSizePolicy::Expanding, fit ? QSizePolicy::Fixed : QSizePolicy::Expanding);
    updateGeometry();
}

int KeyValueTable::contentHeight() const
{
    return m_tops.last();
}

QSize KeyValueTable::sizeHint() const
{
    return {320, m_fit ? contentHeight() : std::min(contentHeight(), 320)};
}

QSize KeyValueTable::minimumSizeHint() const
{
    return {120, m_fit ? contentHeight() : 2 * lineStep};
}

int KeyValueTable::keyColumnWidth() const
{
    if (m_keyWidth > 0)
        return m_keyWidth;
    const QFontMetrics metrics(fonts::caption());
    int widest = 60;
    for (const KeyValue& row : m_rows)
        widest = std::max(widest, metrics.horizontalAdvance(row.key));
    return std::min(widest + 18, std::max(60, (viewport()->width() - 2 * side) * 45 / 100));
}

void KeyValueTable::relayout()
{
    const int keys = keyColumnWidth();
    const double room = viewport()->width() - 2 * side - keys;
    m_tops = {0};
    m_tops.reserve(m_rows.size() + 1);
    for (const KeyValue& row : std::as_const(m_rows)) {
        const QFont font = row.mono ? fonts::mono() : fonts::caption();
        int lines = 1;
        if (row.value.contains(QLatin1Char('\n')) || QFontMetricsF(font).horizontalAdvance(row.value.left(2000)) > room) {
            QTextLayout layout(shownValue(row), font);
            lines = layoutValue(layout, room);
        }
        m_tops.append(m_tops.last() + lines * lineStep);
    }
    verticalScrollBar()->setRange(0, m_fit ? 0 : std::max(0, contentHeight() - viewport()->height()));
    verticalScrollBar()->setPageStep(viewport()->height());
    verticalScrollBar()->setSingleStep(lineStep);
    updateGeometry();
    viewport()->update();
}

int KeyValueTable::rowAt(int y) const
{
    const int at = y + verticalScrollBar()->value();
    if (at < 0 || at >= contentHeight())
        return -1;
    return static_cast<int>(std::upper_bound(m_tops.cbegin(), m_tops.cend(), at) - m_tops.cbegin()) - 1;
}

void KeyValueTable::paintEvent(QPaintEvent*)
{
    const Theme& theme = themeOf(this);
    QPainter painter(viewport());
    painter.setLayoutDirection(Qt::LayoutDirectionAuto);
    painter.setRenderHint(QPainter::Antialiasing);
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    const int keys = keyColumnWidth();
    const int width = viewport()->width();
    const int offset = verticalScrollBar()->value();
    const QRect keyColumn(mirrored ? width - side - keys : side, 0, keys - 8, lineStep);
    const QRect valueColumn(mirrored ? side : side + keys, 0, width - 2 * side - keys, lineStep);
    const QFontMetrics keyMetrics(fonts::caption());
    const Qt::Alignment lead = QStyle::visualAlignment(layoutDirection(), Qt::AlignLeft) | Qt::AlignVCenter;
    for (int row = std::max(0, rowAt(0)); row < m_rows.size() && m_tops[row] - offset < viewport()->height(); ++row) {
        const KeyValue& line = m_rows[row];
        const int top = m_tops[row] - offset;
        if (row == m_current && hasFocus()) {
            painter.setPen(Qt::NoPen);
            painter.setBrush(theme.selection);
            painter.drawRoundedRect(QRectF(side - 6, top, width - 2 * side + 12, m_tops[row + 1] - m_tops[row]),
                                    metrics::radiusChip, metrics::radiusChip);
        }
        painter.setFont(fonts::caption());
        painter.setPen(theme.dim);
        painter.drawText(keyColumn.translated(0, top), int(lead) | Qt::TextSingleLine,
                         keyMetrics.elidedText(line.key, Qt::ElideMiddle, keyColumn.width()));
        const QFont font = line.mono ? fonts::mono() : fonts::caption();
        const QString value = shownValue(line);
        QTextLayout layout(value, font);
        layout.setFormats(maskFormats(value, theme));
        layoutValue(layout, valueColumn.width());
        painter.setPen(theme.toneText(line.tone));
        const double lift = (lineStep - QFontMetricsF(font).height()) / 2;
        layout.draw(&painter, QPointF(valueColumn.left(), top + lift));
        if (!line.note.isEmpty() && layout.lineCount() == 1) {
            const int used = static_cast<int>(layout.lineAt(0).naturalTextWidth()) + 10;
            painter.setFont(fonts::caption());
            painter.setPen(theme.dim);
            painter.drawText(valueColumn.translated(0, top).adjusted(mirrored ? 0 : used, 0, mirrored ? -used : 0, 0),
                             int(lead) | Qt::TextSingleLine, line.note);
        }
    }
}

void KeyValueTable::resizeEvent(QResizeEvent* event)
{
    QAbstractScrollArea::resizeEvent(event);
    relayout();
}

void KeyValueTable::changeEvent(QEvent* event)
{
    QAbstractScrollArea::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange)
        viewport()->update();
}

void KeyValueTable::setCurrent(int row)
{
    if (m_rows.isEmpty())
        return;
    m_current = std::clamp(row, 0, static_cast<int>(m_rows.size()) - 1);
    const int top = m_tops[m_current];
    const int bottom = m_tops[m_current + 1];
    QScrollBar* bar = verticalScrollBar();
    if (top < bar->value())
        bar->setValue(top);
    else if (bottom > bar->value() + viewport()->height())
        bar->setValue(bottom - viewport()->height());
    viewport()->update();
}

void KeyValueTable::mousePressEvent(QMouseEvent* event)
{
    const int row = rowAt(event->position().toPoint().y());
    if (row >= 0)
        setCurrent(row);
}

void KeyValueTable::mouseDoubleClickEvent(QMouseEvent* event)
{
    const int row = rowAt(event->position().toPoint().y());
    if (row >= 0)
        Q_EMIT rowActivated(row);
}

void KeyValueTable::copyRow(int row, bool withKey) const
{
    const KeyValue& line = m_rows[row];
    QApplication::clipboard()->setText(withKey ? line.key + QLatin1Char('=') + line.value : line.value);
}

void KeyValueTable::contextMenuEvent(QContextMenuEvent* event)
{
    const bool keyboard = event->reason() == QContextMenuEvent::Keyboard;
    const int row = keyboard ? m_current : rowAt(viewport()->mapFromGlobal(event->globalPos()).y());
    if (row < 0)
        return;
    setCurrent(row);
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    connect(menu->addAction(themedIcon(IconName::Copy), QStringLiteral("Copy value")), &QAction::triggered, this,
            [this, row] { copyRow(row, false); });
    connect(menu->addAction(QStringLiteral("Copy name and value")), &QAction::triggered, this,
            [this, row] { copyRow(row, true); });
    const KeyValue& line = m_rows[row];
    if (!line.filterKey.isEmpty()) {
        menu->addSeparator();
        const QString value = quoteFilterValue(line.value);
        const QString in = line.filterKey + QLatin1Char('=') + value;
        const QString out = line.filterKey + QLatin1StringView("!=") + value;
        connect(menu->addAction(themedIcon(IconName::Filter), QStringLiteral("Filter in")), &QAction::triggered, this,
                [this, in] { Q_EMIT filterRequested(in); });
        connect(menu->addAction(QStringLiteral("Filter out")), &QAction::triggered, this,
                [this, out] { Q_EMIT filterRequested(out); });
    }
    menu->popup(keyboard ? viewport()->mapToGlobal(QPoint(side, m_tops[row + 1] - verticalScrollBar()->value()))
                         : event->globalPos());
}

void KeyValueTable::keyPressEvent(QKeyEvent* event)
{
    switch (event->key()) {
    case Qt::Key_Up:
        setCurrent(m_current - 1);
        return;
    case Qt::Key_Down:
        setCurrent(m_current + 1);
        return;
    case Qt::Key_Home:
        setCurrent(0);
        return;
    case Qt::Key_End:
        setCurrent(static_cast<int>(m_rows.size()) - 1);
        return;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (m_current >= 0)
            Q_EMIT rowActivated(m_current);
        return;
    default:
        break;
    }
    if (event->matches(QKeySequence::Copy) && m_current >= 0) {
        copyRow(m_current, false);
        return;
    }
    QAbstractScrollArea::keyPressEvent(event);
}

} // namespace oriel::ui
