// SPDX-License-Identifier: GPL-3.0-or-later
#include "../http/raw_peer.h"
#include "full_telemetry.h"
#include "keeping_sink.h"
#include "otlp/codec/decode.h"
#include "otlp/codec/gzip.h"
#include "otlp/receiver/receiver.h"

#include <QTcpServer>
#include <QTcpSocket>
#include <QTest>

using namespace oriel;
using namespace oriel::otlp;
using namespace oriel::otlp::test;

namespace {

struct Answer {
    int status = 0;
    QByteArray head;
    QByteArray body;

    [[nodiscard]] QByteArray field(const QByteArray& name) const
    {
        for (const QByteArray& line : head.split('\n')) {
            if (line.toLower().startsWith(name.toLower() + ": "))
                return line.mid(name.size() + 2).trimmed();
        }
        return {};
    }
    [[nodiscard]] RpcStatus rpcStatus(Encoding encoding) const { return decodeRpcStatus(body, encoding).value_or(RpcStatus()); }
};

/// A receiver on free ports whose sink keeps all.
struct ReceiverFixture {
    ReceiverFixture() : receiver(clock, sink, {"4711", "0123456789abcdef"})
    {
        receiver.configure({true, QHostAddress(QHostAddress::LocalHost), 0, 0});
    }

    [[nodiscard]] Answer ask(const QByteArray& request) const
    {
        RawPeer peer(receiver.status().httpPort);
        peer.send(request);
        const auto whole = [&peer] {
            const qsizetype end = peer.received.indexOf("\r\n\r\n");
            if (end < 0)
                return false;
            Answer answer{0, peer.received.first(end), peer.received.mid(end + 4)};
            return answer.body.size() >= answer.field("Content-Length").toInt();
        };
        spinUntil([&] { return whole() || peer.isClosed(); });
        const qsizetype end = peer.received.indexOf("\r\n\r\n");
        return {peer.status(), peer.received.left(end), peer.received.mid(end + 4)};
    }
    [[nodiscard]] QByteArray head(const QByteArray& line, const QByteArray& more = {}) const
    {
        return line + " HTTP/1.1\r\nHost: 127.0.0.1:" + QByteArray::number(receiver.status().httpPort) + "\r\n" + more;
    }
    [[nodiscard]] Answer post(const QByteArray& path, const QByteArray& type, const QByteArray& body,
                              const QByteArray& more = {}) const
    {
        return ask(head("POST " + path,
                        more + "Content-Type: " + type + "\r\nContent-Length: " + QByteArray::number(body.size()) + "\r\n\r\n") +
                   body);
    }

    SystemClock clock;
    KeepingSink sink;
    OtlpReceiver receiver;
};

const char kProtobuf[] = "application/x-protobuf";
const char kJson[] = "application/json";

QByteArray traces(Encoding encoding)
{
    const telemetry::SpanData span = full::span();
    return encodeTraces({&span, 1}, encoding);
}

} // namespace

class ReceiverHttpTest : public QObject {
    Q_OBJECT

    static void encodings()
    {
        QTest::addColumn<bool>("json");
        QTest::newRow("protobuf") << false;
        QTest::newRow("JSON") << true;
    }

private Q_SLOTS:
    void everySignalIsTakenInBothEncodings_data() { encodings(); }
    void everySignalIsTakenInBothEncodings()
    {
        QFETCH(bool, json);
        const Encoding encoding = json ? Encoding::Json : Encoding::Protobuf;
        const QByteArray type = json ? "application/json; charset=utf-8" : "Application/X-Protobuf";
        const ReceiverFixture fixture;
        const telemetry::LogRecord log = full::log();
        const ScopedMetrics metrics = full::metrics();
        const Answer spans = fixture.post("/v1/traces", type, traces(encoding));
        QCOMPARE(spans.status, 200);
        QCOMPARE(spans.body, json ? QByteArray("{}") : QByteArray());
        QCOMPARE(spans.field("Content-Type"), QByteArray(contentType(encoding)));
        QCOMPARE(fixture.post("/v1/logs", type, encodeLogs({&log, 1}, encoding)).status, 200);
        QCOMPARE(fixture.post("/v1/metrics", type, encodeMetrics({&metrics, 1}, encoding)).status, 200);
        QCOMPARE(fixture.sink.spans().at(0).name, full::span().name);
        QCOMPARE(fixture.sink.logs().at(0).body, log.body);
        QCOMPARE(fixture.sink.metrics().at(0).metrics.size(), metrics.metrics.size());
        const ReceiverCounts counts = fixture.receiver.counts();
        QCOMPARE(counts.spans, std::uint64_t(1));
        QCOMPARE(counts.logs, std::uint64_t(1));
        QVERIFY(counts.points >= 4 && counts.rejected == 0 && counts.failed == 0);
    }

