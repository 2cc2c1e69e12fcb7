// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/snapshots.h"
#include "store/trace_types.h"
#include "ui/widgets/status_dot.h"

#include <QAbstractTableModel>

#include <vector>

namespace oriel::ui {

/// One line of the table of servers.
struct OverviewServer {
    QString name;
    Lamp lamp = Lamp::Idle;
    QString transport;
    QString process; ///< pid, address, or the state in words
    bool processIsError = false;
    quint64 calls = 0;
    quint64 errors = 0;
    std::int64_t p95Ns = 0;
    int tools = -1;       ///< −1: not known
    QList<double> course; ///< calls of each bucket
    bool operator==(const OverviewServer&) const = default;
};

/// The servers as they are configured, with the calls of the window that `byServer` tells.
[[nodiscard]] QList<OverviewServer> overviewServers(const QList<service::ServerSnapshot>& servers,
                                                    const store::AggregateResult& byServer);
/// A server's state in words for the row that names it: without the name before the colon, "did not start", and code marks.
[[nodiscard]] QString shortState(const QString& state, const QString& server);
[[nodiscard]] Lamp serverLamp(service::ServerState state);
/// True when there is something to say about why it is not ready.
[[nodiscard]] bool needsAttention(const service::ServerSnapshot& server);

/// The table of servers. Rows stay in place while names do.
class OverviewServersModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Name, Transport, Process, Calls, Success, P95, Tools, Course, ColumnCount };

    using QAbstractTableModel::QAbstractTableModel;
    void setServers(const QList<OverviewServer>& servers);
    [[nodiscard]] const QList<OverviewServer>& servers() const { return m_servers; }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    [[nodiscard]] QString text(const OverviewServer& server, int column) const;

    QList<OverviewServer> m_servers;
};

/// The latest failures: tool and sentence, and the time.
class FailuresModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Call, Time, ColumnCount };
    /// The trace's id in hex.
    static constexpr int TraceRole = Qt::UserRole + 1;

    using QAbstractTableModel::QAbstractTableModel;
    void setFailures(const std::vector<store::TraceSummary>& failures, const QString& separator);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    struct Row {
        QString traceId;
        QString name;
        QString sentence;
        std::int64_t atNs = 0;
        bool operator==(const Row&) const = default;
    };
    QList<Row> m_rows;
};

} // namespace oriel::ui
