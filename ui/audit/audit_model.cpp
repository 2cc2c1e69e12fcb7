// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/audit/audit_model.h"

#include "ui/audit/audit_words.h"
#include "ui/widgets/cells.h"
#include "ui/widgets/duration_bar.h"
#include "ui/widgets/format.h"

#include <algorithm>
#include <array>

namespace oriel::ui {

using store::AuditKind;
using telemetry::Outcome;

int AuditModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int AuditModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant AuditModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    static constexpr std::array names{"time", "tool", "server", "client", "latency", "error"};
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole || section < 0 || section >= ColumnCount)
        return {};
    return QString::fromLatin1(names[static_cast<std::size_t>(section)]);
}

QVariant AuditModel::subjectData(const store::AuditRow& row, int role) const
{
    const bool isCall = row.kind == AuditKind::Call;
    switch (role) {
    case Qt::DisplayRole:
    case Qt::ToolTipRole:
        return auditSubject(row);
    case CellRole::Outcome:
        return isCall ? QVariant(row.outcome == Outcome::Ok) : QVariant();
    case CellRole::Service:
        return isCall ? QString::fromUtf8(row.server) : QString();
    case CellRole::Dim:
        return !isCall;
    case CellRole::Note:
        return row.replay ? QVariant(QStringLiteral("replay")) : QVariant();
    default:
        return {};
    }
}

QVariant AuditModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const store::AuditRow& row = m_rows[static_cast<std::size_t>(index.row())];
    const bool isCall = row.kind == AuditKind::Call;
    switch (index.column()) {
    case Time:
        if (role == Qt::DisplayRole)
            return auditTime(row.timeUnixNs, m_nowUnixNs);
        if (role == Qt::ToolTipRole)
            return formatDateTime(row.timeUnixNs);
        if (role == CellRole::Mono || role == CellRole::Dim)
            return true;
        break;
    case Subject:
        return subjectData(row, role);
    case Server:
        if (role == Qt::DisplayRole)
            return QString::fromUtf8(row.server);
        break;
    case Client:
        if (role == Qt::DisplayRole)
            return QString::fromUtf8(row.client);
        if (role == CellRole::Dim)
            return true;
        break;
    case Latency:
        if (!isCall)
            break;
        if (role == Qt::DisplayRole)
            return formatDuration(row.latencyNs);
        if (role == DurationBarDelegate::DurationRole)
            return QVariant::fromValue<qlonglong>(row.latencyNs);
        if (role == DurationBarDelegate::ErrorRole)
            return row.outcome != Outcome::Ok;
        break;
    case Error:
        if (role == Qt::DisplayRole || role == Qt::ToolTipRole)
            return auditError(row);
        if (role == CellRole::Dim)
            return true;
        break;
    default:
        break;
    }
    return {};
}

void AuditModel::measure(const std::vector<store::AuditRow>& rows)
{
    for (const store::AuditRow& row : rows)
        m_longestNs = std::max(m_longestNs, row.latencyNs);
}

void AuditModel::reset(std::vector<store::AuditRow> rows, std::int64_t nowUnixNs)
{
    beginResetModel();
    m_nowUnixNs = nowUnixNs;
    m_longestNs = 1;
    measure(rows);
    m_rows.assign(std::make_move_iterator(rows.begin()), std::make_move_iterator(rows.end()));
    endResetModel();
}

void AuditModel::append(std::vector<store::AuditRow> rows)
{
    if (rows.empty())
        return;
    measure(rows);
    beginInsertRows({}, rowCount(), rowCount() + static_cast<int>(rows.size()) - 1);
    std::move(rows.begin(), rows.end(), std::back_inserter(m_rows));
    endInsertRows();
}

int AuditModel::prepend(std::vector<store::AuditRow> rows, std::int64_t nowUnixNs)
{
    if (rows.empty())
        return 0;
    m_nowUnixNs = nowUnixNs;
    measure(rows);
    beginInsertRows({}, 0, static_cast<int>(rows.size()) - 1);
    m_rows.insert(m_rows.begin(), std::make_move_iterator(rows.begin()), std::make_move_iterator(rows.end()));
    endInsertRows();
    const int surplus = rowCount() - m_limit;
    if (surplus <= 0)
        return 0;
    beginRemoveRows({}, m_limit, rowCount() - 1);
    m_rows.resize(static_cast<std::size_t>(m_limit));
    endRemoveRows();
    return surplus;
}

int AuditModel::rowOfId(const QByteArray& id) const
{
    const auto found = std::find_if(m_rows.begin(), m_rows.end(), [&id](const store::AuditRow& row) { return row.id == id; });
    return found == m_rows.end() ? -1 : static_cast<int>(found - m_rows.begin());
}

int AuditModel::rowOfSequence(std::int64_t sequence) const
{
    const auto found = std::lower_bound(m_rows.begin(), m_rows.end(), sequence,
                                        [](const store::AuditRow& row, std::int64_t wanted) { return row.sequence > wanted; });
    return found == m_rows.end() || found->sequence != sequence ? -1 : static_cast<int>(found - m_rows.begin());
}

} // namespace oriel::ui
