// SPDX-License-Identifier: GPL-3.0-or-later
// oriel-conformance-server: an MCP server of either era with everything that the official conformance suites ask of a server.
#include "http_endpoint.h"
#include "stdio_endpoint.h"

#include <QCommandLineParser>
#include <QCoreApplication>

#include <cstdio>

namespace {

using namespace oriel;

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
