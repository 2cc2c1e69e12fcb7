// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/random.h"
#include "config/file/config_file.h"

#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

using namespace oriel;
using namespace oriel::config;

namespace {

Config read(const QByteArray& text)
{
    const auto loaded = parseConfig(text, QStringLiteral("config.json"));
    if (!loaded)
        qWarning("%s in\n%s", qPrintable(loaded.error().first().toString()), text.constData());
    return loaded ? loaded->config : Config();
}

QByteArray edited(const QByteArray& text, const std::function<void(Config&)>& change)
{
    const Config before = read(text);
    Config after = before;
    change(after);
    const auto result = editConfig(text, before, after);
    return result ? *result : result.error().toString().toUtf8();
}

QByteArray contents(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

void write(const QString& path, const QByteArray& text)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(text);
}

/// A new server as the window would make it.
Server stdio(const QString& name)
{
    Server server;
    server.name = name;
    server.command = QStringLiteral("run");
    return server;
}

/// Draws configurations that the reader accepts.
class Draw {
public:
    explicit Draw(quint64 seed) : m_random(seed) {}

    int below(int bound) { return static_cast<int>(m_random.next64() % static_cast<quint64>(bound)); }
    bool coin() { return below(2) == 0; }
    QString word()
    {
        static const QStringList words{
            QStringLiteral("a"),  QStringLiteral("b c"), QStringLiteral("\"q\" \\ /* no */"), QStringLiteral("// x"),
            QStringLiteral("ü}"), QStringLiteral("{,]"), QStringLiteral("${vault:k}"),        QString()};
        return words[below(static_cast<int>(words.size()))];
    }

    Server server(const QString& name)
    {
        Server server = stdio(name);
        if (coin()) {
            server.transport = coin() ? ServerTransport::StreamableHttp : ServerTransport::LegacySse;
            server.url = QStringLiteral("https://h/") + QString::number(below(3));
            if (coin())
                server.command.clear();
            for (const QString& header : {QStringLiteral("A"), QStringLiteral("B"), QStringLiteral("C")}) {
                if (coin())
                    server.headers.insert(coin() ? server.headers.size() : 0, {header, word()});
            }
        } else {
            for (int i = below(3); i > 0; --i)
                server.args.append(word());
            for (const QString& variable : {QStringLiteral("X"), QStringLiteral("Y"), QStringLiteral("Z")}) {
                if (coin())
                    server.env.insert(variable, word());
            }
        }
        server.enabled = coin();
        server.concurrency = below(3);
        if (coin())
            server.timeouts.toolCall = milliseconds(1 + below(5));
        if (coin())
            server.disabledTools = {word()};
        if (coin())
            server.circuitBreaker = {coin(), below(4), milliseconds(1 + below(9))};
        if (coin())
            server.retries = {below(3), coin() ? ToolRetries::Annotated : ToolRetries::Never};
        return server;
    }

    Limit limit(LimitScope scope)
    {
        Limit limit;
        limit.scope = scope;
        limit.name = coin() ? QStringLiteral("*") : QStringLiteral("n");
        limit.callsPerDay = 1 + below(1000);
        if (coin()) {
            limit.callsPerSecond = (1 + below(8)) / 4.0;
            limit.burst = below(3);
        }
        return limit;
    }

    Destination destination(const QString& name)
    {
        Destination destination;
        destination.name = name;
        destination.endpoint = QStringLiteral("http://h:%1").arg(1 + below(3));
        destination.protocol = coin() ? ExportProtocol::Grpc : ExportProtocol::HttpProtobuf;
        destination.logs = coin();
        destination.sampler = coin() ? QStringLiteral("rate_limited") : QString();
        destination.samplerArg = below(5);
        destination.processors = coin() ? QStringList{QStringLiteral("remove ") + word()} : QStringList();
        destination.temporality = static_cast<MetricTemporality>(below(4));
        destination.histograms = static_cast<HistogramKind>(below(3));
        destination.compression = coin() ? QStringLiteral("gzip") : coin() ? QStringLiteral("none") : QString();
        if (coin())
            destination.signalEndpoints.insert(QStringLiteral("metrics"), QStringLiteral("http://m"));
        if (coin())
            destination.headers = {{QStringLiteral("k"), word()}};
        return destination;
    }