    void gzipAndChunkedBodiesAreUnpacked()
    {
        const ReceiverFixture fixture;
        const QByteArray packed = gzip(traces(Encoding::Protobuf));
        QCOMPARE(fixture.post("/v1/traces", kProtobuf, packed, "Content-Encoding: gzip\r\n").status, 200);
        const auto chunk = [](const QByteArray& bytes) { return QByteArray::number(bytes.size(), 16) + "\r\n" + bytes + "\r\n"; };
        const Answer chunked =
            fixture.ask(fixture.head("POST /v1/traces", QByteArray("Content-Type: ") + kProtobuf +
                                                            "\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n") +
                        chunk(packed.first(10)) + chunk(packed.sliced(10)) + "0\r\n\r\n");
        QCOMPARE(chunked.status, 200);
        QCOMPARE(fixture.sink.spans().size(), std::size_t(2));
    }

    void anEmptyRequestIsASuccess()
    {
        const ReceiverFixture fixture;
        QCOMPARE(fixture.post("/v1/traces", kProtobuf, {}).status, 200);
        QCOMPARE(fixture.post("/v1/metrics", kJson, "{}").status, 200);
        QVERIFY(fixture.sink.isEmpty());
    }

    void whatIsLeftOutIsToldAsAPartialSuccess_data() { encodings(); }
    void whatIsLeftOutIsToldAsAPartialSuccess()
    {
        QFETCH(bool, json);
        const Encoding encoding = json ? Encoding::Json : Encoding::Protobuf;
        const ReceiverFixture fixture;
        std::vector<telemetry::SpanData> spans{full::span(), full::span()};
        spans[1].spanId = {};
        const Answer answer = fixture.post("/v1/traces", contentType(encoding), encodeTraces(spans, encoding));
        QCOMPARE(answer.status, 200);
        const auto partial = decodeExportResponse(answer.body, encoding);
        QVERIFY(partial && partial->rejected == 1 && partial->message.contains(QStringLiteral("span id")));
        QCOMPARE(fixture.sink.spans().size(), std::size_t(1));
        QCOMPARE(fixture.receiver.counts().rejected, std::uint64_t(1));
    }

    void whatThisOrielHasSentOrPassedOnIsNotTakenAgain()
    {
        const ReceiverFixture fixture;
        const auto from = [](telemetry::Attributes attributes) {
            auto resource = std::make_shared<telemetry::Resource>();
            resource->attributes = std::move(attributes);
            telemetry::SpanData span = full::span();
            span.resource = resource;
            return span;
        };
        const std::vector<telemetry::SpanData> spans{
            from({{"telemetry.sdk.name", QByteArray("oriel")}, {"service.instance.id", QByteArray("4711")}}),
            from({{kPassedOnBy, QByteArray("aaaaaaaaaaaaaaaa,0123456789abcdef")}}),
            from({{"telemetry.sdk.name", QByteArray("oriel")}, {"service.instance.id", QByteArray("4712")}}),
            from({{kPassedOnBy, QByteArray("aaaaaaaaaaaaaaaa")}})};
        const Answer answer = fixture.post("/v1/traces", kProtobuf, encodeTraces(spans, Encoding::Protobuf));
        QCOMPARE(decodeExportResponse(answer.body, Encoding::Protobuf)->rejected, std::int64_t(2));
        QCOMPARE(fixture.sink.spans().size(), std::size_t(2));
    }

