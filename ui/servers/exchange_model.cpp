// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/servers/exchange_model.h"

#include "ui/servers/exchange_text.h"
#include "ui/servers/wire_text.h"
#include "ui/widgets/cells.h"
#include "ui/widgets/format.h"

namespace oriel::ui {

using Kind = JsonChange::Kind;

void ExchangeModel::setExchange(WireExchange exchange)
{
    beginResetModel();
    m_exchange = std::move(exchange);
    m_diffs.clear();
    m_diffs.resize(m_exchange.steps.size());
    endResetModel();
}

const JsonDiff* ExchangeModel::diffOf(int step) const
{
    const store::WireEntry* client = step >= 0 ? m_exchange.clientOf(std::size_t(step)) : nullptr;
    const store::WireEntry* server = step >= 0 ? m_exchange.serverOf(std::size_t(step)) : nullptr;
    if (client == nullptr || server == nullptr)
        return nullptr;
    std::optional<JsonDiff>& diff = m_diffs[std::size_t(step)];
    if (!diff)
        diff = client->cut || server->cut ? JsonDiff{JsonDiff::State::TooLong, {}, false}
                                          : diffJson(client->frame.payload, server->frame.payload);
    return &*diff;
}

int ExchangeModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : int(m_exchange.steps.size());
}

int ExchangeModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : int(ColumnCount);
}

QString ExchangeModel::sideText(std::size_t step, bool client) const
{
    const store::WireEntry* entry = client ? m_exchange.clientOf(step) : m_exchange.serverOf(step);
    return entry != nullptr ? stepTitle(*entry, m_exchange.steps[step].fromClient) : aloneBecause(m_exchange, step);
}

QString ExchangeModel::text(std::size_t step, int column) const
{
    const store::WireEntry* client = m_exchange.clientOf(step);
    const store::WireEntry* server = m_exchange.serverOf(step);
    switch (column) {
    case Time: {
        const store::WireEntry* first = client == nullptr || (server != nullptr && server->id < client->id) ? server : client;
        return first != nullptr ? formatTime(first->frame.timeUnixNs) : QString();
    }
    case Client:
        return sideText(step, true);
    case Server:
        return sideText(step, false);
    case Changed: {
        const JsonDiff* diff = diffOf(int(step));
        return diff != nullptr ? changedWords(*diff) : QString();
    }
    default:
        return {};
    }
}

QVariant ExchangeModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const auto step = std::size_t(index.row());
    const bool isSide = index.column() == Client || index.column() == Server;
    const store::WireEntry* entry = index.column() == Client   ? m_exchange.clientOf(step)
                                    : index.column() == Server ? m_exchange.serverOf(step)
                                                               : nullptr;
    switch (role) {
    case Qt::DisplayRole:
    case Qt::ToolTipRole:
        return text(step, index.column());
    case CellRole::Note:
        return entry != nullptr ? QVariant(carrierText(*entry)) : QVariant();
    case CellRole::Mono:
        return index.column() == Time;
    case CellRole::Dim:
        return index.column() == Time || (isSide && entry == nullptr) || text(step, Changed) == QLatin1String("nothing");
    case CellRole::Tone:
        return int(entry != nullptr ? kindTone(entry->frame.kind) : Tone::Neutral);
    default:
        return {};
    }
}

QVariant ExchangeModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    static const QStringList titles{QStringLiteral("time"), QStringLiteral("client and Oriel"),
                                    QStringLiteral("Oriel and server"), QStringLiteral("Oriel changed")};
    return orientation == Qt::Horizontal && role == Qt::DisplayRole ? QVariant(titles.value(section)) : QVariant();
}

void ChangeModel::setRows(std::vector<Row> rows)
{
    beginResetModel();
    m_rows = std::move(rows);
    endResetModel();
}

int ChangeModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : int(m_rows.size());
}

int ChangeModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : int(ColumnCount);
}

QVariant ChangeModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const auto& [change, why] = m_rows[std::size_t(index.row())];
    const bool same = change.kind == Kind::Same;
    switch (role) {
    case Qt::DisplayRole:
    case Qt::ToolTipRole:
        switch (index.column()) {
        case Sign:
            return change.kind == Kind::Changed   ? QStringLiteral("≠")
                   : change.kind == Kind::Added   ? QStringLiteral("+")
                   : change.kind == Kind::Removed ? QStringLiteral("−")
                                                  : QString();
        case Member:
            return change.path.isEmpty() ? QStringLiteral("(the whole)") : QString::fromUtf8(change.path);
        case Client:
            return previewOf(change.left);
        case Server:
            return previewOf(change.right);
        case Why:
            return why;
        default:
            return {};
        }
    case CellRole::Mono:
        return index.column() == Member || index.column() == Client || index.column() == Server;
    case CellRole::Dim:
        return same || index.column() == Why;
    case CellRole::Tone:
        if (index.column() == Sign || (!same && (index.column() == Client || index.column() == Server)))
            return int(same ? Tone::Neutral : Tone::Accent);
        return int(Tone::Neutral);
    default:
        return {};
    }
}

QVariant ChangeModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    static const QStringList titles{QString(), QStringLiteral("member"), QStringLiteral("client's side"),
                                    QStringLiteral("server's side"), QStringLiteral("why")};
    return orientation == Qt::Horizontal && role == Qt::DisplayRole ? QVariant(titles.value(section)) : QVariant();
}

std::vector<ChangeModel::Row> changeRows(const WireExchange& exchange, std::size_t step, const JsonDiff& diff, bool all)
{
    std::vector<ChangeModel::Row> rows;
    const store::WireEntry* client = exchange.clientOf(step);
    const store::WireEntry* server = exchange.serverOf(step);
    if (client == nullptr || server == nullptr)
        return rows;
    const bool fromClient = exchange.steps[step].fromClient;
    const auto addFields = [&](const store::WireEntry& entry, bool isClient) {
        for (const QString& field : mcpFields(entry)) {
            const QByteArray name = field.section(QStringLiteral(": "), 0, 0).toUtf8();
            const QByteArray value = field.section(QStringLiteral(": "), 1).toUtf8();
            JsonChange change;
            change.kind = isClient == fromClient ? Kind::Removed : Kind::Added;
            change.path = name;
            (isClient ? change.left : change.right) = value;
            rows.push_back({std::move(change), QStringLiteral("HTTP, this side only")});
        }
    };
    addFields(*client, true);
    const std::size_t ofClient = rows.size();
    addFields(*server, false);
    // A field that both sides have stands in one row.
    for (std::size_t i = 0; i < ofClient; ++i) {
        for (std::size_t k = ofClient; k < rows.size(); ++k) {
            if (rows[k].change.path != rows[i].change.path)
                continue;
            rows[i].change.right = rows[k].change.right;
            rows[i].change.kind = rows[i].change.left == rows[i].change.right ? Kind::Same : Kind::Changed;
            rows[i].why = QStringLiteral("HTTP");
            rows.erase(rows.begin() + std::ptrdiff_t(k));
            break;
        }
    }
    for (const JsonChange& found : diff.changes) {
        JsonChange change = found;
        if (!fromClient && (change.kind == Kind::Added || change.kind == Kind::Removed))
            change.kind = change.kind == Kind::Added ? Kind::Removed : Kind::Added;
        const QString why = change.kind == Kind::Same ? QString() : whyChanged(change.path, exchange, step);
        rows.push_back({std::move(change), why});
    }
    if (!all)
        std::erase_if(rows, [](const ChangeModel::Row& row) { return row.change.kind == Kind::Same; });
    return rows;
}

} // namespace oriel::ui
