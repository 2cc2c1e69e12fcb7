// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"
#include "telemetry/metrics.h"
#include "telemetry/process_metrics.h"
#include "telemetry/resource.h"
#include "telemetry/temporality.h"

#include <QCoreApplication>
#include <QProcess>
#include <QTest>

using namespace oriel;
using namespace oriel::telemetry;

namespace {

const char kCpu[] = "process_cpu_seconds_total";
constexpr std::int64_t kSecond = 1'000'000'000;

/// The point of a process, by the name of its server.
std::optional<NumberPoint> pointOf(const std::vector<MetricData>& metrics, const QByteArray& name, const QByteArray& server = {})
{
    for (const MetricData& metric : metrics) {
        for (const NumberPoint& point : metric.numbers) {
            const AnyValue* label = findAttribute(point.attributes, "server");
            const QByteArray* text = label != nullptr ? label->text() : nullptr;
            if (metric.name == name && (text != nullptr ? *text : QByteArray()) == server)
                return point;
        }
    }
    return std::nullopt;
}

/// Until this process has used so many seconds of a processor.
void workUntil(double cpuSeconds)
{
    while (readProcessUsage(0)->cpuSeconds < cpuSeconds) {
    }
}

} // namespace

class ResourceAndProcessTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theResourceSaysWhoSpeaks()
    {
        ResourceOptions options;
        options.serviceName = QStringLiteral("gate");
        options.environment = QStringLiteral("staging");
        options.revision = "abc123";
        options.serviceInstanceId = "instance-1";
        options.attributes = {{QStringLiteral("tenant.id"), QStringLiteral("acme")},
                              {QStringLiteral("service.name"), QStringLiteral("ignored")},
                              {QStringLiteral("service.version"), QStringLiteral("9")}};
        options.typedAttributes = {{"tenant.shards", AnyValue(3)}, {"service.name", AnyValue(true)}};
        options.entities = {{"https://example.org", "service", {"service.name"}, {"tenant.id"}}};
        const auto resource = makeResource(options);
        QCOMPARE(resource->entityRefs, options.entities);
        const auto text = [&](const char* key) {
            const AnyValue* value = findAttribute(resource->attributes, key);
            return value != nullptr && value->text() != nullptr ? *value->text() : QByteArray();
        };
        QCOMPARE(text("service.name"), QByteArray("gate"));
        QCOMPARE(text("service.version"), QByteArray("9"));
        QCOMPARE(text("service.instance.id"), QByteArray("instance-1"));
        QCOMPARE(text("telemetry.sdk.name"), QByteArray("oriel"));
        QCOMPARE(text("telemetry.sdk.language"), QByteArray("cpp"));
        QCOMPARE(text("deployment.environment.name"), QByteArray("staging"));
        QCOMPARE(text("deployment.environment"), QByteArray("staging"));
        QCOMPARE(text("job"), QByteArray("gate"));
        QCOMPARE(text("vcs.revision"), QByteArray("abc123"));
        QCOMPARE(text("tenant.id"), QByteArray("acme"));
        QCOMPARE(*findAttribute(resource->attributes, "tenant.shards"), AnyValue(3));
        QVERIFY(!text("build.compiler").isEmpty() && !text("build.qt.version").isEmpty());
        for (std::size_t i = 0; i < resource->attributes.size(); ++i) {
            for (std::size_t j = i + 1; j < resource->attributes.size(); ++j)
                QVERIFY(resource->attributes[i].key != resource->attributes[j].key);
        }
    }

    void hostProcessAndSystemAreToldInTheWordsOfTheConventions()
    {
        ResourceOptions options;
        options.attributes = {{QStringLiteral("host.name"), QStringLiteral("by hand")},
                              {QStringLiteral("telemetry.sdk.name"), QStringLiteral("opentelemetry")},
                              {QStringLiteral("deployment.environment.name"), QStringLiteral("production")}};
        const auto resource = makeResource(options);
        const auto text = [&](const char* key) {
            const AnyValue* value = findAttribute(resource->attributes, key);
            return value == nullptr ? QByteArray() : value->text() != nullptr ? *value->text() : toJson(*value);
        };
        QCOMPARE(text("host.name"), QByteArray("by hand"));
        QCOMPARE(text("telemetry.sdk.name"), QByteArray("oriel"));
        QCOMPARE(text("deployment.environment"), QByteArray("production"));
        QCOMPARE(text("process.pid"), QByteArray::number(QCoreApplication::applicationPid()));
        QCOMPARE(text("process.executable.name"), QByteArray("tst_resource_and_process"));
        QVERIFY(text("process.executable.path").endsWith("/tst_resource_and_process"));
        QVERIFY(!text("process.runtime.name").isEmpty() && text("process.runtime.description").startsWith("Qt "));
        QVERIFY(text("host.arch") != "x86_64" && !text("host.arch").isEmpty());
#ifdef Q_OS_LINUX
        QCOMPARE(text("os.type"), QByteArray("linux"));
#endif
        QVERIFY(!text("os.description").isEmpty());
        QVERIFY(text("host.id").isEmpty() || text("host.id") != QSysInfo::machineUniqueId());
        for (const Attribute& attribute : resource->attributes)
            QVERIFY2(!attribute.key.contains("command"), attribute.key.constData());
    }

    void ownUsageIsReadAndAMissingProcessIsNothing()
    {
        const auto usage = readProcessUsage(0);
        QVERIFY(usage.has_value());
        QVERIFY(usage->cpuSeconds >= 0);
#ifdef Q_OS_LINUX
        QVERIFY(usage->residentBytes > 1'000'000);
        QVERIFY(usage->openFds >= 3);
        QVERIFY(usage->startUnixSeconds > 1.6e9);
#endif
        QVERIFY(!readProcessUsage(-1).has_value());
        QVERIFY(!readProcessUsage(99'999'999).has_value());
    }

    void aChildIsShownWhileItLivesAndForgottenAfterwards()
    {
#ifndef Q_OS_LINUX
        QSKIP("other processes are read on Linux only");
#endif
        QProcess child;
        child.start(QStringLiteral("cat"), {});
        QVERIFY(child.waitForStarted());
        ManualClock clock;
        MetricRegistry registry(clock);
        const std::vector<WatchedProcess> watched{{"weather", child.processId()}, {"gone", 99'999'999}};
        const auto points = [&](const QByteArray& name) {
            for (const MetricData& metric : registry.collect()) {
                if (metric.name == name)
                    return metric.numbers.size();
            }
            return std::size_t(0);
        };
        observeProcesses(registry, watched);
        QCOMPARE(points("process_resident_memory_bytes"), std::size_t(2));
        QCOMPARE(points(kCpu), std::size_t(2));
        child.closeWriteChannel();
        QVERIFY(child.waitForFinished());
        observeProcesses(registry, watched);
        QCOMPARE(points("process_resident_memory_bytes"), std::size_t(1));
        QCOMPARE(points(kCpu), std::size_t(1));
        QVERIFY(pointOf(registry.collect(), kCpu).has_value());
    }

    void theCounterOfAProcessGoesOnFromCollectionToCollection()
    {
        ManualClock clock;
        const std::int64_t begin = clock.unixNs();
        MetricRegistry registry(clock);
        TemporalityConverter delta(TemporalityPreference::Delta, HistogramForm::Explicit);
        const auto collect = [&] {
            clock.advanceNs(kSecond);
            observeProcesses(registry, {});
            return registry.collect();
        };
        workUntil(0.02);
        const std::vector<MetricData> before = collect();
        (void)delta.convert(before);
        const auto first = pointOf(before, kCpu);
        QVERIFY(first.has_value());
        QCOMPARE(first->startUnixNs, begin);
        workUntil(first->value + 0.02);
        const std::vector<MetricData> after = collect();
        const auto second = pointOf(after, kCpu);
        const auto told = pointOf(delta.convert(after), kCpu);
        QVERIFY(second.has_value() && told.has_value());
        QCOMPARE(second->startUnixNs, begin);
        QCOMPARE(told->value, second->value - first->value);
        QCOMPARE(told->startUnixNs, begin + kSecond);
        QVERIFY(told->value < second->value);
    }

    void theCounterOfAChildThatWasStartedAgainBeginsAnew()
    {
#ifndef Q_OS_LINUX
        QSKIP("other processes are read on Linux only");
#endif
        QProcess child;
        child.start(QStringLiteral("cat"), {});
        QVERIFY(child.waitForStarted());
        ManualClock clock;
        MetricRegistry registry(clock);
        TemporalityConverter delta(TemporalityPreference::Delta, HistogramForm::Explicit);
        // More than a cat that has just begun.
        workUntil(0.1);
        const std::vector<WatchedProcess> first{{"weather", QCoreApplication::applicationPid()}};
        observeProcesses(registry, first);
        (void)delta.convert(registry.collect());
        clock.advanceNs(kSecond);
        const std::vector<WatchedProcess> second{{"weather", child.processId()}};
        observeProcesses(registry, second);
        const std::vector<MetricData> collected = registry.collect();
        const auto point = pointOf(collected, kCpu, "weather");
        QVERIFY(point.has_value());
        QCOMPARE(point->startUnixNs, clock.unixNs());
        const auto told = pointOf(delta.convert(collected), kCpu, "weather");
        QCOMPARE(told ? told->value : 0.0, point->value);
        child.closeWriteChannel();
        QVERIFY(child.waitForFinished());
    }

    void aCounterThatGoesOnKeepsItsStartWhenAnotherProcessEnds()
    {
#ifndef Q_OS_LINUX
        QSKIP("other processes are read on Linux only");
#endif
        QProcess child;
        child.start(QStringLiteral("cat"), {});
        QVERIFY(child.waitForStarted());
        ManualClock clock;
        const std::int64_t begin = clock.unixNs();
        MetricRegistry registry(clock);
        const std::vector<WatchedProcess> watched{{"weather", child.processId()}};
        observeProcesses(registry, watched);
        QVERIFY(pointOf(registry.collect(), kCpu, "weather").has_value());
        child.closeWriteChannel();
        QVERIFY(child.waitForFinished());
        clock.advanceNs(kSecond);
        observeProcesses(registry, watched);
        const std::vector<MetricData> collected = registry.collect();
        QVERIFY(!pointOf(collected, kCpu, "weather").has_value());
        QCOMPARE(pointOf(collected, kCpu)->startUnixNs, begin);
    }
};

QTEST_GUILESS_MAIN(ResourceAndProcessTest)
#include "tst_resource_and_process.moc"
