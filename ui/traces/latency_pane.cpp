// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/traces/latency_pane.h"

#include "ui/theme/theme.h"
#include "ui/traces/pane_header.h"
#include "ui/widgets/link_button.h"

#include <QVBoxLayout>

#include <algorithm>

namespace oriel::ui {

LatencyPane::LatencyPane(QWidget* parent) : QWidget(parent)
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_header = new PaneHeader(QStringLiteral("Latency"), this);
    m_header->setSubtitle(QStringLiteral("drag to filter"));
    m_reset = new LinkButton(QStringLiteral("Undo the selection"), this);
    m_reset->setFont(fonts::caption());
    m_reset->hide();
    m_header->addWidget(m_reset);
    column->addWidget(m_header);
    m_chart = new ScatterChart(this);
    m_chart->setAccessibleName(QStringLiteral("Latency of calls over time"));
    auto* room = new QVBoxLayout;
    room->setContentsMargins(metrics::space3, 0, metrics::space3, metrics::space2);
    room->addWidget(m_chart);
    column->addLayout(room, 1);
    connect(m_chart, &ScatterChart::pointClicked, this, [this](quint64 point) {
        if (point < m_ids.size())
            Q_EMIT chosen(m_ids[point]);
    });
    connect(m_chart, &ScatterChart::brushChanged, this, &LatencyPane::brushed);
    connect(m_chart, &ScatterChart::brushCleared, this, &LatencyPane::brushCleared);
    connect(m_reset, &QAbstractButton::clicked, this, &LatencyPane::brushCleared);
}

void LatencyPane::setPoints(const std::vector<store::LatencyPoint>& points, std::int64_t fromNs, std::int64_t toNs)
{
    m_ids.clear();
    m_ids.reserve(points.size());
    QList<ScatterPoint> dots;
    dots.reserve(static_cast<qsizetype>(points.size()));
    for (const store::LatencyPoint& point : points) {
        dots.append({point.startUnixNs, point.durationNs, m_ids.size(), point.error});
        m_ids.push_back(point.traceId);
    }
    m_chart->setTimeWindow(fromNs, toNs);
    m_chart->setPoints(dots);
    setHighlighted(m_highlighted);
}

void LatencyPane::setHighlighted(const TraceId& id)
{
    m_highlighted = id;
    const auto found = std::find(m_ids.begin(), m_ids.end(), id);
    m_chart->setHighlighted(
        found == m_ids.end() ? std::nullopt : std::optional<std::uint64_t>(static_cast<std::uint64_t>(found - m_ids.begin())));
}

void LatencyPane::setBrushed(bool brushed)
{
    m_reset->setVisible(brushed);
    m_header->setSubtitle(brushed ? QString() : QStringLiteral("drag to filter"));
}

} // namespace oriel::ui
