// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/gateway_service.h"
#include "ui/logs/log_filter.h"
#include "ui/shell/section.h"

#include <QFuture>

class QComboBox;
class QStackedLayout;

namespace oriel::ui {

class Card;
class Chip;
class DataTable;
class EmptyState;
class LiveRefresh;
class LogDetail;
class LogModel;
class Segmented;
class Splitter;

/// The live tail: every log line of the servers, of MCP notifications and of the gateway, newest at the bottom. Follows while the
/// end is in sight; scrolling up or choosing a line stops that, and what arrives is counted in a pill. Older lines are fetched as
/// one scrolls to the top.
///
/// Targets of open(): "trace:<32 hex digits>". Enter and the trace column ask for "<trace>/<span>" in the section "traces".
class LogsSection final : public Section {
    Q_OBJECT
public:
    explicit LogsSection(service::GatewayService& service, QWidget* parent = nullptr);
    ~LogsSection() override;

    [[nodiscard]] QString id() const override { return QStringLiteral("logs"); }
    [[nodiscard]] QString title() const override { return QStringLiteral("Logs"); }
    [[nodiscard]] IconName icon() const override { return IconName::Logs; }
    [[nodiscard]] QString filterHint() const override;
    void setFilter(const QString& text) override;
    void setTimeRange(const TimeRange& range) override;
    void setLive(bool live) override;
    [[nodiscard]] QStringList completions(const QString& text) const override;
    [[nodiscard]] bool isReady() const override { return m_ready; }
    [[nodiscard]] QString emptyReason() const override;
    bool open(const QString& target) override;
    [[nodiscard]] QByteArray saveState() const override;
    void restoreState(const QByteArray& state) override;

    [[nodiscard]] LogModel* model() const { return m_model; }
    [[nodiscard]] DataTable* table() const { return m_table; }
    [[nodiscard]] LogDetail* detail() const { return m_detail; }
    [[nodiscard]] Segmented* levels() const { return m_levels; }
    [[nodiscard]] QComboBox* sources() const { return m_sources; }
    [[nodiscard]] Chip* newPill() const { return m_pill; }
    [[nodiscard]] EmptyState* emptyState() const { return m_empty; }
    [[nodiscard]] bool isFollowing() const { return m_following; }

private:
    void buildHeader();
    void buildActions();
    void buildEmptyState();
    void connectView();
    QAction* command(const QString& text, IconName name, const QKeySequence& keys, void (LogsSection::*run)());

    [[nodiscard]] store::LogQuery query() const;
    void fetch();
    void fetchOlder();
    void forgetOlder();
    void takePage(store::LogPage&& page);
    void takeNew(store::LogPage&& page);
    void takeOlder(store::LogPage&& page);
    [[nodiscard]] std::vector<store::LogEntry> matching(std::vector<store::LogEntry>&& entries) const;

    void follow();
    void stopFollowing();
    void onScrolled(int value);
    void onCurrentRow(int row);
    void showDetail(int row);
    void closeDetail();
    void openTrace();
    void openTraceOf(const telemetry::LogRecord& record);
    void copyJson();
    void reload();
    void clearFilters();
    [[nodiscard]] bool isFiltered() const;
    [[nodiscard]] bool usesTimeRange() const;
    void updateWords();
    void updatePill();
    void updateSources();

    service::GatewayService& m_service;
    SystemClock m_clock;
    LogModel* m_model;
    DataTable* m_table;
    LogDetail* m_detail;
    Card* m_card;
    Splitter* m_splitter;
    QStackedLayout* m_stack;
    EmptyState* m_empty;
    QAction* m_clear = nullptr;
    QAction* m_allTime = nullptr;
    QAction* m_toServers = nullptr;
    Segmented* m_levels;
    QComboBox* m_sources;
    Chip* m_pill;
    LiveRefresh* m_refresh;
    QFuture<store::LogPage> m_pending;
    QFuture<store::LogPage> m_pendingOlder;
    quint64 m_generation = 0; ///< of the answers that still count
    quint64 m_olderGeneration = 0;

    QString m_filterText;
    LogFilter m_filter;
    TimeRange m_range;
    QString m_source;             ///< empty: all
    std::uint64_t m_seenId = 0;   ///< everything up to here was asked for
    std::uint64_t m_oldestId = 0; ///< the oldest that was looked at
    std::uint64_t m_announcedId = 0;
    int m_newBelow = 0;
    bool m_reload = true;
    bool m_fetchingOlder = false;
    bool m_hasOlder = false;
    bool m_following = true;
    bool m_changing = false; ///< the view moves because of the model, not because of a hand
    bool m_ready = false;
};

} // namespace oriel::ui
