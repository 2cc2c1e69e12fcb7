// SPDX-License-Identifier: GPL-3.0-or-later
// Many clients that all number their requests alike, at one gateway, with servers that ask, fail and die: whatever the order of
// events, nobody hears what is for somebody else, every request has one answer, and at the end nothing is kept.
//
// The schedule is drawn from a seed that is printed. ORIEL_CROWD_SEED takes a given one, ORIEL_CROWD_ROUNDS plays that many.
#include "crowd_realm.h"

#include <QDeadlineTimer>
#include <QTest>

#include <cstdio>

#ifdef Q_OS_UNIX
#include <cerrno>
#include <sys/wait.h>
#endif

using namespace oriel;
using namespace oriel::gateway::test;

namespace {

constexpr int kClients = 64;
constexpr int kTurns = 1'500; ///< acts of all clients in one round

CrowdClient::Kind kindOf(int number)
{
    using Kind = CrowdClient::Kind;
    // Half of each era; one in four over a line.
    const bool isLine = number % 8 >= 6;
    return number % 2 == 0 ? (isLine ? Kind::LegacyLine : Kind::LegacyHttp) : (isLine ? Kind::ModernLine : Kind::ModernHttp);
}

void actAtRandom(std::vector<std::unique_ptr<CrowdClient>>& clients, Dice& dice)
{
    CrowdClient& client = *clients[static_cast<std::size_t>(dice.below(static_cast<int>(clients.size())))];
    if (!client.isHere()) {
        client.arrive();
        return;
    }
    const int choice = dice.below(100);
    if (choice < 46)
        client.call();
    else if (choice < 50)
        client.callBatch();
    else if (choice < 72)
        client.answerSomething(false);
    else if (choice < 82)
        client.cancelSomething();
    else if (choice < 85)
        client.list();
    else if (choice < 89)
        client.watch();
    else if (choice < 91)
        client.setLevel();
    else if (choice < 97)
        client.forge(*clients[static_cast<std::size_t>(dice.below(static_cast<int>(clients.size())))]);
    else
        client.leave(dice.oneIn(2));
}

} // namespace

class GatewayCrowdTest : public QObject {
    Q_OBJECT

    /// Whole, where QtTest would cut it.
    static void tell(const QByteArray& story) { std::fprintf(stderr, "%s\n", story.constData()); }

    static bool isFair(const Referee& referee)
    {
        if (referee.hasObjection())
            tell(referee.objection());
        return !referee.hasObjection();
    }

    static void playRound(RealmHost& host, const Doors& doors, std::uint64_t seed)
    {
        qInfo("ORIEL_CROWD_SEED=%llu", static_cast<unsigned long long>(seed));
        Dice dice(seed);
        Referee referee;
        std::vector<std::unique_ptr<CrowdClient>> clients;
        for (int i = 0; i < kClients; ++i) {
            clients.push_back(
                std::make_unique<CrowdClient>(CrowdClient::Place{i, kindOf(i), &doors, &Realm::stages(), &dice, &referee}));
            clients.back()->arrive();
        }
        for (int turn = 0; turn < kTurns && !referee.hasObjection(); ++turn) {
            actAtRandom(clients, dice);
            if (dice.oneIn(300)) {
                const int choice = dice.below(12);
                referee.note("disturbance " + QByteArray::number(choice));
                host.with([choice](Realm& realm) { realm.disturb(choice); });
            }
            if (dice.oneIn(3))
                QCoreApplication::processEvents();
            if (dice.oneIn(12))
                listenForAWhile(referee, dice.below(60));
        }
        QVERIFY(isFair(referee));
        settle(clients, referee);
        QVERIFY(isFair(referee));

        QByteArray held;
        for (const auto& client : clients)
            client->leave(dice.oneIn(2));
        QTRY_VERIFY_WITH_TIMEOUT(std::all_of(clients.cbegin(), clients.cend(), [](const auto& one) { return one->hasLeft(); }),
                                 20'000);
        QVERIFY(isFair(referee));
        const auto isEmpty = [&] {
            host.with([&](Realm& realm) {
                realm.revokeAll(); // what vanished clients had sent may open a session still
                held = realm.holdings() + realm.sessionsLeft();
            });
            return held.isEmpty();
        };
        QTRY_VERIFY2_WITH_TIMEOUT(isEmpty(), held.constData(), 20'000);

        qInfo("%d results, %d errors, %d progress, %d questions, %d cancelled, %d forged", referee.results, referee.errors,
              referee.progress, referee.questions, referee.cancelled, referee.forgeries);
        QVERIFY(referee.results > kTurns / 8);
        QVERIFY(referee.progress > 0 && referee.questions > 0 && referee.cancelled > 0 && referee.forgeries > 0);
    }

    /// Lets the peers work until so many frames have come, or for as long as a turn may take.
    static void listenForAWhile(const Referee& referee, int frames)
    {
        const QDeadlineTimer turn(40);
        for (const int enough = referee.heard + frames; referee.heard < enough && !turn.hasExpired();)
            QCoreApplication::processEvents(QEventLoop::AllEvents, 5);
    }

    static void settle(std::vector<std::unique_ptr<CrowdClient>>& clients, const Referee& referee)
    {
        const auto allSettled = [&] {
            for (const auto& client : clients)
                client->settle();
            return referee.hasObjection() ||
                   std::all_of(clients.cbegin(), clients.cend(), [](const auto& one) { return one->isSettled(); });
        };
        if (QTest::qWaitFor(allSettled, 30'000))
            return;
        QByteArray waiting;
        for (const auto& client : clients)
            waiting += client->awaited().isEmpty() ? QByteArray() : client->awaited() + referee.storyOf(client->who()) + '\n';
        tell("never answered:\n" + waiting);
        QFAIL("requests were never answered");
    }

    static void play(RealmHost::Where where, int rounds)
    {
        const QByteArray given = qgetenv("ORIEL_CROWD_SEED");
        {
            RealmHost host(where);
            QByteArray problem;
            Doors doors;
            host.with([&](Realm& realm) {
                problem = realm.open();
                doors = realm.doors();
            });
            QVERIFY2(problem.isEmpty(), problem.constData());
            for (int round = 0; round < rounds && !QTest::currentTestFailed(); ++round)
                playRound(host, doors, given.isEmpty() ? SystemRandom().next64() : given.toULongLong());
            QByteArray left;
            host.with([&](Realm& realm) { left = realm.close(); });
            QVERIFY2(left.isEmpty(), left.constData());
        }
#ifdef Q_OS_UNIX
        // No child of ours is left, not even as a zombie.
        QCOMPARE(::waitpid(-1, nullptr, WNOHANG), -1);
        QCOMPARE(errno, ECHILD);
#endif
    }
    static int rounds()
    {
        return std::max(1, qEnvironmentVariableIntValue("ORIEL_CROWD_ROUNDS"));
    }

private Q_SLOTS:
    void nobodyHearsWhatIsForSomebodyElse()
    {
        play(RealmHost::Where::Here, rounds());
    }
    /// As in the program, where the gateway has a thread of its own.
    void noThreadTouchesWhatIsTheGateways()
    {
        play(RealmHost::Where::OwnThread, rounds());
    }
};

QTEST_GUILESS_MAIN(GatewayCrowdTest)
#include "tst_gateway_crowd.moc"
