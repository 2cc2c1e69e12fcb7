// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/metrics/metric_series.h"
#include "ui/widgets/card.h"

class QStackedWidget;

namespace oriel::ui {

class DataTable;
class IconButton;
class SeriesTableModel;
class TimeSeriesChart;

/// One chart of the Metrics section with its values as a table behind a button, and a copy as CSV. GUI thread.
class MetricCard : public Card {
    Q_OBJECT
public:
    explicit MetricCard(const MetricSpec& spec, QWidget* parent = nullptr);

    [[nodiscard]] const MetricSpec& spec() const { return m_spec; }
    [[nodiscard]] TimeSeriesChart* chart() const { return m_chart; }
    void setData(const QList<TimeSeries>& series, const QList<Exemplar>& dots, std::int64_t fromNs, std::int64_t toNs);
    /// Words in place of the card's own hint, such as that a filter does not apply; empty: the card's own.
    void setScope(const QString& words);
    /// Why there is nothing, when it is not the range: an error of the query.
    void setProblem(const QString& text);
    [[nodiscard]] bool isEmpty() const;
    void setTableShown(bool shown);
    [[nodiscard]] bool isTableShown() const;
    /// The values as CSV onto the clipboard.
    void copy();

Q_SIGNALS:
    void tableShownChanged();
    void notice(const QString& text);

private:
    void showHint();

    MetricSpec m_spec;
    QString m_scope;
    QStackedWidget* m_faces;
    TimeSeriesChart* m_chart;
    DataTable* m_table;
    SeriesTableModel* m_model;
    IconButton* m_toggle;
    IconButton* m_copy;
};

} // namespace oriel::ui
