// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/traces/trace_tables.h"

#include "ui/theme/theme.h"
#include "ui/traces/trace_words.h"
#include "ui/widgets/cells.h"
#include "ui/widgets/format.h"

#include <algorithm>
#include <array>

namespace oriel::ui {
namespace {

constexpr int rightAligned = int(Qt::AlignRight | Qt::AlignVCenter);

Tone severityTone(telemetry::Severity severity)
{
    if (severity >= telemetry::Severity::Error)
        return Tone::Error;
    return severity >= telemetry::Severity::Warn ? Tone::Warning : Tone::Neutral;
}

} // namespace

QString severityWord(telemetry::Severity severity)
{
    static constexpr std::array words{"trace", "debug", "info", "warn", "error", "fatal"};
    const int number = static_cast<int>(severity);
    return number == 0 ? QString() : QString::fromLatin1(words[static_cast<std::size_t>(std::min(5, (number - 1) / 4))]);
}

// --- statistics ------------------------------------------------------------

void StatisticsModel::setDocument(std::shared_ptr<const TraceDocument> document)
{
    beginResetModel();
    m_document = std::move(document);
    m_rows = m_document ? m_document->statistics() : std::vector<NameStatistics>();
    sortRows();
    endResetModel();
}

int StatisticsModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int StatisticsModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant StatisticsModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const NameStatistics& at = row(index.row());
    const int column = index.column();
    if (role == Qt::DisplayRole) {
        switch (column) {
        case Name:
            return m_document->names[static_cast<qsizetype>(at.name)];
        case Count:
            return formatCount(at.count);
        case Errors:
            return at.errors == 0 ? QString() : formatCount(at.errors);
        case Total:
            return formatDuration(at.totalNs);
        case Self:
            return formatDuration(at.selfNs);
        case P50:
            return formatDuration(at.p50Ns);
        case P95:
            return formatDuration(at.p95Ns);
        default:
            return {};
        }
    }
    if (role == Qt::TextAlignmentRole && column != Name)
        return rightAligned;
    if (role == CellRole::Service && column == Name)
        return m_document->services[static_cast<qsizetype>(at.service)];
    if (role == CellRole::Note && column == Name)
        return m_document->services[static_cast<qsizetype>(at.service)];
    if (role == CellRole::Mono)
        return column != Name;
    if (role == CellRole::Tone && column == Errors)
        return int(Tone::Error);
    return {};
}

QVariant StatisticsModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    static constexpr std::array titles{"name", "count", "errors", "total", "self", "p50", "p95"};
    if (orientation != Qt::Horizontal || section < 0 || section >= ColumnCount)
        return {};
    if (role == Qt::DisplayRole)
        return QString::fromLatin1(titles[static_cast<std::size_t>(section)]);
    return role == Qt::TextAlignmentRole && section != Name ? QVariant(rightAligned) : QVariant();
}

void StatisticsModel::sort(int column, Qt::SortOrder order)
{
    if (column < 0 || column >= ColumnCount)
        return;
    beginResetModel();
    m_column = column;
    m_order = order;
    sortRows();
    endResetModel();
}

void StatisticsModel::sortRows()
{
    const auto key = [this](const NameStatistics& at) -> std::int64_t {
        switch (m_column) {
        case Count:
            return at.count;
        case Errors:
            return at.errors;
        case Self:
            return at.selfNs;
        case P50:
            return at.p50Ns;
        case P95:
            return at.p95Ns;
        default:
            return at.totalNs;
        }
    };
    const auto less = [&](const NameStatistics& a, const NameStatistics& b) {
        if (m_column == Name)
            return QString::localeAwareCompare(m_document->names[static_cast<qsizetype>(a.name)],
                                               m_document->names[static_cast<qsizetype>(b.name)]) < 0;
        return key(a) < key(b);
    };
    std::stable_sort(m_rows.begin(), m_rows.end(), [&](const NameStatistics& a, const NameStatistics& b) {
        return m_order == Qt::AscendingOrder ? less(a, b) : less(b, a);
    });
}

// --- logs ------------------------------------------------------------------

void TraceLogModel::setRecords(std::vector<std::shared_ptr<const telemetry::LogRecord>> records)
{
    beginResetModel();
    m_records = std::move(records);
    std::stable_sort(m_records.begin(), m_records.end(),
                     [](const auto& a, const auto& b) { return a->timeUnixNs < b->timeUnixNs; });
    endResetModel();
}

int TraceLogModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_records.size());
}

int TraceLogModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant TraceLogModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const telemetry::LogRecord& record = *m_records[static_cast<std::size_t>(index.row())];
    const int column = index.column();
    if (role == Qt::DisplayRole) {
        switch (column) {
        case Time:
            return formatTime(record.timeUnixNs);
        case Level:
            return severityWord(record.severity);
        case Source:
            return QString::fromUtf8(record.source);
        case Text:
            return valueText(record.body).simplified();
        default:
            return {};
        }
    }
    if (role == Qt::ToolTipRole && column == Text)
        return valueText(record.body);
    if (role == CellRole::Tone && column == Level)
        return int(severityTone(record.severity));
    if (role == CellRole::Mono)
        return column == Time || column == Text;
    if (role == CellRole::Dim)
        return column == Time || column == Source;
    return {};
}

QVariant TraceLogModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    static constexpr std::array titles{"time", "level", "source", "message"};
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole || section < 0 || section >= ColumnCount)
        return {};
    return QString::fromLatin1(titles[static_cast<std::size_t>(section)]);
}

} // namespace oriel::ui
