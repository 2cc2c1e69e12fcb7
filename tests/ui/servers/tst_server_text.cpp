// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/gui_test.h"
#include "ui/servers/import_choice.h"
#include "ui/servers/import_dialog.h"
#include "ui/servers/server_overview.h"
#include "ui/servers/server_text.h"
#include "ui/servers/tools_page.h"

using namespace oriel;
using namespace oriel::ui;

namespace {

config::Server stdioServer(const QString& name)
{
    config::Server server;
    server.name = name;
    server.command = QStringLiteral("npx");
    server.args = {QStringLiteral("-y"), QStringLiteral("@scope/thing"), QStringLiteral("two words")};
    return server;
}

config::Server httpServer(const QString& url)
{
    config::Server server;
    server.name = QStringLiteral("remote");
    server.transport = config::ServerTransport::StreamableHttp;
    server.url = url;
    return server;
}

QStringList fields(const QList<FieldError>& errors)
{
    QStringList list;
    for (const FieldError& error : errors)
        list.append(error.field);
    return list;
}

service::ImportCandidate candidate(const QString& client, const QString& name)
{
    service::ImportCandidate found;
    found.client = client;
    found.server = stdioServer(name);
    return found;
}

} // namespace

class TestServerText : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { test::failOnUnexpectedWarnings(); }

    void aServerThatIsThereAndIsNotCalledIsNotWell()
    {
        service::ServerSnapshot server;
        server.config = stdioServer(QStringLiteral("notes"));
        server.state = service::ServerState::Ready;
        server.stateText = QStringLiteral("ready since 10:41:00");
        server.circuit.state = service::CircuitState::Closed;
        QCOMPARE(lampOf(server), Lamp::Good);
        QCOMPARE(stateWords(server), QStringLiteral("ready since 10:41:00"));
        QVERIFY(server.trouble().isEmpty());
        server.circuit.state = service::CircuitState::Open;
        server.circuit.text = QStringLiteral("calls refused since 10:50:00, tried again in 12 s");
        server.circuit.failures = 5;
        server.circuit.cause = QStringLiteral("The server did not answer within 30 s.");
        server.circuit.tryAgainUnixNs = 1'700'000'000'000'000'000;
        QCOMPARE(lampOf(server), Lamp::Warning);
        QCOMPARE(stateWords(server), QStringLiteral("ready since 10:41:00 · calls refused since 10:50:00, tried again in 12 s"));
        QCOMPARE(server.trouble().headline, QStringLiteral("Calls to notes are refused"));
        QCOMPARE(server.trouble().cause, QStringLiteral("5 calls in a row failed. The server did not answer within 30 s."));
        QVERIFY(server.trouble().remedy.startsWith(QStringLiteral("It is tried again after ")));
        const QList<KeyValue> facts = serverFacts(server);
        const auto fact = std::find_if(facts.cbegin(), facts.cend(),
                                       [](const KeyValue& row) { return row.key == QStringLiteral("circuit breaker"); });
        QVERIFY(fact != facts.cend());
        QCOMPARE(fact->tone, Tone::Warning);
        server.state = service::ServerState::Failed;
        QCOMPARE(lampOf(server), Lamp::Error);
        server.diagnosis.headline = QStringLiteral("notes crashed");
        QCOMPARE(server.trouble().headline, QStringLiteral("notes crashed"));
    }

    void aLimitIsToldInWords()
    {
        service::LimitSnapshot limit;
        limit.limit = QStringLiteral("callsPerDay");
        limit.used = 312;
        limit.allowed = 500;
        QCOMPARE(limitWords(limit), QStringLiteral("312 of 500 calls today"));
        limit.resetsUnixNs = QDateTime(QDate(2026, 6, 11), QTime(0, 0)).toMSecsSinceEpoch() * 1'000'000;
        QCOMPARE(limitWords(limit), QStringLiteral("312 of 500 calls today, anew at 00:00"));
        limit.limit = QStringLiteral("callsPerSecond");
        limit.used = 2.1;
        limit.resetsUnixNs = 0;
        QCOMPARE(limitWords(limit), QStringLiteral("3 of 500 calls of the burst"));
    }

    void aGoodServerHasNothingToComplainAbout()
    {
        QVERIFY(validateServer(stdioServer(QStringLiteral("notes")), {QStringLiteral("other")}).isEmpty());
        QVERIFY(validateServer(httpServer(QStringLiteral("https://mcp.example.com/mcp")), {}).isEmpty());
        QVERIFY(validateServer(httpServer(QStringLiteral("${URL}/mcp")), {}).isEmpty());
    }

    void everyMistakeNamesItsField_data()
    {
        QTest::addColumn<config::Server>("server");
        QTest::addColumn<QString>("field");
        config::Server server = stdioServer(QStringLiteral("not ok"));
        QTest::newRow("name with a blank") << server << QStringLiteral("name");
        QTest::newRow("no name") << stdioServer(QString()) << QStringLiteral("name");
        QTest::newRow("name of 65") << stdioServer(QString(65, QLatin1Char('a'))) << QStringLiteral("name");
        QTest::newRow("name taken") << stdioServer(QStringLiteral("taken")) << QStringLiteral("name");
        server = stdioServer(QStringLiteral("a"));
        server.command = QStringLiteral("  ");
        QTest::newRow("no command") << server << QStringLiteral("command");
        server = stdioServer(QStringLiteral("a"));
        server.cwd = QStringLiteral("relative/folder");
        QTest::newRow("relative folder") << server << QStringLiteral("cwd");
        server = stdioServer(QStringLiteral("a"));
        server.env.insert(QStringLiteral("A=B"), QStringLiteral("c"));
        QTest::newRow("variable with =") << server << QStringLiteral("env");
        QTest::newRow("no url") << httpServer(QString()) << QStringLiteral("url");
        QTest::newRow("url without host") << httpServer(QStringLiteral("https:///mcp")) << QStringLiteral("url");
        QTest::newRow("ftp") << httpServer(QStringLiteral("ftp://example.com/")) << QStringLiteral("url");
        QTest::newRow("password in url") << httpServer(QStringLiteral("https://u:p@example.com/")) << QStringLiteral("url");
        server = httpServer(QStringLiteral("https://example.com/mcp"));
        server.headers = {{QStringLiteral("X Y"), QStringLiteral("z")}};
        QTest::newRow("header name") << server << QStringLiteral("headers");
        server.headers = {{QStringLiteral("X"), QStringLiteral("a\r\nInjected: b")}};
        QTest::newRow("header with a line break") << server << QStringLiteral("headers");
        server = stdioServer(QStringLiteral("a"));
        server.concurrency = -1;
        QTest::newRow("negative concurrency") << server << QStringLiteral("concurrency");
    }
    void everyMistakeNamesItsField()
    {
        QFETCH(config::Server, server);
        QFETCH(QString, field);
        QCOMPARE(fields(validateServer(server, {QStringLiteral("taken")})), QStringList{field});
    }

    void theWholeLineIsShownHoweverLongItIs()
    {
        config::Server server = stdioServer(QStringLiteral("a"));
        QCOMPARE(brokenCommandLine(server), commandLineOf(server));
        server.args.append(QString(300, QLatin1Char('x')));
        const QString broken = brokenCommandLine(server);
        QCOMPARE(broken.count(QStringLiteral(" \\\n")), 4);
        QVERIFY(broken.contains(QString(300, QLatin1Char('x'))));
        QString joined = broken;
        joined.replace(QStringLiteral(" \\\n    "), QStringLiteral(" "));
        QCOMPARE(joined, commandLineOf(server));
    }

    void argumentsSurviveTheTextField()
    {
        for (const QStringList& list : {QStringList(), QStringList{QStringLiteral("-y")},
                                        QStringList{QStringLiteral("a"), QString(), QStringLiteral("b c")}})
            QCOMPARE(argumentsFromText(textFromArguments(list)), list);
        QCOMPARE(argumentsFromText(QStringLiteral("a\n\n\n")), QStringList{QStringLiteral("a")});
    }

    void onlyPlainValuesUnderSecretNamesAreSecrets()
    {
        QVERIFY(isPlainSecret(QStringLiteral("GITHUB_TOKEN"), QStringLiteral("abc")));
        QVERIFY(isPlainSecret(QStringLiteral("Authorization"), QStringLiteral("Bearer abc")));
        QVERIFY(!isPlainSecret(QStringLiteral("GITHUB_TOKEN"), QStringLiteral("${vault:x}")));
        QVERIFY(!isPlainSecret(QStringLiteral("GITHUB_TOKEN"), QString()));
        QVERIFY(!isPlainSecret(QStringLiteral("MODE"), QStringLiteral("fast")));
    }

    void aSchemeStaysReadableBesideItsReference()
    {
        const SecretParts bearer = splitSecret(QStringLiteral("Bearer abc def"));
        QCOMPARE(bearer.secret, QByteArrayLiteral("abc def"));
        QCOMPARE(bearer.reference(vaultNameOf(QStringLiteral("my server"), QStringLiteral("X-Key"))),
                 QStringLiteral("Bearer ${vault:my_server.X-Key}"));
        const SecretParts plain = splitSecret(QStringLiteral("my pass word"));
        QCOMPARE(plain.secret, QByteArrayLiteral("my pass word"));
        QCOMPARE(plain.reference(QStringLiteral("n")), QStringLiteral("${vault:n}"));
    }

    void theFilterKeepsServersItIsAbout()
    {
        service::ServerSnapshot server;
        server.config = stdioServer(QStringLiteral("notes"));
        QVERIFY(matchesFilter(server, QString()));
        QVERIFY(matchesFilter(server, QStringLiteral("NOT")));
        QVERIFY(matchesFilter(server, QStringLiteral("ote")));
        QVERIFY(matchesFilter(server, QStringLiteral("@scope")));
        QVERIFY(!matchesFilter(server, QStringLiteral("github")));
        QVERIFY(matchesFilter(server, QStringLiteral("server=notes")));
        QVERIFY(!matchesFilter(server, QStringLiteral("server=fs")));
        QVERIFY(matchesFilter(server, QStringLiteral("tool=search duration>1s")));
    }

    void theFirstOfANameIsChosenForImport()
    {
        ImportChoice choice({candidate(QStringLiteral("Cursor"), QStringLiteral("fs")),
                             candidate(QStringLiteral("VS Code"), QStringLiteral("fs")),
                             candidate(QStringLiteral("Cursor"), QStringLiteral("db"))});
        QCOMPARE(choice.chosenCount(), 2);
        QVERIFY(choice.isChosen(0));
        QCOMPARE(choice.remark(1), QStringLiteral("chosen from Cursor already"));
        choice.setChosen(1, true);
        QVERIFY(!choice.isChosen(0));
        QCOMPARE(choice.chosenCount(), 2);
        choice.setChosen(1, false);
        QCOMPARE(choice.chosenCount(), 1);
    }

    void whatIsInTheWayCannotBeChosen()
    {
        service::ImportCandidate taken = candidate(QStringLiteral("Cursor"), QStringLiteral("fs"));
        taken.conflict = QStringLiteral("a server of this name is configured already");
        taken.secretFields = {QStringLiteral("env.KEY")};
        ImportChoice choice({taken});
        choice.setChosen(0, true);
        choice.setChosen(7, true);
        QCOMPARE(choice.chosenCount(), 0);
        QCOMPARE(choice.secretCount(), 0);
        QCOMPARE(choice.remark(0), taken.conflict);
    }

    void aPreviewShowsTheLineAndNoSecret()
    {
        service::ImportCandidate found = candidate(QStringLiteral("Cursor"), QStringLiteral("fs"));
        found.server.env = {{QStringLiteral("API_KEY"), QStringLiteral("hush-hush")},
                            {QStringLiteral("MODE"), QStringLiteral("fast")}};
        found.secretFields = {QStringLiteral("env.API_KEY")};
        const QString text = candidatePreview(found);
        QVERIFY(text.contains(commandLineOf(found.server)));
        QVERIFY(text.contains(QStringLiteral("MODE=fast")));
        QVERIFY(text.contains(QStringLiteral("API_KEY=(set, not shown)")));
        QVERIFY(!text.contains(QStringLiteral("hush")));
    }

    void aToolThatIsOffAndGoneCanStillBeSwitchedOn()
    {
        service::ServerSnapshot server;
        server.config = stdioServer(QStringLiteral("notes"));
        service::ToolInfo listed;
        listed.name = listed.exposedName = QStringLiteral("read");
        server.toolList = {listed};
        server.config.disabledTools = {QStringLiteral("read"), QStringLiteral("write")};
        const QList<service::ToolInfo> tools = shownTools(server, QString());
        QCOMPARE(tools.size(), 2);
        QCOMPARE(tools[1].name, QStringLiteral("write"));
        QVERIFY(!tools[1].enabled);
        QCOMPARE(shownTools(server, QStringLiteral("WRI")).size(), 1);
    }

    void factsNameTheEnvironmentWithoutItsValues()
    {
        service::ServerSnapshot server;
        server.config = stdioServer(QStringLiteral("notes"));
        server.config.env.insert(QStringLiteral("API_KEY"), QStringLiteral("hush"));
        QStringList all;
        for (const KeyValue& row : serverFacts(server))
            all.append(row.key + QLatin1Char('=') + row.value);
        QVERIFY(all.contains(QStringLiteral("environment=API_KEY")));
        QVERIFY(!all.join(QLatin1Char(' ')).contains(QStringLiteral("hush")));
        QVERIFY(all.contains(QStringLiteral("command=") + commandLineOf(server.config)));
    }

    void theEraIsToldWithHowAndWhenItWasFoundOut()
    {
        service::ServerSnapshot server;
        server.config = stdioServer(QStringLiteral("notes"));
        QVERIFY(eraSentence(server).contains(QStringLiteral("found out when it starts")));
        server.era = config::Era::Legacy;
        server.eraFoundBy = QStringLiteral("its refusal of server/discover");
        server.eraCheckedUnixNs = 1'767'225'600LL * 1'000'000'000;
        const QString told = eraSentence(server);
        QVERIFY2(told.startsWith(QStringLiteral("Legacy")) && told.contains(server.eraFoundBy), qPrintable(told));
        QVERIFY2(told.contains(QStringLiteral("2025-12-31")) || told.contains(QStringLiteral("2026-01-01")), qPrintable(told));
        server.era = config::Era::Modern;
        server.eraFoundBy = QStringLiteral("the setting");
        server.eraCheckedUnixNs = 0;
        QCOMPARE(eraSentence(server), QStringLiteral("Modern: no handshake, from 2026-07-28. Reason: the setting."));
    }

    void overHowManyConnectionsItIsUsedIsTold()
    {
        service::ServerSnapshot server;
        server.config = stdioServer(QStringLiteral("notes"));
        QCOMPARE(connectionText(server), QStringLiteral("shared by all clients"));
        server.config.connection = config::ConnectionMode::PerClient;
        server.era = config::Era::Legacy;
        server.clientConnections = 3;
        QCOMPARE(connectionText(server), QStringLiteral("one for each client, 3 now, 16 at most"));
        server.era = config::Era::Modern;
        QVERIFY(connectionText(server).contains(QStringLiteral("no handshake")));
    }
};

QTEST_GUILESS_MAIN(TestServerText)
#include "tst_server_text.moc"