    Config config()
    {
        Config configuration;
        for (const QString& name :
             {QStringLiteral("alpha"), QStringLiteral("beta"), QStringLiteral("gamma"), QStringLiteral("delta")}) {
            if (coin())
                configuration.servers.append(server(name));
        }
        for (const QString& name : {QStringLiteral("one"), QStringLiteral("two"), QStringLiteral("three")}) {
            if (coin())
                configuration.telemetry.destinations.append(destination(name));
        }
        if (coin()) {
            configuration.gateway.port = static_cast<quint16>(below(3));
            configuration.gateway.portIsExplicit = true;
        }
        configuration.gateway.auth = coin();
        configuration.gateway.retries.max = below(3);
        configuration.gateway.circuitBreaker.failureRate = below(5) / 4.0;
        for (const LimitScope scope : {LimitScope::Client, LimitScope::Tenant, LimitScope::Tool}) {
            if (coin())
                configuration.limits.append(limit(scope));
        }
        if (coin())
            configuration.gateway.timeouts.toolCall = milliseconds(1 + below(9));
        configuration.telemetry.attributeLengthLimit = coin() ? -1 : below(100);
        configuration.telemetry.samplerArg = below(5) / 4.0;
        configuration.masking.exceptions = coin() ? QStringList{word()} : QStringList();
        for (const QString& rule : {QStringLiteral("r1"), QStringLiteral("r2")}) {
            if (coin())
                configuration.masking.patterns.insert(rule, word());
        }
        configuration.ui.theme = coin() ? QStringLiteral("dark") : QStringLiteral("system");
        for (qsizetype i = configuration.telemetry.destinations.size() - 1; i > 0; --i)
            configuration.telemetry.destinations.swapItemsAt(i, below(static_cast<int>(i) + 1));
        return configuration;
    }

    /// Comments between the tokens of a text, each with a number of its own and with bytes that could be taken for JSON;
    /// sometimes a comma before a closing bracket. The number of comments that were put in.
    QByteArray decorated(const QByteArray& text, QList<QByteArray>& comments)
    {
        QByteArray out;
        bool inString = false;
        for (qsizetype i = 0; i < text.size(); ++i) {
            const char c = text[i];
            if (inString && c == '\\') {
                out += c;
                out += text[++i];
                continue;
            }
            if (c == '"')
                inString = !inString;
            const bool before = !inString && (c == '}' || c == ']');
            if (before && below(4) == 0 && !out.trimmed().endsWith('{') && !out.trimmed().endsWith('[') &&
                !out.trimmed().endsWith('/') && !out.contains("//"))
                out += ',';
            out += c;
            if (!inString && (c == ',' || c == '{' || c == ':' || c == '[') && below(3) == 0) {
                const QByteArray mark = "c" + QByteArray::number(comments.size()) + ", }]{\" :";
                comments.append(mark);
                out += coin() ? " /* " + mark + " */ " : " // " + mark + "\n";
            }
        }
        return out;
    }

private:
    SeededRandom m_random;
};

/// Servers by name: their order means nothing.
Config sorted(Config configuration)
{
    const auto byName = [](const auto& a, const auto& b) { return a.name < b.name; };
    std::sort(configuration.servers.begin(), configuration.servers.end(), byName);
    // A port that the file once gave stays explicit, whatever it is.
    configuration.gateway.portIsExplicit = false;
    return configuration;
}

} // namespace

class ConfigEditTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void anEmptyTextBecomesAFileForPeople()
    {
        const QByteArray text = edited({}, [](Config& c) {
            c.gateway.port = 7500;
            Server server = stdio(QStringLiteral("web"));
            server.args = {QStringLiteral("-y"), QStringLiteral("pkg")};
            server.env = {{QStringLiteral("A"), QStringLiteral("1")}};
            c.servers.append(server);
            Destination destination;
            destination.name = QStringLiteral("local");
            destination.endpoint = QStringLiteral("http://localhost:4318");
            c.telemetry.destinations.append(destination);
        });
        const QByteArray expected = "{\n"
                                    "  \"gateway\": {\n"
                                    "    \"port\": 7500\n"
                                    "  },\n"
                                    "  \"mcpServers\": {\n"
                                    "    \"web\": {\n"
                                    "      \"command\": \"run\",\n"
                                    "      \"args\": [\"-y\", \"pkg\"],\n"
                                    "      \"env\": {\n"
                                    "        \"A\": \"1\"\n"
                                    "      }\n"
                                    "    }\n"
                                    "  },\n"
                                    "  \"telemetry\": {\n"
                                    "    \"destinations\": [\n"
                                    "      {\n"
                                    "        \"name\": \"local\",\n"
                                    "        \"protocol\": \"http/protobuf\",\n"
                                    "        \"endpoint\": \"http://localhost:4318\"\n"
                                    "      }\n"
                                    "    ]\n"
                                    "  }\n"
                                    "}\n";
        QCOMPARE(text, expected);
    }

    void nothingToChangeChangesNothing()
    {
        const QByteArray text = "\t{ // a\r\n \"gateway\" : {\"port\":1 , } ,\"x\": [ ]\r\n}";
        QCOMPARE(edited(text, [](Config&) {}), text);
    }

    void oneValueChangesAndNotAByteMore()
    {
        const QByteArray text = "// mine\n{\n\t\"mcpServers\": {\n\t\t\"a\": {\"command\": \"x\", \"custom\": 1.50} // "
                                "first\n\t},\n\t\"unknown\": {\"k\": null},\n}\n";
        QCOMPARE(edited(text, [](Config& c) { c.servers[0].command = QStringLiteral("y"); }),
                 QByteArray(text).replace("\"x\"", "\"y\""));
    }

    void aNewMemberFollowsTheStyleOfItsNeighbours()
    {
        const auto disable = [](Config& c) { c.servers[0].enabled = false; };
        QCOMPARE(edited("{\n\t\"mcpServers\": {\n\t\t\"a\": {\n\t\t\t\"command\": \"x\"\n\t\t}\n\t}\n}", disable),
                 QByteArray(
                     "{\n\t\"mcpServers\": {\n\t\t\"a\": {\n\t\t\t\"command\": \"x\",\n\t\t\t\"enabled\": false\n\t\t}\n\t}\n}"));
        QCOMPARE(edited("{\r\n \"mcpServers\": {\r\n  \"a\": {\r\n   \"command\": \"x\", // run, it\r\n  }\r\n }\r\n}", disable),
                 QByteArray("{\r\n \"mcpServers\": {\r\n  \"a\": {\r\n   \"command\": \"x\", // run, it\r\n   \"enabled\": "
                            "false,\r\n  }\r\n }\r\n}"));
        QCOMPARE(edited("{\"mcpServers\":{\"a\":{\"command\":\"x\"}}}", disable),
                 QByteArray("{\"mcpServers\":{\"a\":{\"command\":\"x\", \"enabled\": false}}}"));
        QCOMPARE(
            edited(
                "{\n  \"mcpServers\": {\n    \"a\": {\n      \"command\": \"x\" // no comma, yet\n      // more }\n    }\n  }\n}",
                disable),
            QByteArray("{\n  \"mcpServers\": {\n    \"a\": {\n      \"command\": \"x\", // no comma, yet\n      \"enabled\": "
                       "false\n      // more }\n    }\n  }\n}"));
    }

    void anObjectWithNothingButACommentTakesMembers()
    {
        QCOMPARE(
            edited("{\n  // servers come here, one by one\n}\n", [](Config& c) { c.servers.append(stdio(QStringLiteral("a"))); }),
            QByteArray("{\n  // servers come here, one by one\n  \"mcpServers\": {\n    \"a\": {\n      \"command\": \"run\"\n   "
                       " }\n  }\n}\n"));
        QCOMPARE(edited("{} // end", [](Config& c) { c.gateway.auth = false; }),
                 QByteArray("{\n  \"gateway\": {\n    \"auth\": false\n  }\n} // end"));
    }

    void aRemovedServerTakesItsLinesAndNoneOfItsNeighbours()
    {
        const QByteArray text = "{\n  \"mcpServers\": {\n    \"a\": {\"command\": \"x\"}, // first,\n    \"b\": {\n      "
                                "\"command\": \"y\"\n    },\n    \"c\": {\"command\": \"z\"}\n  }\n}\n";
        const auto without = [&](const QString& name) {
            return edited(text,
                          [&](Config& c) { c.servers.removeIf([&](const Server& server) { return server.name == name; }); });
        };
        QCOMPARE(without(QStringLiteral("a")),
                 QByteArray("{\n  \"mcpServers\": {\n    // first,\n    \"b\": {\n      \"command\": \"y\"\n    },\n    \"c\": "
                            "{\"command\": \"z\"}\n  }\n}\n"));
        QCOMPARE(
            without(QStringLiteral("b")),
            QByteArray(
                "{\n  \"mcpServers\": {\n    \"a\": {\"command\": \"x\"}, // first,\n    \"c\": {\"command\": \"z\"}\n  }\n}\n"));
        QCOMPARE(without(QStringLiteral("c")), QByteArray("{\n  \"mcpServers\": {\n    \"a\": {\"command\": \"x\"}, // first,\n  "
                                                          "  \"b\": {\n      \"command\": \"y\"\n    }\n  }\n}\n"));
    }

    void commasInCommentsAreNotTakenForCommas()
    {
        const QByteArray text = "{\"mcpServers\": {\"a\": {\"command\": \"x\"}, // first,\n\"b\": {\"command\": \"y\"}, /* , */ "
                                "\"c\": {\"command\": \"z\"} /* , */ }}";
        for (int gone = 0; gone < 3; ++gone) {
            const QByteArray after = edited(text, [&](Config& c) { c.servers.removeAt(gone); });
            QCOMPARE(read(after).servers.size(), 2);
            QVERIFY(after.contains("// first,") && after.count("/* , */") == 2);
        }
        const QByteArray none = edited(text, [](Config& c) { c.servers.clear(); });
        QVERIFY(read(none).servers.isEmpty());
        QVERIFY(none.contains("// first,") && none.count("/* , */") == 2);
    }

    void oneVariableChangesAndTheCommentsOfTheOthersStay()
    {
        const QByteArray text = "{\"mcpServers\": {\"a\": {\"command\": \"x\", \"env\": {\n  \"A\": \"1\", // why one\n  \"N\": "
                                "null,\n  \"B\": 2, // why two\n  \"C\": \"3\"\n}}}}";
        const QByteArray after = edited(text, [](Config& c) {
            c.servers[0].env.remove(QStringLiteral("A"));
            c.servers[0].env[QStringLiteral("C")] = QStringLiteral("4");
            c.servers[0].env[QStringLiteral("N")] = QStringLiteral("5");
        });
        QCOMPARE(after, QByteArray("{\"mcpServers\": {\"a\": {\"command\": \"x\", \"env\": {\n  // why one\n  \"N\": \"5\",\n  "
                                   "\"B\": 2, // why two\n  \"C\": \"4\"\n}}}}"));
    }

    void aRenamedServerKeepsItsPlaceItsCommentsAndItsUnknownKeys()
    {
        const QByteArray text = "{\"servers\": {\"a\": {\"command\": \"x\", /* k */ \"dev\": {\"watch\": \"y\"}}, \"b\": "
                                "{\"command\": \"z\"}}, \"inputs\": []}";
        QCOMPARE(edited(text, [](Config& c) { c.servers[0].name = QStringLiteral("new"); }),
                 QByteArray(text).replace("\"a\"", "\"new\""));
    }

    void destinationsChangeOneByOne()
    {
        const QByteArray text = "{\n  \"telemetry\": {\n    \"destinations\": [\n      // the team's\n      {\"name\": \"one\", "
                                "\"endpoint\": \"http://a\", \"note\": \"keep\"},\n"
                                "      {\"name\": \"two\", \"endpoint\": \"http://b\"} // second\n    ]\n  }\n}\n";
        const QByteArray after = edited(text, [](Config& c) {
            c.telemetry.destinations[0].enabled = false;
            c.telemetry.destinations.removeLast();
            Destination fromVariables;
            fromVariables.name = QStringLiteral("env");
            fromVariables.fromEnvironment = true;
            c.telemetry.destinations.append(fromVariables);
        });
        QCOMPARE(after, QByteArray("{\n  \"telemetry\": {\n    \"destinations\": [\n      // the team's\n"
                                   "      {\"name\": \"one\", \"endpoint\": \"http://a\", \"note\": \"keep\", \"enabled\": "
                                   "false}\n      // second\n    ]\n  }\n}\n"));
    }

    void aDestinationThatMovesTakesItsCommentsAndUnknownKeysAlong()
    {
        const QByteArray text = "{\n  \"telemetry\": {\n    \"destinations\": [ // in the order of the page\n"
                                "      // the team's\n"
                                "      {\"name\": \"one\", \"endpoint\": \"http://a\", \"note\": \"keep\"}, // first\n"
                                "      {\n        \"name\": \"two\", /* b */\n        \"endpoint\": \"http://b\"\n      },\n\n"
                                "      /* the last */\n      {\"name\": \"three\", \"endpoint\": \"http://c\"} // third\n"
                                "      // more to come\n    ]\n  }\n}\n";
        const QByteArray after = edited(text, [](Config& c) { c.telemetry.destinations.move(0, 2); });
        QCOMPARE(after, QByteArray("{\n  \"telemetry\": {\n    \"destinations\": [ // in the order of the page\n"
                                   "      {\n        \"name\": \"two\", /* b */\n        \"endpoint\": \"http://b\"\n      },\n"
                                   "      /* the last */\n      {\"name\": \"three\", \"endpoint\": \"http://c\"}, // third\n\n"
                                   "      // the team's\n"
                                   "      {\"name\": \"one\", \"endpoint\": \"http://a\", \"note\": \"keep\"} // first\n"
                                   "      // more to come\n    ]\n  }\n}\n"));
        QCOMPARE(edited(after, [](Config& c) { c.telemetry.destinations.move(2, 0); }).simplified().replace(" ", ""),
                 QByteArray(text).simplified().replace(" ", ""));
    }

    void aMoveOnOneLineNeverPutsALineBehindAComment()
    {
        const QByteArray text = "{\"telemetry\": {\"destinations\": [{\"name\": \"one\", \"endpoint\": \"http://a\"}, // first\n"
                                "{\"name\": \"two\", \"endpoint\": \"http://b\"}, /* its own */ {\"name\": \"three\", "
                                "\"endpoint\": \"http://c\"}]}}";
        const QByteArray after = edited(text, [](Config& c) { c.telemetry.destinations.move(0, 2); });
        const Config now = read(after);
        QCOMPARE(now.telemetry.destinations.size(), 3);
        QCOMPARE(now.telemetry.destinations[0].name, QStringLiteral("two"));
        QCOMPARE(now.telemetry.destinations[1].name, QStringLiteral("three"));
        QCOMPARE(now.telemetry.destinations[2].name, QStringLiteral("one"));
        QVERIFY2(after.contains("/* its own */ {\"name\": \"three\""), after.constData());
        QVERIFY2(after.contains("\"http://a\"} // first\n"), after.constData());
    }

    void anHttpServerThatGetsACommandSaysWhatItIs()
    {
        const QByteArray after = edited("{\"mcpServers\": {\"a\": {\"url\": \"http://h/mcp\"}}}",
                                        [](Config& c) { c.servers[0].command = QStringLiteral("x"); });
        QCOMPARE(read(after).servers.first().transport, ServerTransport::StreamableHttp);
    }

    void valuesThatTheReaderWouldRefuseAreRefusedBeforeTheyAreWritten()
    {
        QVERIFY(edited("{}", [](Config& c) {
                    Server server;
                    server.name = QStringLiteral("a");
                    c.servers.append(server);
                }).contains("mcpServers.a: expected a command"));
        QVERIFY(
            edited("{\"mcpServers\": {\"a\": {\"url\": \"http://h\"}}}", [](Config& c) {
                c.servers[0].headers = {{QStringLiteral("X"), QStringLiteral("1")}, {QStringLiteral("X"), QStringLiteral("2")}};
            }).contains("twice"));
        QVERIFY(edited("{}", [](Config& c) { c.gateway.host = QStringLiteral("0.0.0.0"); }).contains("loopback"));
        QVERIFY(!editConfig("{", Config(), Config()));
    }

    void anyChangeOfAnyTextReadsAsWhatWasAskedFor_data()
    {
        QTest::addColumn<bool>("withComments");
        QTest::newRow("plain texts") << false;
        QTest::newRow("texts with comments and trailing commas") << true;
    }

    void anyChangeOfAnyTextReadsAsWhatWasAskedFor()
    {
        QFETCH(bool, withComments);
        for (quint64 seed = 1; seed <= 150; ++seed) {
            Draw draw(seed);
            const Config first = draw.config();
            const auto made = editConfig({}, Config(), first);
            QVERIFY2(made, made ? "" : qPrintable(made.error().toString()));
            QList<QByteArray> comments;
            const QByteArray text = withComments ? draw.decorated(*made, comments) : *made;
            QCOMPARE(sorted(read(text)), sorted(first));

            const Config before = read(text);
            const Config after = draw.config();
            const auto result = editConfig(text, before, after);
            const auto where = [&] {
                return QStringLiteral("seed %1\n%2\n---\n%3")
                    .arg(seed)
                    .arg(QString::fromUtf8(text), result ? QString::fromUtf8(*result) : result.error().toString());
            };
            QVERIFY2(result, qPrintable(where()));
            const auto reread = parseConfig(*result, {});
            QVERIFY2(reread && sorted(reread->config) == sorted(after), qPrintable(where()));
        }
    }

    void commentsAndUnknownKeysOutsideOfWhatGoesSurvive()
    {
        for (quint64 seed = 1; seed <= 150; ++seed) {
            Draw draw(seed);
            QByteArray text = "{\n  \"future\": {\"a\": [1, 2.50, {\"b\": null}]},\n  \"mcpServers\": {\n";
            for (int i = 0; i < 4; ++i)
                text += "    \"s" + QByteArray::number(i) + "\": {\"command\": \"x\", \"custom\": " + QByteArray::number(i) +
                        "}" + (i < 3 ? "," : "") + '\n';
            text += "  },\n  \"gateway\": {\"port\": 1, \"later\": true}\n}\n";
            QList<QByteArray> comments;
            text = draw.decorated(text, comments);
            const QByteArray after = edited(text, [&](Config& c) {
                for (Server& server : c.servers)
                    server.enabled = draw.coin();
                if (draw.coin())
                    c.servers.append(stdio(QStringLiteral("added")));
                c.gateway.port = static_cast<quint16>(draw.below(3));
                c.gateway.auth = draw.coin();
            });
            for (const QByteArray& comment : comments)
                QVERIFY2(after.count(comment) == 1, after.constData());
            for (const char* kept :
                 {"2.50", "\"custom\": 0", "\"custom\": 1", "\"custom\": 2", "\"custom\": 3", "\"later\": true"}) {
                QByteArray plain = after;
                for (const QByteArray& comment : comments)
                    plain.replace(" /* " + comment + " */ ", "").replace(" // " + comment + "\n", "");
                QVERIFY2(plain.contains(kept), after.constData());
            }
        }
    }

    void aNewFileIsForItsOwnerOnly()
    {
        QTemporaryDir dir;
        const QString path = dir.filePath(QStringLiteral("deep/er/config.json"));
        Config after;
        after.ui.theme = QStringLiteral("dark");
        QVERIFY(saveConfig(path, after));
        QCOMPARE(contents(path), QByteArray("{\n  \"ui\": {\n    \"theme\": \"dark\"\n  }\n}\n"));
        QCOMPARE(QFileInfo(path).permissions() & (QFile::ReadGroup | QFile::WriteGroup | QFile::ReadOther | QFile::WriteOther),
                 QFile::Permissions());
    }

    void aSavedFileKeepsItsModeAndALinkStaysOne()
    {
        QTemporaryDir dir;
        const QString path = dir.filePath(QStringLiteral("real.json"));
        write(path, "{} // mine\n");
        QVERIFY(QFile::setPermissions(path, QFile::ReadOwner | QFile::WriteOwner | QFile::ReadGroup));
        const QString link = dir.filePath(QStringLiteral("link.json"));
        QVERIFY(QFile::link(path, link));
        Config after;
        after.gateway.auth = false;
        QVERIFY(saveConfig(link, after));
        QVERIFY(contents(path).endsWith("} // mine\n"));
        QVERIFY(!read(contents(path)).gateway.auth);
        QVERIFY(QFileInfo(link).isSymLink());
        QVERIFY(QFileInfo(path).permissions() & QFile::ReadGroup);
        QVERIFY(!(QFileInfo(path).permissions() & QFile::ReadOther));
    }

    void aBrokenFileIsRefusedAndLeftAlone()
    {
        QTemporaryDir dir;
        const QString path = dir.filePath(QStringLiteral("config.json"));
        for (const QByteArray& broken :
             {QByteArray("{\"gateway\": "), QByteArray("{\"gateway\": {\"port\": \"x\"}}"), QByteArray("[]")}) {
            write(path, broken);
            const Status saved = saveConfig(path, Config());
            QVERIFY(!saved);
            QCOMPARE(saved.error().code, ErrorCode::Parse);
            QCOMPARE(contents(path), broken);
        }
    }

    void whatCannotBeWrittenIsSaid()
    {
        QTemporaryDir dir;
        write(dir.filePath(QStringLiteral("file")), "x");
        const Status saved = saveConfig(dir.filePath(QStringLiteral("file/config.json")), Config());
        QVERIFY(!saved);
        QCOMPARE(saved.error().code, ErrorCode::Io);
    }
};

QTEST_GUILESS_MAIN(ConfigEditTest)
#include "tst_config_edit.moc"
