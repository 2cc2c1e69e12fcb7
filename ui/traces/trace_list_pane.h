// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/ids.h"
#include "store/trace_types.h"

#include <QWidget>

class QStackedLayout;

namespace oriel::ui {

class Banner;
class Chip;
class DataTable;
class DurationBarDelegate;
class EmptyState;
class PaneHeader;
class QuietToggle;
class TraceListModel;

/// The live list of traces. While its top is in sight it follows; scrolled away it stays where it is and counts in a pill what
/// has come. Asks the store for nothing itself. GUI thread.
class TraceListPane : public QWidget {
    Q_OBJECT
public:
    enum class Act { CopyTraceId, CopyOtlp, CopyRequest, Export, ShowLogs, ShowAudit };

    explicit TraceListPane(QWidget* parent = nullptr);

    [[nodiscard]] TraceListModel* model() const { return m_model; }
    [[nodiscard]] DataTable* table() const { return m_table; }
    [[nodiscard]] EmptyState* emptyState() const { return m_empty; }

    /// The newest page; `rangeWords` is what follows the count, as "in 15 min".
    void takePage(store::TracePage page, const QString& rangeWords, std::int64_t fromUnixNs);
    void takeMore(store::TracePage page);
    /// An empty sentence takes the error away; the list of before stays.
    void setFilterError(const QString& sentence);
    [[nodiscard]] QString filterError() const;
    /// What the list says when no trace matches.
    void setEmptyWords(const QString& headline, const QString& sentence);
    void setEmptyAction(const QString& text);

    /// Selects without chosen(); an id that is not loaded clears the selection.
    void showSelected(const TraceId& id);
    [[nodiscard]] TraceId selectedId() const;
    void followAgain();
    [[nodiscard]] bool isFollowing() const;
    [[nodiscard]] int newCount() const { return m_new; }
    [[nodiscard]] QString countWords() const;

Q_SIGNALS:
    void chosen(const oriel::TraceId& id);
    /// Enter or double click: the reader wants to go on in the trace.
    void activated(const oriel::TraceId& id);
    void moreWanted();
    void filterTermRequested(const QString& term);
    void actRequested(oriel::ui::TraceListPane::Act act, const oriel::TraceId& id);
    void clearFilterRequested();

private:
    void onScrolled();
    void setNew(int count);
    void showMenu(const QModelIndex& index, const QPoint& position);
    void addFilterActions(class QMenu* menu, const QModelIndex& index);

    PaneHeader* m_header;
    Banner* m_error;
    DataTable* m_table;
    TraceListModel* m_model;
    DurationBarDelegate* m_bars;
    EmptyState* m_empty;
    class QAction* m_emptyAction;
    QStackedLayout* m_stack;
    QuietToggle* m_follow;
    Chip* m_pill;
    int m_new = 0;
    bool m_selecting = false;
};

} // namespace oriel::ui
