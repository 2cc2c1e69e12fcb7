// SPDX-License-Identifier: GPL-3.0-or-later
#include "../../support/patience.h"
#include "../downstream/downstream_fixture.h"
#include "config/file/config_file.h"
#include "service/gateway_service.h"

#include <QFile>
#include <QRegularExpression>
#include <QSaveFile>
#include <QUrl>

using namespace oriel;
using namespace oriel::downstream::test;
using namespace oriel::service;

namespace {

/// A whole Oriel on a free port in a temporary directory.
class RunningOriel {
public:
    /// `before` gets the data directory before anything runs.
    explicit RunningOriel(const QByteArray& configuration, const std::function<void(const QString&)>& before = {})
    {
        write(configuration);
        if (before)
            before(path(QStringLiteral("data")));
        ServiceOptions options;
        options.configPath = path(QStringLiteral("oriel.json"));
        options.dataDir = path(QStringLiteral("data"));
        options.port = 0;
        options.headless = true;
        service = std::make_unique<GatewayService>(options);
        started = service->start().has_value();
        port = static_cast<quint16>(QUrl(service->status().endpoint).port(0));
    }
    ~RunningOriel() { service->stop(); }

    [[nodiscard]] QString path(const QString& name) const { return m_directory.filePath(name); }
    /// As an editor saves.
    void write(const QByteArray& configuration) const
    {
        QSaveFile file(path(QStringLiteral("oriel.json")));
        if (file.open(QIODevice::WriteOnly) && file.write(configuration) == configuration.size())
            (void)file.commit();
    }
    [[nodiscard]] QByteArray token(const QString& name, const QString& scope)
    {
        const auto added = resultOf(service->addToken(name, {scope}));
        return added && *added ? (**added).toLatin1() : QByteArray();
    }
    /// The future's value; nothing if it does not come.
    template <class Value> static std::optional<Value> resultOf(QFuture<Value> future)
    {
        return QTest::qWaitFor([&future] { return future.isFinished(); }, 20'000) ? std::optional<Value>(future.result())
                                                                                  : std::nullopt;
    }
    [[nodiscard]] HttpAnswer ask(const QByteArray& head, const Fields& fields, const QByteArray& body = {}) const
    {
        QByteArray text = head + " HTTP/1.1\r\nHost: 127.0.0.1:" + QByteArray::number(port) +
                          "\r\nAccept: application/json, text/event-stream\r\n";
        for (const auto& [name, value] : fields)
            text += name + ": " + value + "\r\n";
        if (head.startsWith("POST"))
            text += "Content-Type: application/json\r\nContent-Length: " + QByteArray::number(body.size()) + "\r\n";
        RawPeer peer(port);
        peer.send(text + "\r\n" + body);
        spinUntil([&] { return isWhole(peer.received) || peer.isClosed(); });
        return answerIn(peer.received);
    }
    /// A client's session: the fields of its further requests.
    [[nodiscard]] Fields openSession()
    {
        Fields fields{{"Authorization", "Bearer " + token(QStringLiteral("client"), QStringLiteral("mcp"))}};
        const HttpAnswer opened = ask("POST /mcp", fields, EndpointFixture::initialize());
        fields.append({"Mcp-Session-Id", opened.field("Mcp-Session-Id")});
        return fields;
    }
    /// Without the labels of the scope, which every sample but target_info has.
    [[nodiscard]] QByteArray metrics(const QByteArray& reader) const
    {
        static const QRegularExpression scope(
            QStringLiteral("otel_scope_name=\"oriel\\.gateway\",otel_scope_version=\"[^\"]+\",?"));
        QString text = QString::fromUtf8(ask("GET /metrics", {{"Authorization", "Bearer " + reader}}).body);
        return text.remove(scope).replace(QLatin1String(",}"), QLatin1String("}")).remove(QLatin1String("{}")).toUtf8();
    }
    /// What the doctor says of the configuration.
    [[nodiscard]] QStringList findings()
    {
        QStringList found;
        for (const DoctorCheck& check : resultOf(service->doctor()).value_or(QList<DoctorCheck>())) {
            if (check.area == QStringLiteral("configuration"))
                found.append(check.finding);
        }
        return found;
    }
    [[nodiscard]] bool isConfigErrorWith(const char* text) const
    {
        return service->status().configError.contains(QLatin1String(text));
    }

    std::unique_ptr<GatewayService> service;
    quint16 port = 0;
    bool started = false;

private:
    QTemporaryDir m_directory;
};

/// The value of the first series that begins so; empty when there is none.
QByteArray valueOf(const QByteArray& metrics, const QByteArray& series)
{
    const qsizetype at = metrics.indexOf('\n' + series);
    const QByteArray line = at < 0 ? QByteArray() : metrics.mid(at + 1, metrics.indexOf('\n', at + 1) - at - 1);
    return line.mid(line.lastIndexOf(' ') + 1);
}

QByteArray callOf(const QByteArray& tool, const QByteArray& arguments)
{
    return "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{\"name\":\"" + tool +
           "\",\"arguments\":" + arguments + "}}";
}

const QByteArray kBroken = "{\n  \"mcpServers\": {,}\n}";

QByteArray withServer(const char* name, const QByteArray& more = {})
{
    return QByteArray("{\"mcpServers\":{\"") + name + "\":{\"command\":\"" ORIEL_ECHO_SERVER "\"}}" + more + "}";
}

/// A log record and an audit row of 2023.
void leaveOldRecords(const QString& dataDir)
{
    ManualClock clock;
    SeededRandom random(7);
    store::LogStoreOptions logOptions;
    logOptions.directory = dataDir + QStringLiteral("/logs");
    store::LogStore logs(logOptions, clock);
    telemetry::LogRecord record;
    record.timeUnixNs = record.observedUnixNs = clock.unixNs();
    record.body = telemetry::AnyValue(QByteArrayLiteral("long ago"));
    record.source = QByteArrayLiteral("before");
    QVERIFY(logs.open());
    logs.append(std::move(record));
    QVERIFY(logs.flush());
    logs.close();

    store::AuditOptions auditOptions;
    auditOptions.file = dataDir + QStringLiteral("/audit.db");
    store::AuditWriter audit(auditOptions, clock, random);
    store::AuditRow row;
    row.timeUnixNs = clock.unixNs();
    row.method = QByteArrayLiteral("long ago");
    QVERIFY(audit.open());
    audit.append(std::move(row));
    QVERIFY(audit.flush());
    QVERIFY(audit.close());
}

} // namespace

class GatewayServiceTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_home;

