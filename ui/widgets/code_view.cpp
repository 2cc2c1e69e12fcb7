// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/code_view.h"

#include "ui/theme/oriel_style.h"
#include "ui/widgets/icon_button.h"
#include "ui/widgets/json_tokens.h"

#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QPainter>
#include <QScrollBar>
#include <QTextLayout>

#include <cmath>

namespace oriel::ui {
namespace {

constexpr int margin = 10;
constexpr qsizetype lineLimit = 20'000;
constexpr qsizetype prettyLimit = 4 * 1024 * 1024;

QStringList linesOf(const QString& text)
{
    QStringList lines;
    for (QStringView line : QStringView(text).split(QLatin1Char('\n'))) {
        if (line.endsWith(QLatin1Char('\r')))
            line.chop(1);
        QString shown = line.toString();
        shown.replace(QLatin1Char('\t'), QLatin1StringView("    "));
        for (QChar& c : shown) { // control characters would vanish or move the rest
            if (c < QLatin1Char(' ') || c == QChar(0x7f))
                c = c == QChar(0x7f) ? QChar(0x2421) : QChar(char16_t(0x2400 + c.unicode()));
        }
        while (shown.size() > lineLimit) {
            lines.append(shown.left(lineLimit));
            shown.remove(0, lineLimit);
        }
        lines.append(shown);
    }
    return lines;
}

QColor tokenColor(const Theme& theme, JsonToken::Kind kind)
{
    switch (kind) {
    case JsonToken::Kind::Key:
        return mix(theme.text, theme.accent, theme.isDark() ? 0.65 : 0.8);
    case JsonToken::Kind::String:
        return theme.text;
    case JsonToken::Kind::Number:
        return mix(theme.text, theme.services[1], theme.isDark() ? 0.6 : 0.5);
    case JsonToken::Kind::Literal:
        return mix(theme.text, theme.services[2], theme.isDark() ? 0.65 : 0.8);
    case JsonToken::Kind::Masked:
        return theme.onMask;
    }
    return theme.text;
}

} // namespace

CodeView::CodeView(QWidget* parent) : QAbstractScrollArea(parent)
{
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    setFont(fonts::mono());
    setLayoutDirection(Qt::LeftToRight); // code runs from left to right in every language
    setCursor(Qt::IBeamCursor);
    viewport()->setAutoFillBackground(false);
    viewport()->setCursor(Qt::IBeamCursor);
    m_copy = new IconButton(IconName::Copy, QStringLiteral("Copy"), this);
    m_copy->setCursor(Qt::ArrowCursor);
    connect(m_copy, &QToolButton::clicked, this, [this] {
        QApplication::clipboard()->setText(m_text);
        m_copy->setIconName(IconName::Check, IconTint::Good);
        m_copy->setToolTip(QStringLiteral("Copied"));
    });
    setText(QString());
}

void CodeView::setText(const QString& text, Language language)
{
    m_text = text;
    m_language = language;
    const bool pretty = language == Language::Json && text.size() <= prettyLimit;
    m_lines = text.isEmpty() ? QStringList() : linesOf(pretty ? prettyJson(text) : text);
    m_longest = 0;
    m_masks = 0;
    for (const QString& line : std::as_const(m_lines)) {
        m_longest = std::max(m_longest, line.size());
        m_masks += line.contains(QLatin1StringView("[masked:")) ? findMasks(line).size() : 0;
    }
    m_anchor = m_cursor = {};
    m_copy->setIconName(IconName::Copy);
    m_copy->setToolTip(QStringLiteral("Copy"));
    verticalScrollBar()->setValue(0);
    horizontalScrollBar()->setValue(0);
    updateScrollBars();
    updateGeometry();
    viewport()->update();
}

void CodeView::setTone(Tone tone)
{
    m_tone = tone;
    viewport()->update();
}

void CodeView::setMaximumLines(int lines)
{
    m_maximumLines = lines;
    setSizePolicy(QSizePolicy::Expanding, lines > 0 ? QSizePolicy::Fixed : QSizePolicy::Expanding);
    updateGeometry();
}

void CodeView::setCopyButtonVisible(bool visible)
{
    m_copy->setVisible(visible);
}

void CodeView::setFramed(bool framed)
{
    m_framed = framed;
    viewport()->update();
}

int CodeView::lineHeight() const
{
    return static_cast<int>(std::ceil(QFontMetricsF(font()).height())) + 1;
}

QSize CodeView::sizeHint() const
{
    const int lines = m_maximumLines > 0 ? std::clamp<int>(static_cast<int>(std::min<qsizetype>(m_lines.size(), m_maximumLines)),
                                                           1, m_maximumLines)
                                         : 12;
    const bool sideways = m_maximumLines > 0 && horizontalScrollBar()->maximum() > 0;
    return {320, lines * lineHeight() + 2 * margin + (sideways ? horizontalScrollBar()->sizeHint().height() : 0)};
}

QSize CodeView::minimumSizeHint() const
{
    return {80, m_maximumLines > 0 ? sizeHint().height() : lineHeight() + 2 * margin};
}

void CodeView::updateScrollBars()
{
    const int visible = std::max(1, (viewport()->height() - 2 * margin) / lineHeight());
    verticalScrollBar()->setRange(0, static_cast<int>(std::max<qsizetype>(0, m_lines.size() - visible)));
    verticalScrollBar()->setPageStep(visible);
    verticalScrollBar()->setSingleStep(1);
    // Wide characters make a line wider than its count; the longest lines are few, so a count is near enough for the bar.
    const double advance = QFontMetricsF(font()).horizontalAdvance(QLatin1Char('0'));
    const int width = static_cast<int>(advance * static_cast<double>(m_longest)) + 2 * margin;
    horizontalScrollBar()->setRange(0, std::max(0, width - viewport()->width()));
    horizontalScrollBar()->setPageStep(viewport()->width());
    horizontalScrollBar()->setSingleStep(static_cast<int>(advance * 4));
}

void CodeView::placeCopyButton()
{
    const int bar = verticalScrollBar()->isVisible() ? verticalScrollBar()->width() : 0;
    m_copy->adjustSize();
    m_copy->move(width() - m_copy->width() - 4 - bar, 4);
    m_copy->raise();
}

void CodeView::paintLine(QPainter& painter, qsizetype line, qreal x, qreal top, const Theme& theme) const
{
    const QString& text = m_lines[line];
    const QFontMetricsF metrics(font());
    const qreal advance = metrics.horizontalAdvance(QLatin1Char('0'));
    // Only what is in sight of a very long line; the fixed pitch tells where it begins.
    const bool huge = text.size() > 1000;
    const qsizetype first = huge ? std::max<qsizetype>(0, static_cast<qsizetype>(-x / advance) - 8) : 0;
    const qsizetype count = huge ? static_cast<qsizetype>(viewport()->width() / advance) + 32 : text.size();
    QTextLayout layout(text.mid(first, count), font());
    const QList<JsonToken> tokens =
        m_language == Language::Json && m_tone == Tone::Neutral ? tokenizeJsonLine(text) : findMasks(text);
    QList<QTextLayout::FormatRange> formats;
    for (const JsonToken& token : tokens) {
        const qsizetype from = std::max(token.start - first, qsizetype(0));
        const qsizetype to = std::min(token.start + token.length - first, layout.text().size());
        if (from >= to)
            continue;
        QTextLayout::FormatRange range;
        range.start = static_cast<int>(from);
        range.length = static_cast<int>(to - from);
        range.format.setForeground(tokenColor(theme, token.kind));
        formats.append(range);
    }
    layout.setFormats(formats);
    layout.beginLayout();
    const QTextLine row = layout.createLine();
    layout.endLayout();
    if (!row.isValid())
        return;
    const qreal left = huge ? x + advance * static_cast<qreal>(first) : x;
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.mask);
    for (const JsonToken& mask : findMasks(layout.text())) {
        const qreal from = row.cursorToX(static_cast<int>(mask.start));
        const qreal to = row.cursorToX(static_cast<int>(mask.start + mask.length));
        painter.drawRoundedRect(QRectF(left + from - 2, top, to - from + 4, lineHeight()), 3, 3);
    }
    painter.setPen(m_tone == Tone::Neutral ? (m_language == Language::Json ? theme.dim : theme.text) : theme.toneText(m_tone));
    layout.draw(&painter, QPointF(left, top + 0.5));
}

