// SPDX-License-Identifier: GPL-3.0-or-later
#include "http_front.h"
#include "stdio_front.h"

#include <QCommandLineParser>
#include <QCoreApplication>

#include <cstdio>
#include <cstdlib>

namespace {

int serveHttp(QCoreApplication& app, const std::shared_ptr<oriel::demo::Shared>& shared, const QString& portText)
{
    bool isNumber = false;
    const int port = portText.toInt(&isNumber);
    if (!isNumber || port < 0 || port > 65535) {
        std::fprintf(stderr, "oriel-demo-server: %s is no port\n", qPrintable(portText));
        return 2;
    }
    oriel::demo::HttpFront front(shared);
    const oriel::Result<quint16> listening = front.listen(static_cast<quint16>(port));
    if (!listening) {
        std::fprintf(stderr, "oriel-demo-server: %s\n", qPrintable(listening.error().toString()));
        return 3;
    }
    std::printf("listening on http://127.0.0.1:%d/mcp\n", int{*listening});
    std::fflush(stdout);
    return app.exec();
}

} // namespace

int main(int argc, char** argv)
{
    QCoreApplication app(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("oriel-demo-server"));
    QCoreApplication::setApplicationVersion(QStringLiteral(ORIEL_VERSION));
    QCommandLineParser parser;
    parser.setApplicationDescription(
        QStringLiteral("An MCP server to try Oriel with: quick, slow, failing, large, leaking and asking tools."));
    parser.addHelpOption();
    parser.addVersionOption();
    const QCommandLineOption http(
        QStringLiteral("http"), QStringLiteral("Serve Streamable HTTP on 127.0.0.1 at this port (0 picks one) instead of stdio."),
        QStringLiteral("port"));
    const QCommandLineOption seed(QStringLiteral("seed"), QStringLiteral("Repeatable chance: the same calls fail each time."),
                                  QStringLiteral("number"));
    parser.addOptions({http, seed});
    parser.process(app);

    auto shared = std::make_shared<oriel::demo::Shared>();
    shared->random.seed(parser.isSet(seed) ? parser.value(seed).toUInt() : std::random_device{}());
    if (parser.isSet(http)) {
        return serveHttp(app, shared, parser.value(http));
    }
    std::fputs("oriel-demo-server: ready on stdio\n", stderr);
    oriel::demo::StdioFront front(shared);
    QObject::connect(&front, &oriel::demo::StdioFront::ended, &app, [] { QCoreApplication::quit(); });
    front.start();
    const int code = app.exec();
    std::fflush(stdout);
    return code;
}
