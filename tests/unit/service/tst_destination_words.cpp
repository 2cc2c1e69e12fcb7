// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/export/destination_words.h"

#include <QTest>

using namespace oriel;
using namespace oriel::service;

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t now = 1'800'000'000 * second;

otlp::DestinationStatus status(otlp::DestinationState state, quint64 queued, const char* lastError = "")
{
    otlp::DestinationStatus status;
    status.state = state;
    status.queued = queued;
    status.lastError = QString::fromLatin1(lastError);
    return status;
}

DestinationSnapshot described(const otlp::DestinationStatus& status, bool paused = false)
{
    DestinationSnapshot snapshot;
    snapshot.config.paused = paused;
    describeDestination(snapshot, status, now);
    return snapshot;
}

} // namespace

class DestinationWordsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aRefusedKeyIsSaidWithTheAnswerAndWhatToDo()
    {
        const DestinationSnapshot refused =
            described(status(otlp::DestinationState::Paused, 312, "HTTP 401 Unauthorized: unknown token"));
        QVERIFY(refused.isKeyRefused());
        QCOMPARE(refused.health, DestinationHealth::Broken);
        QCOMPARE(refused.brief, QStringLiteral("key refused, 312 waiting"));
        QCOMPARE(refused.stateText, QStringLiteral("the backend refused the key (HTTP 401 Unauthorized: unknown token)"));
        QCOMPARE(refused.remedy, QStringLiteral("Give another key; 312 records wait."));
        QCOMPARE(described(status(otlp::DestinationState::Paused, 1, "gRPC UNAUTHENTICATED")).remedy,
                 QStringLiteral("Give another key; 1 record waits."));
    }

    void whatNobodyTakesAtTheAddressIsNamedWithTheAnswerAndTheWaysOut()
    {
        otlp::DestinationStatus one = status(otlp::DestinationState::Misaddressed, 104);
        one.misaddressed[static_cast<std::size_t>(otlp::Signal::Metrics)] = true;
        one.signalErrors[static_cast<std::size_t>(otlp::Signal::Metrics)] =
            QStringLiteral("HTTP 404 Not Found (http://h/v1/metrics)");
        const DestinationSnapshot metrics = described(one);
        QCOMPARE(metrics.health, DestinationHealth::Broken);
        QCOMPARE(metrics.brief, QStringLiteral("metrics not taken, 104 waiting"));
        QCOMPARE(metrics.stateText, QStringLiteral("nobody takes metrics there (HTTP 404 Not Found (http://h/v1/metrics))"));
        QCOMPARE(metrics.remedy,
                 QStringLiteral("Correct its endpoint or protocol, or switch metrics off for it; 104 records wait."));
        one.misaddressed[static_cast<std::size_t>(otlp::Signal::Logs)] = true;
        QVERIFY(described(one).brief.startsWith(QStringLiteral("metrics and logs not taken")));
        one.misaddressed.fill(true);
        QCOMPARE(described(one).remedy, QStringLiteral("Correct its endpoint or protocol; 104 records wait."));
    }

    void whatCannotBeReadIsSaidWhereSomethingWaits()
    {
        otlp::DestinationStatus one = status(otlp::DestinationState::Idle, 3);
        one.unreadReason = QStringLiteral("00000007.spool: permission denied");
        QVERIFY(described(one).stateText.contains(QStringLiteral("permission denied")));
        QCOMPARE(described(one).health, DestinationHealth::Waiting);
        one.queued = 0;
        QVERIFY(!described(one).stateText.contains(QStringLiteral("permission denied")));
    }

    void aTokenThatCouldNotBeHadIsNotBlamedOnTheBackend()
    {
        const DestinationSnapshot refused =
            described(status(otlp::DestinationState::Paused, 0, "no token: HTTP 400: invalid_client"));
        QVERIFY2(refused.stateText.startsWith(QStringLiteral("its credentials cannot be used")), qPrintable(refused.stateText));
        QCOMPARE(refused.remedy, QStringLiteral("Give another key."));
    }

    void aPauseBySomebodyIsNoFailure()
    {
        const DestinationSnapshot paused = described(status(otlp::DestinationState::Paused, 7, "HTTP 401"), true);
        QVERIFY(!paused.isKeyRefused());
        QCOMPARE(paused.health, DestinationHealth::Waiting);
        QCOMPARE(paused.stateText, QStringLiteral("paused, 7 waiting"));
        QVERIFY(paused.remedy.contains(QStringLiteral("Resume")));
    }

    void aRetrySaysWhyAndThatNothingHasToBeDone()
    {
        otlp::DestinationStatus retrying = status(otlp::DestinationState::Retrying, 12, "Connection refused");
        retrying.nextTryUnixNs = now + 8 * second;
        const DestinationSnapshot destination = described(retrying);
        QCOMPARE(destination.brief, QStringLiteral("12 waiting, retry in 8 s"));
        QCOMPARE(destination.stateText, QStringLiteral("12 waiting, retry in 8 s: Connection refused"));
        QVERIFY(destination.remedy.startsWith(QStringLiteral("Oriel tries again by itself")));
    }

    void whatCannotBeUsedSaysWhatIsWrongWithIt()
    {
        const DestinationSnapshot destination =
            described(status(otlp::DestinationState::Refused, 3, "there is no preset \"datadig\""));
        QCOMPARE(destination.health, DestinationHealth::Broken);
        QVERIFY(destination.stateText.endsWith(QStringLiteral("there is no preset \"datadig\"")));
        QCOMPARE(destination.remedy, QStringLiteral("Correct its settings; 3 records wait."));
    }

    void allIsWellWithoutWordsOfWarning()
    {
        otlp::DestinationStatus fine = status(otlp::DestinationState::Idle, 0);
        QCOMPARE(described(fine).health, DestinationHealth::Idle);
        fine.sent = 5;
        QCOMPARE(described(fine).health, DestinationHealth::Good);
        QCOMPARE(described(fine).stateText, QStringLiteral("sent 5"));
        QVERIFY(described(fine).remedy.isEmpty());
        fine.dropped = 2;
        QCOMPARE(described(fine).brief, QStringLiteral("sent 5, lost 2"));
        fine.spoolError = QStringLiteral("No space left on device");
        QCOMPARE(described(fine).health, DestinationHealth::Waiting);
        QVERIFY(described(fine).stateText.contains(QStringLiteral("No space left")));
        QVERIFY(!described(fine).remedy.isEmpty());
    }

    void whatABackendDoesNotTakeIsSaidWithWhereItIsKept()
    {
        otlp::DestinationStatus picky = status(otlp::DestinationState::Idle, 0, "HTTP 422 Unprocessable Entity");
        QCOMPARE(described(picky).stateText, QStringLiteral("not all is taken: HTTP 422 Unprocessable Entity"));
        QVERIFY(!described(picky).remedy.contains(QStringLiteral("dead-letter")));
        picky.lost[static_cast<std::size_t>(otlp::Signal::Logs)][static_cast<std::size_t>(otlp::Loss::Refused)] = 2;
        QVERIFY(described(picky).remedy.contains(QStringLiteral("dead-letter")));
        QCOMPARE(described(picky).health, DestinationHealth::Waiting);
    }

    void aSpoolThatWasWholeHasNothingToTell()
    {
        otlp::SpoolRecovery recovery;
        QCOMPARE(describeRecovery(recovery, QStringLiteral("/spool")), SpoolReport());
        recovery.records = 3;
        QCOMPARE(describeRecovery(recovery, QStringLiteral("/spool")).requests, 3ULL);
        QVERIFY(describeRecovery(recovery, QStringLiteral("/spool")).damage.isEmpty());
    }

    void whatWasCutOffOrLostIsToldOneByOne()
    {
        otlp::SpoolRecovery recovery;
        recovery.tornEnds = 1;
        recovery.damagedGaps = 2;
        recovery.missingRecords = 1;
        recovery.unreadableSegments = 1;
        recovery.damagedCursors = 2;
        const QStringList damage = describeRecovery(recovery, QStringLiteral("/spool")).damage;
        QCOMPARE(damage.size(), 4);
        QVERIFY2(damage[0].contains(QStringLiteral("1 file ")) && damage[0].contains(QStringLiteral("cut off")),
                 qPrintable(damage[0]));
        QCOMPARE(damage[1], QStringLiteral("2 places are damaged on the disk; 1 request is missing there."));
        QVERIFY2(damage[2].contains(QStringLiteral("*.unreadable in /spool")), qPrintable(damage[2]));
        QVERIFY2(damage[3].contains(QStringLiteral("2 destinations")), qPrintable(damage[3]));
    }
};

QTEST_GUILESS_MAIN(DestinationWordsTest)
#include "tst_destination_words.moc"
