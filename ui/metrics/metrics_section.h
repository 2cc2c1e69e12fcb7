// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/gateway_service.h"
#include "ui/metrics/metric_specs.h"
#include "ui/shell/section.h"

#include <QFuture>

#include <vector>

class QGridLayout;
class QScrollArea;

namespace oriel::ui {

class Banner;
class LiveRefresh;
class MetricCard;

/// Charts of the metrics that the gateway records, on one time axis: a shared crosshair, a drag sets the range for every section,
/// a dot opens its trace. All charts are fetched together, at most once a second, and only while visible and live. GUI thread.
class MetricsSection final : public Section {
    Q_OBJECT
public:
    /// `service` must outlive the section.
    explicit MetricsSection(service::GatewayService& service, QWidget* parent = nullptr);
    ~MetricsSection() override;

    [[nodiscard]] QString id() const override { return QStringLiteral("metrics"); }
    [[nodiscard]] QString title() const override { return QStringLiteral("Metrics"); }
    [[nodiscard]] IconName icon() const override { return IconName::Metrics; }
    [[nodiscard]] QString filterHint() const override { return QStringLiteral("Narrow the charts to servers, as server=github"); }
    void setFilter(const QString& text) override;
    void setTimeRange(const TimeRange& range) override;
    void setLive(bool live) override;
    [[nodiscard]] QStringList completions(const QString& text) const override;
    [[nodiscard]] bool isReady() const override;
    [[nodiscard]] QString emptyReason() const override;
    /// Scrolls to a card by its id.
    bool open(const QString& target) override;
    [[nodiscard]] QByteArray saveState() const override;
    void restoreState(const QByteArray& state) override;

    [[nodiscard]] const QList<MetricCard*>& cards() const { return m_cards; }

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    struct Batch {
        ChartWindow window;
        std::vector<std::vector<std::vector<store::ChartLine>>> answers; ///< by card, by query
        QStringList problems;                                            ///< by card
        std::vector<store::LatencyPoint> calls;
    };

    void addCards();
    void makeCommands();
    void arrange();
    void refresh();
    template <class T, class Apply> void fetch(QFuture<T> future, Apply apply);
    void cancelFetches();
    void showBatch();
    void showFilter();
    void moveCrosshair(const MetricCard* from, bool hovering, qint64 atNs);
    [[nodiscard]] int serviceSlot(const QString& service) const;

    service::GatewayService& m_service;
    LiveRefresh* m_refresh;
    TimeRange m_range;
    store::Filter m_filter;
    MetricFilter m_narrowing;
    Batch m_arriving;
    QList<QFuture<void>> m_fetches;
    quint64 m_generation = 0;
    int m_missing = 0;
    bool m_loaded = false;

    QScrollArea* m_scroll;
    QWidget* m_page;
    QGridLayout* m_grid;
    Banner* m_note;
    QList<MetricCard*> m_cards;
    int m_columns = 0;
};

/// Columns of cards for a page this wide.
[[nodiscard]] int cardColumns(int width);

} // namespace oriel::ui
