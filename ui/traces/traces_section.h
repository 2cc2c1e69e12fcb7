// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/gateway_service.h"
#include "ui/shell/section.h"
#include "ui/traces/trace_list_pane.h"
#include "ui/traces/trace_words.h"

#include <QFuture>

class QStackedLayout;

namespace oriel::ui {

class EmptyState;
class LatencyPane;
class LiveRefresh;
class OpenTrace;
class SpanDetail;
class Splitter;
class TraceActions;
class TracePane;
struct ScatterBrush;

/// The page of traces: a live list, latency as dots, and the chosen trace as a waterfall with the chosen span beside it.
///
/// Targets of open(): "<trace>" or "<trace>/<span>", in hex. Asks for "trace:<trace>" in the sections "logs" and "audit".
/// `service` must outlive the section. GUI thread.
class TracesSection final : public Section {
    Q_OBJECT
public:
    explicit TracesSection(service::GatewayService& service, QWidget* parent = nullptr);
    ~TracesSection() override;

    [[nodiscard]] QString id() const override { return QStringLiteral("traces"); }
    [[nodiscard]] QString title() const override { return QStringLiteral("Traces"); }
    [[nodiscard]] IconName icon() const override { return IconName::Traces; }
    [[nodiscard]] QString filterHint() const override;
    void setFilter(const QString& text) override;
    void setTimeRange(const TimeRange& range) override;
    void setLive(bool live) override;
    [[nodiscard]] QStringList completions(const QString& text) const override;
    [[nodiscard]] bool isReady() const override;
    [[nodiscard]] QString emptyReason() const override;
    bool open(const QString& target) override;
    [[nodiscard]] QByteArray saveState() const override;
    void restoreState(const QByteArray& state) override;

    [[nodiscard]] TraceListPane* list() const { return m_list; }
    [[nodiscard]] LatencyPane* latency() const { return m_latency; }
    [[nodiscard]] TracePane* trace() const { return m_trace; }
    [[nodiscard]] SpanDetail* detail() const { return m_detail; }
    [[nodiscard]] OpenTrace* openTrace() const { return m_open; }
    [[nodiscard]] TraceActions* takeAway() const { return m_actions; }
    [[nodiscard]] EmptyState* emptyState() const { return m_empty; }

private:
    void buildPage();
    void buildEmptyPage();
    void buildCommands();
    void connectList();
    void connectTrace();

    [[nodiscard]] std::int64_t now() const;
    [[nodiscard]] store::TraceQuery query() const;
    [[nodiscard]] QString rangeWords() const;
    void reload();
    void fetchList();
    void takeList(const store::TracePage& page);
    void fetchMore();
    void fetchPoints();
    void updateEmpty(bool anyRows);
    void choose(const TraceId& id);
    void onBrush(const ScatterBrush& brush);
    void undoBrush();
    void act(TraceListPane::Act act, const TraceId& id);
    void showWaterfallMenu(std::uint32_t row, const QPoint& position);
    void noteReady();

    service::GatewayService& m_service;
    QString m_filterText;
    store::Filter m_filter;
    bool m_filterBroken = false;
    TimeRange m_range;
    bool m_live = true;
    std::int64_t m_pausedAtNs = 0;
    bool m_restart = false; ///< the next page is an answer to another question
    bool m_listLoaded = false;
    bool m_pointsLoaded = false;
    bool m_wasReady = false;
    struct BeforeBrush {
        QString filter;
        TimeRange range;
    };
    std::optional<BeforeBrush> m_beforeBrush;
    bool m_brushing = false;

    LiveRefresh* m_listRefresh;
    LiveRefresh* m_pointsRefresh;
    QFuture<store::TracePage> m_listFetch;
    QFuture<store::TracePage> m_moreFetch;
    QFuture<std::vector<store::LatencyPoint>> m_pointsFetch;

    QStackedLayout* m_pages;
    EmptyState* m_empty;
    Splitter* m_rows;
    Splitter* m_top;
    Splitter* m_bottom;
    TraceListPane* m_list;
    LatencyPane* m_latency;
    TracePane* m_trace;
    SpanDetail* m_detail;
    OpenTrace* m_open;
    TraceActions* m_actions;
};

} // namespace oriel::ui
