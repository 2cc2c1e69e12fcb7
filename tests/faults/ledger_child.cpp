// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger_child.h"

#include "base/clock.h"
#include "base/random.h"
#include "otlp/codec/decode.h"
#include "otlp/pipeline/export_pipeline.h"

#include <QCoreApplication>
#include <QSocketNotifier>

#include <csignal>
#include <cstdio>
#include <mutex>
#include <sys/resource.h>
#include <unistd.h>

using namespace oriel;
using namespace oriel::otlp;
using namespace std::chrono_literals;

namespace ledger {

namespace {

/// The system's time, but for jumps on command. What is ten minutes to people are hundreds of milliseconds here: the waits of the
/// retry policy are scaled instead of the clock, because sockets have no other one.
class JumpingClock final : public Clock {
public:
    [[nodiscard]] std::int64_t monotonicNs() const override { return m_system.monotonicNs(); }
    [[nodiscard]] std::int64_t unixNs() const override { return m_system.unixNs() + m_jump; }
    void jump(std::int64_t ns) { m_jump += ns; }

private:
    SystemClock m_system;
    std::atomic<std::int64_t> m_jump{0};
};

void print(const QByteArray& line)
{
    static std::mutex mutex;
    const std::lock_guard lock(mutex);
    const QByteArray whole = line + '\n';
    qsizetype done = 0;
    while (done < whole.size()) {
        const auto written = ::write(STDOUT_FILENO, whole.constData() + done, static_cast<std::size_t>(whole.size() - done));
        if (written <= 0)
            return;
        done += written;
    }
}

std::optional<quint64> numberIn(const telemetry::Attributes& attributes)
{
    const auto* number = telemetry::findAttribute(attributes, kNumber);
    return number != nullptr ? std::optional(number->text()->toULongLong()) : std::nullopt;
}

void acknowledge(const Batch& batch)
{
    QByteArray line = "ack";
    const auto add = [&line](const auto& items) {
        for (const auto& item : items)
            line += ' ' + QByteArray::number(numberIn(item.attributes).value_or(0));
    };
    if (batch.signal == Signal::Traces) {
        if (const auto decoded = decodeTraces(batch.request, Encoding::Protobuf))
            add(decoded->spans);
    } else if (const auto decoded = decodeLogs(batch.request, Encoding::Protobuf)) {
        add(decoded->logs);
    }
    print(line);
}

void put(ExportPipeline& pipeline, quint64 first, quint64 count)
{
    std::vector<telemetry::SpanData> spans;
    std::vector<telemetry::LogRecord> logs;
    for (quint64 number = first; number < first + count; ++number) {
        telemetry::Attributes attributes{{kNumber, QByteArray::number(number)}, {kPayload, payloadOf(number)}};
        if (number % 2 == 1) {
            telemetry::LogRecord log;
            log.timeUnixNs = 1'700'000'000'000'000'000;
            log.body = telemetry::AnyValue(QByteArray("ledger"));
            log.attributes = std::move(attributes);
            logs.push_back(std::move(log));
            continue;
        }
        telemetry::SpanData span;
        span.traceId = {kTraceHigh, number};
        span.spanId = {number};
        span.name = "ledger";
        span.startUnixNs = 1'700'000'000'000'000'000;
        span.endUnixNs = span.startUnixNs + 1;
        span.attributes = std::move(attributes);
        spans.push_back(std::move(span));
    }
    pipeline.submitSpans(std::move(spans));
    pipeline.submitLogs(std::move(logs));
}

config::Telemetry settingsOf(const QList<QByteArray>& words)
{
    config::Telemetry settings;
    settings.spanInterval = 1ms;
    settings.spool.maxBytes = 64LL * 1024 * 1024;
    for (const QByteArray& word : words) {
        const QList<QByteArray> parts = word.mid(word.indexOf('=') + 1).split(',');
        config::Destination destination;
        destination.name = QString::fromUtf8(word.first(word.indexOf('=')));
        destination.endpoint = QStringLiteral("http://127.0.0.1:%1").arg(QString::fromUtf8(parts.value(0)));
        destination.metrics = false;
        destination.timeout = 60ms;
        destination.protocol = parts.contains("json") ? config::ExportProtocol::HttpJson : config::ExportProtocol::HttpProtobuf;
        destination.paused = parts.contains("paused");
        settings.destinations.append(destination);
    }
    return settings;
}

void setFileSizeLimit(quint64 bytes)
{
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes == 0 ? limit.rlim_max : static_cast<rlim_t>(bytes);
    ::setrlimit(RLIMIT_FSIZE, &limit);
}

void tellStatus(const ExportPipeline& pipeline)
{
    for (const DestinationStatus& status : pipeline.status()) {
        QByteArray line = "status " + status.name.toUtf8() + ' ' + QByteArray::number(quint64(status.queued)) + ' ' +
                          QByteArray::number(quint64(status.sent));
        for (std::size_t loss = 0; loss < kLossCount; ++loss) {
            std::uint64_t sum = 0;
            for (const LossCounts& counts : status.lost)
                sum += counts[loss];
            line += ' ' + QByteArray::number(quint64(sum));
        }
        print(line);
    }
    const QList<DestinationStatus> all = pipeline.status();
    const bool isUnread = std::any_of(all.begin(), all.end(), [](const auto& status) { return !status.unreadReason.isEmpty(); });
    print(isUnread ? "status. unread" : "status.");
}

} // namespace

QByteArray payloadOf(quint64 number)
{
    QByteArray payload;
    const qsizetype size = 40 + static_cast<qsizetype>(number * 7919 % 400);
    while (payload.size() < size)
        payload += QByteArray::number(number) + "\xC3\xBC\"\\";
    return payload;
}

int runChild(const QString& directory, quint64 seed)
{
    std::signal(SIGXFSZ, SIG_IGN);
    JumpingClock clock;
    SeededRandom random(seed);
    PipelineOptions options{clock, random, {}, {}, {}, {}};
    options.spoolDirectory = directory;
    options.queue.segmentBytes = 64LL * 1024;
    options.queue.memoryBytes = 256LL * 1024;
    options.queue.readRetry = 2ms;
    options.queue.maximumReadRetry = 10ms;
    options.retry = {1ms, 4ms, 5, 6ms, 40ms, 20ms};
    options.maxRequestBytes = 32LL * 1024;
    options.spooled = acknowledge;
    ExportPipeline pipeline(options);
    const auto scope = std::make_shared<telemetry::Scope>();
    const auto resource = std::make_shared<telemetry::Resource>();
    QObject::connect(&pipeline, &ExportPipeline::drained, qApp, [] { QCoreApplication::exit(0); });

    QByteArray pending;
    QStringList names;
    QSocketNotifier input(STDIN_FILENO, QSocketNotifier::Read);
    QObject::connect(&input, &QSocketNotifier::activated, qApp, [&] {
        char buffer[4096];
        const auto count = ::read(STDIN_FILENO, buffer, sizeof buffer);
        if (count <= 0)
            ::_exit(3); // the oracle has gone
        pending.append(buffer, count);
        for (qsizetype end = pending.indexOf('\n'); end >= 0; end = pending.indexOf('\n')) {
            const QList<QByteArray> words = pending.first(end).split(' ');
            pending.remove(0, end + 1);
            const auto number = [&words](qsizetype at) { return words.value(at).toLongLong(); };
            if (words[0] == "destinations") {
                const config::Telemetry settings = settingsOf(words.mid(1));
                names.clear();
                for (const config::Destination& destination : settings.destinations)
                    names.append(destination.name);
                pipeline.configure(settings, resource, scope);
                // In force before the next command, so that the oracle knows for whom a record was meant.
                QCoreApplication::sendPostedEvents(&pipeline);
            } else if (words[0] == "put") {
                put(pipeline, static_cast<quint64>(number(1)), static_cast<quint64>(number(2)));
            } else if (words[0] == "wall") {
                clock.jump(number(1) * 1'000'000'000);
            } else if (words[0] == "limit") {
                setFileSizeLimit(static_cast<quint64>(number(1)));
            } else if (words[0] == "status") {
                tellStatus(pipeline);
            } else if (words[0] == "resume") {
                for (const QString& name : names)
                    pipeline.resume(name);
            } else if (words[0] == "quit") {
                pipeline.shutdown(3s);
            }
        }
    });
    print("ready");
    return QCoreApplication::exec();
}

} // namespace ledger
