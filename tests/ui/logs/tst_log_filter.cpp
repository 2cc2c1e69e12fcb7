// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui_test.h"
#include "log_records.h"
#include "ui/logs/log_filter.h"

using namespace oriel;
using namespace oriel::ui;
using telemetry::Severity;

namespace {

const QString kTrace = QStringLiteral("4bf92f3577b34da6a3ce929d0e0e4736");

store::LogQuery queryOf(const QString& text, Severity atLeast = Severity::Unspecified)
{
    store::LogQuery query;
    query.minSeverity = atLeast;
    LogFilter::parse(text).applyTo(query);
    return query;
}

bool passes(const QString& text, const telemetry::LogRecord& record)
{
    return LogFilter::parse(text).matches(record);
}

} // namespace

class TstLogFilter : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { test::failOnUnexpectedWarnings(); }

    void nothingIsAsked()
    {
        QVERIFY(LogFilter::parse(QStringLiteral("   ")).isEmpty());
        QVERIFY(passes(QString(), test::logRecord("fs", Severity::Info, "x")));
    }

    void theStoreIsAskedForWordsSourceLevelAndTrace()
    {
        const store::LogQuery query =
            queryOf(QStringLiteral("source=github level>=warn trace=%1 \"connection reset\"").arg(kTrace));
        QCOMPARE(query.source, QByteArray("github"));
        QCOMPARE(query.minSeverity, Severity::Warn);
        QVERIFY(query.traceId.has_value());
        QCOMPARE(query.traceId->toHex(), kTrace.toLatin1());
        QCOMPARE(query.text, QByteArray("connection reset"));
        QVERIFY(LogFilter::parse(QStringLiteral("trace=%1").arg(kTrace.toUpper())).namesTrace());
    }

    void aLevelThatIsChosenElsewhereIsOnlyRaised()
    {
        QCOMPARE(queryOf(QStringLiteral("level>=info"), Severity::Error).minSeverity, Severity::Error);
        QCOMPARE(queryOf(QStringLiteral("level>=error"), Severity::Info).minSeverity, Severity::Error);
        QCOMPARE(queryOf(QStringLiteral("level>info")).minSeverity, Severity::Warn);
        QCOMPARE(queryOf(QStringLiteral("severity>=WARNING")).minSeverity, Severity::Warn);
    }

    void whatTheStoreCannotAskIsCheckedHere()
    {
        telemetry::LogRecord record = test::logRecord("fs", Severity::Warn, "disk is nearly full");
        record.attributes.push_back({"log.iostream", QByteArray("stderr")});
        record.attributes.push_back({"attempt", std::int64_t{3}});
        record.spanId = *SpanId::fromHex("00f067aa0ba902b7");
        QVERIFY(passes(QStringLiteral("source!=github"), record));
        QVERIFY(!passes(QStringLiteral("source!=fs"), record));
        QVERIFY(passes(QStringLiteral("source=fs,db"), record));
        QVERIFY(!passes(QStringLiteral("source=db,github"), record));
        QVERIFY(passes(QStringLiteral("level=warn"), record));
        QVERIFY(!passes(QStringLiteral("level=error,info"), record));
        QVERIFY(passes(QStringLiteral("level!=error"), record));
        QVERIFY(passes(QStringLiteral("attr.log.iostream=stderr attr.attempt=3"), record));
        QVERIFY(!passes(QStringLiteral("attr.log.iostream!=stderr"), record));
        QVERIFY(passes(QStringLiteral("attr.no.such!=x"), record));
        QVERIFY(passes(QStringLiteral("span=00f067"), record));
        QVERIFY(!passes(QStringLiteral("span=11"), record));
        QVERIFY(!passes(QStringLiteral("trace=4bf9"), record));
    }

    void everyFurtherWordMustOccur()
    {
        const telemetry::LogRecord record = test::logRecord("fs", Severity::Info, "Disk is nearly FULL");
        QVERIFY(passes(QStringLiteral("disk full"), record));
        QVERIFY(!passes(QStringLiteral("disk empty"), record));
        QVERIFY(passes(QStringLiteral("disk AND full"), record));
    }

    void theBeginningOfATraceIdIsEnough()
    {
        telemetry::LogRecord record = test::logRecord("fs", Severity::Info, "x");
        record.traceId = *TraceId::fromHex(kTrace.toLatin1());
        QVERIFY(passes(QStringLiteral("trace=4bf92f"), record));
        QVERIFY(!passes(QStringLiteral("trace=5"), record));
        QVERIFY(!LogFilter::parse(QStringLiteral("trace=4bf92f")).namesTrace());
    }

    void termsOfOtherPagesAreToldAndLeftOut()
    {
        const LogFilter filter =
            LogFilter::parse(QStringLiteral("duration>1s status=error NOT level>=loud source=~f.* source>2 trace="));
        QCOMPARE(filter.ignored(),
                 (QStringList{QStringLiteral("duration>1s"), QStringLiteral("status=error"), QStringLiteral("NOT"),
                              QStringLiteral("level>=loud"), QStringLiteral("source=~f.*"), QStringLiteral("source>2"),
                              QStringLiteral("trace=")}));
        QVERIFY(filter.isEmpty());
        QVERIFY(filter.matches(test::logRecord("fs", Severity::Info, "x")));
    }

    void valuesWithBlanksAreQuoted()
    {
        telemetry::LogRecord record = test::logRecord("fs", Severity::Info, "x");
        record.attributes.push_back({"exception.message", QByteArray("no such file, really")});
        QVERIFY(passes(QStringLiteral("attr.exception.message=\"no such file, really\""), record));
        QVERIFY(!passes(QStringLiteral("attr.exception.message=\"no such file\""), record));
    }
};

QTEST_GUILESS_MAIN(TstLogFilter)
#include "tst_log_filter.moc"
