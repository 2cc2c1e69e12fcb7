// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/overview/overview_models.h"

#include "ui/overview/overview_data.h"
#include "ui/widgets/cells.h"
#include "ui/widgets/format.h"
#include "ui/widgets/sparkline.h"

#include <QUrl>

#include <algorithm>

namespace oriel::ui {
namespace {

using service::ServerState;

QString transportWord(config::ServerTransport transport)
{
    switch (transport) {
    case config::ServerTransport::Stdio:
        return QStringLiteral("stdio");
    case config::ServerTransport::StreamableHttp:
        return QStringLiteral("http");
    case config::ServerTransport::LegacySse:
        return QStringLiteral("sse");
    }
    return {};
}

/// Where a server that is well can be found: its process, or its address.
QString whereabouts(const service::ServerSnapshot& server)
{
    if (server.config.transport == config::ServerTransport::Stdio)
        return server.pid > 0 ? QStringLiteral("pid %1").arg(server.pid) : server.stateText;
    const QUrl url(server.config.url);
    if (url.host().isEmpty())
        return server.stateText;
    return url.port() > 0 ? QStringLiteral("%1:%2").arg(url.host()).arg(url.port()) : url.host();
}

} // namespace

Lamp serverLamp(ServerState state)
{
    switch (state) {
    case ServerState::Ready:
        return Lamp::Good;
    case ServerState::Starting:
    case ServerState::Stopping:
        return Lamp::Pending;
    case ServerState::Backoff:
    case ServerState::Failed:
        return Lamp::Error;
    case ServerState::Disabled:
    case ServerState::Stopped:
        break;
    }
    return Lamp::Idle;
}

QString shortState(const QString& state, const QString& server)
{
    QString words = state;
    for (const QString& said : {server + QStringLiteral(" did not start: "), server + QStringLiteral(": ")}) {
        if (words.startsWith(said)) {
            words.remove(0, said.size());
            break;
        }
    }
    return words.remove(QLatin1Char('`'));
}

bool needsAttention(const service::ServerSnapshot& server)
{
    const bool isDown = server.state == ServerState::Failed || server.state == ServerState::Backoff;
    return (isDown || server.refusesCalls()) && !server.trouble().isEmpty();
}

QList<OverviewServer> overviewServers(const QList<service::ServerSnapshot>& servers, const store::AggregateResult& byServer)
{
    QList<OverviewServer> rows;
    for (const service::ServerSnapshot& server : servers) {
        OverviewServer row;
        row.name = server.config.name;
        row.lamp = serverLamp(server.state);
        row.transport = transportWord(server.config.transport);
        const bool ready = server.state == ServerState::Ready;
        row.process = ready ? whereabouts(server) : shortState(server.stateText, row.name);
        if (ready && server.refusesCalls()) {
            row.lamp = Lamp::Warning;
            row.process = server.circuit.text;
        }
        row.processIsError = row.lamp == Lamp::Error;
        row.tools = ready ? server.tools : -1;
        const QByteArray key = row.name.toUtf8();
        const auto group =
            std::find_if(byServer.groups.begin(), byServer.groups.end(), [&](const auto& one) { return one.key == key; });
        if (group != byServer.groups.end()) {
            row.calls = group->total.calls;
            row.errors = group->total.errors;
            row.p95Ns = static_cast<std::int64_t>(group->total.p95Ns);
            for (const store::AggregateBucket& bucket : group->buckets)
                row.course.append(static_cast<double>(bucket.calls));
        }
        rows.append(row);
    }
    return rows;
}

void OverviewServersModel::setServers(const QList<OverviewServer>& servers)
{
    const bool sameNames = std::equal(servers.begin(), servers.end(), m_servers.begin(), m_servers.end(),
                                      [](const OverviewServer& a, const OverviewServer& b) { return a.name == b.name; });
    if (!sameNames) {
        beginResetModel();
        m_servers = servers;
        endResetModel();
        return;
    }
    for (int row = 0; row < static_cast<int>(servers.size()); ++row) {
        if (m_servers[row] == servers[row])
            continue;
        m_servers[row] = servers[row];
        Q_EMIT dataChanged(index(row, 0), index(row, ColumnCount - 1));
    }
}

int OverviewServersModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_servers.size());
}

int OverviewServersModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QString OverviewServersModel::text(const OverviewServer& server, int column) const
{
    const QString dash = QStringLiteral("–");
    switch (column) {
    case Name:
        return server.name;
    case Transport:
        return server.transport;
    case Process:
        return server.process;
    case Calls:
        return formatCount(static_cast<std::int64_t>(server.calls));
    case Success:
        return server.calls == 0
                   ? dash
                   : formatPercent(static_cast<double>(server.calls - server.errors) / static_cast<double>(server.calls));
    case P95:
        return server.calls == 0 ? dash : formatDuration(server.p95Ns);
    case Tools:
        return server.tools < 0 ? dash : formatCount(server.tools);
    default:
        return {};
    }
}

QVariant OverviewServersModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const OverviewServer& server = m_servers[index.row()];
    const int column = index.column();
    switch (role) {
    case Qt::DisplayRole:
        return text(server, column);
    case Qt::TextAlignmentRole:
        return int((column >= Calls && column <= Tools ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    case Qt::ToolTipRole:
        return column == Process ? server.process : column == Name ? lampWord(server.lamp) : QVariant();
    case Qt::AccessibleTextRole:
        return column == Name ? QVariant(QStringLiteral("%1, %2").arg(server.name, lampWord(server.lamp)))
                              : QVariant(text(server, column));
    case CellRole::Lamp:
        return column == Name ? QVariant(int(server.lamp)) : QVariant();
    case CellRole::Mono:
        return column == Process;
    case CellRole::Dim:
        return column == Transport || column == Process || (column > Calls && server.calls == 0);
    case CellRole::Tone:
        return column == Process && server.processIsError ? QVariant(int(Tone::Error)) : QVariant();
    case SparklineDelegate::SeriesRole:
        return column == Course && server.calls > 0 ? QVariant::fromValue(server.course) : QVariant();
    default:
        return {};
    }
}

QVariant OverviewServersModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    static const QStringList names{
        QStringLiteral("name"),    QStringLiteral("transport"), QStringLiteral("process"), QStringLiteral("calls"),
        QStringLiteral("success"), QStringLiteral("p95"),       QStringLiteral("tools"),   QString()};
    if (orientation == Qt::Horizontal && role == Qt::DisplayRole)
        return names.value(section);
    if (orientation == Qt::Horizontal && role == Qt::ToolTipRole && section == Course)
        return QStringLiteral("Calls over the time range");
    return QAbstractTableModel::headerData(section, orientation, role);
}

void FailuresModel::setFailures(const std::vector<store::TraceSummary>& failures, const QString& separator)
{
    QList<Row> rows;
    for (const store::TraceSummary& trace : failures)
        rows.append({QString::fromLatin1(trace.traceId.toHex()), failureName(trace, separator), failureSentence(trace),
                     trace.startUnixNs});
    if (rows == m_rows)
        return;
    if (rows.size() != m_rows.size()) {
        beginResetModel();
        m_rows = rows;
        endResetModel();
        return;
    }
    m_rows = rows;
    Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1));
}

int FailuresModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int FailuresModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant FailuresModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const Row& row = m_rows[index.row()];
    if (role == TraceRole)
        return row.traceId;
    if (index.column() == Time) {
        switch (role) {
        case Qt::DisplayRole:
            return formatClock(row.atNs);
        case Qt::ToolTipRole:
            return formatDateTime(row.atNs);
        case Qt::TextAlignmentRole:
            return int(Qt::AlignRight | Qt::AlignVCenter);
        case CellRole::Mono:
        case CellRole::Dim:
            return true;
        default:
            return {};
        }
    }
    switch (role) {
    case Qt::DisplayRole:
        return row.name;
    case Qt::ToolTipRole:
        return QStringLiteral("%1\n%2").arg(row.name, row.sentence);
    case Qt::AccessibleTextRole:
        return QStringLiteral("%1 failed: %2").arg(row.name, row.sentence);
    case CellRole::Outcome:
        return false;
    case CellRole::Note:
        return row.sentence;
    default:
        return {};
    }
}

QVariant FailuresModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation == Qt::Horizontal && role == Qt::DisplayRole)
        return section == Call ? QStringLiteral("call") : QStringLiteral("time");
    return QAbstractTableModel::headerData(section, orientation, role);
}

} // namespace oriel::ui