    void aBrokenMessageIsRefusedInItsOwnEncoding_data()
    {
        QTest::addColumn<QByteArray>("type");
        QTest::addColumn<QByteArray>("coding");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<int>("status");
        QTest::addColumn<QString>("field"); // of the violation
        const QByteArray good = traces(Encoding::Protobuf);
        const QByteArray packed = gzip(good);
        QByteArray changed = packed;
        changed[changed.size() - 6] = static_cast<char>(changed[changed.size() - 6] ^ 1);
        QTest::newRow("protobuf cut short") << QByteArray(kProtobuf) << QByteArray() << good.chopped(3) << 400
                                            << QStringLiteral("resource_spans");
        QTest::newRow("not protobuf") << QByteArray(kProtobuf) << QByteArray() << QByteArray(20, '\xff') << 400
                                      << QStringLiteral("resource_spans");
        QTest::newRow("JSON cut short") << QByteArray(kJson) << QByteArray() << traces(Encoding::Json).chopped(2) << 400
                                        << QStringLiteral("resource_spans");
        QTest::newRow("JSON of another shape")
            << QByteArray(kJson) << QByteArray() << QByteArray("[]") << 400 << QStringLiteral("resource_spans");
        QTest::newRow("no JSON at all") << QByteArray(kJson) << QByteArray() << QByteArray() << 400
                                        << QStringLiteral("resource_spans");
        QTest::newRow("not gzip") << QByteArray(kProtobuf) << QByteArray("gzip") << good << 400 << QStringLiteral("body");
        QTest::newRow("gzip cut short") << QByteArray(kProtobuf) << QByteArray("gzip") << packed.chopped(4) << 400
                                        << QStringLiteral("body");
        QTest::newRow("gzip with a wrong checksum")
            << QByteArray(kProtobuf) << QByteArray("gzip") << changed << 400 << QStringLiteral("body");
        QTest::newRow("nothing where gzip should be")
            << QByteArray(kJson) << QByteArray("gzip") << QByteArray() << 400 << QStringLiteral("body");
        QTest::newRow("another coding") << QByteArray(kJson) << QByteArray("br") << QByteArray("x") << 415 << QString();
        QTest::newRow("another type") << QByteArray("text/plain") << QByteArray() << QByteArray("x") << 415 << QString();
    }
    void aBrokenMessageIsRefusedInItsOwnEncoding()
    {
        QFETCH(QByteArray, type);
        QFETCH(QByteArray, coding);
        QFETCH(QByteArray, body);
        QFETCH(int, status);
        const ReceiverFixture fixture;
        const Answer answer =
            fixture.post("/v1/traces", type, body, coding.isEmpty() ? QByteArray() : "Content-Encoding: " + coding + "\r\n");
        QCOMPARE(answer.status, status);
        const Encoding encoding = type == kProtobuf ? Encoding::Protobuf : Encoding::Json;
        QCOMPARE(answer.field("Content-Type"), QByteArray(contentType(encoding)));
        QCOMPARE(answer.rpcStatus(encoding).code, 3);
        const RpcStatus said = answer.rpcStatus(encoding);
        QVERIFY(!said.message.isEmpty());
        QFETCH(QString, field);
        QCOMPARE(said.violations, field.isEmpty() ? QList<FieldViolation>() : QList<FieldViolation>({{field, said.message}}));
        QVERIFY(fixture.sink.isEmpty());
    }

    void answersArePackedForWhoTakesThatWhereItPays()
    {
        const ReceiverFixture fixture;
        const QByteArray broken = traces(Encoding::Json).chopped(2);
        const Answer plain = fixture.post("/v1/traces", kJson, broken);
        QVERIFY(plain.status == 400 && plain.field("Content-Encoding").isEmpty());
        const Answer packed = fixture.post("/v1/traces", kJson, broken, "Accept-Encoding: deflate, gzip\r\n");
        QCOMPARE(packed.status, 400);
        QCOMPARE(packed.field("Content-Encoding"), QByteArray("gzip"));
        QCOMPARE(packed.field("Vary"), QByteArray("Accept-Encoding"));
        QVERIFY(packed.body.size() < plain.body.size());
        QCOMPARE(gunzip(packed.body, 4096).value_or(QByteArray()), plain.body);
        const Answer refused = fixture.post("/v1/traces", kJson, broken, "Accept-Encoding: gzip;q=0\r\n");
        QCOMPARE(refused.body, plain.body);
        const Answer whole = fixture.post("/v1/traces", kJson, traces(Encoding::Json), "Accept-Encoding: gzip\r\n");
        QVERIFY(whole.field("Content-Encoding").isEmpty());
        QCOMPARE(whole.body, QByteArray("{}"));
    }

