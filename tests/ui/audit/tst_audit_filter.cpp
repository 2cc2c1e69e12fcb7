// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui_test.h"
#include "ui/audit/audit_filter.h"

using namespace oriel;
using namespace oriel::ui;
using telemetry::Outcome;
using Names = std::vector<QByteArray>;

namespace {

const QString kTrace = QStringLiteral("4bf92f3577b34da6a3ce929d0e0e4736");

store::AuditQuery queryOf(const QString& text, store::AuditQuery query = {})
{
    AuditFilter::parse(text).applyTo(query);
    return query;
}

} // namespace

class TstAuditFilter : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { test::failOnUnexpectedWarnings(); }

    void nothingIsAsked()
    {
        const AuditFilter filter = AuditFilter::parse(QString());
        QVERIFY(filter.isEmpty());
        QVERIFY(filter.ignored().isEmpty());
        QVERIFY(filter.error().isEmpty());
    }

    void namesWordsAndTimesReachTheLog()
    {
        const store::AuditQuery query =
            queryOf(QStringLiteral("server=github,db tool=query client=cursor duration>=200ms request.id=req-7 \"bad request\""));
        QCOMPARE(query.servers, (Names{"github", "db"}));
        QCOMPARE(query.tools, Names{"query"});
        QCOMPARE(query.clients, Names{"cursor"});
        QCOMPARE(query.minLatencyNs, std::int64_t{200'000'000});
        QCOMPARE(query.requestId, QByteArray("req-7"));
        QCOMPARE(query.text, QByteArray("bad request"));
        QCOMPARE(queryOf(QStringLiteral("duration>200ms")).minLatencyNs, std::int64_t{200'000'001});
        QCOMPARE(queryOf(QStringLiteral("attr.user.id=ada attr.project.id=oriel")).user, QByteArray("ada"));
        QCOMPARE(queryOf(QStringLiteral("attr.user.id=ada attr.project.id=oriel")).project, QByteArray("oriel"));
    }

    void aStatusMeansOutcomes()
    {
        QCOMPARE(queryOf(QStringLiteral("status=ok")).outcomes, std::vector{Outcome::Ok});
        QCOMPARE(queryOf(QStringLiteral("status=timeout,blocked")).outcomes.size(), std::size_t{2});
        const std::vector<Outcome> failed = queryOf(QStringLiteral("status=error")).outcomes;
        QCOMPARE(failed.size(), std::size_t{7});
        QVERIFY(std::find(failed.begin(), failed.end(), Outcome::Ok) == failed.end());
        QCOMPARE(queryOf(QStringLiteral("status!=ok")).outcomes, failed);
        QCOMPARE(queryOf(QStringLiteral("status!=error")).outcomes, std::vector{Outcome::Ok});
    }

    void aTraceIsNamedByItsWholeId()
    {
        const AuditFilter filter = AuditFilter::parse(QStringLiteral("trace=") + kTrace);
        QVERIFY(filter.namesTrace());
        store::AuditQuery query;
        filter.applyTo(query);
        QCOMPARE(query.traceId->toHex(), kTrace.toLatin1());
        QCOMPARE(AuditFilter::parse(QStringLiteral("trace=4bf9")).ignored(), QStringList{QStringLiteral("trace=4bf9")});
    }

    void twoConditionsOnOneThingLeaveWhatBothAllow()
    {
        store::AuditQuery chosen;
        chosen.servers = {"github"};
        chosen.outcomes = {Outcome::Timeout, Outcome::Blocked};
        QCOMPARE(queryOf(QStringLiteral("server=github,db"), chosen).servers, Names{"github"});
        QCOMPARE(queryOf(QStringLiteral("status=timeout"), chosen).outcomes, std::vector{Outcome::Timeout});
        const store::AuditQuery nothing = queryOf(QStringLiteral("server=db"), chosen);
        QCOMPARE(nothing.servers.size(), std::size_t{1}); // not all servers, and none that exists
        QVERIFY(nothing.servers.front() != "github" && nothing.servers.front() != "db");
        QVERIFY(!queryOf(QStringLiteral("status=ok"), chosen).servers.empty());
    }

    void whatTheLogCannotAnswerIsTold()
    {
        const AuditFilter filter =
            AuditFilter::parse(QStringLiteral("server!=github name=x duration<1s word another tool=~q.* NOT client=a"));
        QCOMPARE(filter.ignored().size(), 6);
        QVERIFY(filter.ignored().contains(QStringLiteral("server!=github")));
        QVERIFY(filter.ignored().contains(QStringLiteral("another")));
        QVERIFY(filter.ignored().contains(QStringLiteral("NOT")));
        QCOMPARE(queryOf(QStringLiteral("word another")).text, QByteArray("word"));
        QCOMPARE(AuditFilter::parse(QStringLiteral("server=a OR server=b")).ignored(), QStringList{QStringLiteral("OR")});
    }

    void aBrokenFilterSaysWhereItBreaksAndFiltersNothing()
    {
        const AuditFilter filter = AuditFilter::parse(QStringLiteral("duration>soon"));
        QVERIFY(!filter.error().isEmpty());
        QVERIFY(filter.isEmpty());
    }
};

QTEST_GUILESS_MAIN(TstAuditFilter)
#include "tst_audit_filter.moc"
