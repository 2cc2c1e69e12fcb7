// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/traces/trace_document.h"
#include "ui/traces/waterfall_geometry.h"

#include <QAbstractScrollArea>
#include <QColor>

#include <memory>
#include <optional>

namespace oriel::ui {

/// The spans of one trace as rows with bars on a common time axis. Paints only the rows in sight, from the arrays of the index;
/// the vertical scroll bar counts rows. Folding, zooming and panning belong to the view; the document is shared and never
/// changed. GUI thread.
///
/// Keys: j k ↑ ↓ row, h l ← → fold, unfold or parent, [ ] fold and unfold all, o p one level, w s zoom, a d pan, f whole trace, z
/// zoom to the span, e E next and previous error, . , siblings, c critical path, Enter activates.
class WaterfallView : public QAbstractScrollArea {
    Q_OBJECT
public:
    explicit WaterfallView(QWidget* parent = nullptr);

    /// Shows `document`. When it is a newer state of the trace shown, folding, selection, zoom and scroll position stay.
    void setDocument(std::shared_ptr<const TraceDocument> document);
    [[nodiscard]] const std::shared_ptr<const TraceDocument>& document() const { return m_document; }

    [[nodiscard]] std::uint32_t selectedRow() const { return m_selected; } ///< TraceIndex::none when nothing is
    /// Unfolds what hides the row and scrolls to it.
    void selectRow(std::uint32_t row);
    /// False when there is no such span.
    bool selectSpan(SpanId id);

    [[nodiscard]] const TraceFold& fold() const { return m_fold; }
    void setFolded(std::uint32_t row, bool folded);
    [[nodiscard]] const TimeWindow& window() const { return m_window; }
    void setWindow(const TimeWindow& window);
    [[nodiscard]] TimeWindow wholeTrace() const;

    void setCriticalPathVisible(bool visible);
    [[nodiscard]] bool isCriticalPathVisible() const { return m_showPath; }
    /// Share of the width that the name column takes, 0.1 … 0.8.
    void setNameShare(double share);
    [[nodiscard]] double nameShare() const { return m_nameShare; }
    /// Where things stand now; for tests and for placing menus.
    [[nodiscard]] WaterfallLayout layoutNow() const;

public Q_SLOTS:
    void showWholeTrace();
    void zoomToSelection();
    void foldAll();
    void unfoldAll();
    void nextError();
    void previousError();

Q_SIGNALS:
    void rowSelected(quint32 row);
    void rowActivated(quint32 row);
    void windowChanged();
    void criticalPathVisibleChanged(bool visible);
    void menuRequested(quint32 row, const QPoint& globalPosition);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    bool viewportEvent(QEvent* event) override;
    void scrollContentsBy(int dx, int dy) override;

private:
    enum class Drag { None, Divider, Pan, Range };

    void takeOver(const TraceDocument& before, SpanId selected, SpanId top, bool whole);
    void refreshColors();
    void refold();
    void updateScrollBar();
    void ensureVisible(int position);
    void moveSelection(int by);
    void foldOrAscend();
    void unfoldOrDescend();
    void zoomBy(double factor, std::optional<std::int64_t> anchorNs = std::nullopt);
    void panBy(double share);
    bool handlePlainKey(int key, bool shift);
    [[nodiscard]] std::uint32_t rowAt(const QPointF& point) const;
    [[nodiscard]] bool isOverChevron(const QPointF& point, std::uint32_t row) const;
    [[nodiscard]] QString tipOf(std::uint32_t row) const;
    void describe();

    void paintRuler(QPainter& painter, const WaterfallLayout& layout, const std::vector<std::int64_t>& ticks) const;
    void paintRow(QPainter& painter, const WaterfallLayout& layout, int position) const;
    void paintName(QPainter& painter, const WaterfallLayout& layout, int position, int rightEdge) const;
    void paintBar(QPainter& painter, const QRectF& bar, std::uint32_t row, const WaterfallLayout& layout) const;
    void paintPath(QPainter& painter, const QRectF& bar, std::uint32_t row, const WaterfallLayout& layout) const;
    void paintPointer(QPainter& painter, const WaterfallLayout& layout) const;

    std::shared_ptr<const TraceDocument> m_document;
    TraceFold m_fold;
    std::vector<QColor> m_colors; ///< by service
    TimeWindow m_window;
    std::uint32_t m_selected = TraceIndex::none;
    double m_nameShare = 0.38;
    bool m_showPath = true;
    Drag m_drag = Drag::None;
    QPointF m_pressed;
    TimeWindow m_pressedWindow;
    QPointF m_pointer{-1, -1};
    int m_wheelRest = 0;
};

} // namespace oriel::ui
