// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/traces/waterfall_view.h"

#include "ui/theme/service_colors.h"
#include "ui/theme/theme.h"
#include "ui/widgets/format.h"

#include <QAccessible>
#include <QApplication>
#include <QContextMenuEvent>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QScrollBar>
#include <QToolTip>
#include <QWheelEvent>

#include <algorithm>
#include <array>
#include <cmath>

namespace oriel::ui {
namespace {

constexpr int dividerReach = 4;
constexpr int narrowestColumn = 90;
constexpr double keyZoom = 0.7;
constexpr double keyPan = 0.15;

} // namespace

WaterfallView::WaterfallView(QWidget* parent) : QAbstractScrollArea(parent)
{
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    viewport()->setMouseTracking(true);
    viewport()->setAttribute(Qt::WA_OpaquePaintEvent);
    setAccessibleName(QStringLiteral("Waterfall"));
    setMinimumSize(240, 80);
}

WaterfallLayout WaterfallView::layoutNow() const
{
    WaterfallLayout layout;
    layout.width = viewport()->width();
    layout.height = viewport()->height();
    const int most = std::max(narrowestColumn, layout.width - narrowestColumn);
    layout.nameWidth = std::clamp(static_cast<int>(m_nameShare * layout.width), narrowestColumn, most);
    layout.firstPosition = verticalScrollBar()->value();
    layout.window = m_window;
    return layout;
}

TimeWindow WaterfallView::wholeTrace() const
{
    return wholeWindow(m_document ? m_document->index.traceDurationNs() : 0);
}

// --- document --------------------------------------------------------------

void WaterfallView::setDocument(std::shared_ptr<const TraceDocument> document)
{
    const std::shared_ptr<const TraceDocument> before = std::move(m_document);
    const bool whole = !before || m_window == wholeWindow(before->index.traceDurationNs());
    const bool same = before && document && before->id == document->id && !before->index.isEmpty();
    SpanId selected;
    SpanId top;
    if (same) {
        const auto first = static_cast<std::size_t>(verticalScrollBar()->value());
        selected = m_selected < before->index.size() ? before->span(m_selected).spanId : SpanId{};
        top = first < m_fold.rows().size() ? before->span(m_fold.rows()[first]).spanId : SpanId{};
    }
    m_document = std::move(document);
    refreshColors();
    if (same) {
        takeOver(*before, selected, top, whole);
    } else {
        m_fold = TraceFold(m_document ? std::shared_ptr<const TraceIndex>(m_document, &m_document->index) : nullptr);
        m_window = wholeTrace();
        m_selected = TraceIndex::none;
        updateScrollBar();
        verticalScrollBar()->setValue(0);
    }
    Q_EMIT windowChanged();
    viewport()->update();
}

void WaterfallView::takeOver(const TraceDocument& before, SpanId selected, SpanId top, bool whole)
{
    const TraceFold old = std::move(m_fold);
    m_fold = TraceFold(std::shared_ptr<const TraceIndex>(m_document, &m_document->index));
    if (old.anyFolded()) {
        std::vector<std::uint32_t> newRows(before.index.size());
        for (std::uint32_t row = 0; row < before.index.size(); ++row)
            newRows[row] = m_document->index.rowOf(before.span(row).spanId);
        m_fold.adopt(old, newRows);
    }
    m_window = whole ? wholeTrace() : clampedTo(m_window, wholeTrace());
    m_selected = m_document->index.rowOf(selected);
    updateScrollBar();
    const std::uint32_t first = m_document->index.rowOf(top);
    if (first != TraceIndex::none)
        verticalScrollBar()->setValue(m_fold.positionOf(first));
}

void WaterfallView::refreshColors()
{
    m_colors.clear();
    if (!m_document)
        return;
    for (const QString& service : m_document->services)
        m_colors.push_back(serviceColor(this, service));
}

void WaterfallView::refold()
{
    updateScrollBar();
    viewport()->update();
}

void WaterfallView::updateScrollBar()
{
    const WaterfallLayout layout = layoutNow();
    const int rows = static_cast<int>(m_fold.rows().size());
    verticalScrollBar()->setPageStep(std::max(1, layout.rowsInView()));
    verticalScrollBar()->setRange(0, std::max(0, rows - layout.rowsInView()));
}

void WaterfallView::scrollContentsBy(int, int)
{
    viewport()->update();
}

void WaterfallView::resizeEvent(QResizeEvent* event)
{
    QAbstractScrollArea::resizeEvent(event);
    updateScrollBar();
}

void WaterfallView::changeEvent(QEvent* event)
{
    QAbstractScrollArea::changeEvent(event);
    if (event->type() == QEvent::StyleChange || event->type() == QEvent::PaletteChange) {
        refreshColors();
        viewport()->update();
    }
}

// --- selection -------------------------------------------------------------

void WaterfallView::selectRow(std::uint32_t row)
{
    if (!m_document || row >= m_document->index.size())
        return;
    if (m_fold.reveal(row))
        updateScrollBar();
    ensureVisible(m_fold.positionOf(row));
    viewport()->update();
    if (row == m_selected)
        return;
    m_selected = row;
    describe();
    Q_EMIT rowSelected(row);
}

bool WaterfallView::selectSpan(SpanId id)
{
    const std::uint32_t row = m_document ? m_document->index.rowOf(id) : TraceIndex::none;
    if (row == TraceIndex::none)
        return false;
    selectRow(row);
    return true;
}

void WaterfallView::describe()
{
    setAccessibleDescription(tipOf(m_selected));
    if (QAccessible::isActive()) {
        QAccessibleEvent event(this, QAccessible::DescriptionChanged);
        QAccessible::updateAccessibility(&event);
    }
}

void WaterfallView::ensureVisible(int position)
{
    const int first = verticalScrollBar()->value();
    const int inView = std::max(1, layoutNow().rowsInView());
    if (position < first)
        verticalScrollBar()->setValue(position);
    else if (position >= first + inView)
        verticalScrollBar()->setValue(position - inView + 1);
}

void WaterfallView::moveSelection(int by)
{
    const std::vector<std::uint32_t>& rows = m_fold.rows();
    if (rows.empty())
        return;
    const int last = static_cast<int>(rows.size()) - 1;
    const int now = m_selected == TraceIndex::none ? (by > 0 ? -1 : last + 1) : m_fold.positionOf(m_selected);
    selectRow(rows[static_cast<std::size_t>(std::clamp(now + by, 0, last))]);
}

void WaterfallView::nextError()
{
    selectRow(m_document ? m_document->index.nextError(m_selected) : TraceIndex::none);
}

void WaterfallView::previousError()
{
    selectRow(m_document ? m_document->index.nextError(m_selected, true) : TraceIndex::none);
}

// --- folding ---------------------------------------------------------------

void WaterfallView::setFolded(std::uint32_t row, bool folded)
{
    if (!m_fold.setFolded(row, folded))
        return;
    refold();
    if (folded && m_selected > row && m_selected < row + m_document->index.subtree(row))
        selectRow(row);
}

void WaterfallView::foldAll()
{
    m_fold.foldAll();
    refold();
    const int position = m_fold.positionOf(m_selected);
    if (m_selected != TraceIndex::none && position >= 0)
        selectRow(m_fold.rows()[static_cast<std::size_t>(position)]);
}

void WaterfallView::unfoldAll()
{
    m_fold.unfoldAll();
    refold();
    if (m_selected != TraceIndex::none)
        ensureVisible(m_fold.positionOf(m_selected));
}

void WaterfallView::foldOrAscend()
{
    if (m_selected == TraceIndex::none)
        return;
    const TraceIndex& index = m_document->index;
    if (index.hasChildren(m_selected) && !m_fold.isFolded(m_selected))
        setFolded(m_selected, true);
    else if (index.parent(m_selected) != TraceIndex::none)
        selectRow(index.parent(m_selected));
}

void WaterfallView::unfoldOrDescend()
{
    if (m_selected == TraceIndex::none || !m_document->index.hasChildren(m_selected))
        return;
    if (m_fold.isFolded(m_selected))
        setFolded(m_selected, false);
    else
        selectRow(m_selected + 1);
}

// --- time ------------------------------------------------------------------

void WaterfallView::setWindow(const TimeWindow& window)
{
    const TimeWindow next = clampedTo(window, wholeTrace());
    if (next == m_window)
        return;
    m_window = next;
    viewport()->update();
    Q_EMIT windowChanged();
}

void WaterfallView::showWholeTrace()
{
    setWindow(wholeTrace());
}

void WaterfallView::zoomToSelection()
{
    if (m_selected == TraceIndex::none)
        return;
    const TraceIndex& index = m_document->index;
    setWindow(windowAround(index.start(m_selected), index.end(m_selected), wholeTrace()));
}

void WaterfallView::zoomBy(double factor, std::optional<std::int64_t> anchorNs)
{
    if (!anchorNs) {
        // Keys aim at the pointer where it is over the time area, else at the selected span.
        const WaterfallLayout layout = layoutNow();
        const std::int64_t middle = m_window.fromNs + m_window.span() / 2;
        if (m_pointer.x() > layout.timeLeft())
            anchorNs = layout.nsOf(m_pointer.x());
        else
            anchorNs = m_selected == TraceIndex::none
                           ? middle
                           : m_document->index.start(m_selected) + m_document->index.duration(m_selected) / 2;
    }
    setWindow(zoomed(m_window, wholeTrace(), *anchorNs, factor));
}

void WaterfallView::panBy(double share)
{
    setWindow(panned(m_window, wholeTrace(), static_cast<std::int64_t>(share * static_cast<double>(m_window.span()))));
}

void WaterfallView::setCriticalPathVisible(bool visible)
{
    if (visible == m_showPath)
        return;
    m_showPath = visible;
    viewport()->update();
    Q_EMIT criticalPathVisibleChanged(visible);
}

void WaterfallView::setNameShare(double share)
{
    m_nameShare = std::clamp(share, 0.1, 0.8);
    viewport()->update();
}

// --- keyboard --------------------------------------------------------------

void WaterfallView::keyPressEvent(QKeyEvent* event)
{
    const int page = std::max(1, layoutNow().rowsInView() - 1);
    const int everything = static_cast<int>(m_fold.rows().size());
    const bool plain = (event->modifiers() & ~(Qt::ShiftModifier | Qt::KeypadModifier)) == 0;
    switch (event->key()) {
    case Qt::Key_Down:
        moveSelection(1);
        return;
    case Qt::Key_Up:
        moveSelection(-1);
        return;
    case Qt::Key_PageDown:
        moveSelection(page);
        return;
    case Qt::Key_PageUp:
        moveSelection(-page);
        return;
    case Qt::Key_Home:
        moveSelection(-everything);
        return;
    case Qt::Key_End:
        moveSelection(everything);
        return;
    case Qt::Key_Left:
        plain ? foldOrAscend() : event->ignore();
        return;
    case Qt::Key_Right:
        plain ? unfoldOrDescend() : event->ignore();
        return;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (m_selected != TraceIndex::none)
            Q_EMIT rowActivated(m_selected);
        return;
    default:
        break;
    }
    if (!plain || !m_document || !handlePlainKey(event->key(), event->modifiers().testFlag(Qt::ShiftModifier)))
        QAbstractScrollArea::keyPressEvent(event);
}

bool WaterfallView::handlePlainKey(int key, bool shift)
{
    const auto selectSibling = [this](bool backwards) {
        if (m_selected != TraceIndex::none)
            selectRow(m_document->index.sibling(m_selected, backwards));
    };
    switch (key) {
    case Qt::Key_J:
        moveSelection(1);
        return true;
    case Qt::Key_K:
        moveSelection(-1);
        return true;
    case Qt::Key_H:
        foldOrAscend();
        return true;
    case Qt::Key_L:
        unfoldOrDescend();
        return true;
    case Qt::Key_BracketLeft:
        foldAll();
        return true;
    case Qt::Key_BracketRight:
        unfoldAll();
        return true;
    case Qt::Key_O:
        m_fold.foldLevel();
        refold();
        return true;
    case Qt::Key_P:
        m_fold.unfoldLevel();
        refold();
        return true;
    case Qt::Key_W:
        zoomBy(keyZoom);
        return true;
    case Qt::Key_S:
        zoomBy(1 / keyZoom);
        return true;
    case Qt::Key_A:
        panBy(-keyPan);
        return true;
    case Qt::Key_D:
        panBy(keyPan);
        return true;
    case Qt::Key_F:
        showWholeTrace();
        return true;
    case Qt::Key_Z:
        zoomToSelection();
        return true;
    case Qt::Key_E:
        shift ? previousError() : nextError();
        return true;
    case Qt::Key_Period:
        selectSibling(false);
        return true;
    case Qt::Key_Comma:
        selectSibling(true);
        return true;
    case Qt::Key_C:
        setCriticalPathVisible(!m_showPath);
        return true;
    default:
        return false;
    }
}

// --- mouse -----------------------------------------------------------------

std::uint32_t WaterfallView::rowAt(const QPointF& point) const
{
    const int position = layoutNow().positionAt(point.y());
    return position >= 0 && position < static_cast<int>(m_fold.rows().size()) ? m_fold.rows()[static_cast<std::size_t>(position)]
                                                                              : TraceIndex::none;
}

bool WaterfallView::isOverChevron(const QPointF& point, std::uint32_t row) const
{
    const int left = layoutNow().nameLeft(m_document->index.depth(row));
    return m_document->index.hasChildren(row) && point.x() >= left - 4 && point.x() < left + 14;
}

void WaterfallView::wheelEvent(QWheelEvent* event)
{
    const QPoint angle = event->angleDelta();
    if (event->modifiers().testFlag(Qt::ControlModifier)) {
        const WaterfallLayout layout = layoutNow();
        zoomBy(std::pow(0.8, angle.y() / 120.0), layout.nsOf(std::max(layout.timeLeft(), event->position().x())));
    } else if (event->modifiers().testFlag(Qt::ShiftModifier) || std::abs(angle.x()) > std::abs(angle.y())) {
        const int delta = std::abs(angle.x()) > std::abs(angle.y()) ? angle.x() : angle.y();
        panBy(-delta / 120.0 * keyPan);
    } else {
        m_wheelRest += angle.y() * QApplication::wheelScrollLines();
        const int rows = m_wheelRest / 120;
        m_wheelRest -= rows * 120;
        verticalScrollBar()->setValue(verticalScrollBar()->value() - rows);
    }
    event->accept();
}

void WaterfallView::mousePressEvent(QMouseEvent* event)
{
    const WaterfallLayout layout = layoutNow();
    m_pressed = event->position();
    m_pressedWindow = m_window;
    if (event->button() != Qt::LeftButton || !m_document)
        return;
    if (std::abs(m_pressed.x() - layout.nameWidth) <= dividerReach) {
        m_drag = Drag::Divider;
        return;
    }
    if (m_pressed.y() < WaterfallLayout::rulerHeight) {
        m_drag = m_pressed.x() > layout.timeLeft() ? Drag::Range : Drag::None;
        return;
    }
    m_drag = m_pressed.x() > layout.timeLeft() ? Drag::Pan : Drag::None;
    const std::uint32_t row = rowAt(m_pressed);
    if (row == TraceIndex::none)
        return;
    if (isOverChevron(m_pressed, row))
        setFolded(row, !m_fold.isFolded(row));
    else
        selectRow(row);
}

void WaterfallView::mouseMoveEvent(QMouseEvent* event)
{
    m_pointer = event->position();
    const WaterfallLayout layout = layoutNow();
    const bool held = event->buttons().testFlag(Qt::LeftButton);
    if (held && m_drag == Drag::Divider)
        setNameShare(m_pointer.x() / std::max(1, layout.width));
    if (held && m_drag == Drag::Pan) {
        const double moved = (m_pressed.x() - m_pointer.x()) / layout.timeWidth();
        setWindow(panned(m_pressedWindow, wholeTrace(),
                         static_cast<std::int64_t>(moved * static_cast<double>(m_pressedWindow.span()))));
    }
    const bool overDivider =
        m_drag == Drag::Divider || (m_drag == Drag::None && std::abs(m_pointer.x() - layout.nameWidth) <= dividerReach);
    viewport()->setCursor(overDivider ? Qt::SplitHCursor : Qt::ArrowCursor);
    viewport()->update();
}

void WaterfallView::mouseReleaseEvent(QMouseEvent* event)
{
    const WaterfallLayout layout = layoutNow();
    if (m_drag == Drag::Range && std::abs(event->position().x() - m_pressed.x()) >= QApplication::startDragDistance()) {
        const auto [from, to] =
            std::minmax({layout.nsOf(m_pressed.x()), layout.nsOf(std::max(layout.timeLeft(), event->position().x()))});
        setWindow({from, to});
    }
    m_drag = Drag::None;
    viewport()->update();
}

void WaterfallView::mouseDoubleClickEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || !m_document)
        return;
    if (event->position().y() < WaterfallLayout::rulerHeight) {
        showWholeTrace();
        return;
    }
    const std::uint32_t row = rowAt(event->position());
    if (row == TraceIndex::none || isOverChevron(event->position(), row))
        return;
    if (event->position().x() > layoutNow().timeLeft())
        zoomToSelection();
    else
        Q_EMIT rowActivated(row);
}