void CodeView::paintEvent(QPaintEvent*)
{
    const Theme& theme = themeOf(this);
    QPainter painter(viewport());
    painter.setLayoutDirection(Qt::LayoutDirectionAuto);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(font());
    const QRectF frame = QRectF(viewport()->rect()).adjusted(0.5, 0.5, -0.5, -0.5);
    painter.setPen(m_framed ? QPen(theme.line) : QPen(Qt::NoPen));
    painter.setBrush(theme.window);
    painter.drawRoundedRect(frame, m_framed ? metrics::radiusControl : 0, m_framed ? metrics::radiusControl : 0);
    if (hasFocus() && m_framed && window()->testAttribute(Qt::WA_KeyboardFocusChange))
        paintFocusRing(painter, viewport()->rect(), metrics::radiusControl, theme);
    painter.setClipRect(viewport()->rect().adjusted(2, 2, -2, -2));

    const Position from = std::min(m_anchor, m_cursor);
    const Position to = std::max(m_anchor, m_cursor);
    const QFontMetricsF metrics(font());
    const qreal x = margin - horizontalScrollBar()->value();
    qreal top = margin;
    for (qsizetype line = verticalScrollBar()->value(); line < m_lines.size() && top < viewport()->height();
         ++line, top += lineHeight()) {
        paintLine(painter, line, x, top, theme);
        if (from == to || line < from.line || line > to.line)
            continue;
        const QString& text = m_lines[line];
        const qreal left = line == from.line ? metrics.horizontalAdvance(text.left(from.column)) : 0;
        const qreal right =
            line == to.line ? metrics.horizontalAdvance(text.left(to.column)) : metrics.horizontalAdvance(text) + 6;
        QColor veil = theme.accent;
        veil.setAlpha(70);
        painter.fillRect(QRectF(x + left, top, right - left, lineHeight()), veil);
    }
}

