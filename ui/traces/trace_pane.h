// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/log_store.h"
#include "ui/traces/trace_document.h"

#include <QWidget>

#include <memory>

class QStackedLayout;

namespace oriel::ui {

class Chip;
class CodeView;
class DataTable;
class EmptyState;
class QuietToggle;
class TabPages;
class TextLabel;
class TraceLogModel;
class StatisticsModel;
class WaterfallMinimap;
class WaterfallView;

/// One trace: what it is in a line, and its tabs Waterfall, Statistics, Logs and JSON. GUI thread; asks the store for nothing
/// itself.
class TracePane : public QWidget {
    Q_OBJECT
public:
    explicit TracePane(QWidget* parent = nullptr);

    /// Null shows the words of showNothing() again.
    void setDocument(std::shared_ptr<const TraceDocument> document);
    void setLogs(const std::vector<store::LogEntry>& logs);
    /// Instead of a trace: a headline and what to do.
    void showNothing(const QString& headline, const QString& sentence);
    [[nodiscard]] bool isShowingTrace() const;
    [[nodiscard]] QString headline() const;   ///< of showNothing()
    [[nodiscard]] QString splitWords() const; ///< "gateway 4.10 % · upstream 95.9 %"; empty without a call

    [[nodiscard]] WaterfallView* waterfall() const { return m_waterfall; }
    [[nodiscard]] TabPages* tabs() const { return m_tabs; }
    [[nodiscard]] DataTable* statistics() const { return m_statistics; }
    [[nodiscard]] DataTable* logs() const { return m_logs; }
    [[nodiscard]] CodeView* json() const { return m_json; }
    /// The menu behind the three dots.
    void setMenuActions(const QList<QAction*>& actions);

Q_SIGNALS:
    void copyTraceIdRequested();
    void logsRequested();

private:
    QWidget* makeHeader();
    QWidget* makeWaterfallPage();
    QWidget* makeLogsPage();
    void showHeader();
    void fillLazily();

    std::shared_ptr<const TraceDocument> m_document;
    bool m_statisticsStale = true;
    bool m_jsonStale = true;
    QStackedLayout* m_stack;
    EmptyState* m_empty;
    TabPages* m_tabs;
    TextLabel* m_title;
    TextLabel* m_duration;
    TextLabel* m_spans;
    TextLabel* m_errors;
    TextLabel* m_notes;
    QWidget* m_split;
    TextLabel* m_gatewayShare;
    TextLabel* m_upstreamShare;
    Chip* m_id;
    QuietToggle* m_path;
    class IconButton* m_menu;
    WaterfallMinimap* m_minimap;
    WaterfallView* m_waterfall;
    StatisticsModel* m_statisticsModel;
    DataTable* m_statistics;
    TraceLogModel* m_logModel;
    DataTable* m_logs;
    EmptyState* m_noLogs;
    QStackedLayout* m_logStack;
    CodeView* m_json;
};

} // namespace oriel::ui
