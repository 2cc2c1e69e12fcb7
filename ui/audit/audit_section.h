// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/gateway_service.h"
#include "ui/audit/audit_export.h"
#include "ui/audit/audit_filter.h"
#include "ui/shell/section.h"

#include <QFuture>
#include <QTimer>

class QComboBox;
class QPushButton;
class QStackedLayout;

namespace oriel::ui {

class AuditDetail;
class AuditModel;
class Banner;
class Card;
class Chip;
class DataTable;
class EmptyState;
class LiveRefresh;
class Splitter;

/// The record of every call, newest first: who called what, with which arguments, and what came back. Older rows are fetched as
/// one scrolls; new ones appear by themselves at the top and are announced by a pill elsewhere. Exports what the filter shows.
///
/// Targets of open(): the id of a row, or "trace:<32 hex digits>". Enter asks for "<trace>/<span>" in the section "traces".
class AuditSection final : public Section {
    Q_OBJECT
public:
    explicit AuditSection(service::GatewayService& service, QWidget* parent = nullptr);
    ~AuditSection() override;

    [[nodiscard]] QString id() const override { return QStringLiteral("audit"); }
    [[nodiscard]] QString title() const override { return QStringLiteral("Audit"); }
    [[nodiscard]] IconName icon() const override { return IconName::Audit; }
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

    void setExportPathChooser(ExportPathChooser chooser) { m_choosePath = std::move(chooser); }

    [[nodiscard]] AuditModel* model() const { return m_model; }
    [[nodiscard]] DataTable* table() const { return m_table; }
    [[nodiscard]] AuditDetail* detail() const { return m_detail; }
    [[nodiscard]] QComboBox* outcomes() const { return m_outcomes; }
    [[nodiscard]] QComboBox* servers() const { return m_servers; }
    [[nodiscard]] QComboBox* clients() const { return m_clients; }
    [[nodiscard]] Chip* newPill() const { return m_pill; }
    [[nodiscard]] AuditExportStrip* exportStrip() const { return m_strip; }
    [[nodiscard]] Banner* banner() const { return m_banner; }
    [[nodiscard]] EmptyState* emptyState() const { return m_empty; }
    /// "1 190 rows in the last 15 min".
    [[nodiscard]] QString countWords() const { return m_countWords; }

public Q_SLOTS:
    void exportJsonLines();
    void exportCsv();

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void setTimeWidth(bool withDays);
    void buildHeader();
    void buildActions();
    void buildBody();
    void connectView();
    QAction* command(const QString& text, IconName name, const QKeySequence& keys, void (AuditSection::*run)());

    [[nodiscard]] store::AuditQuery query() const;
    void reload();
    void reloadFromTheTop();
    void fetch();
    void fetchOlder();
    void forgetOlder();
    void noteDays();
    void count();
    void takePage(store::AuditPage&& page);
    void takeNew(store::AuditPage&& page);
    void takeOlder(store::AuditPage&& page);
    void onReadError(const Error& error);
    void markReady();

    void showNewest();
    void onScrolled(int value);
    void onCurrentRow(int row);
    void selectRow(int row);
    void fetchDetail(const QByteArray& rowId);
    void openRow(const QByteArray& rowId);
    void openTrace();
    void openTraceOf(const store::AuditRow& row);
    void copyJson();
    void startExport(bool csv);
    void clearFilters();
    void noteNames(const std::vector<store::AuditRow>& rows);
    void updateSelectors();
    void updateWords();
    void updatePill();
    void updateBanner();
    [[nodiscard]] bool isFiltered() const;
    [[nodiscard]] bool usesTimeRange() const;

    service::GatewayService& m_service;
    SystemClock m_clock;
    AuditModel* m_model;
    DataTable* m_table;
    class DurationBarDelegate* m_bars;
    AuditDetail* m_detail;
    Card* m_card;
    Splitter* m_splitter;
    QStackedLayout* m_stack = nullptr;
    EmptyState* m_empty = nullptr;
    Banner* m_banner = nullptr;
    AuditExportStrip* m_strip = nullptr;
    QAction* m_clear = nullptr;
    QAction* m_allTime = nullptr;
    QAction* m_toServers = nullptr;
    QComboBox* m_outcomes = nullptr;
    QComboBox* m_servers = nullptr;
    QComboBox* m_clients = nullptr;
    Chip* m_pill = nullptr;
    LiveRefresh* m_refresh;
    QTimer m_countTimer; ///< after new rows, one count a second at most
    ExportPathChooser m_choosePath;

    QFuture<Result<store::AuditPage>> m_pending;
    QFuture<Result<store::AuditPage>> m_pendingOlder;
    QFuture<Result<store::AuditReader::Count>> m_pendingCount;
    QFuture<Result<std::optional<store::AuditRow>>> m_pendingRow;
    quint64 m_generation = 0; ///< of the answers that still count
    quint64 m_olderGeneration = 0;
    quint64 m_countGeneration = 0;
    quint64 m_rowGeneration = 0;

    QString m_filterText;
    AuditFilter m_filter;
    TimeRange m_range;
    QString m_server;
    QString m_client;
    QStringList m_seenServers;
    QStringList m_seenClients;
    QString m_countWords;
    QString m_readError;
    QString m_exportError;
    QByteArray m_wantedId;               ///< the row to choose when it arrives
    std::vector<store::AuditRow> m_held; ///< arrived while something else is read; newest first
    bool m_heldTooMany = false;
    std::int64_t m_anchor = 0;       ///< the list begins at this sequence; 0: at the newest
    std::int64_t m_seenSequence = 0; ///< everything up to here was asked for
    std::int64_t m_announced = 0;
    std::int64_t m_next = 0; ///< where older rows begin; 0: there are none
    int m_retries = 0;
    bool m_reload = true;
    bool m_fetchingOlder = false;
    bool m_following = true;
    bool m_hasDays = false; ///< the times of the list carry their days
    bool m_changing = false;
    bool m_loaded = false;
    bool m_ready = false;
};

} // namespace oriel::ui