    void aBombIsRefusedWhenItReachesTheLimit()
    {
        const ReceiverFixture fixture;
        const QByteArray part = gzip(QByteArray(16 * 1024 * 1024, '\0'));
        QByteArray bomb;
        for (int i = 0; i < 64; ++i)
            bomb += part; // a gigabyte
        const Answer answer = fixture.post("/v1/logs", kProtobuf, bomb, "Content-Encoding: gzip\r\n");
        QCOMPARE(answer.status, 413);
        QCOMPARE(answer.rpcStatus(Encoding::Protobuf).code, 8);
    }

    void aBodyOverTheLimitIsRefusedBeforeItIsSent()
    {
        const ReceiverFixture fixture;
        const Answer answer = fixture.ask(
            fixture.head("POST /v1/traces", QByteArray("Content-Type: ") + kJson + "\r\nContent-Length: 67108865\r\n\r\n"));
        QCOMPARE(answer.status, 413);
        QCOMPARE(answer.rpcStatus(Encoding::Json).code, 8);
    }

    void otherPathsAndMethodsAreRefused()
    {
        const ReceiverFixture fixture;
        QCOMPARE(fixture.post("/v1/traces/", kJson, "{}").status, 404);
        QCOMPARE(fixture.post("/v1development/profiles", kProtobuf, {}).status, 404);
        const Answer got = fixture.ask(fixture.head("GET /v1/traces", "\r\n"));
        QCOMPARE(got.status, 405);
        QCOMPARE(got.field("Allow"), QByteArray("POST"));
        QVERIFY(fixture.ask(fixture.head("OPTIONS /v1/traces", "Origin: http://localhost:1\r\n\r\n"))
                    .field("Access-Control-Allow-Origin")
                    .isEmpty());
    }

