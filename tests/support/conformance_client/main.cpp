// SPDX-License-Identifier: GPL-3.0-or-later
// Started by the official conformance suites as the client under test: MCP_CONFORMANCE_* say what to do, the last argument is the
// URL of the scenario's server.
#include "client_under_test.h"

#include <QCoreApplication>
#include <QTimer>

#include <cstdio>

int main(int argc, char** argv)
{
    using namespace oriel::conformance;
    const QCoreApplication application(argc, argv);
    if (argc < 2) {
        std::fputs("usage: oriel-conformance-client URL\n", stderr);
        return 2;
    }
    ClientUnderTest client(Scenario::fromEnvironment(QString::fromLocal8Bit(argv[argc - 1])));
    QObject::connect(
        &client, &ClientUnderTest::finished, &application, [](int code) { QCoreApplication::exit(code); }, Qt::QueuedConnection);
    // The suites end what takes longer than half a minute, and would not say what it waited for.
    QTimer::singleShot(std::chrono::seconds(25), &client, [] {
        std::fputs("the scenario did not end within 25 s\n", stderr);
        QCoreApplication::exit(1);
    });
    client.start();
    return QCoreApplication::exec();
}