    static QStringList names(const GatewayService& service)
    {
        QStringList found;
        for (const ServerSnapshot& server : service.servers())
            found.append(server.config.name);
        return found;
    }

private Q_SLOTS:
    void initTestCase()
    {
        qputenv("HOME", m_home.path().toUtf8());
        qputenv("XDG_CONFIG_HOME", m_home.filePath(QStringLiteral("config")).toUtf8());
    }
    void cleanup() { qunsetenv("OTEL_SDK_DISABLED"); }

    void settingsThatAreSavedLeaveWhatTheCommandLineSaysOutOfTheFile()
    {
        RunningOriel oriel("{\"gateway\":{\"port\":7999}}");
        config::Config wanted = oriel.service->configuration();
        QCOMPARE(wanted.gateway.port, 0); // as the command line has it
        wanted.receiver.enabled = false;
        wanted.retention.auditDays = 31;
        const auto saved = RunningOriel::resultOf(oriel.service->saveConfiguration(wanted, oriel.service->configuration()));
        QVERIFY(saved && *saved);
        QVERIFY(!oriel.service->configuration().receiver.enabled);
        QFile file(oriel.path(QStringLiteral("oriel.json")));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const auto written = config::parseConfig(file.readAll(), {});
        QVERIFY(written);
        QCOMPARE(written->config.gateway.port, 7999);
        QCOMPARE(written->config.retention.auditDays, 31);
        QVERIFY(!written->config.receiver.enabled);
        QVERIFY(QTest::qWaitFor([&] { return !oriel.service->status().receiver.enabled; }, 20'000));
    }

    void destinationsAreMovedWithinTheFileAndNoFurther()
    {
        RunningOriel oriel("{\"telemetry\":{\"destinations\":[{\"name\":\"a\",\"protocol\":\"none\"},"
                           "{\"name\":\"b\",\"protocol\":\"none\"},{\"name\":\"c\",\"protocol\":\"none\"}]}}");
        const auto move = [&](const char* name, int steps) {
            const auto moved = RunningOriel::resultOf(oriel.service->moveDestination(QLatin1String(name), steps));
            return moved && *moved;
        };
        const auto order = [&] {
            QString names;
            for (const DestinationSnapshot& one : oriel.service->destinations())
                names += one.config.name;
            return names;
        };
        QVERIFY(move("c", -1));
        QCOMPARE(order(), QStringLiteral("acb"));
        QVERIFY(move("a", 9));
        QCOMPARE(order(), QStringLiteral("cba"));
        QVERIFY(!move("nobody", 1));
    }

    void changesThatAreAskedForTogetherAllHoldInTheirOrder()
    {
        RunningOriel oriel("{\"telemetry\":{\"destinations\":[{\"name\":\"a\",\"protocol\":\"none\"},"
                           "{\"name\":\"b\",\"protocol\":\"none\"},{\"name\":\"c\",\"protocol\":\"none\"}]}}");
        GatewayService& service = *oriel.service;
        QList<QFuture<Status>> changes;
        for (int i = 0; i < 2; ++i)
            changes.append(service.moveDestination(QStringLiteral("c"), -1));
        for (const bool paused : {true, false, true, false, true})
            changes.append(service.pauseDestination(QStringLiteral("b"), paused));
        changes.append(service.removeDestination(QStringLiteral("a")));
        for (const QFuture<Status>& change : changes) {
            const auto changed = RunningOriel::resultOf(change);
            QVERIFY(changed && *changed);
        }
        const QList<config::Destination> left = service.configuration().telemetry.destinations;
        QCOMPARE(left.size(), 2);
        QCOMPARE(left[0].name + left[1].name, QStringLiteral("cb"));
        QVERIFY(left[1].paused);
    }
    void aChangeKeepsWhatAnEditorHasJustWritten()
    {
        RunningOriel oriel(withServer("one"));
        oriel.write(withServer("one", ",\"retention\":{\"auditDays\":31}"));
        const auto saved = RunningOriel::resultOf(oriel.service->setServerEnabled(QStringLiteral("one"), false));
        QVERIFY(saved && *saved);
        QCOMPARE(oriel.service->configuration().retention.auditDays, 31);
        QVERIFY(!oriel.service->configuration().servers.first().enabled);
    }

    void whatIsPastItsTimeGoesAtTheStart()
    {
        RunningOriel oriel("{}", leaveOldRecords);
        QVERIFY(oriel.started);
        const auto rowsOf = [&](store::AuditKind kind) {
            store::AuditQuery query;
            query.kinds = {kind};
            const auto counted = RunningOriel::resultOf(oriel.service->auditCount(query));
            return counted && *counted ? (*counted)->rows : std::uint64_t(0);
        };
        QTRY_COMPARE(rowsOf(store::AuditKind::Retention), std::uint64_t(1));
        QCOMPARE(rowsOf(store::AuditKind::Call), std::uint64_t(0));
        const auto logs = [&] {
            const auto page = RunningOriel::resultOf(oriel.service->logs({}));
            QStringList bodies;
            for (const store::LogEntry& entry : page.value_or(store::LogPage()).rows)
                bodies.append(QString::fromUtf8(telemetry::toJson(entry.record->body)));
            return bodies.join(QLatin1Char('\n'));
        };
        QTRY_VERIFY2(logs().contains(QStringLiteral("retention deleted 1 row of logs")), qPrintable(logs()));
        QVERIFY2(!logs().contains(QStringLiteral("long ago")), qPrintable(logs()));
    }
    void whatIsKeptForEverStays()
    {
        RunningOriel oriel("{\"retention\":{\"logDays\":0,\"auditDays\":0}}", leaveOldRecords);
        const auto applied = [&] {
            const auto done = RunningOriel::resultOf(oriel.service->applyRetention());
            return done && *done;
        };
        QTRY_VERIFY(applied()); // the audit log may not be open yet
        const auto counted = RunningOriel::resultOf(oriel.service->auditCount({}));
        QVERIFY(counted && *counted);
        QCOMPARE((*counted)->rows, std::uint64_t(1));
    }
    void aBrokenFileDeletesNothingUntilItIsMended()
    {
        RunningOriel oriel("{\"retention\":{\"auditDays\":0,}", leaveOldRecords);
        QVERIFY(oriel.isConfigErrorWith("oriel.json:1:"));
        const auto rows = [&] {
            const auto counted = RunningOriel::resultOf(oriel.service->auditCount({}));
            return counted && *counted ? (*counted)->rows : std::uint64_t(0);
        };
        const auto saysThatItWaits = [&] {
            const auto page = RunningOriel::resultOf(oriel.service->logs({})).value_or(store::LogPage());
            return std::any_of(page.rows.begin(), page.rows.end(), [](const store::LogEntry& entry) {
                return telemetry::toJson(entry.record->body).contains("retention: nothing is deleted until");
            });
        };
        QTRY_VERIFY(saysThatItWaits());
        QTRY_COMPARE(rows(), std::uint64_t(1));
        oriel.write("{\"retention\":{\"auditDays\":30}}");
        store::AuditQuery query;
        query.kinds = {store::AuditKind::Retention};
        QTRY_VERIFY(RunningOriel::resultOf(oriel.service->auditCount(query)).value()->rows == 1);
    }
    void aFileThatVanishesOrIsEmptiedLeavesWhatIsInForce()
    {
        RunningOriel oriel(withServer("one"));
        oriel.write(QByteArray());
        QTRY_VERIFY(oriel.isConfigErrorWith("is gone or empty"));
        QCOMPARE(names(*oriel.service), QStringList{QStringLiteral("one")});
        QVERIFY(QFile::remove(oriel.path(QStringLiteral("oriel.json"))));
        oriel.write(withServer("two"));
        QTRY_COMPARE(names(*oriel.service), QStringList{QStringLiteral("two")});
        QVERIFY(oriel.service->status().configError.isEmpty());
    }
    void aTokenIsAskedForFromTheMomentItIsConfigured()
    {
        RunningOriel oriel("{\"gateway\":{\"auth\":false}}");
        QCOMPARE(oriel.ask("POST /mcp", {}, EndpointFixture::initialize()).status, 200);
        config::Config wanted = oriel.service->configuration();
        wanted.gateway.auth = true;
        const auto saved = RunningOriel::resultOf(oriel.service->saveConfiguration(wanted, oriel.service->configuration()));
        QVERIFY(saved && *saved);
        QTRY_COMPARE(oriel.ask("POST /mcp", {}, EndpointFixture::initialize()).status, 401);
        QCOMPARE(oriel.ask("GET /api/v1/status", {}).status, 401);
    }

    void aSavedFileIsPutInForceAndABrokenOneIsNot()
    {
        RunningOriel oriel(withServer("one"));
        QVERIFY(oriel.started);
        QCOMPARE(names(*oriel.service), QStringList{QStringLiteral("one")});
        oriel.write(kBroken);
        QTRY_VERIFY(oriel.isConfigErrorWith("oriel.json:2:"));
        QCOMPARE(names(*oriel.service), QStringList{QStringLiteral("one")});
        oriel.write(withServer("two"));
        QTRY_COMPARE(names(*oriel.service), QStringList{QStringLiteral("two")});
        QVERIFY(oriel.service->status().configError.isEmpty());
    }
    void aFileThatIsBrokenFromTheStartIsSaidAndTakenOnceMended()
    {
        RunningOriel oriel(kBroken);
        QVERIFY(oriel.started);
        QVERIFY(oriel.isConfigErrorWith("oriel.json:2:"));
        QVERIFY(names(*oriel.service).isEmpty());
        oriel.write(withServer("one"));
        QTRY_COMPARE(names(*oriel.service), QStringList{QStringLiteral("one")});
        QVERIFY(oriel.service->status().configError.isEmpty());
    }
    void warningsOfTheEnvironmentOutliveAReload()
    {
        qputenv("OTEL_SDK_DISABLED", "perhaps");
        RunningOriel oriel("{\"mcpServers\":{},\"nonsense\":1}");
        const QStringList before = oriel.findings();
        QVERIFY2(before.join(QLatin1Char('\n')).contains(QStringLiteral("OTEL_SDK_DISABLED")),
                 qPrintable(before.join(QLatin1Char('\n'))));
        oriel.write(kBroken);
        QTRY_VERIFY(!oriel.service->status().configError.isEmpty());
        QVERIFY(oriel.findings().join(QLatin1Char('\n')).contains(QStringLiteral("OTEL_SDK_DISABLED")));
        oriel.write("{\"mcpServers\":{},\"nonsense\":1}");
        QTRY_VERIFY(oriel.service->status().configError.isEmpty());
        QCOMPARE(oriel.findings(), before);
    }
    void anErrorThatStillHoldsOutlivesAReload()
    {
        const QByteArray badPattern = "{\"mcpServers\":{},\"masking\":{\"patterns\":{\"mine\":\"(\"}}}";
        RunningOriel oriel(badPattern);
        QVERIFY2(oriel.isConfigErrorWith("mine"), qPrintable(oriel.service->status().configError));
        oriel.write(kBroken);
        QTRY_VERIFY(oriel.isConfigErrorWith("oriel.json:2:"));
        oriel.write(badPattern);
        QTRY_VERIFY(!oriel.isConfigErrorWith("oriel.json:2:"));
        QVERIFY2(oriel.isConfigErrorWith("mine"), qPrintable(oriel.service->status().configError));
        oriel.write("{\"mcpServers\":{},\"masking\":{\"patterns\":{\"mine\":\"abc\"}}}");
        QTRY_VERIFY(oriel.service->status().configError.isEmpty());
    }
    void aNewBodyLimitHoldsAtOnce()
    {
        RunningOriel oriel("{\"mcpServers\":{}}");
        const Fields fields{{"Authorization", "Bearer " + oriel.token(QStringLiteral("c"), QStringLiteral("mcp"))}};
        const QByteArray large = EndpointFixture::initialize() + QByteArray(2000, ' ');
        QCOMPARE(oriel.ask("POST /mcp", fields, large).status, 200);
        oriel.write("{\"mcpServers\":{},\"gateway\":{\"maxBodyBytes\":1024}}");
        QTRY_COMPARE(oriel.ask("POST /mcp", fields, large).status, 413);
        QCOMPARE(oriel.ask("POST /mcp", fields, EndpointFixture::initialize()).status, 200);
    }
    void theLastMetricsOfARunAreExported()
    {
        QTemporaryDir directory;
        const QString file = directory.filePath(QStringLiteral("out.jsonl"));
        const QByteArray destination = "{\"name\":\"file\",\"protocol\":\"file\",\"endpoint\":\"" + file.toUtf8() + "\"}";
        RunningOriel oriel("{\"mcpServers\":{},\"telemetry\":{\"metricInterval\":3600000,\"destinations\":[" + destination +
                           "]}}");
        QVERIFY(oriel.started);
        QVERIFY2(oriel.service->status().configError.isEmpty(), qPrintable(oriel.service->status().configError));
        (void)oriel.openSession();
        oriel.service->stop();
        QFile metrics(directory.filePath(QStringLiteral("out-metrics.jsonl")));
        QVERIFY(metrics.open(QIODevice::ReadOnly));
        QVERIFY(metrics.readAll().contains("resourceMetrics"));
    }
    void oneRealCallIsInTheMetrics()
    {
        RunningOriel oriel(withServer("echo", ",\"gateway\":{\"prefixSingleServer\":true}"));
        QVERIFY(oriel.started);
        QTRY_COMPARE(oriel.service->status().serversReady, 1);
        QCOMPARE(oriel.ask("POST /mcp", {}, EndpointFixture::initialize()).status, 401);
        const Fields fields = oriel.openSession();
        (void)oriel.ask("POST /mcp", fields, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}");
        const HttpAnswer called = oriel.ask("POST /mcp", fields, callOf("echo__echo", "{\"text\":\"hi\"}"));
        QVERIFY2(called.body.contains("\"text\":\"hi\""), called.body.constData());

        const QByteArray reader = oriel.token(QStringLiteral("reader"), QStringLiteral("api"));
        QTRY_COMPARE(valueOf(oriel.metrics(reader), "mcp_gateway_tool_call_success_total"), QByteArray("1"));
        const QByteArray text = oriel.metrics(reader);
        const QList<std::pair<QByteArray, QByteArray>> expected{
            {"mcp_gateway_tool_calls_total{project_id=\"default\",server_name=\"echo\",tool_name=\"echo\"}", "1"},
            {"mcp_gateway_tool_call_success_total{server_name=\"echo\",tool_name=\"echo\"}", "1"},
            {"mcp_gateway_tool_call_duration_seconds_count{server_name=\"echo\",tool_name=\"echo\"}", "1"},
            {"mcp_gateway_auth_success_total{auth_provider=\"token\",project_id=\"default\"}", "1"},
            {"mcp_gateway_auth_failure_total{auth_provider=\"token\",failure_reason=\"missing_token\"}", "1"},
            {"mcp_gateway_active_sessions", "1"},
            {"mcp_gateway_active_users", "1"},
            {"mcp_gateway_list_all_servers_calls_total{project_id=\"default\"}", "1"},
            {"mcp_gateway_servers_discovered_total{mcp_config_id=\"echo\"}", "1"},
            {"mcp_gateway_cache_hits_total{cache_type=\"tools\"}", "1"},
            {"mcp_gateway_cache_misses_total{cache_type=\"gateway_config\"}", "1"},
            {"mcp_gateway_cache_misses_total{cache_type=\"server_config\"}", "1"},
            {"mcp_gateway_timeout_operations_total{operation_type=\"tool_call\"}", "1"},
            {"mcp_gateway_timeout_operations_successful_total{operation_type=\"tool_call\"}", "1"},
            {"mcp_gateway_timeout_operation_duration_seconds_count{operation_type=\"tool_call\"}", "1"},
            {"mcp_gateway_timeout_active_operations{operation_type=\"tool_call\"}", "0"},
            {"http_requests_total{endpoint=\"/mcp\",method=\"POST\",status=\"401\"}", "1"},
            {"http_requests_total{endpoint=\"/mcp\",method=\"POST\",status=\"200\"}", "3"},
            {"tool_latency_seconds_count{server=\"echo\",tool=\"echo\"}", "1"},
            {"server_status{server=\"echo\"}", "1"},
            {"active_connections{server=\"echo\"}", "1"},
            {"mcp_client_operation_duration_seconds_count", "1"},
        };
        for (const auto& [series, count] : expected)
            QVERIFY2(valueOf(text, series) == count, QByteArray(series + " is " + valueOf(text, series)).constData());
    }
    void aCallThatTimesOutAndASessionThatEndsAreInTheMetrics()
    {
        RunningOriel oriel("{\"mcpServers\":{\"demo\":{\"command\":\"" ORIEL_DEMO_SERVER
                           "\"}},\"gateway\":{\"prefixSingleServer\":true,\"timeouts\":{\"toolCall\":\"300ms\"}}}");
        QTRY_COMPARE(oriel.service->status().serversReady, 1);
        const Fields fields = oriel.openSession();
        const HttpAnswer late = oriel.ask("POST /mcp", fields, callOf("demo__slow_report", "{\"seconds\":600}"));
        QVERIFY2(late.body.contains("\"error\""), late.body.constData());
        const HttpAnswer unknown = oriel.ask("POST /mcp", fields, callOf("demo__none", "{}"));
        QVERIFY2(unknown.body.contains("Unknown tool"), unknown.body.constData());
        QCOMPARE(oriel.ask("GET /metrics", fields).status, 403);

        const QByteArray reader = oriel.token(QStringLiteral("reader"), QStringLiteral("api"));
        QTRY_COMPARE(valueOf(oriel.metrics(reader), "mcp_gateway_timeout_operations_timed_out_total"), QByteArray("1"));
        QTRY_COMPARE(valueOf(oriel.metrics(reader), "mcp_gateway_active_sessions"), QByteArray("1"));
        const QByteArray text = oriel.metrics(reader);
        const QList<std::pair<QByteArray, QByteArray>> expected{
            {"mcp_gateway_timeout_operations_total{operation_type=\"tool_call\"}", "1"},
            {"mcp_gateway_timeout_operations_timed_out_total{operation_type=\"tool_call\"}", "1"},
            {"mcp_gateway_timeout_escalation_warn_total{operation_type=\"tool_call\"}", "1"},
            {"mcp_gateway_timeout_escalation_timeout_total{operation_type=\"tool_call\"}", "1"},
            {"mcp_gateway_timeout_escalation_fail_total{operation_type=\"tool_call\"}", "1"},
            {"mcp_gateway_timeout_active_operations{operation_type=\"tool_call\"}", "0"},
            {"mcp_gateway_tool_call_failure_total{error_type=\"timeout\",server_name=\"demo\",tool_name=\"slow_report\"}", "1"},
            {"mcp_gateway_tool_call_errors_total{error_type=\"timeout\",server_name=\"demo\"}", "1"},
            {"mcp_gateway_auth_failure_total{auth_provider=\"token\",failure_reason=\"wrong_scope\"}", "1"},
            {"http_requests_total{endpoint=\"/metrics\",method=\"GET\",status=\"403\"}", "1"},
        };
        for (const auto& [series, count] : expected)
            QVERIFY2(valueOf(text, series) == count, QByteArray(series + " is " + valueOf(text, series)).constData());

        QCOMPARE(oriel.ask("DELETE /mcp", fields).status, 200);
        QTRY_COMPARE(valueOf(oriel.metrics(reader), "mcp_gateway_active_sessions"), QByteArray("0"));
        QCOMPARE(valueOf(oriel.metrics(reader), "mcp_gateway_active_users"), QByteArray("0"));
    }
    void theEndDoesNotWaitForQuestionsThatAreStillAsked()
    {
        RunningOriel oriel("{\"mcpServers\":{}}");
        const QByteArray reader = oriel.token(QStringLiteral("reader"), QStringLiteral("api"));
        const HttpAnswer status = oriel.ask("GET /api/v1/status", {{"Authorization", "Bearer " + reader}});
        QCOMPARE(status.status, 200);
        QVERIFY2(status.body.startsWith("{\"version\":\""), status.body.constData());
        std::vector<std::unique_ptr<RawPeer>> peers;
        for (int i = 0; i < 8; ++i)
            peers.push_back(std::make_unique<RawPeer>(oriel.port));
        for (const auto& peer : peers)
            peer->send("GET /api/v1/status HTTP/1.1\r\nHost: 127.0.0.1:" + QByteArray::number(oriel.port) +
                       "\r\nAuthorization: Bearer " + reader + "\r\n\r\n");
        oriel.service->stop();
        for (const auto& peer : peers)
            QTRY_VERIFY(peer->isClosed());
    }
};

QTEST_GUILESS_MAIN(GatewayServiceTest)
#include "tst_gateway_service.moc"
