// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/logs/log_model.h"

#include "ui/logs/log_words.h"
#include "ui/widgets/cells.h"
#include "ui/widgets/format.h"

#include <QIcon>

#include <algorithm>
#include <array>

namespace oriel::ui {

int LogModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int LogModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant LogModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    static constexpr std::array names{"time", "level", "source", "text", "trace"};
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole || section < 0 || section >= ColumnCount)
        return {};
    return QString::fromLatin1(names[static_cast<std::size_t>(section)]);
}

QVariant LogModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Row& row = m_rows[static_cast<std::size_t>(index.row())];
    return row.isGap() ? gapData(row, index.column(), role) : lineData(*row.record, index.column(), role);
}

QVariant LogModel::gapData(const Row& row, int column, int role) const
{
    if (column != Text)
        return {};
    if (role == Qt::DisplayRole)
        return QStringLiteral("%1 lines were dropped before they could be shown")
            .arg(formatCount(static_cast<std::int64_t>(row.lost)));
    if (role == CellRole::Tone)
        return static_cast<int>(Tone::Warning);
    return {};
}

QVariant LogModel::lineData(const telemetry::LogRecord& record, int column, int role) const
{
    const LogLevel level = logLevel(record.severity);
    switch (column) {
    case Time:
        if (role == Qt::DisplayRole)
            return formatTime(record.timeUnixNs);
        if (role == Qt::ToolTipRole)
            return formatDateTime(record.timeUnixNs);
        if (role == CellRole::Mono || role == CellRole::Dim)
            return true;
        break;
    case Level:
        if (role == Qt::DisplayRole)
            return logLevelWord(level);
        if (role == Qt::DecorationRole)
            return themedIcon(logLevelIcon(level), logLevelTint(level));
        if (role == CellRole::Tone)
            return static_cast<int>(logLevelTone(level));
        if (role == CellRole::Dim)
            return level <= LogLevel::Info;
        break;
    case Source:
        if (role == Qt::DisplayRole || role == CellRole::Service)
            return QString::fromUtf8(record.source);
        break;
    case Text:
        if (role == Qt::DisplayRole)
            return logLine(record).text;
        if (role == CellRole::Note)
            return logLine(record).note;
        if (role == CellRole::Mono)
            return true;
        if (role == CellRole::Dim)
            return level < LogLevel::Info;
        break;
    case Trace:
        if (!record.traceId.isValid())
            break;
        if (role == Qt::DisplayRole)
            return shortId(QString::fromLatin1(record.traceId.toHex()));
        if (role == Qt::ToolTipRole)
            return QStringLiteral("Open trace %1").arg(QString::fromLatin1(record.traceId.toHex()));
        if (role == CellRole::Mono)
            return true;
        if (role == CellRole::Tone)
            return static_cast<int>(Tone::Accent);
        break;
    default:
        break;
    }
    return {};
}

void LogModel::reset(std::vector<store::LogEntry> entries)
{
    beginResetModel();
    m_rows.clear();
    const auto skip = entries.size() > static_cast<std::size_t>(m_limit) ? entries.size() - static_cast<std::size_t>(m_limit) : 0;
    for (auto entry = entries.begin() + static_cast<std::ptrdiff_t>(skip); entry != entries.end(); ++entry)
        m_rows.push_back({entry->id, std::move(entry->record), 0});
    endResetModel();
}

int LogModel::append(std::vector<store::LogEntry> entries, std::uint64_t lostBefore)
{
    std::vector<Row> added;
    added.reserve(entries.size() + 1);
    if (lostBefore > 0)
        added.push_back({!entries.empty() ? entries.front().id : m_rows.empty() ? 0 : m_rows.back().id, nullptr, lostBefore});
    for (store::LogEntry& entry : entries)
        added.push_back({entry.id, std::move(entry.record), 0});
    if (static_cast<int>(added.size()) > m_limit)
        added.erase(added.begin(), added.end() - m_limit);
    if (added.empty())
        return 0;
    const int count = static_cast<int>(added.size());
    const int dropped = dropFront(rowCount() + count - m_limit);
    beginInsertRows({}, rowCount(), rowCount() + count - 1);
    std::move(added.begin(), added.end(), std::back_inserter(m_rows));
    endInsertRows();
    return dropped;
}

int LogModel::prepend(std::vector<store::LogEntry> entries)
{
    const int room = std::max(0, m_limit - rowCount());
    const int count = std::min(room, static_cast<int>(entries.size()));
    if (count == 0)
        return 0;
    beginInsertRows({}, 0, count - 1);
    for (auto entry = entries.rbegin(); entry != entries.rbegin() + count; ++entry)
        m_rows.push_front({entry->id, std::move(entry->record), 0});
    endInsertRows();
    return count;
}

int LogModel::dropBefore(std::int64_t unixNs)
{
    int count = 0;
    for (int i = 0; i < rowCount(); ++i) {
        const Row& at = row(i);
        if (!at.isGap() && at.record->timeUnixNs >= unixNs)
            break;
        if (!at.isGap())
            count = i + 1;
    }
    return dropFront(count);
}

int LogModel::dropFront(int count)
{
    count = std::min(count, rowCount());
    if (count <= 0)
        return 0;
    beginRemoveRows({}, 0, count - 1);
    m_rows.erase(m_rows.begin(), m_rows.begin() + count);
    endRemoveRows();
    return count;
}

int LogModel::rowOfId(std::uint64_t id) const
{
    const auto found =
        std::lower_bound(m_rows.begin(), m_rows.end(), id, [](const Row& row, std::uint64_t wanted) { return row.id < wanted; });
    for (auto row = found; row != m_rows.end() && row->id == id; ++row) {
        if (!row->isGap())
            return static_cast<int>(row - m_rows.begin());
    }
    return -1;
}

} // namespace oriel::ui