void WaterfallView::contextMenuEvent(QContextMenuEvent* event)
{
    std::uint32_t row = m_selected;
    QPoint where = event->globalPos();
    if (event->reason() == QContextMenuEvent::Keyboard) {
        const WaterfallLayout layout = layoutNow();
        where = viewport()->mapToGlobal(
            QPoint(layout.nameWidth / 2, layout.topOf(m_fold.positionOf(row)) + WaterfallLayout::rowHeight));
    } else {
        row = rowAt(viewport()->mapFromGlobal(event->globalPos()));
        selectRow(row);
    }
    if (row != TraceIndex::none)
        Q_EMIT menuRequested(row, where);
}

bool WaterfallView::viewportEvent(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const std::uint32_t row = rowAt(help->pos());
        if (row == TraceIndex::none)
            QToolTip::hideText();
        else
            QToolTip::showText(help->globalPos(), tipOf(row), viewport());
        return true;
    }
    if (event->type() == QEvent::Leave) {
        m_pointer = {-1, -1};
        viewport()->update();
    }
    return QAbstractScrollArea::viewportEvent(event);
}

QString WaterfallView::tipOf(std::uint32_t row) const
{
    if (!m_document || row >= m_document->index.size())
        return {};
    const TraceIndex& index = m_document->index;
    const double share =
        static_cast<double>(index.duration(row)) / static_cast<double>(std::max<std::int64_t>(1, index.traceDurationNs()));
    QStringList lines{m_document->name(row), m_document->service(row),
                      QStringLiteral("starts at +%1").arg(formatDuration(index.start(row))),
                      QStringLiteral("%1 %2, %3 of the trace")
                          .arg(index.has(row, TraceIndex::Running) ? QStringLiteral("running for") : QStringLiteral("lasts"),
                               formatDuration(index.duration(row)), formatPercent(share)),
                      QStringLiteral("self time %1").arg(formatDuration(index.selfTime(row)))};
    if (index.has(row, TraceIndex::OwnError) && index.source(row) < m_document->spans.size()) {
        const QString words = QString::fromUtf8(m_document->span(row).statusMessage);
        lines.append(words.isEmpty() ? QStringLiteral("failed") : QStringLiteral("failed: %1").arg(words));
    } else if (index.has(row, TraceIndex::DescendantError)) {
        lines.append(QStringLiteral("something below it failed"));
    }
    if (index.has(row, TraceIndex::Orphan))
        lines.append(QStringLiteral("its parent is not in this trace (yet)"));
    if (index.has(row, TraceIndex::Cycle))
        lines.append(QStringLiteral("its parents lead back to itself"));
    // Names come from outside and must not become markup.
    return QStringLiteral("<div style='white-space:pre'>%1</div>").arg(lines.join(QLatin1Char('\n')).toHtmlEscaped());
}

} // namespace oriel::ui
