// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/traces/trace_list_model.h"

#include "ui/widgets/cells.h"
#include "ui/widgets/duration_bar.h"
#include "ui/widgets/format.h"
#include "ui/widgets/status_dot.h"

#include <QDateTime>
#include <QSet>

#include <algorithm>
#include <array>

namespace oriel::ui {
namespace {

QString timeText(std::int64_t unixNs)
{
    const QDateTime when = QDateTime::fromMSecsSinceEpoch(unixNs / 1'000'000);
    return when.date() == QDate::currentDate() ? formatTime(unixNs) : when.toString(QStringLiteral("MMM d HH:mm"));
}

QString service(const store::TraceSummary& trace)
{
    return QString::fromUtf8(trace.server.isEmpty() ? trace.rootService : trace.server);
}

bool failed(const store::TraceSummary& trace)
{
    return trace.errorCount > 0 || trace.outcome != telemetry::Outcome::Ok;
}

QSet<TraceId> idsOf(const std::vector<store::TraceSummary>& rows, std::size_t count)
{
    QSet<TraceId> ids;
    ids.reserve(static_cast<qsizetype>(count));
    for (std::size_t i = 0; i < count; ++i)
        ids.insert(rows[i].traceId);
    return ids;
}

} // namespace

int TraceListModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int TraceListModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant TraceListModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    static constexpr std::array titles{"time", "name", "client", "spans", "duration", "error"};
    if (orientation != Qt::Horizontal || section < 0 || section >= ColumnCount)
        return {};
    if (role == Qt::DisplayRole)
        return QString::fromLatin1(titles[static_cast<std::size_t>(section)]);
    return role == Qt::TextAlignmentRole && section == Spans ? QVariant(int(Qt::AlignRight | Qt::AlignVCenter)) : QVariant();
}

QVariant TraceListModel::display(const store::TraceSummary& trace, int column) const
{
    switch (column) {
    case Time:
        return timeText(trace.startUnixNs);
    case Name:
        return trace.rootName.isEmpty() ? QStringLiteral("(no name)") : QString::fromUtf8(trace.rootName);
    case Client:
        return QString::fromUtf8(trace.client);
    case Spans:
        return formatCount(trace.spanCount);
    case Duration:
        return formatDuration(trace.durationNs);
    case Error:
        return QString::fromUtf8(trace.firstError);
    default:
        return {};
    }
}

QVariant TraceListModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const store::TraceSummary& trace = row(index.row());
    const int column = index.column();
    switch (role) {
    case Qt::DisplayRole:
        return display(trace, column);
    case Qt::ToolTipRole:
        if (column == Time)
            return formatDateTime(trace.startUnixNs);
        return column == Error || column == Name ? display(trace, column) : QVariant();
    case Qt::TextAlignmentRole:
        return column == Spans ? QVariant(int(Qt::AlignRight | Qt::AlignVCenter)) : QVariant();
    case Qt::AccessibleTextRole:
        if (column == Name)
            return QStringLiteral("%1, %2").arg(display(trace, Name).toString(),
                                                failed(trace) ? QStringLiteral("failed") : QStringLiteral("well"));
        return {};
    case CellRole::Mono:
        return column == Time || column == Spans;
    case CellRole::Dim:
        return column == Time || column == Client || column == Error;
    case CellRole::Outcome:
        return column == Name && !trace.live ? QVariant(!failed(trace)) : QVariant();
    case CellRole::Lamp:
        return column == Name && trace.live ? QVariant(int(Lamp::Pending)) : QVariant();
    case CellRole::Service:
        return column == Name ? service(trace) : QVariant();
    case CellRole::Note:
        return column == Name && trace.rootMissing ? QVariant(QStringLiteral("root missing")) : QVariant();
    case DurationBarDelegate::DurationRole:
        return column == Duration ? QVariant(static_cast<qint64>(trace.durationNs)) : QVariant();
    case DurationBarDelegate::ErrorRole:
        return failed(trace);
    case DurationBarDelegate::PendingRole:
        return trace.live;
    default:
        return {};
    }
}

bool TraceListModel::canFetchMore(const QModelIndex& parent) const
{
    return !parent.isValid() && m_next.has_value() && !m_asked;
}

void TraceListModel::fetchMore(const QModelIndex&)
{
    m_asked = true;
    Q_EMIT moreWanted();
}

std::size_t TraceListModel::replacedBy(const store::TracePage& page) const
{
    if (!page.next || page.rows.empty())
        return m_rows.size();
    const int last = rowOf(page.rows.back().traceId);
    if (last >= 0)
        return static_cast<std::size_t>(last) + 1;
    const std::int64_t oldest = page.rows.back().startUnixNs;
    const auto after = std::find_if(m_rows.begin(), m_rows.end(),
                                    [oldest](const store::TraceSummary& trace) { return trace.startUnixNs < oldest; });
    return static_cast<std::size_t>(after - m_rows.begin());
}