CodeView::Position CodeView::positionAt(const QPoint& point) const
{
    if (m_lines.isEmpty())
        return {};
    const qsizetype row =
        verticalScrollBar()->value() + static_cast<qsizetype>(std::floor(double(point.y() - margin) / lineHeight()));
    Position position{std::clamp<qsizetype>(row, 0, m_lines.size() - 1), 0};
    const QString& text = m_lines[position.line];
    const QFontMetricsF metrics(font());
    const qreal wanted = point.x() - margin + horizontalScrollBar()->value();
    qsizetype low = 0;
    qsizetype high = text.size();
    while (low < high) { // the widths of prefixes grow, so a binary search finds the column
        const qsizetype middle = (low + high + 1) / 2;
        if (metrics.horizontalAdvance(text.left(middle)) - metrics.horizontalAdvance(QLatin1Char('0')) / 2 <= wanted)
            low = middle;
        else
            high = middle - 1;
    }
    position.column = low;
    return position;
}

QString CodeView::textBetween(Position from, Position to) const
{
    if (from == to || m_lines.isEmpty())
        return {};
    if (from.line == to.line)
        return m_lines[from.line].mid(from.column, to.column - from.column);
    QStringList parts{m_lines[from.line].mid(from.column)};
    for (qsizetype line = from.line + 1; line < to.line; ++line)
        parts.append(m_lines[line]);
    parts.append(m_lines[to.line].left(to.column));
    return parts.join(QLatin1Char('\n'));
}

QString CodeView::selectedText() const
{
    return textBetween(std::min(m_anchor, m_cursor), std::max(m_anchor, m_cursor));
}

void CodeView::copy() const
{
    const QString selected = selectedText();
    QApplication::clipboard()->setText(selected.isEmpty() ? m_text : selected);
}

void CodeView::selectAll()
{
    if (m_lines.isEmpty())
        return;
    m_anchor = {};
    m_cursor = {m_lines.size() - 1, m_lines.last().size()};
    viewport()->update();
}

