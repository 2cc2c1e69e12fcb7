// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/traces/waterfall_view.h"

#include "ui/theme/service_colors.h"
#include "ui/theme/theme.h"
#include "ui/widgets/format.h"

#include <QAccessible>
#include <QScrollBar>

#include <algorithm>

namespace oriel::ui {
namespace {

constexpr int narrowestColumn = 90;

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
