// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/audit/audit_detail.h"
#include "ui/audit/audit_model.h"
#include "ui/audit/audit_section.h"
#include "ui/compat/qt_compat.hpp"
#include "ui/widgets/async.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/duration_bar.h"
#include "ui/widgets/format.h"
#include "ui/widgets/live_refresh.h"

#include <QComboBox>
#include <QScopedValueRollback>
#include <QScrollBar>

#include <algorithm>

namespace oriel::ui {

using telemetry::Outcome;

namespace {

constexpr int kPageRows = 200;
constexpr int kFewRows = 50; ///< a page with fewer hits fetches the next one by itself
constexpr int kNearEnd = 30; ///< rows before the end at which older ones are fetched
constexpr std::size_t kHeldRows = 1'000;
constexpr int kRetryMs = 250;
constexpr int kRetries = 8;

} // namespace

store::AuditQuery AuditSection::query() const
{
    store::AuditQuery query;
    query.limit = kPageRows;
    const int outcome = m_outcomes->currentIndex();
    if (outcome == 1)
        query.outcomes = outcomesOfStatus("error");
    else if (outcome > 1)
        query.outcomes = {static_cast<Outcome>(outcome - 2)};
    if (outcome > 0)
        query.kinds = {store::AuditKind::Call};
    if (!m_server.isEmpty())
        query.servers = {m_server.toUtf8()};
    if (!m_client.isEmpty())
        query.clients = {m_client.toUtf8()};
    m_filter.applyTo(query);
    if (usesTimeRange()) {
        query.fromUnixNs = m_range.beginNs(m_clock.unixNs());
        if (m_range.kind == TimeRange::Kind::Fixed)
            query.toUnixNs = m_range.toNs;
    }
    return query;
}

void AuditSection::reload()
{
    m_reload = true;
    m_refresh->demand();
}

void AuditSection::reloadFromTheTop()
{
    m_anchor = 0;
    m_following = true;
    reload();
}

void AuditSection::fetch()
{
    compat::cancelRunning(m_pending);
    const quint64 generation = ++m_generation;
    const bool whole = m_reload;
    if (!whole && m_anchor > 0) { // the list stands somewhere in the past
        m_refresh->finished();
        updatePill();
        return;
    }
    store::AuditQuery wanted = query();
    if (whole) {
        forgetOlder();
        wanted.afterSequence = m_anchor > 0 ? m_anchor + 1 : 0;
    } else {
        wanted.newestFirst = false;
        wanted.afterSequence = m_seenSequence;
    }
    const std::int64_t announced = m_announced;
    m_pending = m_service.audit(std::move(wanted));
    whenDone(m_pending, this, [this, generation, whole, announced](const Result<store::AuditPage>& answer) {
        if (generation != m_generation)
            return;
        m_refresh->finished();
        if (!answer) {
            onReadError(answer.error());
            return;
        }
        m_retries = 0;
        if (!m_readError.isEmpty()) {
            m_readError.clear();
            updateBanner();
        }
        store::AuditPage page = *answer;
        // What was announced before the question is part of the answer, whether it matches or not.
        m_seenSequence = std::max(m_seenSequence, announced);
        if (whole)
            takePage(std::move(page));
        else
            takeNew(std::move(page));
        updateWords();
    });
    if (whole)
        count();
}

void AuditSection::onReadError(const Error& error)
{
    // Just after the start the database may not be there yet.
    if (!m_loaded && m_retries < kRetries) {
        ++m_retries;
        QTimer::singleShot(kRetryMs, this, &AuditSection::reload);
        return;
    }
    m_readError = error.toString();
    updateBanner();
    markReady();
}

void AuditSection::markReady()
{
    if (m_ready)
        return;
    m_ready = true;
    Q_EMIT readyChanged();
}

void AuditSection::count()
{
    compat::cancelRunning(m_pendingCount);
    if (!isVisible())
        return;
    m_pendingCount = m_service.auditCount(query());
    whenDone(m_pendingCount, this, [this, generation = ++m_countGeneration](const Result<store::AuditReader::Count>& answer) {
        if (generation != m_countGeneration || !answer)
            return;
        const QString rows = answer->rows == 1
                                 ? QStringLiteral("1 row")
                                 : QStringLiteral("%1 rows").arg(formatCount(static_cast<std::int64_t>(answer->rows)));
        m_countWords =
            (answer->atLeast ? QStringLiteral("more than ") + rows : rows) + (usesTimeRange() ? m_range.phrase() : QString());
        updateWords();
    });
}

void AuditSection::takePage(store::AuditPage&& page)
{
    m_reload = false;
    m_loaded = true;
    m_next = page.next;
    m_held.clear();
    m_heldTooMany = false;
    const QByteArray chosen = !m_wantedId.isEmpty() ? m_wantedId : m_detail->row() ? m_detail->row()->id : QByteArray();
    m_wantedId.clear();
    noteNames(page.rows);
    {
        const QScopedValueRollback changing(m_changing, true);
        m_model->reset(std::move(page.rows), m_clock.unixNs());
        m_bars->setLongest(m_model->longestNs());
        m_table->setFollowing(m_following && m_anchor == 0, true);
        noteDays();
    }
    m_seenSequence = std::max(m_seenSequence, m_model->newestSequence());
    if (m_model->rowCount() == 0) {
        m_detail->clear();
        markReady();
    } else {
        selectRow(std::max(0, m_model->rowOfId(chosen)));
    }
    if (m_model->rowCount() < kFewRows)
        fetchOlder();
}

void AuditSection::takeNew(store::AuditPage&& page)
{
    if (page.next != 0) {
        m_seenSequence = page.next;
        m_refresh->markDirty();
    } else if (!page.rows.empty()) {
        m_seenSequence = std::max(m_seenSequence, page.rows.back().sequence);
    }
    if (page.rows.empty())
        return;
    noteNames(page.rows);
    std::reverse(page.rows.begin(), page.rows.end());
    if (!m_countTimer.isActive())
        m_countTimer.start();
    if (!m_following) {
        page.rows.insert(page.rows.end(), std::make_move_iterator(m_held.begin()), std::make_move_iterator(m_held.end()));
        m_held = std::move(page.rows);
        if (m_held.size() > kHeldRows) {
            m_held.resize(kHeldRows);
            m_heldTooMany = true;
        }
        return;
    }
    const QScopedValueRollback changing(m_changing, true);
    const bool wasEmpty = m_model->rowCount() == 0;
    if (m_model->prepend(std::move(page.rows), m_clock.unixNs()) > 0) {
        forgetOlder();
        m_next = m_model->oldestSequence();
    }
    m_bars->setLongest(m_model->longestNs());
    if (wasEmpty)
        selectRow(0);
}

void AuditSection::noteDays()
{
    const bool hasDays =
        m_model->rowCount() > 0 && m_model->index(m_model->rowCount() - 1, AuditModel::Time).data().toString().size() > 12;
    if (std::exchange(m_hasDays, hasDays) != hasDays)
        setTimeWidth(hasDays);
}

void AuditSection::forgetOlder()
{
    compat::cancelRunning(m_pendingOlder);
    ++m_olderGeneration;
    m_fetchingOlder = false;
}

void AuditSection::fetchOlder()
{
    if (m_next == 0 || m_fetchingOlder || m_reload)
        return;
    m_fetchingOlder = true;
    store::AuditQuery wanted = query();
    wanted.afterSequence = m_next;
    m_pendingOlder = m_service.audit(std::move(wanted));
    whenDone(m_pendingOlder, this, [this, generation = ++m_olderGeneration](const Result<store::AuditPage>& answer) {
        if (generation != m_olderGeneration)
            return;
        m_fetchingOlder = false;
        if (!answer) {
            m_readError = answer.error().toString();
            updateBanner();
            return;
        }
        takeOlder(store::AuditPage(*answer));
        updateWords();
    });
}

void AuditSection::takeOlder(store::AuditPage&& page)
{
    m_next = page.next;
    noteNames(page.rows);
    {
        const QScopedValueRollback changing(m_changing, true);
        m_model->append(std::move(page.rows));
        noteDays();
        m_bars->setLongest(m_model->longestNs());
    }
    if (m_model->rowCount() < kFewRows)
        fetchOlder();
    if (!m_detail->row() && m_model->rowCount() > 0)
        selectRow(0);
}

void AuditSection::showNewest()
{
    m_following = true;
    if (m_anchor > 0 || m_heldTooMany) {
        m_anchor = 0;
        reload();
        return;
    }
    const QScopedValueRollback changing(m_changing, true);
    if (m_model->prepend(std::exchange(m_held, {}), m_clock.unixNs()) > 0) {
        forgetOlder();
        m_next = m_model->oldestSequence();
    }
    m_bars->setLongest(m_model->longestNs());
    m_table->setFollowing(true, true);
    updatePill();
}

void AuditSection::onScrolled(int value)
{
    const QScrollBar* bar = m_table->verticalScrollBar();
    if (value >= bar->maximum() - kNearEnd)
        fetchOlder();
    if (m_changing || m_anchor > 0)
        return;
    if (value == 0) {
        showNewest();
    } else if (m_following) {
        m_following = false;
        m_table->setFollowing(false, true);
    }
}

void AuditSection::onCurrentRow(int row)
{
    if (m_changing || row < 0)
        return;
    if (row > 0 && m_following) {
        m_following = false; // what is read must not move away
        m_table->setFollowing(false, true);
    }
    fetchDetail(m_model->row(row).id);
}

void AuditSection::selectRow(int row)
{
    {
        const QScopedValueRollback changing(m_changing, true);
        m_table->setCurrentIndex(m_model->index(row, 0));
    }
    fetchDetail(m_model->row(row).id);
}

void AuditSection::fetchDetail(const QByteArray& rowId)
{
    compat::cancelRunning(m_pendingRow);
    m_pendingRow = m_service.auditRow(rowId);
    whenDone(m_pendingRow, this, [this, generation = ++m_rowGeneration](const Result<std::optional<store::AuditRow>>& answer) {
        if (generation != m_rowGeneration)
            return;
        if (answer && *answer)
            m_detail->setRow(**answer);
        else
            m_detail->clear();
        if (!answer)
            Q_EMIT notice(answer.error().message);
        markReady();
    });
}

void AuditSection::openRow(const QByteArray& rowId)
{
    if (const int row = m_model->rowOfId(rowId); row >= 0) {
        m_table->setCurrentIndex(m_model->index(row, 0));
        fetchDetail(rowId);
        return;
    }
    compat::cancelRunning(m_pendingRow);
    m_pendingRow = m_service.auditRow(rowId);
    whenDone(m_pendingRow, this, [this, generation = ++m_rowGeneration](const Result<std::optional<store::AuditRow>>& answer) {
        if (generation != m_rowGeneration)
            return;
        if (!answer || !*answer) {
            Q_EMIT notice(answer ? QStringLiteral("This row is no longer in the audit log") : answer.error().message);
            return;
        }
        const store::AuditRow& found = **answer;
        clearFilters();
        m_anchor = found.sequence;
        m_following = false;
        m_wantedId = found.id;
        m_detail->setRow(found);
        reload();
    });
}

} // namespace oriel::ui
