// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>

class QWidget;

namespace oriel::ui {

/// Says when a page should fetch its data anew: at once when it is shown or asked to, and while it is live and visible after
/// changes, never more often than the interval, never while a fetch is under way. A hidden or paused page has no timer running.
/// GUI thread.
class LiveRefresh : public QObject {
    Q_OBJECT
public:
    /// Watches `page`, which also owns it.
    LiveRefresh(QWidget* page, int shortestIntervalMs);

    /// Something changed.
    void markDirty();
    /// What is asked changed (range, filter): due at once, also while paused and while a fetch is under way.
    void demand();
    void setLive(bool live);
    [[nodiscard]] bool isLive() const { return m_live; }
    /// While live and visible, due this long after the last fetch even when nothing changed, as for an axis that moves; 0: not.
    void setTick(int ms);
    /// The fetch that due() started has ended.
    void finished();

Q_SIGNALS:
    /// Fetch now; finished() must follow, unless another due() does.
    void due();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void arm();
    void fire();

    QWidget* m_page;
    QTimer m_timer;
    QElapsedTimer m_sinceFetch;
    int m_interval;
    int m_tick = 0;
    bool m_live = true;
    bool m_dirty = true;
    bool m_demanded = true;
    bool m_fetching = false;
};

} // namespace oriel::ui
