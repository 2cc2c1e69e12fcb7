// SPDX-License-Identifier: GPL-3.0-or-later
// Shows the trace page with sample traces, or writes a picture of it; for looking, not installed. With --bench N it prints what a
// trace of N spans costs to index and to paint.
#include "sample_traces.h"
#include "support/service_fixture.h"
#include "trace_shapes.h"
#include "ui/theme/service_colors.h"
#include "ui/theme/theme_source.h"
#include "ui/traces/span_detail.h"
#include "ui/traces/trace_list_model.h"
#include "ui/traces/trace_pane.h"
#include "ui/traces/traces_section.h"
#include "ui/traces/waterfall_view.h"
#include "ui/widgets/segmented.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QElapsedTimer>
#include <QScrollBar>
#include <QTextStream>

using namespace oriel;

namespace {

const TraceId failedId{0x4bf92f3577b34da6ULL, 0xa3ce929d0e0e4736ULL};

void fill(const QString& dataDir)
{
    const std::int64_t now = QDateTime::currentMSecsSinceEpoch() * ui::samples::ms;
    std::vector<telemetry::SpanData> spans =
        ui::samples::plainTraces(260, now - 9'000 * ui::samples::ms, 3'300 * ui::samples::ms);
    for (telemetry::SpanData& span : ui::samples::failedIssue(failedId, now - 6'000 * ui::samples::ms))
        spans.push_back(std::move(span));
    ui::samples::store(dataDir, std::move(spans));
}

int bench(std::uint32_t count)
{
    QTextStream out(stdout);
    const std::vector<IndexInput> spans = ui::shapes::randomTree(count, 7);
    QElapsedTimer timer;
    timer.start();
    auto document = std::make_shared<ui::TraceDocument>();
    document->index = ui::TraceIndex::build(spans);
    out << "index " << timer.nsecsElapsed() / 1e6 << " ms\n";
    timer.restart();
    document->path = ui::criticalPath(document->index, document->index.mainRoot());
    out << "critical path " << timer.nsecsElapsed() / 1e6 << " ms\n";
    for (int i = 0; i <= 20; ++i)
        document->names.append(QStringLiteral("step %1 of the work").arg(i));
    for (int i = 0; i <= 5; ++i)
        document->services.append(QStringLiteral("service-%1").arg(i));
    ui::WaterfallView view;
    view.resize(1600, 1000);
    view.show();
    timer.restart();
    view.setDocument(document);
    view.viewport()->repaint();
    out << "first frame " << timer.nsecsElapsed() / 1e6 << " ms\n";
    std::vector<double> frames;
    for (int i = 0; i < 200; ++i) {
        view.verticalScrollBar()->setValue(static_cast<int>(static_cast<std::uint64_t>(i) * 7'919U % count));
        timer.restart();
        view.viewport()->repaint();
        frames.push_back(static_cast<double>(timer.nsecsElapsed()) / 1e6);
    }
    std::sort(frames.begin(), frames.end());
    out << "jump frame p50 " << frames[100] << " ms, p95 " << frames[190] << " ms, max " << frames.back() << " ms\n";
    timer.restart();
    view.foldAll();
    out << "fold all " << timer.nsecsElapsed() / 1e6 << " ms\n";
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    QApplication application(argc, argv);
    QCommandLineParser arguments;
    arguments.addHelpOption();
    arguments.addOptions(
        {{QStringLiteral("screenshot"), QStringLiteral("Write a picture and exit"), QStringLiteral("file")},
         {QStringLiteral("theme"), QStringLiteral("dark, light or system"), QStringLiteral("name"), QStringLiteral("system")},
         {QStringLiteral("size"), QStringLiteral("Size of the page"), QStringLiteral("WxH"), QStringLiteral("1256x826")},
         {QStringLiteral("filter"), QStringLiteral("Filter to apply"), QStringLiteral("text")},
         {QStringLiteral("open"), QStringLiteral("Trace or trace/span to open"), QStringLiteral("target"),
          QString::fromLatin1(failedId.toHex()) + QStringLiteral("/0000000000000007")},
         {QStringLiteral("tab"), QStringLiteral("Tab of the trace"), QStringLiteral("index"), QStringLiteral("0")},
         {QStringLiteral("detail"), QStringLiteral("Tab of the span"), QStringLiteral("index"), QStringLiteral("0")},
         {QStringLiteral("empty"), QStringLiteral("Without traces")},
         {QStringLiteral("call"), QStringLiteral("Make a real call and open it")},
         {QStringLiteral("bench"), QStringLiteral("Measure a random tree of N spans"), QStringLiteral("N")}});
    arguments.process(application);
    ui::Appearance appearance(std::make_unique<ui::SystemThemeSource>(),
                              ui::Appearance::preferenceFromName(arguments.value(QStringLiteral("theme"))));
    if (arguments.isSet(QStringLiteral("bench")))
        return bench(arguments.value(QStringLiteral("bench")).toUInt());
    appearance.serviceColors().pin(QStringLiteral("oriel"), 0);
    appearance.serviceColors().pin(QStringLiteral("github"), 2);
    const bool empty = arguments.isSet(QStringLiteral("empty"));
    const bool call = arguments.isSet(QStringLiteral("call"));
    test::ServiceFixture fixture(call ? QJsonObject{{QStringLiteral("demo"), test::ServiceFixture::demoServer()}} : QJsonObject(),
                                 empty ? test::ServiceFixture::Prepare() : fill);
    if (!fixture.isStarted())
        return 1;
    ui::TracesSection section(fixture.service());
    const QStringList size = arguments.value(QStringLiteral("size")).split(QLatin1Char('x'));
    section.resize(size.value(0).toInt(), size.value(1).toInt());
    section.show();
    section.setFilter(arguments.value(QStringLiteral("filter")));
    if (call) {
        (void)QTest::qWaitFor([&] { return fixture.isReady(QStringLiteral("demo")); }, 20'000);
        fixture.call(QStringLiteral("demo__leaky_config"), {{QStringLiteral("section"), QStringLiteral("deploy")},
                                                            {QStringLiteral("password"), QStringLiteral("correct-horse")}});
        (void)QTest::qWaitFor([&] {
            return section.list()->model()->rowCount() > 0 &&
                   section.list()->model()->row(0).tool == QByteArrayView("leaky_config");
        });
        section.open(QString::fromLatin1(section.list()->model()->row(0).traceId.toHex()));
    } else if (!empty) {
        section.open(arguments.value(QStringLiteral("open")));
    }
    section.trace()->tabs()->setCurrentIndex(arguments.value(QStringLiteral("tab")).toInt());
    section.detail()->tabs()->setCurrentIndex(arguments.value(QStringLiteral("detail")).toInt());
    if (!arguments.isSet(QStringLiteral("screenshot")))
        return application.exec();
    (void)QTest::qWaitFor(
        [&] {
            return section.isReady() &&
                   (empty || section.list()->model()->rowCount() > 1 || !section.list()->filterError().isEmpty());
        },
        20'000);
    const std::size_t payload = call ? 1 : 0;
    (void)QTest::qWaitFor([&] { return empty || payload == 0 || !section.detail()->arguments()->facts().isEmpty(); }, 5'000);
    QCoreApplication::processEvents();
    QPixmap picture(section.size());
    picture.fill(ui::themeOf(&section).window);
    section.render(&picture);
    return picture.save(arguments.value(QStringLiteral("screenshot"))) ? 0 : 1;
}
