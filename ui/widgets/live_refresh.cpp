// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/live_refresh.h"

#include <QEvent>
#include <QWidget>

#include <algorithm>

namespace oriel::ui {

LiveRefresh::LiveRefresh(QWidget* page, int shortestIntervalMs) : QObject(page), m_page(page), m_interval(shortestIntervalMs)
{
    m_timer.setSingleShot(true);
    connect(&m_timer, &QTimer::timeout, this, &LiveRefresh::fire);
    page->installEventFilter(this);
    arm();
}

void LiveRefresh::markDirty()
{
    m_dirty = true;
    if (!m_timer.isActive() || m_tick > 0)
        arm();
}

void LiveRefresh::demand()
{
    m_demanded = true;
    arm();
}

void LiveRefresh::setLive(bool live)
{
    m_live = live;
    arm();
}

void LiveRefresh::setTick(int ms)
{
    m_tick = ms;
    arm();
}

void LiveRefresh::finished()
{
    m_fetching = false;
    arm();
}

bool LiveRefresh::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::Show) {
        m_demanded = m_demanded || m_live;
        arm();
    } else if (event->type() == QEvent::Hide) {
        m_timer.stop();
    }
    return QObject::eventFilter(watched, event);
}

void LiveRefresh::arm()
{
    m_timer.stop();
    if (!m_page->isVisible())
        return;
    if (m_demanded) {
        m_timer.start(0);
        return;
    }
    if (!m_live || m_fetching || (!m_dirty && m_tick <= 0))
        return;
    const int wait = m_dirty ? m_interval : std::max(m_tick, m_interval);
    const auto since = m_sinceFetch.isValid() ? m_sinceFetch.elapsed() : wait;
    m_timer.start(static_cast<int>(std::clamp<qint64>(wait - since, 0, wait)));
}

void LiveRefresh::fire()
{
    m_demanded = false;
    m_dirty = false;
    m_fetching = true;
    m_sinceFetch.start();
    Q_EMIT due();
}

} // namespace oriel::ui
