// SPDX-License-Identifier: GPL-3.0-or-later
#include "sample_sections.h"

#include "sample_data.h"
#include "ui/charts/bar_list.h"
#include "ui/charts/time_series_chart.h"
#include "ui/theme/oriel_style.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/card.h"
#include "ui/widgets/cells.h"
#include "ui/widgets/chip.h"
#include "ui/widgets/code_view.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/duration_bar.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/format.h"
#include "ui/widgets/icon_button.h"
#include "ui/widgets/key_figure.h"
#include "ui/widgets/key_value_table.h"
#include "ui/widgets/search_field.h"
#include "ui/widgets/segmented.h"
#include "ui/widgets/sparkline.h"
#include "ui/widgets/splitter.h"
#include "ui/widgets/text_label.h"

#include <QCheckBox>
#include <QComboBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QProgressBar>
#include <QPushButton>
#include <QRadioButton>
#include <QSpinBox>
#include <QVBoxLayout>

#include <cmath>

namespace oriel::gallery {
namespace {

using namespace ui;

QString seconds(double value)
{
    return formatDurationTick(std::llround(value * 1e9));
}

QWidget* page(QLayout* layout)
{
    auto* widget = new QWidget;
    layout->setContentsMargins(metrics::pageMargin, metrics::pageMargin, metrics::pageMargin, metrics::pageMargin);
    layout->setSpacing(metrics::cardGap);
    widget->setLayout(layout);
    return widget;
}

TimeSeriesChart* latencyChart()
{
    auto* chart = new TimeSeriesChart;
    TimeSeries base = latencySeries(QStringLiteral("calls"), 0.006, 0.15, 3, -1);
    base.look = TimeSeries::Look::Area;
    base.tone = Tone::Accent;
    base.width = 0.5;
    chart->setScale(ScaleKind::Log);
    chart->setSeries({latencySeries(QStringLiteral("p50"), 0.012, 0.12, 1, 4),
                      latencySeries(QStringLiteral("p95"), 0.06, 0.3, 2, 0),
                      latencySeries(QStringLiteral("p99"), 0.4, 0.4, 4, 2)});
    chart->setValueFormat(seconds);
    QList<Exemplar> dots;
    for (int i = 1; i < 6; ++i)
        dots.append(
            {sampleEndNs - i * 150'000'000'000, 0.25 + 0.02 * i, QStringLiteral("trace"), true, QStringLiteral("1.31 s")});
    chart->setExemplars(dots);
    return chart;
}

QWidget* overview()
{
    auto* grid = new QGridLayout;
    auto* figures = new QHBoxLayout;
    figures->setSpacing(metrics::cardGap);
    struct Figure {
        const char* title;
        QString value;
        const char* note;
        int slot;
        Tone tone;
    };
    unsigned seed = 1;
    for (const Figure& figure : {Figure{"Calls", formatCount(1190), "12.4/s", -1, Tone::Accent},
                                 Figure{"Success", formatPercent(0.986), "goal 99.9", -1, Tone::Good},
                                 Figure{"p95 latency", QStringLiteral("84.0 ms"), "p99 1.20 s", 2, Tone::Accent},
                                 Figure{"Gateway overhead", QStringLiteral("50 µs"), "p50 per call", 4, Tone::Accent},
                                 Figure{"Clients", QStringLiteral("3"), "2 users", 1, Tone::Accent}}) {
        auto* card = new KeyFigure(QString::fromLatin1(figure.title));
        card->setFigure(figure.value, QString::fromLatin1(figure.note));
        card->setSeries(wave(60, 10, 3, seed++));
        card->setSeriesSlot(figure.slot);
        card->setSeriesTone(figure.tone);
        card->setClickable(true);
        figures->addWidget(card);
    }
    grid->addLayout(figures, 0, 0, 1, 2);
    auto* latency = new Card(QStringLiteral("Latency by tool call"));
    latency->setHint(QStringLiteral("dots open traces"));
    latency->setBody(latencyChart());
    grid->addWidget(latency, 1, 0);
    auto* errors = new Card(QStringLiteral("Errors by type"));
    auto* bars = new BarList;
    bars->setRows({{QStringLiteral("upstream timeout"), QStringLiteral("-32001"), 9, {}, Tone::Error, QStringLiteral("a")},
                   {QStringLiteral("tool_error"), QStringLiteral("isError"), 5, {}, Tone::Error, {}},
                   {QStringLiteral("blocked: secret"), QStringLiteral("guardrail"), 2, {}, Tone::Error, {}},
                   {QStringLiteral("invalid params"), QStringLiteral("-32602"), 1, {}, Tone::Error, {}}});
    errors->setBody(bars);
    grid->addWidget(errors, 1, 1);
    auto* servers = new Card(QStringLiteral("Servers"));
    servers->setHint(QStringLiteral("4 configured"));
    auto* table = new DataTable;
    table->setModel(serverTable(table));
    table->setItemDelegateForColumn(7, new SparklineDelegate(table));
    table->setColumnWidths({90, 80, 0, 80, 80, 84, 60, 130});
    table->setFixedHeight(metrics::headerHeight + 4 * metrics::rowHeight + 6);
    servers->body()->addWidget(table);
    auto* banner = new Banner(Tone::Error);
    banner->setMessage(QStringLiteral("notes did not start: `uvx` was not found"),
                       QStringLiteral("Searched 6 folders of PATH as Oriel sees it; your shell adds `~/.local/bin`."));
    banner->addLink(QStringLiteral("path"), QStringLiteral("Use the shell's PATH"));
    banner->addLink(QStringLiteral("trace"), QStringLiteral("Show the trace of this start"));
    banner->addLink(QStringLiteral("edit"), QStringLiteral("Edit"));
    auto* room = new QVBoxLayout;
    room->setContentsMargins(12, 6, 12, 12);
    room->addWidget(banner);
    servers->body()->addLayout(room);
    servers->body()->addStretch(1);
    grid->addWidget(servers, 2, 0);
    auto* failures = new Card(QStringLiteral("Latest failures"));
    auto* list = new DataTable;
    list->setModel(failureTable(list));
    list->setColumnWidths({0, 90});
    list->horizontalHeader()->hide();
    list->setItemDelegate(new TwoLineDelegate(list));
    list->verticalHeader()->setDefaultSectionSize(TwoLineDelegate::height);
    failures->setHeaderLine(true);
    failures->setBody(list);
    grid->addWidget(failures, 2, 1);
    grid->setColumnStretch(0, 2);
    grid->setColumnStretch(1, 1);
    grid->setRowStretch(1, 5);
    grid->setRowStretch(2, 8);
    return page(grid);
}

QWidget* spanDetail()
{
    auto* holder = new QWidget;
    auto* column = new QVBoxLayout(holder);
    column->setContentsMargins(0, 10, 0, 12);
    column->setSpacing(metrics::space2);
    auto* rows = new KeyValueTable;
    rows->setFitToContents(true);
    rows->setRows(
        {{QStringLiteral("status"), QStringLiteral("Error · upstream timeout"), Tone::Error, {}, false, {}},
         {QStringLiteral("start · duration"), QStringLiteral("+58.4 ms · 1.151 s"), Tone::Neutral, {}, true, {}},
         {QStringLiteral("mcp.method.name"), QStringLiteral("tools/call"), Tone::Neutral, {}, true, QStringLiteral("method")},
         {QStringLiteral("gen_ai.tool.name"), QStringLiteral("create_issue"), Tone::Neutral, {}, true, QStringLiteral("tool")},
         {QStringLiteral("network.transport"), QStringLiteral("pipe"), Tone::Neutral, QStringLiteral("pid 48213"), true, {}},
         {QStringLiteral("error.type"), QStringLiteral("-32001"), Tone::Error, {}, true, {}},
         {QStringLiteral("http.header.authorization"), QStringLiteral("Bearer [masked:bearer]"), Tone::Neutral, {}, true, {}}});
    column->addWidget(rows);
    auto* words = new QVBoxLayout;
    words->setContentsMargins(12, 0, 12, 0);
    words->addWidget(new TextLabel(QStringLiteral("Arguments"), TextLabel::Role::Strong));
    auto* code = new CodeView;
    code->setText(
        QStringLiteral("{\"title\":\"Crash when span store rolls\",\"body\":\"Steps: …\",\"token\":\"[masked:github-token]\","
                       "\"labels\":[\"bug\",\"store\"],\"count\":3,\"draft\":false}"),
        CodeView::Language::Json);
    code->setMaximumLines(12);
    words->addWidget(code);
    words->addWidget(new TextLabel(QStringLiteral("Answer"), TextLabel::Role::Strong));
    auto* answer = new CodeView;
    answer->setText(QStringLiteral("upstream timeout after 3 attempts\n(503, 503, 503)  Retry-After: 2"));
    answer->setTone(Tone::Error);
    answer->setMaximumLines(6);
    words->addWidget(answer);
    column->addLayout(words);
    column->addStretch(1);
    return holder;
}

QWidget* traces()
{
    auto* column = new QVBoxLayout;
    auto* splitter = new Splitter(Qt::Vertical);
    splitter->setGap(metrics::cardGap);
    auto* list = new Card(QStringLiteral("Traces"));
    list->setSubtitle(QStringLiteral("1 284 in 15 min"));
    list->setHint(QStringLiteral("follow ✓   ▼ 3 new"));
    auto* sides = new Splitter(Qt::Horizontal);
    auto* table = new DataTable;
    table->setModel(traceTable(table));
    auto* bars = new DurationBarDelegate(table);
    bars->setLongest(5'000'000'000);
    table->setItemDelegateForColumn(4, bars);
    table->setColumnWidths({108, 0, 100, 60, 190, 190});
    table->selectRow(0);
    sides->addWidget(table);
    auto* scatter = new ScatterChart;
    scatter->setPoints(scatterPoints());
    sides->addWidget(scatter);
    sides->setSizes({800, 380});
    list->setBody(sides);
    splitter->addWidget(list);
    auto* below = new Splitter(Qt::Horizontal);
    below->setGap(metrics::cardGap);
    auto* left = new Card;
    auto* tabs = new TabPages;
    tabs->addPage(new EmptyState(IconName::Traces, QStringLiteral("No trace chosen"),
                                 QStringLiteral("Choose a call above to see where its time went.")),
                  QStringLiteral("Waterfall"));
    for (const char* title : {"Icicle", "Statistics", "Map", "Logs 6", "JSON"})
        tabs->addPage(new QWidget, QString::fromLatin1(title));
    tabs->addCornerWidget(new IconButton(IconName::ZoomIn, QStringLiteral("Zoom in")));
    tabs->addCornerWidget(new IconButton(IconName::Fit, QStringLiteral("Fit")));
    left->setBody(tabs);
    below->addWidget(left);
    auto* right = new Card;
    auto* details = new TabPages;
    details->addPage(spanDetail(), QStringLiteral("Span"));
    for (const char* title : {"Payload", "Events 4", "Audit"})
        details->addPage(new QWidget, QString::fromLatin1(title));
    right->setBody(details);
    below->addWidget(right);
    below->setSizes({840, 380});
    splitter->addWidget(below);
    splitter->setSizes({250, 520});
    column->addWidget(splitter);
    return page(column);
}

QWidget* metricsPage()
{
    auto* grid = new QGridLayout;
    const auto chart = [&](const QString& title, int row, int column, const QList<TimeSeries>& series, bool stack) {
        auto* card = new Card(title);
        auto* plot = new TimeSeriesChart;
        plot->setStacked(stack);
        plot->setSeries(series);
        card->setBody(plot);
        grid->addWidget(card, row, column);
        return plot;
    };
    TimeSeries area = latencySeries(QStringLiteral("calls/s"), 12, 0.2, 11, -1);
    area.look = TimeSeries::Look::Area;
    chart(QStringLiteral("Call rate"), 0, 0, {area}, false);
    chart(QStringLiteral("Latency"), 0, 1,
          {latencySeries(QStringLiteral("p50"), 0.012, 0.1, 1, 4), latencySeries(QStringLiteral("p95"), 0.06, 0.2, 2, 0),
           latencySeries(QStringLiteral("p99"), 0.12, 0.2, 4, 2)},
          false)
        ->setValueFormat(seconds);
    chart(QStringLiteral("Calls by server"), 1, 0,
          {latencySeries(QStringLiteral("github"), 3, 0.1, 21, 2), latencySeries(QStringLiteral("fs"), 6, 0.1, 22, 4),
           latencySeries(QStringLiteral("db"), 2, 0.2, 23, 1)},
          true);
    chart(QStringLiteral("Guardrail violations"), 1, 1, {}, false);
    return page(grid);
}

QWidget* controls()
{
    auto* grid = new QGridLayout;
    auto* buttons = new Card(QStringLiteral("Controls"));
    buttons->setBodyMargins(12, 4, 12, 12);
    auto* row = new QHBoxLayout;
    auto* primary = new QPushButton(QStringLiteral("Add server"));
    primary->setProperty(OrielStyle::primaryProperty, true);
    auto* danger = new QPushButton(themedIcon(IconName::Trash, IconTint::Error), QStringLiteral("Remove"));
    danger->setProperty(OrielStyle::dangerProperty, true);
    auto* off = new QPushButton(QStringLiteral("Disabled"));
    off->setEnabled(false);
    row->addWidget(primary);
    row->addWidget(new QPushButton(themedIcon(IconName::Restart), QStringLiteral("Restart")));
    row->addWidget(danger);
    row->addWidget(off);
    row->addWidget(new Segmented({QStringLiteral("Lines"), QStringLiteral("Area"), QStringLiteral("Stacked")}));
    row->addStretch(1);
    buttons->body()->addLayout(row);
    auto* fields = new QHBoxLayout;
    fields->addWidget(new SearchField(QStringLiteral("Search attributes")));
    auto* combo = new QComboBox;
    combo->addItems({QStringLiteral("grpc"), QStringLiteral("http/protobuf"), QStringLiteral("http/json")});
    fields->addWidget(combo);
    auto* spin = new QSpinBox;
    spin->setValue(90);
    fields->addWidget(spin);
    auto* check = new QCheckBox(QStringLiteral("Enabled"));
    check->setChecked(true);
    fields->addWidget(check);
    auto* radio = new QRadioButton(QStringLiteral("Strict"));
    radio->setChecked(true);
    fields->addWidget(radio);
    buttons->body()->addSpacing(8);
    buttons->body()->addLayout(fields);
    auto* progress = new QProgressBar;
    progress->setValue(42);
    buttons->body()->addSpacing(12);
    buttons->body()->addWidget(progress);
    auto* chips = new QHBoxLayout;
    for (const Tone tone : {Tone::Neutral, Tone::Accent, Tone::Good, Tone::Warning, Tone::Error})
        chips->addWidget(new Chip(QStringLiteral("status %1").arg(int(tone)), tone));
    auto* removable = new Chip(QStringLiteral("service=gateway"));
    removable->setRemovable(true);
    removable->setEmphasisFrom(8);
    chips->addWidget(removable);
    for (const Lamp lamp : {Lamp::Idle, Lamp::Good, Lamp::Pending, Lamp::Warning, Lamp::Error})
        chips->addWidget(new StatusDot(lamp));
    chips->addStretch(1);
    buttons->body()->addSpacing(12);
    buttons->body()->addLayout(chips);
    grid->addWidget(buttons, 0, 0);
    auto* banners = new Card(QStringLiteral("Banners"));
    banners->setBodyMargins(12, 4, 12, 12);
    banners->body()->setSpacing(8);
    for (const Tone tone : {Tone::Neutral, Tone::Accent, Tone::Good, Tone::Warning, Tone::Error}) {
        auto* banner = new Banner(tone);
        banner->setMessage(QStringLiteral("The configuration was not read"),
                           QStringLiteral("Line 12 of `oriel.json`: expected a comma. The last good one stays."));
        banners->body()->addWidget(banner);
    }
    grid->addWidget(banners, 1, 0);
    auto* icons = new Card(QStringLiteral("Icons"));
    auto* shelf = new QGridLayout;
    shelf->setContentsMargins(14, 6, 14, 14);
    shelf->setSpacing(8);
    int at = 0;
    for (const IconName name : allIcons()) {
        auto* cell = new QVBoxLayout;
        cell->addWidget(new IconLabel(name, 24, IconTint::Text), 0, Qt::AlignHCenter);
        cell->addWidget(new TextLabel(iconFileName(name), TextLabel::Role::Caption), 0, Qt::AlignHCenter);
        shelf->addLayout(cell, at / 7, at % 7);
        ++at;
    }
    icons->body()->addLayout(shelf);
    icons->body()->addStretch(1);
    grid->addWidget(icons, 0, 1, 2, 1);
    return page(grid);
}

QWidget* emptyPage(IconName name, const QString& headline)
{
    auto* column = new QVBoxLayout;
    auto* card = new Card;
    auto* empty = new EmptyState(name, headline,
                                 QStringLiteral("Point a client at Oriel, or start the demo server to see how calls look."));
    auto* add = new QAction(QStringLiteral("Add a server"), empty);
    auto* demo = new QAction(themedIcon(IconName::Play), QStringLiteral("Start the demo"), empty);
    empty->addButton(add);
    empty->addButton(demo);
    card->setBody(empty);
    column->addWidget(card);
    return page(column);
}

} // namespace

SampleSection::SampleSection(const QString& id, const QString& title, IconName icon, QWidget* page)
    : m_id(id),
      m_title(title),
      m_icon(icon)
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(page);
}

QStringList SampleSection::completions(const QString& text) const
{
    QStringList words;
    for (const QString& word :
         {QStringLiteral("service="), QStringLiteral("server="), QStringLiteral("status="), QStringLiteral("duration>")}) {
        if (!text.isEmpty() && word.startsWith(text.section(QLatin1Char(' '), -1)))
            words.append(word);
    }
    return words;
}

QList<Section*> sampleSections()
{
    const auto section = [](const char* id, const char* title, IconName name, QWidget* widget) -> Section* {
        return new SampleSection(QString::fromLatin1(id), QString::fromLatin1(title), name, widget);
    };
    return {section("overview", "Overview", IconName::Overview, overview()),
            section("traces", "Traces", IconName::Traces, traces()),
            section("metrics", "Metrics", IconName::Metrics, metricsPage()),
            section("logs", "Logs", IconName::Logs, emptyPage(IconName::Logs, QStringLiteral("No logs yet"))),
            section("audit", "Audit", IconName::Audit, emptyPage(IconName::Audit, QStringLiteral("No calls recorded yet"))),
            section("servers", "Servers", IconName::Servers, emptyPage(IconName::Servers, QStringLiteral("No servers yet"))),
            section("playground", "Playground", IconName::Playground, controls()),
            section("alerts", "Alerts", IconName::Alerts, emptyPage(IconName::Alerts, QStringLiteral("No alert is firing"))),
            section("settings", "Settings", IconName::Settings, emptyPage(IconName::Settings, QStringLiteral("Settings")))};
}

} // namespace oriel::gallery
