// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/pipeline/child_telemetry.h"

#include <QTest>

using namespace oriel;
using namespace oriel::service;
using config::ChildTelemetry;
using Environment = QMap<QString, QString>;

namespace {

const QByteArray kTraceparent = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01";
const otlp::ReceiverStatus kBoth{true, 4317, 4318, {}, {}, {}, {}};

Environment environmentOf(const Environment& own, ChildTelemetry entry = ChildTelemetry::Default,
                          ChildTelemetry fallback = ChildTelemetry::All, const otlp::ReceiverStatus& receiver = kBoth,
                          const QStringList& propagators = {QStringLiteral("tracecontext"), QStringLiteral("baggage")})
{
    config::Server server;
    server.name = QStringLiteral("notes");
    server.env = own;
    server.childTelemetry = entry;
    return childTelemetryEnvironment(server, fallback, receiver, telemetry::propagatorsByName(propagators), kTraceparent);
}

Environment endpoint(const QString& port, const QString& protocol)
{
    return {{QStringLiteral("OTEL_EXPORTER_OTLP_ENDPOINT"), QStringLiteral("http://127.0.0.1:") + port},
            {QStringLiteral("OTEL_EXPORTER_OTLP_PROTOCOL"), protocol},
            {QStringLiteral("OTEL_SERVICE_NAME"), QStringLiteral("notes")}};
}

Environment without(Environment from, const char* name)
{
    from.remove(QLatin1String(name));
    return from;
}

const Environment kContext{{QStringLiteral("TRACEPARENT"), QString::fromLatin1(kTraceparent)}};

Environment with(Environment one, const Environment& other)
{
    one.insert(other);
    return one;
}

const Environment kHttp = endpoint(QStringLiteral("4318"), QStringLiteral("http/protobuf"));

} // namespace

class ChildTelemetryTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theSettingSaysWhatAChildIsTold()
    {
        QCOMPARE(environmentOf({}), with(kHttp, kContext));
        QCOMPARE(environmentOf({}, ChildTelemetry::Default, ChildTelemetry::Endpoint), kHttp);
        QCOMPARE(environmentOf({}, ChildTelemetry::Default, ChildTelemetry::Context), kContext);
        QCOMPARE(environmentOf({}, ChildTelemetry::Default, ChildTelemetry::None), Environment());
        QCOMPARE(environmentOf({}, ChildTelemetry::None), Environment());
        QCOMPARE(environmentOf({}, ChildTelemetry::Endpoint, ChildTelemetry::None), kHttp);
    }

    void whatTheEntrySaysItselfIsNeverReplaced()
    {
        const auto own = [](const char* name, const char* value) {
            return environmentOf({{QLatin1String(name), QLatin1String(value)}});
        };
        // An endpoint of its own, for all signals or for one, leaves all that belongs to ours out.
        QCOMPARE(own("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"), kContext);
        QCOMPARE(own("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector:4318/v1/traces"), kContext);
        QCOMPARE(own("OTEL_SERVICE_NAME", "mine"), with(without(kHttp, "OTEL_SERVICE_NAME"), kContext));
        QCOMPARE(own("OTEL_RESOURCE_ATTRIBUTES", "a=b,service.name=mine"), with(without(kHttp, "OTEL_SERVICE_NAME"), kContext));
        QCOMPARE(own("OTEL_RESOURCE_ATTRIBUTES", "a=b"), with(kHttp, kContext));
        QCOMPARE(own("TRACEPARENT", "00-x"), kHttp);
    }

    void theTraceOfItsStartIsToldAsThePropagatorsDo()
    {
        const auto contextOf = [](const Environment& own, const QStringList& propagators) {
            return environmentOf(own, ChildTelemetry::Context, ChildTelemetry::All, kBoth, propagators);
        };
        const Environment single{{QStringLiteral("B3"), QStringLiteral("0123456789abcdef0123456789abcdef-0123456789abcdef-1")}};
        const Environment multi{{QStringLiteral("X_B3_TRACEID"), QStringLiteral("0123456789abcdef0123456789abcdef")},
                                {QStringLiteral("X_B3_SPANID"), QStringLiteral("0123456789abcdef")},
                                {QStringLiteral("X_B3_SAMPLED"), QStringLiteral("1")}};
        const QString b3 = QStringLiteral("b3");
        const QString b3multi = QStringLiteral("b3multi");
        QCOMPARE(contextOf({}, {b3}), single);
        QCOMPARE(contextOf({}, {b3multi}), multi);
        QCOMPARE(contextOf({}, {QStringLiteral("tracecontext"), b3, b3multi}), with(with(kContext, single), multi));
        QCOMPARE(contextOf({}, {QStringLiteral("baggage")}), Environment());
        QCOMPARE(contextOf({}, {}), Environment());
        QCOMPARE(contextOf({{QStringLiteral("X_B3_SPANID"), QStringLiteral("mine")}}, {b3multi}), without(multi, "X_B3_SPANID"));
    }

    void aProtocolOfItsOwnChoosesThePort()
    {
        QCOMPARE(
            environmentOf({{QStringLiteral("OTEL_EXPORTER_OTLP_PROTOCOL"), QStringLiteral("grpc")}}, ChildTelemetry::Endpoint),
            without(endpoint(QStringLiteral("4317"), {}), "OTEL_EXPORTER_OTLP_PROTOCOL"));
        QCOMPARE(environmentOf({{QStringLiteral("OTEL_EXPORTER_OTLP_PROTOCOL"), QStringLiteral("http/json")}},
                               ChildTelemetry::Endpoint),
                 without(kHttp, "OTEL_EXPORTER_OTLP_PROTOCOL"));
    }

    void withoutAListeningReceiverThereIsNoEndpoint()
    {
        QCOMPARE(environmentOf({}, ChildTelemetry::All, ChildTelemetry::All, {}), kContext);
        QCOMPARE(environmentOf({}, ChildTelemetry::Endpoint, ChildTelemetry::All, {true, 4317, 0, {}, {}, {}, {}}),
                 endpoint(QStringLiteral("4317"), QStringLiteral("grpc")));
        QCOMPARE(environmentOf({{QStringLiteral("OTEL_EXPORTER_OTLP_PROTOCOL"), QStringLiteral("grpc")}},
                               ChildTelemetry::Endpoint, ChildTelemetry::All, {true, 0, 4318, {}, {}, {}, {}}),
                 Environment());
    }
};

QTEST_GUILESS_MAIN(ChildTelemetryTest)
#include "tst_child_telemetry.moc"