bool CodeView::findNext(const QString& needle)
{
    if (needle.isEmpty() || m_lines.isEmpty())
        return false;
    const Position start = std::max(m_anchor, m_cursor);
    for (qsizetype step = 0; step <= m_lines.size(); ++step) {
        const qsizetype line = (start.line + step) % m_lines.size();
        const qsizetype at = m_lines[line].indexOf(needle, step == 0 ? start.column : 0, Qt::CaseInsensitive);
        if (at < 0)
            continue;
        m_anchor = {line, at};
        m_cursor = {line, at + needle.size()};
        const int row = static_cast<int>(line);
        if (row < verticalScrollBar()->value() || row >= verticalScrollBar()->value() + verticalScrollBar()->pageStep())
            verticalScrollBar()->setValue(row - verticalScrollBar()->pageStep() / 2);
        const double advance = QFontMetricsF(font()).horizontalAdvance(QLatin1Char('0'));
        const int x = static_cast<int>(advance * static_cast<double>(at));
        if (x < horizontalScrollBar()->value() || x > horizontalScrollBar()->value() + viewport()->width() - 60)
            horizontalScrollBar()->setValue(x - viewport()->width() / 3);
        viewport()->update();
        return true;
    }
    return false;
}

void CodeView::resizeEvent(QResizeEvent* event)
{
    QAbstractScrollArea::resizeEvent(event);
    updateScrollBars();
    placeCopyButton();
}

void CodeView::changeEvent(QEvent* event)
{
    QAbstractScrollArea::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::StyleChange)
        viewport()->update();
}

void CodeView::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton)
        return;
    m_cursor = positionAt(event->position().toPoint());
    if (!(event->modifiers() & Qt::ShiftModifier))
        m_anchor = m_cursor;
    viewport()->update();
}

void CodeView::mouseMoveEvent(QMouseEvent* event)
{
    if (!(event->buttons() & Qt::LeftButton))
        return;
    const int y = event->position().toPoint().y();
    if (y < 0 || y > viewport()->height())
        verticalScrollBar()->setValue(verticalScrollBar()->value() + (y < 0 ? -1 : 1));
    m_cursor = positionAt(event->position().toPoint());
    viewport()->update();
}

void CodeView::mouseDoubleClickEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || m_lines.isEmpty())
        return;
    const Position at = positionAt(event->position().toPoint());
    const QString& text = m_lines[at.line];
    const auto isWord = [](QChar c) { return c.isLetterOrNumber() || c == QLatin1Char('_') || c == QLatin1Char('-'); };
    qsizetype left = at.column;
    qsizetype right = at.column;
    while (left > 0 && isWord(text[left - 1]))
        --left;
    while (right < text.size() && isWord(text[right]))
        ++right;
    m_anchor = {at.line, left};
    m_cursor = {at.line, right};
    viewport()->update();
}

void CodeView::keyPressEvent(QKeyEvent* event)
{
    QScrollBar* bar = verticalScrollBar();
    if (event->matches(QKeySequence::Copy))
        copy();
    else if (event->matches(QKeySequence::SelectAll))
        selectAll();
    else if (event->key() == Qt::Key_Home)
        bar->setValue(0);
    else if (event->key() == Qt::Key_End)
        bar->setValue(bar->maximum());
    else
        QAbstractScrollArea::keyPressEvent(event);
}

void CodeView::contextMenuEvent(QContextMenuEvent* event)
{
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    QAction* copySelection = menu->addAction(themedIcon(IconName::Copy), QStringLiteral("Copy selection"));
    copySelection->setEnabled(!selectedText().isEmpty());
    connect(copySelection, &QAction::triggered, this, &CodeView::copy);
    connect(menu->addAction(QStringLiteral("Copy all")), &QAction::triggered, this,
            [this] { QApplication::clipboard()->setText(m_text); });
    connect(menu->addAction(QStringLiteral("Select all")), &QAction::triggered, this, &CodeView::selectAll);
    menu->popup(event->globalPos());
}

} // namespace oriel::ui
