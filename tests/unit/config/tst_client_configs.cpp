// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"
#include "config/client_configs.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

using namespace oriel;
using namespace oriel::config;

namespace {

QString q(const char* text)
{
    return QString::fromUtf8(text);
}

/// A home with the clients' files in it.
class Home {
public:
    Home()
    {
        places.home = m_dir.filePath(q("home"));
        places.appData = m_dir.filePath(q("appdata"));
        places.projectDir = m_dir.filePath(q("project"));
    }
    void put(const QString& path, const QByteArray& text)
    {
        QVERIFY(QDir().mkpath(QFileInfo(path).absolutePath()));
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(text);
    }
    [[nodiscard]] QString path(const QString& name) const { return m_dir.filePath(name); }

    ClientPlaces places;

private:
    QTemporaryDir m_dir;
};

const FoundServer* find(const ImportScan& scan, const char* name)
{
    for (const FoundServer& found : scan.servers) {
        if (found.server.name == q(name))
            return &found;
    }
    return nullptr;
}

/// An obviously fake token in the form of a real one.
QString fakeToken()
{
    return q("ghp") + QLatin1Char('_') + QString(36, QLatin1Char('A'));
}

} // namespace

class ClientConfigsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyClientHasItsFilesInTheOrderInWhichItReadsThem()
    {
        ClientPlaces places{q("/h"), q("/a"), q("/p")};
        QCOMPARE(filesOf(ClientKind::ClaudeDesktop, places), QStringList{q("/a/Claude/claude_desktop_config.json")});
        QCOMPARE(filesOf(ClientKind::ClaudeCode, places), (QStringList{q("/p/.mcp.json"), q("/h/.claude.json")}));
        QCOMPARE(filesOf(ClientKind::Cursor, places), (QStringList{q("/p/.cursor/mcp.json"), q("/h/.cursor/mcp.json")}));
        QCOMPARE(filesOf(ClientKind::VsCode, places), (QStringList{q("/p/.vscode/mcp.json"), q("/a/Code/User/mcp.json")}));
        places.projectDir.clear();
        for (const ClientRow& row : clientTable())
            QCOMPARE(filesOf(row.kind, places).size(), 1);
    }

    void aHomeWithoutClientsGivesNothing()
    {
        const Home home;
        const ImportScan scan = scanClients(home.places);
        QVERIFY(scan.servers.isEmpty() && scan.problems.isEmpty());
    }

    void theServersOfAllClientsAreFound()
    {
        Home home;
        home.put(home.places.appData + q("/Claude/claude_desktop_config.json"),
                 "{\"mcpServers\": {\"desk\": {\"command\": \"npx\", \"args\": [\"-y\", \"x\"], \"env\": {\"A\": \"b\"}}}, "
                 "\"globalShortcut\": \"\"}");
        home.put(home.places.home + q("/.claude.json"),
                 "{\"numStartups\": 5, \"mcpServers\": {\"user\": {\"type\": \"http\", \"url\": \"https://h/mcp\"}},"
                 " \"projects\": {\"/src/one\": {\"mcpServers\": {\"local\": {\"type\": \"stdio\", \"command\": \"c\", \"args\": "
                 "[]}}}, \"/src/two\": {}}}");
        home.put(home.places.projectDir + q("/.mcp.json"), "{\"mcpServers\": {\"shared\": {\"command\": \"${TOOL:-tool}\"}}}");
        home.put(home.places.home + q("/.cursor/mcp.json"),
                 "{\"mcpServers\": {\"cur\": {\"url\": \"https://h/c\", \"headers\": {\"X-A\": \"1\"}}}}");
        home.put(home.places.projectDir + q("/.vscode/mcp.json"),
                 "// workspace\n{\"inputs\": [], \"servers\": {\"code\": {\"type\": \"stdio\", \"command\": \"v\", \"env\": "
                 "{\"N\": 1, \"U\": null,},},},}");
        const ImportScan scan = scanClients(home.places);
        QCOMPARE(scan.problems, QStringList());
        QCOMPARE(scan.servers.size(), 6);
        QCOMPARE(find(scan, "desk")->client, ClientKind::ClaudeDesktop);
        QCOMPARE(find(scan, "desk")->server.args, (QStringList{q("-y"), q("x")}));
        QCOMPARE(find(scan, "user")->server.transport, ServerTransport::StreamableHttp);
        QCOMPARE(find(scan, "local")->path, home.places.home + q("/.claude.json"));
        QCOMPARE(find(scan, "shared")->server.command, q("${TOOL:-tool}"));
        QCOMPARE(find(scan, "cur")->server.url, q("https://h/c"));
        QCOMPARE(find(scan, "code")->server.env, (QMap<QString, QString>{{q("N"), q("1")}}));
        for (const FoundServer& found : scan.servers)
            QCOMPARE(found.warnings, QStringList());
    }

    void whatIsNeededToSignInIsTakenOver()
    {
        Home home;
        home.put(home.places.home + q("/.claude.json"),
                 "{\"mcpServers\": {\"a\": {\"type\": \"http\", \"url\": \"https://h/a\", \"oauth\": {\"clientId\": \"ca\", "
                 "\"callbackPort\": 8080, \"scopes\": \"read write\"}}}}");
        home.put(home.places.home + q("/.cursor/mcp.json"),
                 "{\"mcpServers\": {\"b\": {\"url\": \"https://h/b\", \"auth\": {\"CLIENT_ID\": \"cb\", \"CLIENT_SECRET\": "
                 "\"hush\", \"scopes\": [\"read\", \"write\"]}}, \"c\": {\"url\": \"https://h/c\", \"auth\": {\"CLIENT_ID\": "
                 "\"cc\", \"CLIENT_SECRET\": \"${env:HUSH}\"}}}}");
        ImportScan scan = scanClients(home.places);
        QCOMPARE(scan.problems, QStringList());
        const ServerOAuth a = find(scan, "a")->server.oauth;
        QCOMPARE(a.clientId, q("ca"));
        QCOMPARE(a.callbackPort, 8080);
        QCOMPARE(a.scopes, q("read write"));
        const ServerOAuth b = find(scan, "b")->server.oauth;
        QCOMPARE(b.clientId, q("cb"));
        QCOMPARE(b.scopes, q("read write"));
        QCOMPARE(find(scan, "b")->secretFields, QStringList{q("oauth.clientSecret")});
        QCOMPARE(find(scan, "c")->server.oauth.clientSecret, q("${HUSH}"));
        QVERIFY(find(scan, "c")->secretFields.isEmpty());
        FoundServer found = *find(scan, "b");
        QCOMPARE(extractSecrets(found), (QMap<QString, QByteArray>{{q("b.clientSecret"), "hush"}}));
        QCOMPARE(found.server.oauth.clientSecret, q("${vault:b.clientSecret}"));
    }

    void theKeyOfAnotherClientIsNotReadInItsPlace()
    {
        Home home;
        home.put(home.places.home + q("/.cursor/mcp.json"), "{\"servers\": {\"a\": {\"command\": \"x\"}}}");
        QVERIFY(scanClients(home.places).servers.isEmpty());
    }

    void variablesAreTranslatedAndWhatOnlyTheClientKnowsIsWarnedOf()
    {
        Home home;
        home.put(
            home.places.projectDir + q("/.vscode/mcp.json"),
            "{\"servers\": {\"a\": {\"command\": \"${userHome}/bin/x\", \"args\": [\"${env:WHO}\", \"${workspaceFolder}/d\"],"
            " \"env\": {\"T\": \"${input:token} ${input:other}\"}, \"envFile\": \"f\"}}}");
        const ImportScan scan = scanClients(home.places);
        const FoundServer* found = find(scan, "a");
        QVERIFY(found != nullptr);
        QCOMPARE(found->server.command, q("${HOME}/bin/x"));
        QCOMPARE(found->server.args.first(), q("${WHO}"));
        QCOMPARE(found->warnings.size(), 4);
        QVERIFY(found->warnings.join(QLatin1Char('\n')).contains(q("${input:other}")));
        QVERIFY(found->warnings.join(QLatin1Char('\n')).contains(q("${workspaceFolder}")));
        QVERIFY(found->warnings.join(QLatin1Char('\n')).contains(q("envFile")));
        QCOMPARE(found->secretFields, QStringList());
    }

    void aServerThatCannotBeReadIsAProblemWithItsPlaceAndTheOthersAreFound()
    {
        Home home;
        const QString path = home.places.home + q("/.cursor/mcp.json");
        home.put(path, "{\"mcpServers\": {\n  \"bad\": {\n    \"command\": \"x\",\n    \"args\": \"y\"\n  },\n  \"good\": "
                       "{\"command\": \"x\"}\n}}");
        const ImportScan scan = scanClients(home.places);
        QCOMPARE(scan.servers.size(), 1);
        QCOMPARE(scan.problems, QStringList{path + q(":4: mcpServers.bad.args: expected a list of texts, found \"y\"")});
    }

    void aBrokenFileIsAProblemWithItsPlace()
    {
        Home home;
        const QString path = home.places.home + q("/.claude.json");
        home.put(path, "{\"mcpServers\": {\n  \"a\" {}}}");
        const ImportScan scan = scanClients(home.places);
        QVERIFY(scan.servers.isEmpty());
        QCOMPARE(scan.problems.size(), 1);
        QVERIFY2(scan.problems.first().startsWith(path + q(": line 2, column 7: expected ':'")),
                 qPrintable(scan.problems.first()));
    }

    void namesBecomePortableAndStayApart()
    {
        Home home;
        home.put(home.places.home + q("/.cursor/mcp.json"),
                 "{\"mcpServers\": {\"my server\": {\"command\": \"x\"}, \"my_server\": {\"command\": \"y\"}, \"same\": "
                 "{\"command\": \"z\"}}}");
        home.put(home.places.home + q("/.claude.json"),
                 "{\"mcpServers\": {\"same\": {\"command\": \"z\"}, \"my_server\": {\"command\": \"x\"}}}");
        const ImportScan scan = scanClients(home.places);
        QStringList names;
        for (const FoundServer& found : scan.servers)
            names.append(found.server.name);
        // The first of ~/.claude.json, then Cursor's: "my server" repeats my_server, the other my_server differs, "same" repeats.
        QCOMPARE(names, (QStringList{q("same"), q("my_server"), q("my_server-2")}));
        QVERIFY(find(scan, "my_server-2")->warnings.first().contains(q("another file")));
    }

    void entriesThatPointAtOrielAreLeftOut()
    {
        Home home;
        home.put(home.places.home + q("/.cursor/mcp.json"),
                 "{\"mcpServers\": {\"oriel\": {\"type\": \"http\", \"url\": \"http://127.0.0.1:7420/mcp\"}, \"o\": "
                 "{\"command\": \"/usr/bin/oriel\", \"args\": [\"bridge\"]},"
                 " \"kept\": {\"url\": \"http://127.0.0.1:9000/mcp\"}}}");
        const ImportScan scan = scanClients(home.places);
        QCOMPARE(scan.servers.size(), 1);
        QCOMPARE(scan.servers.first().server.name, q("kept"));
    }

    void aDisabledServerStaysDisabled()
    {
        Home home;
        home.put(home.places.home + q("/.cursor/mcp.json"),
                 "{\"mcpServers\": {\"a\": {\"command\": \"x\", \"disabled\": true}}}");
        QVERIFY(!scanClients(home.places).servers.first().server.enabled);
    }

    void oneFileIsReadByItsContent()
    {
        Home home;
        home.put(home.path(q("any.json")),
                 "{\"servers\": {\"v\": {\"command\": \"x\"}}, \"mcpServers\": {\"m\": {\"command\": \"y\"}},"
                 " \"projects\": {\"/p\": {\"mcpServers\": {\"l\": {\"command\": \"z\"}}}}}");
        const auto scan = scanFile(home.path(q("any.json")));
        QVERIFY(scan);
        QCOMPARE(scan->servers.size(), 3);
        QCOMPARE(scanFile(home.path(q("none.json"))).error().code, ErrorCode::NotFound);
        home.put(home.path(q("broken.json")), "{");
        QCOMPARE(scanFile(home.path(q("broken.json"))).error().code, ErrorCode::Parse);
        home.put(home.path(q("empty.json")), "{}");
        QVERIFY(scanFile(home.path(q("empty.json")))->servers.isEmpty());
    }

    void secretsAreFoundByNameAndByForm()
    {
        Home home;
        home.put(home.places.home + q("/.cursor/mcp.json"),
                 "{\"mcpServers\": {\"a\": {\"command\": \"x\", \"env\": {\"API_KEY\": \"k\", \"PATH\": \"/p\", \"GH\": \"" +
                     fakeToken().toUtf8() +
                     "\", \"MY_TOKEN\": \"${env:T}\", \"EMPTY_TOKEN\": \"\"}},"
                     " \"b\": {\"url\": \"https://h\", \"headers\": {\"Authorization\": \"Bearer abc def\", \"Cookie\": \"a=1; "
                     "b=2\", \"Accept\": \"x\"}}}}");
        ImportScan scan = scanClients(home.places);
        QCOMPARE(find(scan, "a")->secretFields, (QStringList{q("env.API_KEY"), q("env.GH")}));
        QCOMPARE(find(scan, "b")->secretFields, (QStringList{q("headers.Authorization"), q("headers.Cookie")}));

        FoundServer a = *find(scan, "a");
        QCOMPARE(extractSecrets(a), (QMap<QString, QByteArray>{{q("a.API_KEY"), "k"}, {q("a.GH"), fakeToken().toUtf8()}}));
        QCOMPARE(a.server.env.value(q("API_KEY")), q("${vault:a.API_KEY}"));
        QCOMPARE(a.server.env.value(q("GH")), q("${vault:a.GH}"));
        QCOMPARE(a.server.env.value(q("PATH")), q("/p"));
        QCOMPARE(a.server.env.value(q("MY_TOKEN")), q("${T}"));
        QVERIFY(a.secretFields.isEmpty());
        QVERIFY(extractSecrets(a).isEmpty());

        FoundServer b = *find(scan, "b");
        QCOMPARE(extractSecrets(b), (QMap<QString, QByteArray>{{q("b.Authorization"), "abc def"}, {q("b.Cookie"), "a=1; b=2"}}));
        QCOMPARE(b.server.headers.value(0).second, q("Bearer ${vault:b.Authorization}"));
        QCOMPARE(b.server.headers.value(1).second, q("${vault:b.Cookie}"));
    }

    void theNamesOfSecretsAreOnesThatTheVaultTakes()
    {
        FoundServer found;
        found.server.name = q("_s");
        found.server.env = {{q("TOKEN_"), q("1")}, {q("TOKEN"), q("2")}, {q("A TOKEN"), q("3")}};
        found.secretFields = {q("env.TOKEN_"), q("env.TOKEN"), q("env.A TOKEN")};
        const QMap<QString, QByteArray> secrets = extractSecrets(found);
        QCOMPARE(secrets, (QMap<QString, QByteArray>{{q("s.A_TOKEN"), "3"}, {q("s.TOKEN"), "2"}, {q("s.TOKEN-2"), "1"}}));
        QCOMPARE(found.server.env.value(q("TOKEN_")), q("${vault:s.TOKEN-2}"));
    }

    void snippetsAreJsonThatPointsTheClientHere_data()
    {
        QTest::addColumn<int>("client");
        for (const ClientRow& row : clientTable())
            QTest::newRow(row.name) << static_cast<int>(row.kind);
    }

    void snippetsAreJsonThatPointsTheClientHere()
    {
        QFETCH(int, client);
        const ClientRow& row = clientTable()[static_cast<std::size_t>(client)];
        const Home home;
        const Snippet snippet = snippetFor(row.kind, home.places, 7421, q("/opt/my \"oriel\""), q("orl-token"));
        QCOMPARE(snippet.path, filesOf(row.kind, home.places).last());
        const QByteArray text = snippet.text.toUtf8();
        json::Document document;
        QVERIFY2(document.parse(text), text.constData());
        const json::Value entry = document.root().find(row.serversKey).find("oriel");
        if (row.stdioOnly) {
            QCOMPARE(entry.find("command").asString(), q("/opt/my \"oriel\""));
            QCOMPARE(entry.find("args").at(0).asString(), q("bridge"));
            QVERIFY(!snippet.text.contains(q("orl-token")));
        } else {
            QCOMPARE(entry.find("url").asString(), q("http://127.0.0.1:7421/mcp"));
            QCOMPARE(entry.find("headers").find("Authorization").asString(), q("Bearer orl-token"));
        }
        QVERIFY(!snippet.note.isEmpty());
        QVERIFY(row.stdioOnly || snippetFor(row.kind, home.places, 1, q("o"), {}).text.contains(q("PUT-THE-TOKEN-HERE")));
    }
};

QTEST_GUILESS_MAIN(ClientConfigsTest)
#include "tst_client_configs.moc"
