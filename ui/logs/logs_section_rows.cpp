// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/compat/qt_compat.hpp"
#include "ui/logs/log_detail.h"
#include "ui/logs/log_model.h"
#include "ui/logs/logs_section.h"
#include "ui/widgets/async.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/live_refresh.h"
#include "ui/widgets/segmented.h"

#include <QComboBox>
#include <QScopedValueRollback>
#include <QScrollBar>

#include <algorithm>
#include <array>

namespace oriel::ui {

using telemetry::Severity;

namespace {

constexpr int kPageRows = 1'000;
constexpr int kTailRows = 5'000;
constexpr int kFewRows = 200; ///< a page with fewer hits fetches the next one by itself
constexpr int kNearTop = 20;  ///< rows from the top at which older lines are fetched
constexpr std::array kLevelBounds{Severity::Unspecified, Severity::Info, Severity::Warn, Severity::Error};

} // namespace

store::LogQuery LogsSection::query() const
{
    store::LogQuery query;
    query.minSeverity = kLevelBounds[static_cast<std::size_t>(m_levels->currentIndex())];
    m_filter.applyTo(query);
    if (query.source.isEmpty())
        query.source = m_source.toUtf8();
    if (usesTimeRange()) {
        query.fromUnixNs = m_range.beginNs(m_clock.unixNs());
        if (m_range.kind == TimeRange::Kind::Fixed)
            query.toUnixNs = m_range.toNs;
    }
    return query;
}

void LogsSection::reload()
{
    m_reload = true;
    m_refresh->demand();
}

void LogsSection::fetch()
{
    compat::cancelRunning(m_pending);
    const quint64 generation = ++m_generation;
    const bool whole = m_reload;
    store::LogQuery wanted = query();
    if (whole) {
        forgetOlder();
        wanted.newestFirst = true;
        wanted.limit = kPageRows;
    } else {
        wanted.sinceId = m_seenId;
        wanted.limit = kTailRows;
    }
    m_pending = m_service.logs(std::move(wanted));
    whenDone(m_pending, this, [this, generation, whole](store::LogPage page) {
        if (generation != m_generation)
            return;
        if (whole)
            takePage(std::move(page));
        else
            takeNew(std::move(page));
        m_refresh->finished();
        if (!m_ready) {
            m_ready = true;
            Q_EMIT readyChanged();
        }
        updateWords();
    });
}

std::vector<store::LogEntry> LogsSection::matching(std::vector<store::LogEntry>&& entries) const
{
    // What the store could not check of the filter, and of two sources that must both hold.
    const QByteArray source = m_source.toUtf8();
    std::erase_if(entries, [this, &source](const store::LogEntry& entry) {
        return (!source.isEmpty() && entry.record->source != source) || !m_filter.matches(*entry.record);
    });
    return std::move(entries);
}

void LogsSection::takePage(store::LogPage&& page)
{
    m_reload = false;
    m_seenId = page.lastId;
    m_oldestId = page.rows.empty() ? 0 : page.rows.back().id;
    m_hasOlder = page.more;
    std::reverse(page.rows.begin(), page.rows.end());
    {
        const QScopedValueRollback changing(m_changing, true);
        const std::shared_ptr<const telemetry::LogRecord> shown = m_detail->record();
        m_model->reset(matching(std::move(page.rows)));
        const bool isKept = shown != nullptr && [&] {
            for (int row = 0; row < m_model->rowCount(); ++row) {
                if (m_model->row(row).record == shown) {
                    m_table->setCurrentIndex(m_model->index(row, 0));
                    return true;
                }
            }
            return false;
        }();
        if (!isKept) {
            m_following = true;
            m_detail->hide();
            m_detail->setRecord(nullptr);
        }
        m_newBelow = 0;
        m_table->setFollowing(m_following);
    }
    updateSources();
    if (m_model->rowCount() < kFewRows)
        fetchOlder();
}

void LogsSection::takeNew(store::LogPage&& page)
{
    const std::uint64_t lost = m_seenId > 0 && page.firstId > m_seenId + 1 ? page.firstId - m_seenId - 1 : 0;
    m_seenId = page.more ? page.rows.back().id : std::max(m_seenId, page.lastId);
    if (page.more)
        m_refresh->markDirty();
    if (m_oldestId == 0 && !page.rows.empty())
        m_oldestId = page.rows.front().id;
    std::vector<store::LogEntry> fresh = matching(std::move(page.rows));
    if (fresh.empty() && lost == 0)
        return;
    const bool hasNewSource = std::any_of(fresh.begin(), fresh.end(), [this](const store::LogEntry& entry) {
        return m_sources->findText(QString::fromUtf8(entry.record->source)) < 0;
    });
    const int arrived = static_cast<int>(fresh.size());
    {
        const QScopedValueRollback changing(m_changing, true);
        QScrollBar* bar = m_table->verticalScrollBar();
        const int before = bar->value();
        int dropped = m_model->append(std::move(fresh), lost);
        if (m_following && usesTimeRange() && m_range.kind == TimeRange::Kind::Last)
            dropped += m_model->dropBefore(m_range.beginNs(m_clock.unixNs()));
        if (dropped > 0) {
            forgetOlder(); // a page in front of rows that went would leave a hole
            m_oldestId = m_model->rowCount() > 0 ? m_model->row(0).id : m_oldestId;
        }
        if (!m_following && dropped > 0) {
            m_table->doItemsLayout();
            bar->setValue(before - dropped);
        }
    }
    m_newBelow = m_following ? 0 : m_newBelow + arrived;
    if (hasNewSource)
        updateSources();
}

void LogsSection::forgetOlder()
{
    compat::cancelRunning(m_pendingOlder);
    ++m_olderGeneration;
    m_fetchingOlder = false;
}

void LogsSection::fetchOlder()
{
    if (!m_hasOlder || m_fetchingOlder || m_model->isFull() || m_oldestId == 0)
        return;
    m_fetchingOlder = true;
    store::LogQuery wanted = query();
    wanted.newestFirst = true;
    wanted.beforeId = m_oldestId;
    wanted.limit = kPageRows;
    m_pendingOlder = m_service.logs(std::move(wanted));
    whenDone(m_pendingOlder, this, [this, generation = ++m_olderGeneration](store::LogPage page) {
        if (generation != m_olderGeneration)
            return;
        m_fetchingOlder = false;
        takeOlder(std::move(page));
        updateWords();
    });
}

void LogsSection::takeOlder(store::LogPage&& page)
{
    m_hasOlder = page.more;
    if (!page.rows.empty())
        m_oldestId = page.rows.back().id;
    std::reverse(page.rows.begin(), page.rows.end());
    {
        const QScopedValueRollback changing(m_changing, true);
        QScrollBar* bar = m_table->verticalScrollBar();
        const int before = bar->value();
        const int added = m_model->prepend(matching(std::move(page.rows)));
        if (!m_following && added > 0) {
            m_table->doItemsLayout();
            bar->setValue(before + added);
        }
    }
    if (m_model->rowCount() < kFewRows)
        fetchOlder();
}

void LogsSection::follow()
{
    m_following = true;
    m_newBelow = 0;
    {
        const QScopedValueRollback changing(m_changing, true);
        m_table->setFollowing(true);
    }
    updatePill();
}

void LogsSection::stopFollowing()
{
    m_following = false;
    m_table->setFollowing(false);
    updatePill();
}

void LogsSection::onScrolled(int value)
{
    if (value <= kNearTop)
        fetchOlder();
    if (m_changing)
        return;
    if (value >= m_table->verticalScrollBar()->maximum())
        follow();
    else if (m_following)
        stopFollowing();
}

void LogsSection::onCurrentRow(int row)
{
    if (m_changing || row < 0)
        return;
    if (m_following && row + 1 < m_model->rowCount())
        stopFollowing();
    showDetail(row);
}

void LogsSection::showDetail(int row)
{
    m_detail->setRecord(m_model->row(row).record);
    const bool wasHidden = m_detail->isHidden();
    m_detail->setVisible(m_detail->record() != nullptr);
    if (!wasHidden || m_detail->isHidden())
        return;
    // The pane takes room from the list; the chosen line must stay in sight once that is laid out.
    QMetaObject::invokeMethod(
        this,
        [this] {
            const QScopedValueRollback changing(m_changing, true);
            m_table->scrollTo(m_table->currentIndex());
        },
        Qt::QueuedConnection);
}

void LogsSection::closeDetail()
{
    const QScopedValueRollback changing(m_changing, true);
    m_detail->hide();
    m_detail->setRecord(nullptr);
    m_table->clearSelection();
    m_table->setCurrentIndex({});
}

} // namespace oriel::ui
