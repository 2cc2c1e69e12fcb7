// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"
#include "base/random.h"
#include "full_telemetry.h"
#include "otlp/codec/decode.h"
#include "otlp/codec/encode.h"
#include "otlp/codec/gzip.h"
#include "otlp/codec/response.h"
#include "otlp/exporters/exporter.h"
#include "otlp/pipeline/export_pipeline.h"
#include "scripted_backend.h"

#include <QProcess>
#include <QSslCertificate>
#include <QSslKey>
#include <QSslSocket>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

using namespace oriel;
using namespace oriel::otlp;
using config::ExportProtocol;
using Kind = ExportOutcome::Kind;
using std::chrono::milliseconds;

namespace {

config::Destination destinationOf(const QString& endpoint, ExportProtocol protocol = ExportProtocol::HttpProtobuf)
{
    config::Destination destination;
    destination.name = QStringLiteral("backend");
    destination.endpoint = endpoint;
    destination.protocol = protocol;
    return destination;
}

} // namespace

class HttpExporterTest : public QObject {
    Q_OBJECT

    ManualClock m_clock{1'700'000'000'000'000'000}; // 2023-11-14T22:13:20Z

    std::optional<ExportOutcome> send(Exporter& exporter, Signal signal = Signal::Traces, const QByteArray& body = "request")
    {
        std::optional<ExportOutcome> outcome;
        exporter.exportBatch(signal, body, [&outcome](const ExportOutcome& result) { outcome = result; });
        if (!QTest::qWaitFor([&] { return outcome.has_value(); }, 20'000))
            return std::nullopt;
        return outcome;
    }

    std::unique_ptr<Exporter> make(const config::Destination& destination, SecretResolver secrets = {})
    {
        auto exporter = makeExporter(destination, {m_clock, std::move(secrets)});
        return exporter ? std::move(*exporter) : nullptr;
    }

    std::optional<ExportOutcome> answeredWith(const QByteArray& answer, ExportProtocol protocol = ExportProtocol::HttpProtobuf)
    {
        ScriptedBackend backend([answer](int, const ReceivedRequest&) { return answer; });
        const auto exporter = make(destinationOf(backend.url(), protocol));
        return send(*exporter);
    }

private Q_SLOTS:
    void aRequestCarriesWhatTheSpecificationAsksFor()
    {
        ScriptedBackend backend([](int, const ReceivedRequest&) { return ScriptedBackend::answer("200 OK"); });
        config::Destination destination = destinationOf(backend.url() + QStringLiteral("/base"));
        destination.headers = {{QStringLiteral("X-Api-Key"), QStringLiteral("k-${vault:key}")},
                               {QStringLiteral("x-tenant"), QStringLiteral("acme")}};
        const auto exporter = make(destination, [](QStringView) -> Result<QByteArray> { return QByteArray("s3cr3t"); });
        for (const Signal signal : kSignals) {
            const auto outcome = send(*exporter, signal, "body");
            QVERIFY(outcome && outcome->kind == Kind::Success);
            QCOMPARE(outcome->code, 200);
            QCOMPARE(outcome->message, QStringLiteral("HTTP 200 OK"));
        }
        QCOMPARE(backend.requests().size(), 3);
        QCOMPARE(backend.requests()[0].method, QByteArray("POST"));
        QCOMPARE(backend.requests()[0].path, QByteArray("/base/v1/traces"));
        QCOMPARE(backend.requests()[1].path, QByteArray("/base/v1/metrics"));
        QCOMPARE(backend.requests()[2].path, QByteArray("/base/v1/logs"));
        const auto& headers = backend.requests()[0].headers;
        QCOMPARE(headers.value("content-type"), QByteArray("application/x-protobuf"));
        QVERIFY(headers.value("user-agent").contains("OTel-OTLP-Exporter-Cpp/"));
        QCOMPARE(headers.value("x-api-key"), QByteArray("k-s3cr3t"));
        QCOMPARE(headers.value("x-tenant"), QByteArray("acme"));
        QVERIFY(!headers.contains("content-encoding") && !headers.contains("cookie"));
        QCOMPARE(backend.requests()[0].body, QByteArray("body"));
    }

    void jsonIsSentAsJson()
    {
        ScriptedBackend backend(
            [](int, const ReceivedRequest&) { return ScriptedBackend::answer("200 OK", "{}", {}, "application/json"); });
        const auto exporter = make(destinationOf(backend.url(), ExportProtocol::HttpJson));
        QCOMPARE(exporter->encoding(), Encoding::Json);
        QCOMPARE(send(*exporter)->kind, Kind::Success);
        QCOMPARE(backend.requests()[0].headers.value("content-type"), QByteArray("application/json"));
    }

    void compressedBodiesAreGzip()
    {
        ScriptedBackend backend([](int, const ReceivedRequest&) { return ScriptedBackend::answer("200 OK"); });
        config::Destination destination = destinationOf(backend.url());
        destination.compression = QStringLiteral("gzip");
        const auto exporter = make(destination);
        const QByteArray body(100'000, 'a');
        QCOMPARE(send(*exporter, Signal::Traces, body)->kind, Kind::Success);
        const ReceivedRequest& request = backend.requests()[0];
        QCOMPARE(request.headers.value("content-encoding"), QByteArray("gzip"));
        QVERIFY(request.body.startsWith("\x1f\x8b\x08") && request.body.size() < 5'000);
        const QString gzip = QStandardPaths::findExecutable(QStringLiteral("gzip"));
        if (gzip.isEmpty())
            QSKIP("gzip is not installed");
        QProcess gunzip;
        gunzip.start(gzip, {QStringLiteral("-dc")});
        QVERIFY(gunzip.waitForStarted());
        gunzip.write(request.body);
        gunzip.closeWriteChannel();
        QVERIFY(gunzip.waitForFinished());
        QCOMPARE(gunzip.readAllStandardOutput(), body);
    }

    void zstdIsReadByAnotherProgram()
    {
        ScriptedBackend backend([](int, const ReceivedRequest&) { return ScriptedBackend::answer("200 OK"); });
        config::Destination destination = destinationOf(backend.url());
        destination.compression = QStringLiteral("zstd");
        const auto exporter = make(destination);
        const QByteArray body(100'000, 'a');
        QCOMPARE(send(*exporter, Signal::Traces, body)->kind, Kind::Success);
        const ReceivedRequest& request = backend.requests()[0];
        QCOMPARE(request.headers.value("content-encoding"), QByteArray("zstd"));
        QVERIFY(request.body.startsWith("\x28\xb5\x2f\xfd") && request.body.size() < 5'000);
        const QString zstd = QStandardPaths::findExecutable(QStringLiteral("zstd"));
        if (zstd.isEmpty())
            QSKIP("zstd is not installed");
        QProcess unzstd;
        unzstd.start(zstd, {QStringLiteral("-dc")});
        QVERIFY(unzstd.waitForStarted());
        unzstd.write(request.body);
        unzstd.closeWriteChannel();
        QVERIFY(unzstd.waitForFinished());
        QCOMPARE(unzstd.readAllStandardOutput(), body);
    }

    void whatIsLargerThanTheBackendTakesIsNotSent()
    {
        ScriptedBackend backend([](int, const ReceivedRequest&) { return ScriptedBackend::answer("200 OK"); });
        config::Destination destination = destinationOf(backend.url());
        destination.isEffective = true;
        destination.signalLimits.insert(QStringLiteral("traces"), {1000, 0, 0});
        destination.signalLimits.insert(QStringLiteral("logs"), {0, 100, 0});
        destination.compression = QStringLiteral("gzip");
        const auto exporter = make(destination);
        const auto raw = send(*exporter, Signal::Traces, QByteArray(1001, 'a'));
        QCOMPARE(raw->kind, Kind::Permanent);
        QCOMPARE(raw->code, 413);
        QVERIFY(raw->message.contains(QStringLiteral("has 1001 bytes and the backend takes 1000")));
        QByteArray noise;
        for (int i = 0; i < 200; ++i)
            noise += QByteArray::number(i * 2'654'435'761LL, 36);
        QCOMPARE(send(*exporter, Signal::Logs, noise)->code, 413);
        QVERIFY(backend.requests().isEmpty());
        QCOMPARE(send(*exporter, Signal::Logs, QByteArray(5000, 'a'))->kind, Kind::Success);
        QCOMPARE(send(*exporter, Signal::Metrics, QByteArray(5000, 'a'))->kind, Kind::Success);
        destination.maxRequestBytes = 2000;
        const auto other = make(destination);
        QCOMPARE(send(*other, Signal::Traces, QByteArray(1001, 'a'))->kind, Kind::Success);
        QCOMPARE(send(*other, Signal::Metrics, QByteArray(5000, 'a'))->code, 413);
    }

    void onlyTheNamedStatusesMeanSuccess()
    {
        ScriptedBackend backend(
            [](int index, const ReceivedRequest&) { return ScriptedBackend::answer(index == 0 ? "202 Accepted" : "200 OK"); });
        config::Destination destination = destinationOf(backend.url());
        destination.successCodes = {QStringLiteral("202")};
        const auto exporter = make(destination);
        QCOMPARE(send(*exporter)->kind, Kind::Success);
        const auto other = send(*exporter);
        QCOMPARE(other->kind, Kind::Permanent);
        QVERIFY(other->message.contains(QStringLiteral("takes data with 202")));
    }

    void aBackendThatEchoesTheKeyDoesNotMakeItKnown()
    {
        ScriptedBackend backend([](int, const ReceivedRequest& request) {
            return ScriptedBackend::answer("401 Unauthorized", "invalid key: " + request.headers.value("x-api-key"), {},
                                           "text/plain");
        });
        config::Destination destination = destinationOf(backend.url());
        destination.headers = {{QStringLiteral("x-api-key"), QStringLiteral("${vault:key}")}};
        const auto exporter = make(destination, [](QStringView) -> Result<QByteArray> { return QByteArray("blue-horse-42"); });
        const auto outcome = send(*exporter);
        QCOMPARE(backend.requests().last().headers.value("x-api-key"), QByteArray("blue-horse-42"));
        QCOMPARE(outcome->message, QStringLiteral("HTTP 401 Unauthorized: invalid key: [masked:sent]"));
    }

    void aRefusedTokenIsFetchedAnewOnce()
    {
        int tokens = 0;
        ScriptedBackend endpoint([&tokens](int, const ReceivedRequest&) {
            return ScriptedBackend::answer("200 OK", "{\"access_token\":\"t" + QByteArray::number(++tokens) + "\"}", {},
                                           "application/json");
        });
        QByteArray good = "Bearer t2";
        ScriptedBackend backend([&good](int, const ReceivedRequest& request) {
            return ScriptedBackend::answer(request.headers.value("authorization") == good ? "200 OK" : "401 Unauthorized");
        });
        config::Destination destination = destinationOf(backend.url());
        destination.auth.kind = config::AuthKind::Entra;
        destination.auth.user = destination.auth.secret = destination.auth.tenant = destination.auth.scope = QStringLiteral("x");
        destination.auth.tokenUrl = endpoint.url();
        const auto exporter = make(destination);
        QCOMPARE(send(*exporter)->kind, Kind::Success);
        QCOMPARE(backend.requests().size(), 2);
        QCOMPARE(send(*exporter)->kind, Kind::Success);
        QCOMPARE(tokens, 2);
        good = "nothing";
        const auto refused = send(*exporter);
        QCOMPARE(refused->kind, Kind::Unauthenticated);
        QCOMPARE(tokens, 3);
        QCOMPARE(backend.requests().size(), 5);
    }

    void headersOfASignalAndResourceAttributesAreAdded()
    {
        ScriptedBackend backend([](int, const ReceivedRequest&) { return ScriptedBackend::answer("200 OK"); });
        config::Destination destination = destinationOf(backend.url());
        destination.isEffective = true;
        destination.signalHeaders.insert(QStringLiteral("logs"), {{QStringLiteral("x-aws-log-group"), QStringLiteral("g")}});
        destination.resourceAttributes = {{QStringLiteral("gcp.project_id"), QStringLiteral("p-1")},
                                          {QStringLiteral("service.name"), QStringLiteral("not this")}};
        const auto exporter = make(destination);
        auto resource = std::make_shared<telemetry::Resource>();
        resource->attributes = {{"service.name", QByteArray("mine")}};
        telemetry::LogRecord log;
        log.resource = resource;
        log.timeUnixNs = 1'700'000'000'000'000'000;
        const std::vector<telemetry::LogRecord> logs{log};
        QCOMPARE(send(*exporter, Signal::Logs, encodeLogs(logs, Encoding::Protobuf))->kind, Kind::Success);
        QCOMPARE(send(*exporter, Signal::Traces, {})->kind, Kind::Success);
        QCOMPARE(backend.requests()[0].headers.value("x-aws-log-group"), QByteArray("g"));
        QVERIFY(!backend.requests()[1].headers.contains("x-aws-log-group"));
        const auto decoded = decodeLogs(backend.requests()[0].body, Encoding::Protobuf);
        QVERIFY(decoded && decoded->logs.size() == 1);
        const telemetry::Attributes& attributes = decoded->logs[0].resource->attributes;
        QCOMPARE(attributes.size(), 2U);
        QCOMPARE(*telemetry::findAttribute(attributes, "service.name")->text(), QByteArray("mine"));
        QCOMPARE(*telemetry::findAttribute(attributes, "gcp.project_id")->text(), QByteArray("p-1"));
        QCOMPARE(send(*exporter, Signal::Logs, "\x0a\xff broken")->kind, Kind::Permanent);
    }

    void zipkinGetsItsOwnJson()
    {
        ScriptedBackend backend([](int, const ReceivedRequest&) { return ScriptedBackend::answer("202 Accepted"); });
        config::Destination destination = destinationOf(backend.url(), ExportProtocol::Zipkin);
        const auto exporter = make(destination);
        QCOMPARE(exporter->encoding(), Encoding::Protobuf);
        telemetry::SpanData span;
        span.traceId = *TraceId::fromHex("0102030405060708090a0b0c0d0e0f10");
        span.spanId = *SpanId::fromHex("0a0b0c0d00000001");
        span.name = "one";
        QCOMPARE(send(*exporter, Signal::Traces, encodeTraces({&span, 1}, Encoding::Protobuf))->kind, Kind::Success);
        QCOMPARE(backend.requests()[0].path, QByteArray("/api/v2/spans"));
        QCOMPARE(backend.requests()[0].headers.value("content-type"), QByteArray("application/json"));
        QVERIFY(backend.requests()[0].body.startsWith("[{\"traceId\":\"0102030405060708090a0b0c0d0e0f10\""));
        QCOMPARE(send(*exporter, Signal::Metrics, {})->kind, Kind::Permanent);
    }

    void compressedAnswersAreRead()
    {
        const QByteArray partial = encodeExportResponse(Signal::Traces, {3, QStringLiteral("3 too old")}, Encoding::Protobuf);
        const auto whole = answeredWith(ScriptedBackend::answer("200 OK", gzip(partial), "Content-Encoding: gzip\r\n"));
        QCOMPARE(whole->kind, Kind::PartialSuccess);
        QCOMPARE(whole->rejected, std::int64_t(3));
    }

    void ofAnAnswerThatCannotBeReadTheStatusCounts_data()
    {
        QTest::addColumn<QByteArray>("coding");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QString>("why");
        const QByteArray gzipped("gzip");
        const QByteArray zeros = gzip(QByteArray(100'000, '\0'));
        QTest::newRow("no gzip at all") << gzipped << QByteArray("this is no gzip at all") << QStringLiteral("broken gzip");
        QTest::newRow("half of it") << gzipped << zeros.first(zeros.size() / 2) << QStringLiteral("ends too early");
        QTest::newRow("all but a byte") << gzipped << zeros.chopped(1) << QStringLiteral("ends too early");
        QTest::newRow("more than gzip") << gzipped << zeros + "more" << QStringLiteral("broken gzip");
        QTest::newRow("too large unpacked") << gzipped << gzip(QByteArray(200'000'000, '\0')) << QStringLiteral("larger than");
        QTest::newRow("an unknown coding") << QByteArray("br") << QByteArray("x") << QStringLiteral("coding \"br\"");
        QTest::newRow("too large") << QByteArray("identity") << QByteArray(6'000'000, 'x') << QStringLiteral("4 MiB");
    }
    void ofAnAnswerThatCannotBeReadTheStatusCounts()
    {
        QFETCH(QByteArray, coding);
        QFETCH(QByteArray, body);
        QFETCH(QString, why);
        const auto answered = [&](const QByteArray& status) {
            return answeredWith(ScriptedBackend::answer(status, body, "Content-Encoding: " + coding + "\r\n"));
        };
        const auto taken = answered("200 OK");
        QVERIFY(taken.has_value());
        QCOMPARE(taken->kind, Kind::Success);
        QCOMPARE(taken->code, 200);
        QVERIFY2(taken->message.contains(QStringLiteral("the answer cannot be read")), qPrintable(taken->message));
        QVERIFY2(taken->message.contains(why), qPrintable(taken->message));
        const auto busy = answered("503 Service Unavailable");
        QCOMPARE(busy->kind, Kind::Retryable);
        QCOMPARE(busy->code, 503);
        QCOMPARE(answered("400 Bad Request")->kind, Kind::Permanent);
    }

    void dataThatWasTakenWithAnUnreadableAnswerIsSentOnce()
    {
        ScriptedBackend backend([](int, const ReceivedRequest&) {
            return ScriptedBackend::answer("200 OK", QByteArray::fromHex("1f8b0800000000000003ab56"),
                                           "Content-Encoding: gzip\r\n");
        });
        SeededRandom random(1);
        ExportPipeline pipeline({m_clock, random, {}, {}, {}, {milliseconds(1), milliseconds(1)}});
        config::Telemetry settings;
        settings.destinations = {destinationOf(backend.url())};
        settings.spanInterval = milliseconds(1);
        pipeline.configure(settings, full::resource(), full::scope());
        const auto status = [&pipeline] { return pipeline.status().value(0); };
        for (std::uint64_t sent = 1; sent <= 2; ++sent) {
            pipeline.submitSpans({full::span()});
            QTRY_COMPARE(status().sent, sent);
        }
        QCOMPARE(backend.requests().size(), 2);
        QCOMPARE(status().dropped, 0ULL);
    }

    void answersAreJudgedByTheRulesOfOtlp_data()
    {
        QTest::addColumn<QByteArray>("answer");
        QTest::addColumn<int>("kind");
        QTest::addColumn<int>("code");
        QTest::addColumn<int>("retryAfterMs");
        QTest::addColumn<QString>("words");
        const auto row = [](const char* name, const QByteArray& answer, Kind kind, int code, int retryAfterMs,
                            const char* words) {
            QTest::newRow(name) << answer << static_cast<int>(kind) << code << retryAfterMs << QString::fromLatin1(words);
        };
        const auto answer = &ScriptedBackend::answer;
        const QByteArray partial = encodeExportResponse(Signal::Traces, {3, QStringLiteral("3 too old")}, Encoding::Protobuf);
        const QByteArray status = encodeRpcStatus({3, QStringLiteral("bad span id"), {}}, Encoding::Protobuf);
        const QByteArray patience = encodeRpcStatus({14, QStringLiteral("busy"), milliseconds(700)}, Encoding::Protobuf);
        row("200", answer("200 OK", {}, {}, "application/x-protobuf"), Kind::Success, 200, -1, "HTTP 200 OK");
        row("202", answer("202 Accepted", {}, {}, "application/x-protobuf"), Kind::Success, 202, -1, "HTTP 202");
        row("200 of an unknown type", answer("200 OK", "<html>fine</html>", {}, "text/html"), Kind::Success, 200, -1, "HTTP 200");
        row("partial success", answer("200 OK", partial, {}, "application/x-protobuf"), Kind::PartialSuccess, 200, -1,
            "3 too old");
        row("429 with seconds", answer("429 Too Many Requests", {}, "Retry-After: 7\r\n", "application/x-protobuf"),
            Kind::Retryable, 429, 7'000, "HTTP 429 Too Many Requests");
        row("503 with a date",
            answer("503 Service Unavailable", {}, "Retry-After: Tue, 14 Nov 2023 22:13:25 GMT\r\n", "application/x-protobuf"),
            Kind::Retryable, 503, 5'000, "HTTP 503");
        row("503 with RetryInfo", answer("503 Service Unavailable", patience, {}, "application/x-protobuf"), Kind::Retryable, 503,
            700, "busy");
        row("502", answer("502 Bad Gateway", "<html>bad</html>", {}, "text/html"), Kind::Retryable, 502, -1, "<html>bad</html>");
        row("504", answer("504 Gateway Timeout", {}, {}, "text/plain"), Kind::Retryable, 504, -1, "HTTP 504");
        row("400 with a status", answer("400 Bad Request", status, {}, "application/x-protobuf"), Kind::Permanent, 400, -1,
            "bad span id");
        row("400 in words", answer("400 Bad Request", "no\nsuch\x01tenant", {}, "text/plain"), Kind::Permanent, 400, -1,
            "no such tenant");
        row("404", answer("404 Not Found", "404 page not found", {}, "text/plain"), Kind::Misaddressed, 404, -1, "/v1/traces)");
        row("413", answer("413 Payload Too Large", {}, {}, "text/plain"), Kind::Permanent, 413, -1, "HTTP 413");
        row("500", answer("500 Internal Server Error", {}, {}, "text/plain"), Kind::Permanent, 500, -1, "HTTP 500");
        row("401", answer("401 Unauthorized", "bad key", "WWW-Authenticate: Basic realm=\"x\"\r\n", "text/plain"),
            Kind::Unauthenticated, 401, -1, "bad key");
        row("403", answer("403 Forbidden", {}, {}, "text/plain"), Kind::Unauthenticated, 403, -1, "HTTP 403");
        row("redirect",
            answer("307 Temporary Redirect", {}, "Location: http://elsewhere.example/v1/traces?key=1\r\n", "text/plain"),
            Kind::Misaddressed, 307, -1, "redirects are not followed; set the endpoint to http://elsewhere.example/v1/traces if");
        row("closed without an answer", ScriptedBackend::thenClose({}), Kind::Retryable, 0, -1, "");
        row("closed in the middle", ScriptedBackend::thenClose("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
            Kind::Retryable, 200, -1, "");
        row("no HTTP at all", ScriptedBackend::thenClose("SSH-2.0-OpenSSH_9.2\r\n\r\n"), Kind::Retryable, 0, -1, "");
    }
    void anAnswerThatBreaksOffWithinItsStatusLineIsNoSuccess()
    {
        // Asked again on its own, the network library takes both answers for one.
        ScriptedBackend backend([](int index, const ReceivedRequest&) {
            return index == 0 ? ScriptedBackend::thenClose("HTTP/1.1 200 O") : ScriptedBackend::answer("503 Service Unavailable");
        });
        const auto exporter = make(destinationOf(backend.url()));
        const auto outcome = send(*exporter);
        QVERIFY(outcome.has_value());
        QCOMPARE(outcome->kind, ExportOutcome::Kind::Retryable);
    }
    void answersAreJudgedByTheRulesOfOtlp()
    {
        QFETCH(QByteArray, answer);
        QFETCH(int, kind);
        QFETCH(int, code);
        QFETCH(int, retryAfterMs);
        QFETCH(QString, words);
        const auto outcome = answeredWith(answer);
        QVERIFY(outcome.has_value());
        QCOMPARE(static_cast<int>(outcome->kind), kind);
        QCOMPARE(outcome->code, code);
        QCOMPARE(outcome->retryAfter ? static_cast<int>(outcome->retryAfter->count()) : -1, retryAfterMs);
        QVERIFY2(outcome->message.contains(words), qPrintable(outcome->message));
        QVERIFY(!outcome->message.isEmpty());
        if (outcome->kind == Kind::PartialSuccess)
            QCOMPARE(outcome->rejected, std::int64_t(3));
    }

    void aJsonBackendsWordsAreReadToo()
    {
        const auto outcome = answeredWith(
            ScriptedBackend::answer("400 Bad Request", R"({"code":3,"message":"bad span id"})", {}, "application/json"),
            ExportProtocol::HttpJson);
        QCOMPARE(outcome->kind, Kind::Permanent);
        QVERIFY(outcome->message.endsWith(QStringLiteral(": bad span id")));
        const auto partial =
            answeredWith(ScriptedBackend::answer("200 OK", R"({"partialSuccess":{"rejectedSpans":"2","errorMessage":"no"}})", {},
                                                 "application/json"),
                         ExportProtocol::HttpJson);
        QCOMPARE(partial->kind, Kind::PartialSuccess);
        QCOMPARE(partial->rejected, std::int64_t(2));
    }

    void aRedirectIsNotFollowed()
    {
        ScriptedBackend elsewhere([](int, const ReceivedRequest&) { return ScriptedBackend::answer("200 OK"); });
        const QByteArray location = "Location: " + elsewhere.url().toUtf8() + "/v1/traces\r\n";
        ScriptedBackend backend(
            [location](int, const ReceivedRequest&) { return ScriptedBackend::answer("302 Found", {}, location); });
        const auto exporter = make(destinationOf(backend.url()));
        QCOMPARE(send(*exporter)->kind, Kind::Misaddressed);
        QVERIFY(elsewhere.requests().isEmpty());
    }

    void aBackendThatHangsIsGivenUp()
    {
        ScriptedBackend backend([](int, const ReceivedRequest&) { return QByteArray(); });
        config::Destination destination = destinationOf(backend.url());
        destination.timeout = milliseconds(150);
        const auto exporter = make(destination);
        const auto outcome = send(*exporter);
        QCOMPARE(outcome->kind, Kind::Retryable);
        QVERIFY(outcome->message.contains(QStringLiteral("150 ms")));
    }

    void anEndlessAnswerIsCutOff()
    {
        ScriptedBackend backend([](int, const ReceivedRequest&) {
            return "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + QByteArray(6'000'000, 'x');
        });
        const auto exporter = make(destinationOf(backend.url()));
        const auto outcome = send(*exporter);
        QCOMPARE(outcome->kind, Kind::Success);
        QVERIFY(outcome->message.contains(QStringLiteral("4 MiB")));
    }

    void nobodyListeningIsWorthAnotherTry()
    {
        const ReservedPort nobody;
        const auto exporter = make(destinationOf(QStringLiteral("http://127.0.0.1:%1").arg(nobody.port())));
        const auto outcome = send(*exporter);
        QCOMPARE(outcome->kind, Kind::Retryable);
        QCOMPARE(outcome->code, 0);
        QVERIFY(!outcome->message.isEmpty());
    }

    void aLockedVaultKeepsTheBatchWaiting()
    {
        ScriptedBackend backend([](int, const ReceivedRequest&) { return ScriptedBackend::answer("200 OK"); });
        config::Destination destination = destinationOf(backend.url());
        destination.headers = {{QStringLiteral("x-key"), QStringLiteral("${vault:key}")}};
        const auto exporter = make(destination, [](QStringView) -> Result<QByteArray> {
            return fail(ErrorCode::Unavailable, QStringLiteral("the vault is locked"));
        });
        const auto outcome = send(*exporter);
        QCOMPARE(outcome->kind, Kind::Retryable);
        QVERIFY(outcome->message.contains(QStringLiteral("the vault is locked")));
        QVERIFY(backend.requests().isEmpty());
    }

    void anExporterThatEndsCallsNobodyBack()
    {
        ScriptedBackend backend([](int, const ReceivedRequest&) { return QByteArray(); });
        auto exporter = make(destinationOf(backend.url()));
        bool called = false;
        exporter->exportBatch(Signal::Traces, "x", [&called](const ExportOutcome&) { called = true; });
        QTRY_COMPARE(backend.requests().size(), 1);
        exporter.reset();
        QTRY_COMPARE(backend.closedByClient(), 1);
        QVERIFY(!called);
    }

    void unusableEndpointsAndCertificatesAreRefusedAtOnce()
    {
        QVERIFY(!makeExporter(destinationOf(QStringLiteral("localhost:4318")), {m_clock, {}}).has_value());
        config::Destination destination = destinationOf(QStringLiteral("https://c"));
        destination.caFile = QStringLiteral("/nowhere/ca.pem");
        QCOMPARE(makeExporter(destination, {m_clock, {}}).error().code, ErrorCode::Io);
        QTemporaryDir folder;
        QFile file(folder.filePath(QStringLiteral("ca.pem")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("not a certificate");
        file.close();
        destination.caFile = file.fileName();
        QCOMPARE(makeExporter(destination, {m_clock, {}}).error().code, ErrorCode::Parse);
        destination.caFile.clear();
        destination.certFile = file.fileName();
        destination.keyFile = file.fileName();
        QCOMPARE(makeExporter(destination, {m_clock, {}}).error().code, ErrorCode::Parse);
    }

    void aPrivateAuthorityAndAClientCertificateWork()
    {
        const QString openssl = QStandardPaths::findExecutable(QStringLiteral("openssl"));
        if (openssl.isEmpty() || !QSslSocket::supportsSsl())
            QSKIP("openssl is not installed");
        QTemporaryDir folder;
        const auto path = [&](const char* name) { return folder.filePath(QString::fromLatin1(name)); };
        QCOMPARE(
            QProcess::execute(openssl, {QStringLiteral("req"), QStringLiteral("-x509"), QStringLiteral("-newkey"),
                                        QStringLiteral("rsa:2048"), QStringLiteral("-nodes"), QStringLiteral("-days"),
                                        QStringLiteral("2"), QStringLiteral("-subj"), QStringLiteral("/CN=127.0.0.1"),
                                        QStringLiteral("-addext"), QStringLiteral("subjectAltName=IP:127.0.0.1"),
                                        QStringLiteral("-keyout"), path("key.pem"), QStringLiteral("-out"), path("cert.pem")}),
            0);
        const QList<QSslCertificate> certificates = QSslCertificate::fromPath(path("cert.pem"));
        QFile keyFile(path("key.pem"));
        QVERIFY(keyFile.open(QIODevice::ReadOnly));
        const QSslKey key(keyFile.readAll(), QSsl::Rsa);

        class TlsServer : public QTcpServer {
        public:
            std::function<void(qintptr)> accept;

        protected:
            void incomingConnection(qintptr handle) override { accept(handle); }
        };
        TlsServer server;
        QByteArray peerName;
        server.accept = [&](qintptr handle) {
            auto* socket = new QSslSocket(&server);
            socket->setSocketDescriptor(handle);
            QSslConfiguration tls = socket->sslConfiguration();
            tls.addCaCertificates(certificates);
            socket->setSslConfiguration(tls);
            socket->setLocalCertificate(certificates.first());
            socket->setPrivateKey(key);
            socket->setPeerVerifyMode(QSslSocket::VerifyPeer);
            QObject::connect(socket, &QSslSocket::readyRead, socket, [socket, &peerName] {
                peerName = socket->peerCertificate().subjectInfo(QSslCertificate::CommonName).value(0).toUtf8();
                if (socket->readAll().contains("request"))
                    socket->write(ScriptedBackend::answer("200 OK"));
            });
            socket->startServerEncryption();
        };
        QVERIFY(server.listen(QHostAddress::LocalHost, 0));
        config::Destination destination = destinationOf(QStringLiteral("https://127.0.0.1:%1").arg(server.serverPort()));
        {
            const auto distrustful = make(destination);
            const auto outcome = send(*distrustful);
            QCOMPARE(outcome->kind, Kind::Retryable);
            QVERIFY(outcome->code == 0 && !outcome->message.isEmpty());
        }
        destination.caFile = path("cert.pem");
        destination.certFile = path("cert.pem");
        destination.keyFile = path("key.pem");
        const auto exporter = make(destination);
        QVERIFY(exporter != nullptr);
        const auto outcome = send(*exporter);
        QVERIFY2(outcome->kind == Kind::Success, qPrintable(outcome->message));
        QCOMPARE(peerName, QByteArray("127.0.0.1"));
    }
};

QTEST_GUILESS_MAIN(HttpExporterTest)
#include "tst_http_exporter.moc"
