// SPDX-License-Identifier: GPL-3.0-or-later
#include "sample_data.h"

#include "ui/widgets/cells.h"
#include "ui/widgets/duration_bar.h"
#include "ui/widgets/format.h"
#include "ui/widgets/sparkline.h"

#include <cmath>
#include <random>

namespace oriel::gallery {
namespace {

using Cell = SampleTable::Cell;

Cell dim(const QString& text)
{
    return {text, {{ui::CellRole::Dim, true}}};
}
Cell mono(const QString& text)
{
    return {text, {{ui::CellRole::Mono, true}, {ui::CellRole::Dim, true}}};
}
Cell number(const QString& text)
{
    return {text, {{Qt::TextAlignmentRole, int(Qt::AlignRight | Qt::AlignVCenter)}}};
}

} // namespace

QList<double> wave(int count, double base, double swing, unsigned seed)
{
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> noise(-1, 1);
    QList<double> values;
    for (int i = 0; i < count; ++i)
        values.append(base + swing * (0.55 * std::sin(i / 9.0 + seed) + 0.35 * noise(random)));
    return values;
}

ui::TimeSeries latencySeries(const QString& name, double base, double swing, unsigned seed, int slot)
{
    ui::TimeSeries series;
    series.name = name;
    series.colorSlot = slot;
    const QList<double> course = wave(100, 0, swing, seed);
    for (int i = 0; i < course.size(); ++i)
        series.samples.append({sampleEndNs - (100 - i) * 9'000'000'000LL, base * std::pow(10, course[i])});
    return series;
}

QList<ui::ScatterPoint> scatterPoints()
{
    std::mt19937 random(7);
    std::lognormal_distribution<double> duration(16.8, 1.3);
    std::uniform_real_distribution<double> when(0, 900);
    QList<ui::ScatterPoint> points;
    for (std::uint64_t i = 0; i < 300; ++i) {
        const double value = duration(random);
        points.append({sampleEndNs - std::llround(when(random) * 1e9), std::llround(value), i, value > 3e8});
    }
    return points;
}

ui::ShellStatus sampleStatus()
{
    ui::ShellStatus status;
    status.endpoint = QStringLiteral("127.0.0.1:7420/mcp");
    status.endpointLamp = ui::Lamp::Good;
    status.serversReady = 3;
    status.serversConfigured = 4;
    status.callsPerSecond = 12.4;
    status.p95Ns = 84'000'000;
    status.destinations = {{QStringLiteral("Collector"), ui::Lamp::Good, QStringLiteral("sent 18 402"), {}},
                           {QStringLiteral("Grafana Cloud"), ui::Lamp::Warning, QStringLiteral("312 waiting, retry in 8 s"), {}}};
    status.storeBytes = 43'000'000;
    status.storeLimitBytes = 64 * 1024 * 1024;
    return status;
}

SampleTable::SampleTable(const QStringList& headers, const QList<QList<Cell>>& rows, QObject* parent)
    : QAbstractTableModel(parent),
      m_headers(headers),
      m_rows(rows)
{}

int SampleTable::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int SampleTable::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_headers.size());
}

QVariant SampleTable::data(const QModelIndex& index, int role) const
{
    const Cell& cell = m_rows[index.row()][index.column()];
    return role == Qt::DisplayRole ? QVariant(cell.text) : cell.roles.value(role);
}

QVariant SampleTable::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation == Qt::Horizontal && role == Qt::DisplayRole)
        return m_headers[section];
    return {};
}

