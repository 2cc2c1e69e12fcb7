// SPDX-License-Identifier: GPL-3.0-or-later
// oriel-conformance-server: an MCP server of either era with everything that the official conformance suites ask of a server.
#include "http_endpoint.h"
#include "stdio_endpoint.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QSocketNotifier>

#include <cstdio>

#ifdef Q_OS_UNIX
#include <csignal>
#include <sys/socket.h>
#include <unistd.h>
#endif

namespace {

using namespace oriel;

#ifdef Q_OS_UNIX
int signalPipe[2] = {-1, -1};

void onSignal(int /*number*/)
{
    const char byte = 1;
    [[maybe_unused]] const ssize_t written = ::write(signalPipe[0], &byte, 1);
}

/// SIGTERM and SIGINT stop the endpoint in order; listening clients get their result.
void stopOnSignals(QCoreApplication& app, conformance::HttpEndpoint& endpoint)
{
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, signalPipe) != 0) {
        return;
    }
    auto* notifier = new QSocketNotifier(signalPipe[1], QSocketNotifier::Read, &app);
    QObject::connect(notifier, &QSocketNotifier::activated, &app, [notifier, &endpoint] {
        notifier->setEnabled(false);
        endpoint.stop([] { QCoreApplication::quit(); });
    });
    std::signal(SIGTERM, onSignal);
    std::signal(SIGINT, onSignal);
}
#endif

int usageError(const QString& text)
{
    std::fprintf(stderr, "oriel-conformance-server: %s\n", qPrintable(text));
    return 2;
}

int serveHttp(QCoreApplication& app, conformance::HttpEndpoint& endpoint, const QString& portText)
{
    bool isPort = false;
    const ushort port = portText.toUShort(&isPort);
    if (!isPort) {
        return usageError(portText + QStringLiteral(" is no port"));
    }
    const Result<quint16> listening = endpoint.listen(port);
    if (!listening) {
        std::fprintf(stderr, "oriel-conformance-server: %s\n", qPrintable(listening.error().toString()));
        return 3;
    }
#ifdef Q_OS_UNIX
    stopOnSignals(app, endpoint);
#endif
    std::fprintf(stderr, "listening on http://127.0.0.1:%d/mcp\n", int{*listening});
    std::fflush(stderr);
    return app.exec();
}

} // namespace

int main(int argc, char** argv)
{
    QCoreApplication app(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("oriel-conformance-server"));
    QCoreApplication::setApplicationVersion(QStringLiteral(ORIEL_VERSION));
    QCommandLineParser parser;
    parser.setApplicationDescription(QStringLiteral("An MCP server of either era for conformance tests."));
    parser.addHelpOption();
    parser.addVersionOption();
    const QCommandLineOption era(
        QStringLiteral("era"),
        QStringLiteral("What is spoken: 2026-07-28, 2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05, or dual for all of them."),
        QStringLiteral("revision"), QStringLiteral("dual"));
    const QCommandLineOption http(QStringLiteral("http"),
                                  QStringLiteral("Serve HTTP on 127.0.0.1 at this port (0 picks one) instead of stdio."),
                                  QStringLiteral("port"));
    parser.addOptions({era, http});
    parser.process(app);

    const std::optional<conformance::Eras> eras = conformance::Eras::fromText(parser.value(era));
    if (!eras) {
        return usageError(parser.value(era) + QStringLiteral(" is no revision"));
    }
    SystemClock clock;
    SystemRandom random;
    conformance::Server server(*eras, clock, random);
    if (parser.isSet(http)) {
        conformance::HttpEndpoint endpoint(server, clock, random);
        return serveHttp(app, endpoint, parser.value(http));
    }
    conformance::StdioEndpoint endpoint(server);
    QObject::connect(&endpoint, &conformance::StdioEndpoint::ended, &app, &QCoreApplication::quit);
    endpoint.start();
    return QCoreApplication::exec();
}
