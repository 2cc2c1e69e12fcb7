// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/gateway_service.h"

#include <QWidget>

#include <array>

class QAction;
class QStackedWidget;
class QToolButton;

namespace oriel::ui {

class CodeView;
class DataTable;
class EmptyState;
class ExchangeView;
class LinkButton;
class LiveRefresh;
class SearchField;
class Segmented;
class Splitter;
class TextLabel;
class WireModel;
struct WireFilter;

/// The wire log of one server: every frame both ways in order, with stderr and stray stdout between them, and on request what the
/// clients said; filtered by words and conditions (wire_filter.h). Follows while live; Enter opens the frame's span, E its
/// exchange. Does nothing while hidden. GUI thread.
class WirePage : public QWidget {
    Q_OBJECT
public:
    explicit WirePage(service::GatewayService& service, QWidget* parent = nullptr);

    void setServer(const QString& name);
    /// The shell's Live or Paused; the page has a Follow button of its own beside it.
    void setLive(bool live);
    [[nodiscard]] WireModel* model() const { return m_model; }
    [[nodiscard]] DataTable* table() const { return m_table; }
    [[nodiscard]] CodeView* detail() const { return m_code; }
    [[nodiscard]] ExchangeView* exchange() const { return m_exchange; }
    [[nodiscard]] bool isExchangeShown() const;
    /// Conditions and words as a user types them.
    void setFilter(const QString& text);
    /// The exchange of the call that a span belongs to, whichever server it went to.
    void showSpanOnWire(const TraceId& trace, const SpanId& span);
    /// The exchange of the newest tool call in the list, as soon as there is one.
    void showNewestExchange();
    /// True when frames, or the exchange that was asked for, are in sight.
    [[nodiscard]] bool isReady() const;
    void setClientSide(bool shown);
    [[nodiscard]] bool isClientSideShown() const;
    [[nodiscard]] QByteArray saveState() const;
    void restoreState(const QByteArray& state);

Q_SIGNALS:
    /// "<trace>/<span>", as the Traces section opens it.
    void spanRequested(const QString& target);
    void readyChanged();
    void copied(const QString& what);

private:
    QWidget* buildTools();
    QWidget* buildDetail();
    void connectTools();
    void restart();
    void fetch();
    void fetchOlder();
    void take(const store::WirePage& page, bool whole);
    [[nodiscard]] bool showsClients(const WireFilter& filter) const;
    [[nodiscard]] store::WireQuery query() const;
    [[nodiscard]] bool keeps(const store::WireEntry& entry) const;
    void showFrame();
    void showSpan();
    void showExchange();
    void enterExchange();
    void showList();
    void copyFrame();
    void showState();

    service::GatewayService& m_service;
    QString m_server;
    WireModel* m_model;
    LiveRefresh* m_refresh;
    QWidget* m_tools;
    SearchField* m_search;
    std::array<QToolButton*, 4> m_kinds{};
    Segmented* m_direction;
    Segmented* m_era;
    QToolButton* m_clients;
    QToolButton* m_follow;
    QStackedWidget* m_stack;
    EmptyState* m_empty;
    Splitter* m_splitter;
    DataTable* m_table;
    TextLabel* m_title;
    LinkButton* m_span;
    LinkButton* m_exchangeLink;
    LinkButton* m_copyLink;
    LinkButton* m_callLink;
    ExchangeView* m_exchange;
    QAction* m_clearFilter;
    CodeView* m_code;
    std::uint64_t m_seen = 0;
    std::uint64_t m_shown = 0; ///< id of the frame in the detail
    int m_generation = 0;      ///< answers to older questions are dropped
    bool m_whole = true;       ///< the next fetch begins anew
    bool m_older = false;      ///< the log holds older frames than the table
    bool m_fetchingOlder = false;
    bool m_live = true;
    bool m_wantsNewest = false; ///< an exchange is to be shown when a call appears
};

} // namespace oriel::ui
