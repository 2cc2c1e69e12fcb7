// SPDX-License-Identifier: GPL-3.0-or-later
#include "headless.h"

#include "base/json_writer.h"
#include "browser.h"
#include "demo_traffic.h"
#include "terminal.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QSocketNotifier>

#ifdef Q_OS_UNIX
#include <csignal>
#include <sys/socket.h>
#include <unistd.h>
#endif

namespace oriel::app {

namespace {

#ifdef Q_OS_UNIX
int signalPipe[2] = {-1, -1};

void onSignal(int /*number*/)
{
    const char byte = 1;
    [[maybe_unused]] const ssize_t written = ::write(signalPipe[0], &byte, 1);
}
#endif

/// New log records as JSON lines, from where the last query ended.
class LogPrinter final : public QObject {
public:
    explicit LogPrinter(service::GatewayService& service) : m_service(service)
    {
        connect(&service, &service::GatewayService::logsAdvanced, this, [this] { print(); });
    }

private:
    void print()
    {
        if (m_running)
            return;
        m_running = true;
        store::LogQuery query;
        query.sinceId = m_lastId;
        m_service.logs(query).then(this, [this](const store::LogPage& page) {
            m_running = false;
            for (const store::LogEntry& entry : page.rows)
                writeOut(line(*entry.record));
            flushOut();
            const bool more = page.more;
            m_lastId = page.rows.empty() ? page.lastId : page.rows.back().id;
            if (more)
                print();
        });
    }

    static QByteArray line(const telemetry::LogRecord& record)
    {
        json::Writer writer;
        writer.beginObject()
            .member("time", QDateTime::fromMSecsSinceEpoch(record.timeUnixNs / 1'000'000, Qt::UTC).toString(Qt::ISODateWithMs))
            .member("severity", record.severityText.isEmpty() ? telemetry::severityName(record.severity) : record.severityText)
            .member("severityNumber", static_cast<int>(record.severity))
            .member("source", record.source)
            .rawMember("body", telemetry::toJson(record.body));
        if (record.traceId.isValid())
            writer.member("trace_id", record.traceId.toHex());
        if (record.spanId.isValid())
            writer.member("span_id", record.spanId.toHex());
        return writer.endObject().take() + '\n';
    }

    service::GatewayService& m_service;
    quint64 m_lastId = 0;
    bool m_running = false;
};

} // namespace

TerminationSignals::TerminationSignals(QObject* parent) : QObject(parent)
{
#ifdef Q_OS_UNIX
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, signalPipe) != 0)
        return;
    auto* notifier = new QSocketNotifier(signalPipe[1], QSocketNotifier::Read, this);
    connect(notifier, &QSocketNotifier::activated, this, [this] {
        char byte = 0;
        [[maybe_unused]] const ssize_t taken = ::read(signalPipe[1], &byte, 1);
        Q_EMIT requested();
    });
    std::signal(SIGINT, onSignal);
    std::signal(SIGTERM, onSignal);
    std::signal(SIGHUP, onSignal);
    std::signal(SIGPIPE, SIG_IGN);
#endif
}

TerminationSignals::~TerminationSignals()
{
#ifdef Q_OS_UNIX
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
    ::close(signalPipe[0]);
    ::close(signalPipe[1]);
#endif
}

service::ServiceOptions serviceOptions(const Options& options, bool headless)
{
    service::ServiceOptions service;
    service.configPath = options.configPath;
    service.dataDir = options.dataDir;
    service.port = options.port;
    service.noAuth = options.noAuth;
    service.headless = headless;
    service.demo = options.demo;
    service.demoServerPath =
        QFileInfo(QCoreApplication::applicationFilePath()).absolutePath() + QStringLiteral("/oriel-demo-server");
    service.passphraseFile = options.passphraseFile;
    service.openBrowser = openInBrowser;
    return service;
}

int runHeadless(const Options& options)
{
    service::GatewayService service(serviceOptions(options, true));
    TerminationSignals termination;
    QObject::connect(&termination, &TerminationSignals::requested, QCoreApplication::instance(), &QCoreApplication::quit);
    QObject::connect(&service, &service::GatewayService::handOverRequested, QCoreApplication::instance(),
                     &QCoreApplication::quit);
    const LogPrinter printer(service);
    if (const Status started = service.start(); !started)
        return reportError(started.error(), started.error().code == ErrorCode::AlreadyExists ? PortTaken : Failure);
    const service::GatewayStatus status = service.status();
    printError(QStringLiteral("oriel: listening at %1%2")
                   .arg(status.endpoint, status.authDisabled ? QStringLiteral(" WITHOUT AUTHENTICATION") : QString()));
    for (const config::Problem& found : service.configurationWarnings())
        printError(found.toLine());
    if (!status.configError.isEmpty())
        printError(QStringLiteral("oriel: not everything that is configured is in force: ") + status.configError);
    if (!status.receiver.error.isEmpty())
        printError(QStringLiteral("oriel: ") + status.receiver.error);
    std::unique_ptr<DemoTraffic> demo;
    if (options.demo)
        demo = std::make_unique<DemoTraffic>(service);
    const int code = QCoreApplication::exec();
    demo.reset();
    service.stop();
    return code;
}

} // namespace oriel::app
