// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/servers/wire_model.h"

#include "ui/servers/wire_text.h"
#include "ui/widgets/cells.h"
#include "ui/widgets/format.h"

#include <algorithm>

namespace oriel::ui {
namespace {

QString cellText(const store::WireEntry& entry, int column)
{
    switch (column) {
    case WireModel::Time:
        return formatTime(entry.frame.timeUnixNs);
    case WireModel::Peer:
        return peerText(entry.frame);
    case WireModel::Era:
        return eraWord(entry.frame.era);
    case WireModel::Via:
        return carrierText(entry);
    case WireModel::Kind:
        return kindWord(entry.frame.kind);
    case WireModel::Method:
        return QString::fromUtf8(entry.frame.method);
    case WireModel::RpcId:
        return QString::fromUtf8(entry.frame.rpcId.left(64));
    case WireModel::Size:
        return formatBytes(std::uint64_t(entry.payloadBytes));
    case WireModel::Preview:
        return previewOf(entry.frame.payload);
    default:
        return {};
    }
}

QVariant cellStyle(const store::WireEntry& entry, int column, int role)
{
    const bool mono = column == WireModel::Time || column == WireModel::RpcId || column == WireModel::Preview;
    const bool quiet = column == WireModel::Time || column == WireModel::Size || column == WireModel::Via ||
                       (column == WireModel::Era && entry.frame.era == telemetry::WireEra::Legacy) ||
                       (column == WireModel::Peer && !isOutgoing(entry.frame.direction));
    switch (role) {
    case CellRole::Mono:
        return mono;
    case CellRole::Dim:
        return quiet;
    case CellRole::Tone:
        if (column == WireModel::Era && entry.frame.era == telemetry::WireEra::Modern)
            return int(Tone::Accent);
        return column == WireModel::Kind || (column == WireModel::Preview && kindTone(entry.frame.kind) == Tone::Error)
                   ? int(kindTone(entry.frame.kind))
                   : int(Tone::Neutral);
    default:
        return {};
    }
}

} // namespace

WireModel::WireModel(int maximum, QObject* parent) : QAbstractTableModel(parent), m_maximum(std::max(1, maximum)) {}

void WireModel::clear()
{
    beginResetModel();
    m_rows.clear();
    endResetModel();
}

void WireModel::append(const std::vector<store::WireEntry>& rows)
{
    const auto begin =
        std::find_if(rows.cbegin(), rows.cend(), [this](const store::WireEntry& row) { return row.id > lastId(); });
    auto count = std::distance(begin, rows.cend());
    if (count == 0)
        return;
    const auto surplus = std::ptrdiff_t(m_rows.size()) + count - m_maximum;
    if (const auto leave = std::min(surplus, std::ptrdiff_t(m_rows.size())); leave > 0) {
        beginRemoveRows({}, 0, int(leave) - 1);
        m_rows.erase(m_rows.begin(), m_rows.begin() + leave);
        endRemoveRows();
    }
    const auto from = rows.cend() - std::min<std::ptrdiff_t>(count, m_maximum);
    count = std::distance(from, rows.cend());
    beginInsertRows({}, int(m_rows.size()), int(m_rows.size() + std::size_t(count)) - 1);
    m_rows.insert(m_rows.end(), from, rows.cend());
    endInsertRows();
}

void WireModel::prepend(const std::vector<store::WireEntry>& rows)
{
    const std::uint64_t first = m_rows.empty() ? std::numeric_limits<std::uint64_t>::max() : m_rows.front().id;
    const auto end = std::find_if(rows.cbegin(), rows.cend(), [first](const store::WireEntry& row) { return row.id >= first; });
    const auto room = std::max<std::ptrdiff_t>(0, m_maximum - std::ptrdiff_t(m_rows.size()));
    const auto count = std::min(room, std::distance(rows.cbegin(), end));
    if (count == 0)
        return;
    beginInsertRows({}, 0, int(count) - 1);
    m_rows.insert(m_rows.begin(), end - count, end);
    endInsertRows();
}

const store::WireEntry* WireModel::entryAt(int row) const
{
    return row >= 0 && row < int(m_rows.size()) ? &m_rows[std::size_t(row)] : nullptr;
}

int WireModel::rowOf(std::uint64_t id) const
{
    const auto it = std::lower_bound(m_rows.cbegin(), m_rows.cend(), id,
                                     [](const store::WireEntry& row, std::uint64_t wanted) { return row.id < wanted; });
    return it != m_rows.cend() && it->id == id ? int(std::distance(m_rows.cbegin(), it)) : -1;
}

int WireModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : int(m_rows.size());
}

int WireModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : int(ColumnCount);
}

QVariant WireModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const store::WireEntry& entry = m_rows[std::size_t(index.row())];
    if (role == Qt::DisplayRole)
        return cellText(entry, index.column());
    if (role == idRole)
        return quint64(entry.id);
    if (role == Qt::TextAlignmentRole && index.column() == Size)
        return int(Qt::AlignRight | Qt::AlignVCenter);
    return cellStyle(entry, index.column(), role);
}

QVariant WireModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    static const QStringList titles{QStringLiteral("time"), QStringLiteral("peer"),   QStringLiteral("era"),
                                    QStringLiteral("kind"), QStringLiteral("method"), QStringLiteral("id"),
                                    QStringLiteral("via"),  QStringLiteral("size"),   QStringLiteral("content")};
    if (role == Qt::DisplayRole)
        return titles.value(section);
    return role == Qt::TextAlignmentRole && section == Size ? QVariant(int(Qt::AlignRight | Qt::AlignVCenter)) : QVariant();
}

} // namespace oriel::ui
