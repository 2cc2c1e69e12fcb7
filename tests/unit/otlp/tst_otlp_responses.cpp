// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/codec/response.h"

#include <QTest>

using namespace oriel;
using namespace oriel::otlp;
using std::chrono::milliseconds;

class OtlpResponsesTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void anEmptyAnswerIsAFullSuccess()
    {
        QCOMPARE(*decodeExportResponse({}, Encoding::Protobuf), PartialSuccess{});
        QCOMPARE(*decodeExportResponse({}, Encoding::Json), PartialSuccess{});
        QCOMPARE(*decodeExportResponse("{}", Encoding::Json), PartialSuccess{});
        QCOMPARE(encodeExportResponse(Signal::Traces, {}, Encoding::Protobuf), QByteArray());
        QCOMPARE(encodeExportResponse(Signal::Traces, {}, Encoding::Json), QByteArray("{}"));
    }

    void aPartialSuccessIsReadInBothEncodings()
    {
        // response{1: partial{1: 300, 2: "full"}}
        QCOMPARE(*decodeExportResponse(QByteArray::fromHex("0a0908ac02120466756c6c"), Encoding::Protobuf),
                 (PartialSuccess{300, QStringLiteral("full")}));
        QCOMPARE(*decodeExportResponse(R"({"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"full"}})", Encoding::Json),
                 (PartialSuccess{3, QStringLiteral("full")}));
        QCOMPARE(*decodeExportResponse(R"({"partialSuccess":{"rejectedDataPoints":2}})", Encoding::Json),
                 (PartialSuccess{2, {}}));
        for (const Signal signal : kSignals) {
            for (const Encoding encoding : {Encoding::Protobuf, Encoding::Json}) {
                const PartialSuccess partial{7, QStringLiteral("no")};
                QCOMPARE(*decodeExportResponse(encodeExportResponse(signal, partial, encoding), encoding), partial);
            }
        }
        QVERIFY(!decodeExportResponse("<html>", Encoding::Json).has_value());
        QVERIFY(!decodeExportResponse("\x0a\x7f", Encoding::Protobuf).has_value());
    }

    void aStatusAndItsRetryInfoAreReadInBothEncodings()
    {
        // status{1: 14, 2: "busy", 3: any{1: type, 2: retryInfo{1: duration{1: 2, 2: 500000000}}}}
        const QByteArray type = "type.googleapis.com/google.rpc.RetryInfo";
        const QByteArray info = QByteArray::fromHex("0a0808021080cab5ee01");
        const QByteArray any =
            QByteArray("\x0a") + static_cast<char>(type.size()) + type + "\x12" + static_cast<char>(info.size()) + info;
        const QByteArray status = QByteArray("\x08\x0e\x12\x04") + "busy" + "\x1a" + static_cast<char>(any.size()) + any;
        const RpcStatus expected{14, QStringLiteral("busy"), milliseconds(2500)};
        QCOMPARE(*decodeRpcStatus(status, Encoding::Protobuf), expected);
        QCOMPARE(encodeRpcStatus(expected, Encoding::Protobuf), status);
        QCOMPARE(*decodeRpcStatus(encodeRpcStatus(expected, Encoding::Json), Encoding::Json), expected);
        QCOMPARE(*decodeRpcStatus(R"({"message":"bad"})", Encoding::Json), (RpcStatus{0, QStringLiteral("bad"), {}}));
        QVERIFY(!decodeRpcStatus("oops", Encoding::Json).has_value());
        const auto delayOf = [](const QByteArray& delay) {
            return decodeRpcStatus("{\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":\"" +
                                       delay + "\"}]}",
                                   Encoding::Json)
                ->retryDelay;
        };
        QCOMPARE(delayOf("1.5s"), std::optional(milliseconds(1'500)));
        QCOMPARE(delayOf("1e300s"), std::optional(milliseconds(86'400'000)));
        QVERIFY(!delayOf("nans") && !delayOf("-1s"));
    }

    void theViolationsOfABadRequestAreReadInBothEncodings()
    {
        // status{1: 3, 2: "bad", 3: any{1: type, 2: badRequest{1: violation{1: "a", 2: "b"}}}}
        const QByteArray type = "type.googleapis.com/google.rpc.BadRequest";
        const QByteArray badRequest = QByteArray::fromHex("0a060a0161120162");
        const QByteArray any = QByteArray("\x0a") + static_cast<char>(type.size()) + type + "\x12" +
                               static_cast<char>(badRequest.size()) + badRequest;
        const QByteArray status = QByteArray("\x08\x03\x12\x03") + "bad" + "\x1a" + static_cast<char>(any.size()) + any;
        RpcStatus expected{3, QStringLiteral("bad"), {}, {{QStringLiteral("a"), QStringLiteral("b")}}};
        QCOMPARE(*decodeRpcStatus(status, Encoding::Protobuf), expected);
        QCOMPARE(encodeRpcStatus(expected, Encoding::Protobuf), status);
        QCOMPARE(encodeRpcStatus(expected, Encoding::Json),
                 QByteArray(R"({"code":3,"message":"bad","details":[{"@type":"type.googleapis.com/google.rpc.BadRequest",)"
                            R"("fieldViolations":[{"field":"a","description":"b"}]}]})"));
        expected.retryDelay = milliseconds(250);
        for (const Encoding encoding : {Encoding::Protobuf, Encoding::Json})
            QCOMPARE(*decodeRpcStatus(encodeRpcStatus(expected, encoding), encoding), expected);
    }

    void retryAfterIsSecondsOrADate_data()
    {
        QTest::addColumn<QByteArray>("value");
        QTest::addColumn<int>("expected");
        QTest::newRow("seconds") << QByteArray("120") << 120'000;
        QTest::newRow("zero") << QByteArray(" 0 ") << 0;
        QTest::newRow("date") << QByteArray("Tue, 14 Nov 2023 22:13:30 GMT") << 10'000;
        QTest::newRow("RFC 850 date") << QByteArray("Tuesday, 14-Nov-23 22:13:30 GMT") << 10'000;
        QTest::newRow("asctime date") << QByteArray("Tue Nov 14 22:13:30 2023") << 10'000;
        QTest::newRow("past date") << QByteArray("Tue, 14 Nov 2023 22:00:00 GMT") << 0;
        QTest::newRow("far too long") << QByteArray("99999999999") << 86'400'000;
        QTest::newRow("negative") << QByteArray("-5") << -1;
        QTest::newRow("nonsense") << QByteArray("soon") << -1;
    }
    void retryAfterIsSecondsOrADate()
    {
        QFETCH(QByteArray, value);
        QFETCH(int, expected);
        const auto wait = parseRetryAfter(value, 1'700'000'000'000'000'000); // 2023-11-14T22:13:20Z
        QCOMPARE(wait ? static_cast<int>(wait->count()) : -1, expected);
    }
};

QTEST_GUILESS_MAIN(OtlpResponsesTest)
#include "tst_otlp_responses.moc"
