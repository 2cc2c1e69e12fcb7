// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/trace_types.h"
#include "ui/charts/scatter_chart.h"

#include <QWidget>

#include <vector>

namespace oriel::ui {

class LinkButton;
class PaneHeader;

/// Latency over time beside the list: a dot is a trace, a dragged box a filter. GUI thread; asks the store for nothing itself.
class LatencyPane : public QWidget {
    Q_OBJECT
public:
    explicit LatencyPane(QWidget* parent = nullptr);

    /// Without a window (`toNs` not after `fromNs`) the points' own ends.
    void setPoints(const std::vector<store::LatencyPoint>& points, std::int64_t fromNs, std::int64_t toNs);
    void setHighlighted(const TraceId& id);
    /// Offers to take a brush back, while one is in force.
    void setBrushed(bool brushed);
    [[nodiscard]] ScatterChart* chart() const { return m_chart; }

Q_SIGNALS:
    void chosen(const oriel::TraceId& id);
    void brushed(const oriel::ui::ScatterBrush& brush);
    void brushCleared();

private:
    PaneHeader* m_header;
    LinkButton* m_reset;
    ScatterChart* m_chart;
    std::vector<TraceId> m_ids; ///< by ScatterPoint::id
    TraceId m_highlighted;
};

} // namespace oriel::ui
