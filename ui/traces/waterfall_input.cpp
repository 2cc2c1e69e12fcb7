// SPDX-License-Identifier: GPL-3.0-or-later
// WaterfallView: keys, pointer and wheel.
#include "ui/traces/waterfall_view.h"

#include <QApplication>
#include <QContextMenuEvent>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QScrollBar>
#include <QToolTip>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace oriel::ui {
namespace {

constexpr int dividerReach = 4;
constexpr double keyZoom = 0.7;
constexpr double keyPan = 0.15;

} // namespace

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

} // namespace oriel::ui