SampleTable* serverTable(QObject* parent)
{
    const auto row = [](const QString& name, ui::Lamp lamp, const QString& transport, const Cell& process,
                        const QStringList& figures, unsigned seed) {
        QList<Cell> cells{{name, {{ui::CellRole::Lamp, int(lamp)}}}, dim(transport), process};
        for (const QString& figure : figures)
            cells.append(number(figure));
        cells.append({QString(),
                      {{ui::SparklineDelegate::SeriesRole, QVariant::fromValue(seed ? wave(50, 4, 2, seed) : QList<double>())}}});
        return cells;
    };
    return new SampleTable(
        {QStringLiteral("name"), QStringLiteral("transport"), QStringLiteral("process"), QStringLiteral("calls"),
         QStringLiteral("success"), QStringLiteral("p95"), QStringLiteral("tools"), QString()},
        {row(QStringLiteral("github"), ui::Lamp::Good, QStringLiteral("stdio"), mono(QStringLiteral("pid 48213")),
             {QStringLiteral("142"), QStringLiteral("97.2 %"), QStringLiteral("212 ms"), QStringLiteral("26")}, 3),
         row(QStringLiteral("fs"), ui::Lamp::Good, QStringLiteral("stdio"), mono(QStringLiteral("pid 48220")),
             {QStringLiteral("803"), QStringLiteral("100 %"), QStringLiteral("4.00 ms"), QStringLiteral("14")}, 5),
         row(QStringLiteral("db"), ui::Lamp::Good, QStringLiteral("http"), mono(QStringLiteral("127.0.0.1:9010")),
             {QStringLiteral("245"), QStringLiteral("99.1 %"), QStringLiteral("38.0 ms"), QStringLiteral("5")}, 8),
         row(QStringLiteral("notes"), ui::Lamp::Error, QStringLiteral("stdio"),
             {QStringLiteral("exited 1, restart in 12 s"),
              {{ui::CellRole::Mono, true}, {ui::CellRole::Tone, int(ui::Tone::Error)}}},
             {QStringLiteral("0"), QStringLiteral("–"), QStringLiteral("–"), QStringLiteral("–")}, 0)},
        parent);
}

SampleTable* traceTable(QObject* parent)
{
    struct Trace {
        const char* name;
        const char* service;
        const char* client;
        int spans;
        std::int64_t ns;
        const char* error;
    };
    const QList<Trace> traces{
        {"tools/call github__create_issue", "github", "claude-code", 14, 1'310'000'000, "-32001 upstream timeout"},
        {"tools/call fs__read_file", "fs", "cursor", 9, 4'200'000, ""},
        {"tools/call github__search", "github", "claude-code", 11, 212'000'000, ""},
        {"tools/call db__query", "db", "vscode", 10, 38'000'000, ""},
        {"initialize", "gateway", "claude-code", 3, 9'800'000, ""},
        {"tools/call fs__list_dir", "fs", "cursor", 9, 2'900'000, ""},
        {"tools/call db__query", "db", "vscode", 10, 5'000'000'000, "timeout 5 s"}};
    QList<QList<Cell>> rows;
    std::int64_t at = sampleEndNs;
    for (const Trace& trace : traces) {
        at -= 2'963'000'000;
        const bool bad = *trace.error != 0;
        rows.append(
            {mono(ui::formatTime(at)),
             {QString::fromLatin1(trace.name),
              {{ui::CellRole::Outcome, !bad}, {ui::CellRole::Service, QString::fromLatin1(trace.service)}}},
             dim(QString::fromLatin1(trace.client)),
             number(QString::number(trace.spans)),
             {QString(), {{ui::DurationBarDelegate::DurationRole, qint64(trace.ns)}, {ui::DurationBarDelegate::ErrorRole, bad}}},
             dim(QString::fromLatin1(trace.error))});
    }
    return new SampleTable({QStringLiteral("time"), QStringLiteral("name"), QStringLiteral("client"), QStringLiteral("spans"),
                            QStringLiteral("duration"), QStringLiteral("error")},
                           rows, parent);
}

SampleTable* failureTable(QObject* parent)
{
    const auto row = [](const QString& tool, const QString& why, const QString& when) {
        return QList<Cell>{{tool, {{ui::CellRole::Outcome, false}, {ui::CellRole::Note, why}}}, mono(when)};
    };
    return new SampleTable(
        {QStringLiteral("call"), QStringLiteral("time")},
        {row(QStringLiteral("github__create_issue"), QStringLiteral("upstream timeout after 3 attempts"),
             QStringLiteral("10:41:58")),
         row(QStringLiteral("db__query"), QStringLiteral("timeout 5 s"), QStringLiteral("10:41:40")),
         row(QStringLiteral("fs__write_file"), QStringLiteral("blocked: secret in arguments"), QStringLiteral("10:40:12"))},
        parent);
}

} // namespace oriel::gallery