int TraceListModel::merge(store::TracePage page, std::int64_t fromUnixNs)
{
    const std::size_t replaced = replacedBy(page);
    const QSet<TraceId> before = idsOf(m_rows, m_rows.size());
    int fresh = 0;
    while (fresh < static_cast<int>(page.rows.size()) && !before.contains(page.rows[static_cast<std::size_t>(fresh)].traceId))
        ++fresh;
    const bool keepsTail = replaced < m_rows.size();
    if (!tryMerge(page.rows, replaced)) {
        beginResetModel();
        m_rows.erase(m_rows.begin(), m_rows.begin() + static_cast<std::ptrdiff_t>(replaced));
        m_rows.insert(m_rows.begin(), page.rows.begin(), page.rows.end());
        endResetModel();
    }
    const auto tooOld = std::find_if(m_rows.begin() + static_cast<std::ptrdiff_t>(page.rows.size()), m_rows.end(),
                                     [fromUnixNs](const store::TraceSummary& trace) { return trace.startUnixNs < fromUnixNs; });
    if (tooOld != m_rows.end()) {
        beginRemoveRows({}, static_cast<int>(tooOld - m_rows.begin()), rowCount() - 1);
        m_rows.erase(tooOld, m_rows.end());
        endRemoveRows();
    }
    if (!keepsTail) {
        m_next = page.next;
        m_asked = false;
    }
    measure();
    return fresh;
}

/// Both lists walked side by side. False, with nothing done, when a row that stays has changed places.
bool TraceListModel::tryMerge(const Rows& page, std::size_t replaced)
{
    const QSet<TraceId> wanted = idsOf(page, page.size());
    std::vector<TraceId> staying;
    for (std::size_t i = 0; i < replaced; ++i) {
        if (wanted.contains(m_rows[i].traceId))
            staying.push_back(m_rows[i].traceId);
    }
    const QSet<TraceId> known = idsOf(m_rows, replaced);
    std::size_t next = 0;
    for (const store::TraceSummary& trace : page) {
        if (known.contains(trace.traceId) && (next >= staying.size() || staying[next++] != trace.traceId))
            return false;
    }
    std::size_t at = 0;
    for (std::size_t from = 0; from < page.size() || at < replaced;) {
        std::size_t gone = at;
        while (gone < replaced && !wanted.contains(m_rows[gone].traceId))
            ++gone;
        if (gone > at) {
            beginRemoveRows({}, static_cast<int>(at), static_cast<int>(gone) - 1);
            m_rows.erase(m_rows.begin() + static_cast<std::ptrdiff_t>(at), m_rows.begin() + static_cast<std::ptrdiff_t>(gone));
            endRemoveRows();
            replaced -= gone - at;
            continue;
        }
        std::size_t to = from;
        while (to < page.size() && !known.contains(page[to].traceId))
            ++to;
        if (to > from) {
            beginInsertRows({}, static_cast<int>(at), static_cast<int>(at + to - from) - 1);
            m_rows.insert(m_rows.begin() + static_cast<std::ptrdiff_t>(at), page.begin() + static_cast<std::ptrdiff_t>(from),
                          page.begin() + static_cast<std::ptrdiff_t>(to));
            endInsertRows();
            at += to - from;
            replaced += to - from;
            from = to;
            continue;
        }
        const bool changed = m_rows[at].revision != page[from].revision;
        m_rows[at] = page[from];
        if (changed)
            Q_EMIT dataChanged(index(static_cast<int>(at), 0), index(static_cast<int>(at), ColumnCount - 1));
        ++at;
        ++from;
    }
    return true;
}

void TraceListModel::append(store::TracePage page)
{
    m_asked = false;
    m_next = page.next;
    const QSet<TraceId> known = idsOf(m_rows, m_rows.size());
    std::erase_if(page.rows, [&known](const store::TraceSummary& trace) { return known.contains(trace.traceId); });
    if (page.rows.empty())
        return;
    beginInsertRows({}, rowCount(), rowCount() + static_cast<int>(page.rows.size()) - 1);
    m_rows.insert(m_rows.end(), page.rows.begin(), page.rows.end());
    endInsertRows();
    measure();
}

void TraceListModel::clear()
{
    beginResetModel();
    m_rows.clear();
    m_next.reset();
    m_asked = false;
    m_longest = 1;
    endResetModel();
}

void TraceListModel::measure()
{
    m_longest = 1;
    for (const store::TraceSummary& trace : m_rows)
        m_longest = std::max(m_longest, trace.durationNs);
}

int TraceListModel::rowOf(const TraceId& id) const
{
    const auto found =
        std::find_if(m_rows.begin(), m_rows.end(), [&id](const store::TraceSummary& trace) { return trace.traceId == id; });
    return found == m_rows.end() ? -1 : static_cast<int>(found - m_rows.begin());
}

QString TraceListModel::filterTerm(const QModelIndex& index, bool out) const
{
    if (!index.isValid())
        return {};
    const store::TraceSummary& trace = row(index.row());
    const auto term = [out](const char* key, const QByteArray& value) {
        return value.isEmpty() ? QString()
                               : QString::fromUtf8(QByteArray(key) + (out ? "!=" : "=") + store::quoteFilterValue(value));
    };
    switch (index.column()) {
    case Name:
        return trace.tool.isEmpty() ? term("name", trace.rootName) : term("tool", trace.tool);
    case Client:
        return term("client", trace.client);
    case Error:
        return failed(trace) ? QStringLiteral("status=%1").arg(out ? QStringLiteral("ok") : QStringLiteral("error")) : QString();
    case Duration:
        return QStringLiteral("duration%1%2us")
            .arg(out ? QStringLiteral("<") : QStringLiteral(">="))
            .arg(trace.durationNs / 1'000);
    default:
        return {};
    }
}

} // namespace oriel::ui