    void onlyProgramsOfThisMachineAreServed()
    {
        const ReceiverFixture fixture;
        const QByteArray port = QByteArray::number(fixture.receiver.status().httpPort);
        const auto withHost = [&](const QByteArray& host, const QByteArray& more) {
            return fixture.ask("POST /v1/traces HTTP/1.1\r\nHost: " + host + "\r\n" + more +
                               "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
        };
        QCOMPARE(withHost("localhost:" + port, {}).status, 200);
        QCOMPARE(withHost("attacker.example:" + port, {}).status, 403);
        QCOMPARE(withHost("127.0.0.1:" + port, "Origin: https://attacker.example\r\n").status, 403);
    }

    void aStoreThatCannotKeepUpAsksTheSenderToComeAgain()
    {
        ReceiverFixture fixture;
        fixture.sink.setFull(true);
        const Answer answer = fixture.post("/v1/traces", kProtobuf, traces(Encoding::Protobuf));
        QCOMPARE(answer.status, 503);
        QCOMPARE(answer.field("Retry-After"), QByteArray("1"));
        QCOMPARE(answer.rpcStatus(Encoding::Protobuf).code, 14);
        QVERIFY(answer.rpcStatus(Encoding::Protobuf).retryDelay == kReceiverRetryDelay);
        QCOMPARE(fixture.receiver.counts().busy, std::uint64_t(1));
        fixture.sink.setFull(false);
        QCOMPARE(fixture.post("/v1/traces", kProtobuf, traces(Encoding::Protobuf)).status, 200);
    }

    void aStoreThatCannotKeepUpDoesNotLetABodyBeRead()
    {
        ReceiverFixture fixture;
        fixture.sink.setFull(true);
        const Answer answer = fixture.ask(
            fixture.head("POST /v1/traces", QByteArray("Content-Type: ") + kJson + "\r\nContent-Length: 60000000\r\n\r\n"));
        QCOMPARE(answer.status, 503);
        QCOMPARE(answer.field("Retry-After"), QByteArray("1"));
        QCOMPARE(fixture.receiver.counts().busy, std::uint64_t(1));
    }

    void unfinishedRequestsOfAllSendersHaveOneLimit()
    {
        const ReceiverFixture fixture;
        const QByteArray request =
            fixture.head("POST /v1/traces", QByteArray("Content-Type: ") + kJson + "\r\nContent-Length: 67108864\r\n\r\n") +
            QByteArray(67'108'863, ' ');
        RawPeer peers[]{RawPeer(fixture.receiver.status().httpPort), RawPeer(fixture.receiver.status().httpPort),
                        RawPeer(fixture.receiver.status().httpPort)};
        for (RawPeer& peer : peers)
            peer.send(request);
        const auto refused = [&peers]() -> const RawPeer* {
            for (const RawPeer& peer : peers) {
                if (peer.status() != 0)
                    return &peer;
            }
            return nullptr;
        };
        QVERIFY(spinUntil([&] { return refused() != nullptr; }));
        QCOMPARE(refused()->status(), 503);
        QVERIFY(refused()->received.contains("Retry-After: 1\r\n"));
        QCOMPARE(fixture.receiver.counts().busy, std::uint64_t(1));
    }

    void manyProgramsKeepTheirConnectionsAndAFurtherOneIsServed()
    {
        const ReceiverFixture fixture;
        const QByteArray request =
            fixture.head("POST /v1/traces", QByteArray("Content-Type: ") + kJson + "\r\nContent-Length: 2\r\n\r\n{}");
        constexpr int kPrograms = 150;
        std::vector<std::unique_ptr<RawPeer>> programs;
        for (int i = 0; i < kPrograms; ++i) {
            const auto& program = programs.emplace_back(std::make_unique<RawPeer>(fixture.receiver.status().httpPort));
            program->send(request);
            QVERIFY(spinUntil([&program] { return program->status() != 0; }));
            QCOMPARE(program->status(), 200);
        }
        QVERIFY(std::none_of(programs.begin(), programs.end(), [](const auto& program) { return program->isClosed(); }));
        QCOMPARE(fixture.receiver.counts().busy, std::uint64_t(0));
    }

    void aTakenPortIsToldAndTheOtherWorks()
    {
        QTcpServer holder;
        QVERIFY(holder.listen(QHostAddress(QHostAddress::LocalHost), 0));
        const SystemClock clock;
        KeepingSink sink;
        OtlpReceiver receiver(clock, sink, {});
        for (const bool grpcIsTaken : {false, true}) {
            ReceiverSettings settings{true, QHostAddress(QHostAddress::LocalHost), 0, 0};
            (grpcIsTaken ? settings.grpcPort : settings.httpPort) = holder.serverPort();
            receiver.configure(settings);
            const ReceiverStatus status = receiver.status();
            QCOMPARE(status.grpcPort != 0, !grpcIsTaken);
            QCOMPARE(status.httpPort != 0, grpcIsTaken);
            const QString error = grpcIsTaken ? status.grpcError : status.httpError;
            QVERIFY2(error.contains(QString::number(holder.serverPort())), qPrintable(error));
#ifdef Q_OS_LINUX
            QVERIFY2(error.contains(QStringLiteral("tst_receiver")), qPrintable(error));
#endif
        }
        // Once it is free, the same settings are enough.
        const quint16 port = holder.serverPort();
        holder.close();
        receiver.configure({true, QHostAddress(QHostAddress::LocalHost), port, 0});
        QCOMPARE(receiver.status().grpcPort, port);
        QVERIFY(receiver.status().grpcError.isEmpty());
    }

    void whatCannotBeReadIsToldWithItsPath()
    {
        const ReceiverFixture fixture;
        const Answer answer =
            fixture.post("/v1/traces", kJson, "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\"zz\"}]}]}]}");
        QCOMPARE(answer.status, 400);
        const RpcStatus status = answer.rpcStatus(Encoding::Json);
        QVERIFY2(answer.body.contains("\"field\":\"resourceSpans[0].scopeSpans[0].spans[0].traceId\""), answer.body.constData());
        QVERIFY2(status.message.contains(QStringLiteral("spans[0].traceId: expected 32 hexadecimal digits")),
                 qPrintable(status.message));
        QCOMPARE(fixture.receiver.counts().failed, 1ULL);
    }

    void bothLoopbackAddressesAreServed()
    {
        if (!http::isPortFree(QHostAddress(QHostAddress::LocalHostIPv6), 0))
            QSKIP("this machine has no ::1");
        const ReceiverFixture fixture;
        const ReceiverStatus status = fixture.receiver.status();
        const QList<QHostAddress> both{QHostAddress(QHostAddress::LocalHost), QHostAddress(QHostAddress::LocalHostIPv6)};
        QCOMPARE(status.httpAddresses, both);
        QCOMPARE(status.grpcAddresses, both);
        for (const quint16 port : {status.httpPort, status.grpcPort})
            QVERIFY(!http::isPortFree(both[1], port));
        QTcpSocket socket;
        socket.connectToHost(both[1], status.httpPort);
        QVERIFY(socket.waitForConnected());
        socket.write("GET /v1/traces HTTP/1.1\r\nHost: [::1]:" + QByteArray::number(status.httpPort) +
                     "\r\nConnection: close\r\n\r\n");
        QByteArray received;
        QVERIFY(spinUntil([&] {
            received += socket.readAll();
            return received.startsWith("HTTP/1.1 405");
        }));
    }

    void anAddressThatIsTakenIsToldAndTheOtherIsServed()
    {
        QTcpServer holder;
        if (!holder.listen(QHostAddress(QHostAddress::LocalHostIPv6), 0))
            QSKIP("this machine has no ::1");
        if (!http::isPortFree(QHostAddress(QHostAddress::LocalHost), holder.serverPort()))
            QSKIP("the port is taken at 127.0.0.1 too");
        const quint16 port = holder.serverPort();
        const SystemClock clock;
        KeepingSink sink;
        OtlpReceiver receiver(clock, sink, {});
        for (const bool isGrpc : {false, true}) {
            ReceiverSettings settings{true, QHostAddress(QHostAddress::LocalHost), 0, 0};
            (isGrpc ? settings.grpcPort : settings.httpPort) = port;
            receiver.configure(settings);
            const ReceiverStatus status = receiver.status();
            QCOMPARE(isGrpc ? status.grpcPort : status.httpPort, port);
            QCOMPARE((isGrpc ? status.grpcAddresses : status.httpAddresses).size(), qsizetype(1));
            const QString error = isGrpc ? status.grpcError : status.httpError;
            QVERIFY2(error.contains(QStringLiteral("::1:%1").arg(port)), qPrintable(error));
#ifdef Q_OS_LINUX
            QVERIFY2(error.contains(QStringLiteral("tst_receiver")), qPrintable(error));
#endif
            QVERIFY((isGrpc ? status.httpError : status.grpcError).isEmpty());
        }
        // Once it is free, the same settings are enough.
        holder.close();
        receiver.configure({true, QHostAddress(QHostAddress::LocalHost), port, 0});
        QVERIFY(receiver.status().grpcError.isEmpty());
        QCOMPARE(receiver.status().grpcAddresses.size(), qsizetype(2));
    }

    void settingsChangeWhileItRuns()
    {
        ReceiverFixture fixture;
        const ReceiverStatus before = fixture.receiver.status();
        int changes = 0;
        QObject::connect(&fixture.receiver, &OtlpReceiver::statusChanged, &fixture.receiver, [&changes] { ++changes; });
        fixture.receiver.configure({true, QHostAddress(QHostAddress::LocalHost), 0, 0});
        QCOMPARE(fixture.receiver.status(), before);
        QCOMPARE(changes, 0);
        fixture.receiver.close();
        QCOMPARE(changes, 1);
        QCOMPARE(fixture.receiver.status().httpPort, quint16(0));
        RawPeer peer(before.httpPort);
        QVERIFY(peer.isClosed());
    }
};

QTEST_GUILESS_MAIN(ReceiverHttpTest)
#include "tst_receiver_http.moc"
