// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/audit_row.h"

#include <QAbstractTableModel>

#include <deque>

namespace oriel::ui {

/// The rows of the audit log that were fetched, newest first, without payloads. GUI thread.
class AuditModel final : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Time, Subject, Server, Client, Latency, Error, ColumnCount };

    static constexpr int defaultLimit = 20'000;

    explicit AuditModel(QObject* parent = nullptr, int limit = defaultLimit) : QAbstractTableModel(parent), m_limit(limit) {}

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

    /// Replaces everything; rows newest first. Times are written as seen at `nowUnixNs`.
    void reset(std::vector<store::AuditRow> rows, std::int64_t nowUnixNs);
    /// Older rows, newest first, behind all.
    void append(std::vector<store::AuditRow> rows);
    /// Newer rows, newest first, in front of all. The oldest rows go when there are too many; returns how many went.
    int prepend(std::vector<store::AuditRow> rows, std::int64_t nowUnixNs);

    [[nodiscard]] const store::AuditRow& row(int row) const { return m_rows[static_cast<std::size_t>(row)]; }
    [[nodiscard]] int rowOfId(const QByteArray& id) const; ///< -1: not here
    [[nodiscard]] int rowOfSequence(std::int64_t sequence) const;
    [[nodiscard]] std::int64_t longestNs() const { return m_longestNs; }
    [[nodiscard]] std::int64_t oldestSequence() const { return m_rows.empty() ? 0 : m_rows.back().sequence; }
    [[nodiscard]] std::int64_t newestSequence() const { return m_rows.empty() ? 0 : m_rows.front().sequence; }

private:
    void measure(const std::vector<store::AuditRow>& rows);
    [[nodiscard]] QVariant subjectData(const store::AuditRow& row, int role) const;

    std::deque<store::AuditRow> m_rows;
    std::int64_t m_longestNs = 1;
    std::int64_t m_nowUnixNs = 0;
    int m_limit;
};

} // namespace oriel::ui
