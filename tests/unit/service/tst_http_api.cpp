// SPDX-License-Identifier: GPL-3.0-or-later
#include "../downstream/downstream_fixture.h"
#include "service/control/http_api.h"
#include "service/pipeline/masking.h"

#include <QTest>

using namespace oriel;
using namespace oriel::downstream::test;
using namespace oriel::service;

namespace {

/// The API behind the real endpoint, with stores in a temporary directory.
class ApiFixture {
public:
    ApiFixture()
    {
        pipeline.setMasker(*makeMasker(configuration.masking));
        opened = stores.open().has_value();
        endpoint.endpoint.setApiHandler(
            [this](const http::Request& request, HttpApi::Answer answer) { api.handle(request, std::move(answer)); });
    }
    ~ApiFixture()
    {
        readers.waitForDone();
        stores.close();
    }
    HttpAnswer get(const QByteArray& path, const QByteArray& method = "GET")
    {
        return endpoint.ask(method, path, {{"Authorization", "Bearer " + endpoint.apiToken}, {"X-Request-ID", "r-1"}});
    }
    void addRows(int count)
    {
        for (int i = 1; i <= count; ++i) {
            store::AuditRow row;
            row.timeUnixNs = i;
            row.tool = "tool" + QByteArray::number(i);
            row.server = i % 2 == 0 ? "even" : "odd";
            row.arguments = "{\"n\":1}";
            stores.audit.append(std::move(row));
        }
    }

    EndpointFixture endpoint;
    config::Config configuration;
    SystemClock clock;
    SystemRandom random;
    TelemetryBuffer buffer;
    QThreadPool readers;
    otlp::ExportPipeline exports{{clock, random, {}, {}, {}, {}}};
    Stores stores{endpoint.directory.filePath(QStringLiteral("data")), configuration, clock, random, QByteArray(32, 'k'),
                  [](const QByteArray& payload) { return payload; }};
    TelemetryPipeline pipeline{{clock, random, buffer, stores, exports}, configuration};
    HttpApi api{{stores, pipeline, readers, nullptr, [](const auto& give) { give("{\"a\":1}"); }}};
    bool opened = false;
};

QList<QByteArray> toolsOf(const QByteArray& body)
{
    QList<QByteArray> tools;
    json::Document document;
    (void)document.parse(body);
    for (const json::Value& row : document.root().find("rows").elements())
        tools.append(row.find("tool").asUtf8());
    return tools;
}

std::int64_t nextOf(const QByteArray& body)
{
    json::Document document;
    (void)document.parse(body);
    return document.root().find("next").asInt64().value_or(-1);
}

} // namespace

class HttpApiTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theAuditLogComesInPages()
    {
        ApiFixture fixture;
        QVERIFY(fixture.opened);
        fixture.addRows(5);
        QVERIFY(fixture.stores.audit.flush());
        HttpAnswer page = fixture.get("/api/v1/audit?limit=2");
        QCOMPARE(page.status, 200);
        QCOMPARE(page.field("X-Request-ID"), QByteArray("r-1"));
        QCOMPARE(toolsOf(page.body), (QList<QByteArray>{"tool5", "tool4"}));
        page = fixture.get("/api/v1/audit?limit=2&after=" + QByteArray::number(qint64(nextOf(page.body))));
        QCOMPARE(toolsOf(page.body), (QList<QByteArray>{"tool3", "tool2"}));
        page = fixture.get("/api/v1/audit?limit=2&after=" + QByteArray::number(qint64(nextOf(page.body))));
        QCOMPARE(toolsOf(page.body), QList<QByteArray>{"tool1"});
        QCOMPARE(nextOf(page.body), 0);
        QCOMPARE(toolsOf(fixture.get("/api/v1/audit?server=even").body), (QList<QByteArray>{"tool4", "tool2"}));
        QVERIFY(!fixture.get("/api/v1/audit?tool=tool1").body.contains("\"n\\\":1"));
    }
    void anEmptyAuditLogIsAnEmptyPage()
    {
        ApiFixture fixture;
        const HttpAnswer answer = fixture.get("/api/v1/audit");
        QCOMPARE(answer.status, 200);
        QVERIFY(toolsOf(answer.body).isEmpty());
        QCOMPARE(nextOf(answer.body), 0);
    }
    void whatIsNoParameterIsRefusedAndNotGuessed_data()
    {
        QTest::addColumn<QByteArray>("path");
        for (const char* path :
             {"audit?limit=many", "audit?limit=0", "audit?limit=-5", "audit?limit=", "audit?after=x", "audit?after=-1",
              "logs?limit=1.5", "logs?trace=1234", "logs?trace=0AF7651916CD43DD8448EB211C80319C", "traces?limit=many",
              "traces?filter=server%3D", "traces/1234"})
            QTest::newRow(path) << QByteArray("/api/v1/") + path;
    }
    void whatIsNoParameterIsRefusedAndNotGuessed()
    {
        QFETCH(QByteArray, path);
        ApiFixture fixture;
        const HttpAnswer answer = fixture.get(path);
        QCOMPARE(answer.status, 400);
        QVERIFY2(answer.body.startsWith("{\"error\":\""), answer.body.constData());
    }
    void moreThanAThousandRowsAreAThousand()
    {
        ApiFixture fixture;
        QCOMPARE(fixture.get("/api/v1/audit?limit=100000").status, 200);
        QCOMPARE(fixture.get("/api/v1/traces?limit=100000").status, 200);
    }
    void whatIsNotThereIsNotFound()
    {
        ApiFixture fixture;
        QCOMPARE(fixture.get("/api/v1/traces/0af7651916cd43dd8448eb211c80319c").status, 404);
        QCOMPARE(fixture.get("/api/v1/nothing").status, 404);
    }
    void onlyReadingIsAllowed()
    {
        ApiFixture fixture;
        const HttpAnswer answer = fixture.get("/api/v1/audit", "DELETE");
        QCOMPARE(answer.status, 405);
        QCOMPARE(answer.field("Allow"), QByteArray("GET, HEAD"));
        QCOMPARE(answer.field("X-Request-ID"), QByteArray("r-1"));
    }
    void everyAnswerIsCountedUnderItsRouteAndStatus()
    {
        ApiFixture fixture;
        (void)fixture.get("/api/v1/status");
        (void)fixture.get("/api/v1/audit?limit=1");
        (void)fixture.get("/api/v1/audit?limit=none");
        (void)fixture.get("/api/v1/traces/0af7651916cd43dd8448eb211c80319c");
        (void)fixture.get("/api/v1/my-own-word");
        (void)fixture.get("/api/v1/logs", "DELETE");
        (void)fixture.get("/metrics");
        (void)fixture.get("/healthz");
        const auto counted = [&fixture](const QByteArray& method, const QByteArray& route, const QByteArray& status) {
            return fixture.endpoint.recorder.sum(telemetry::MetricId::HttpRequests, {method, route, status});
        };
        QCOMPARE(counted("GET", "/api/v1/status", "200"), 1.0);
        QCOMPARE(counted("GET", "/api/v1/audit", "200"), 1.0);
        QCOMPARE(counted("GET", "/api/v1/audit", "400"), 1.0);
        QCOMPARE(counted("GET", "/api/v1/traces", "404"), 1.0);
        QCOMPARE(counted("GET", "/api/v1/:other", "404"), 1.0);
        QCOMPARE(counted("DELETE", "/api/v1/logs", "405"), 1.0);
        QCOMPARE(counted("GET", "/metrics", "200"), 1.0);
        QCOMPARE(counted("GET", "/healthz", "200"), 1.0);
        QCOMPARE(fixture.endpoint.recorder.sum(telemetry::MetricId::HttpRequests), 8.0);
    }
    void aClientsTokenReadsNothingButHealth()
    {
        ApiFixture fixture;
        for (const QByteArray& path : {QByteArray("/metrics"), QByteArray("/api/v1/metrics"), QByteArray("/api/v1/status"),
                                       QByteArray("/api/v1/traces"), QByteArray("/api/v1/logs"), QByteArray("/api/v1/audit")})
            QCOMPARE(fixture.endpoint.ask("GET", path).status, 403);
        QCOMPARE(fixture.endpoint.ask("GET", "/healthz", {{"Authorization", ""}}).status, 200);
        QCOMPARE(fixture.get("/api/v1/status").body, QByteArray("{\"a\":1}"));
    }
};

QTEST_GUILESS_MAIN(HttpApiTest)
#include "tst_http_api.moc"
