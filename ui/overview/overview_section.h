// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/gateway_service.h"
#include "ui/overview/overview_data.h"
#include "ui/shell/section.h"

#include <QFuture>

class QStackedWidget;

namespace oriel::ui {

class BarList;
class Card;
class ClientGuide;
class DataTable;
class FailuresModel;
class FirstRunPage;
class KeyFigure;
class LiveRefresh;
class OverviewServersModel;
class ServerBanners;
class TimeSeriesChart;

/// The first page: five key figures, latency with the failed calls as dots, errors by type, the servers with what is wrong with
/// them, and the latest failures. While no server is configured it says how to get one; while no call has come, how to point a
/// client here. Fetches at most once a second, and only while visible and live. GUI thread.
class OverviewSection final : public Section {
    Q_OBJECT
public:
    /// `service` must outlive the section.
    explicit OverviewSection(service::GatewayService& service, QWidget* parent = nullptr);
    ~OverviewSection() override;

    /// The bundled demo server's program; not empty: the first-run page offers to add it.
    void setDemoServer(const QString& program);

    [[nodiscard]] QString id() const override { return QStringLiteral("overview"); }
    [[nodiscard]] QString title() const override { return QStringLiteral("Overview"); }
    [[nodiscard]] IconName icon() const override { return IconName::Overview; }
    [[nodiscard]] QString filterHint() const override
    {
        return QStringLiteral("Filter the calls that are counted, as server=github or status=error");
    }
    void setFilter(const QString& text) override;
    void setTimeRange(const TimeRange& range) override;
    void setLive(bool live) override;
    [[nodiscard]] QStringList completions(const QString& text) const override;
    [[nodiscard]] bool isReady() const override;
    [[nodiscard]] QString emptyReason() const override;
    [[nodiscard]] QByteArray saveState() const override;
    void restoreState(const QByteArray& state) override;

    [[nodiscard]] const OverviewData& shown() const { return m_data; }

Q_SIGNALS:
    /// The demo server has been added; whoever can may send calls to it.
    void demoStarted();

private:
    enum class Page { Content, FirstRun };

    QWidget* makeContent();
    QWidget* makeFigures();
    Card* makeLatencyCard();
    Card* makeErrorsCard();
    Card* makeServersCard();
    Card* makeFailuresCard();
    void connectService();
    void makeCommands();

    void refresh();
    template <class T, class Apply> void fetch(QFuture<T> future, Apply apply);
    void fetchCharts(const ChartWindow& window);
    void cancelFetches();
    void showData();
    void showServers();
    void showLatency();
    void updatePage();
    [[nodiscard]] Page page() const;
    [[nodiscard]] QString rangeWords() const;
    void restart(const QString& server);
    void addDemoServer();

    service::GatewayService& m_service;
    LiveRefresh* m_refresh;
    TimeRange m_range;
    store::Filter m_filter;
    bool m_filtered = false;
    QString m_demoProgram;

    OverviewData m_data;
    OverviewData m_arriving;
    QList<QFuture<void>> m_fetches;
    quint64 m_generation = 0;
    int m_missing = 0;
    bool m_loaded = false;
    bool m_everCalled = false;

    QStackedWidget* m_pages;
    FirstRunPage* m_firstRun;
    QStackedWidget* m_middle;
    KeyFigure* m_calls;
    KeyFigure* m_success;
    KeyFigure* m_p95;
    KeyFigure* m_overhead;
    KeyFigure* m_clients;
    TimeSeriesChart* m_latency;
    Card* m_errorsCard;
    BarList* m_errors;
    Card* m_serversCard;
    OverviewServersModel* m_serversModel;
    DataTable* m_servers;
    ServerBanners* m_banners;
    Card* m_failuresCard;
    FailuresModel* m_failuresModel;
    QStackedWidget* m_failures;
    ClientGuide* m_guide;
};

} // namespace oriel::ui
