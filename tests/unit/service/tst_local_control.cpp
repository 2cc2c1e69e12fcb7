// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/control/local_control.h"

#include <QFile>
#include <QFileInfo>
#include <QLocalSocket>
#include <QTemporaryDir>
#include <QTest>

#include <atomic>
#include <thread>

using namespace oriel;
using namespace oriel::service;

namespace {

/// The control socket of a temporary data directory; what was asked is kept and answered by `answer`.
struct Fixture {
    Fixture()
        : control({[this](QLocalSocket* socket, const QByteArray& server, qint64 pid) {
                       bridge = socket;
                       bridgeServer = server;
                       bridgePid = pid;
                   },
                   [this](const QByteArray& command, const QByteArray& arguments, const LocalControl::Respond& respond) {
                       commands.append({command, arguments});
                       answer(respond);
                   }})
    {
        owned = lock.acquire(directory.path()).has_value();
        const auto name = control.listen(directory.path());
        opened = name && lock.writeRuntime({7420, 4317, 4318}, *name).has_value();
        socketName = name.value_or(QString());
    }

    /// Sends from a thread of its own, as another process would, while this thread serves.
    Result<QByteArray> send(const QByteArray& command, const QByteArray& arguments)
    {
        Result<QByteArray> answered = QByteArray();
        std::atomic_bool done = false;
        std::thread client([&] {
            answered = sendCommand(directory.path(), command, arguments);
            done = true;
        });
        const bool came = QTest::qWaitFor([&done] { return done.load(); }, 20'000);
        client.join();
        if (!came)
            return fail(ErrorCode::Timeout, QStringLiteral("the test waited too long"));
        return answered;
    }
    std::unique_ptr<QLocalSocket> connected()
    {
        auto socket = std::make_unique<QLocalSocket>();
        socket->connectToServer(socketName);
        return socket;
    }

    QTemporaryDir directory;
    DataDirectoryLock lock;
    LocalControl control;
    QString socketName;
    bool owned = false;
    bool opened = false;
    QList<std::pair<QByteArray, QByteArray>> commands;
    std::function<void(const LocalControl::Respond&)> answer = [](const LocalControl::Respond& respond) { respond("true"); };
    QLocalSocket* bridge = nullptr;
    QByteArray bridgeServer;
    qint64 bridgePid = 0;
};

} // namespace

class LocalControlTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aCommandIsAnsweredWithItsValue()
    {
        Fixture fixture;
        QVERIFY(fixture.owned && fixture.opened);
        fixture.answer = [](const LocalControl::Respond& respond) { respond("{\"a\":[1,\"x\"]}"); };
        const auto answered = fixture.send("token.add", "{\"name\":\"n\\n2\"}");
        QVERIFY(answered.has_value());
        QCOMPARE(*answered, QByteArray("{\"a\":[1,\"x\"]}"));
        QCOMPARE(fixture.commands.size(), 1);
        QCOMPARE(fixture.commands.first().first, QByteArray("token.add"));
        QCOMPARE(fixture.commands.first().second, QByteArray("{\"name\":\"n\\n2\"}"));
    }
    void anAnswerMayComeLaterAndFromAnotherThread()
    {
        Fixture fixture;
        std::thread worker;
        fixture.answer = [&worker](const LocalControl::Respond& respond) { worker = std::thread([respond] { respond("7"); }); };
        const auto answered = fixture.send("doctor", {});
        worker.join();
        QCOMPARE(answered.value_or(QByteArray()), QByteArray("7"));
        QCOMPARE(fixture.commands.first().second, QByteArray("{}"));
    }
    void anErrorArrivesWhole()
    {
        Fixture fixture;
        fixture.answer = [](const LocalControl::Respond& respond) {
            respond(fail(ErrorCode::AlreadyExists, QStringLiteral("there is one \"already\""), QStringLiteral("name"),
                         QStringLiteral("Choose another.")));
        };
        const auto answered = fixture.send("token.add", "{}");
        QVERIFY(!answered.has_value());
        QCOMPARE(answered.error().code, ErrorCode::AlreadyExists);
        QCOMPARE(answered.error().message, QStringLiteral("there is one \"already\""));
        QCOMPARE(answered.error().context, QStringLiteral("name"));
        QCOMPARE(answered.error().remedy, QStringLiteral("Choose another."));
    }
    void anEmptyValueIsNull()
    {
        Fixture fixture;
        fixture.answer = [](const LocalControl::Respond& respond) { respond(QByteArray()); };
        QCOMPARE(fixture.send("raise", {}).value_or(QByteArray()), QByteArray("null"));
    }
    void withoutAnOrielTheCommandSaysSo()
    {
        const QTemporaryDir empty;
        const auto answered = sendCommand(empty.path(), "status", {}, 1000);
        QVERIFY(!answered.has_value());
        QCOMPARE(answered.error().code, ErrorCode::Unavailable);
        QCOMPARE(readRuntime(empty.path()).error().code, ErrorCode::NotFound);
    }
    void whatAKilledOrielLeftBehindIsNoOriel()
    {
        const QTemporaryDir directory;
        const auto write = [&](const char* name, const QByteArray& text) {
            QFile file(directory.filePath(QLatin1String(name)));
            return file.open(QIODevice::WriteOnly) && file.write(text) == text.size();
        };
        // As QLockFile writes it. The process lives, but is none of ours: numbers are given again.
        QVERIFY(write("lock", "1\noriel\n" + QSysInfo::machineHostName().toUtf8() + '\n' + QSysInfo::machineUniqueId() + '\n' +
                                  QSysInfo::bootUniqueId() + '\n'));
        QVERIFY(write("runtime.json", "{\"pid\":1,\"port\":7420,\"socket\":\"oriel-nobody-listens-here\"}"));
        QCOMPARE(readRuntime(directory.path()).error().code, ErrorCode::NotFound);
        QVERIFY(!QFileInfo::exists(directory.filePath(QStringLiteral("runtime.json"))));
        const auto answered = sendCommand(directory.path(), "status", {}, 1000);
        QVERIFY(!answered.has_value());
        QCOMPARE(answered.error().code, ErrorCode::Unavailable);
    }
    void aBridgeGetsTheSocketWithWhatItSentAfterItsGreeting()
    {
        Fixture fixture;
        const auto peer = fixture.connected();
        peer->write("{\"role\":\"bridge\",\"server\":\"alone\",\"pid\":42}\n{\"jsonrpc\":\"2.0\"}\n");
        QTRY_VERIFY(fixture.bridge != nullptr);
        QCOMPARE(fixture.bridgeServer, QByteArray("alone"));
        QCOMPARE(fixture.bridgePid, 42);
        QTRY_VERIFY(fixture.bridge->canReadLine());
        QCOMPARE(fixture.bridge->readLine(), QByteArray("{\"jsonrpc\":\"2.0\"}\n"));
        QVERIFY(fixture.commands.isEmpty());
    }
    void aGreetingMayComeInPieces()
    {
        Fixture fixture;
        const auto peer = fixture.connected();
        for (const char* piece : {"{\"role\":\"comm", "and\",\"command\":\"st", "atus\"}"}) {
            peer->write(piece);
            QVERIFY(peer->flush() || peer->bytesToWrite() == 0);
            QCoreApplication::processEvents();
            QVERIFY(fixture.commands.isEmpty());
        }
        peer->write("\n");
        QTRY_VERIFY(peer->canReadLine());
        QCOMPARE(peer->readLine(), QByteArray("{\"ok\":true,\"value\":true}\n"));
        QTRY_COMPARE(peer->state(), QLocalSocket::UnconnectedState);
    }
    void aGreetingThatIsNoJsonIsRefused()
    {
        Fixture fixture;
        const auto peer = fixture.connected();
        peer->write("hello\n");
        QTRY_VERIFY(peer->canReadLine());
        QVERIFY(peer->readLine().startsWith("{\"ok\":false"));
        QTRY_COMPARE(peer->state(), QLocalSocket::UnconnectedState);
        QVERIFY(fixture.commands.isEmpty() && fixture.bridge == nullptr);
    }
    void aGreetingWithoutEndIsCutOff()
    {
        Fixture fixture;
        const auto peer = fixture.connected();
        peer->write(QByteArray(2 * LocalControl::kMaxGreetingBytes, 'x'));
        QTRY_COMPARE(peer->state(), QLocalSocket::UnconnectedState);
        QVERIFY(fixture.commands.isEmpty());
    }
    void anAnswerToAPeerThatHasGoneGoesNowhere()
    {
        Fixture fixture;
        LocalControl::Respond later;
        fixture.answer = [&later](const LocalControl::Respond& respond) { later = respond; };
        auto peer = fixture.connected();
        peer->write("{\"role\":\"command\",\"command\":\"status\"}\n");
        QTRY_VERIFY(later);
        peer->abort();
        QTRY_COMPARE(peer->state(), QLocalSocket::UnconnectedState);
        later("1");
        fixture.answer = [](const LocalControl::Respond& respond) { respond("2"); };
        QCOMPARE(fixture.send("status", {}).value_or(QByteArray()), QByteArray("2"));
    }
    void aDirectoryHasOneOwner()
    {
        const QTemporaryDir parent;
        const QString data = parent.filePath(QStringLiteral("data"));
        DataDirectoryLock first;
        QVERIFY(first.acquire(data));
        QCOMPARE(QFileInfo(data).permissions() & (QFile::ReadGroup | QFile::ReadOther | QFile::ExeGroup | QFile::ExeOther),
                 QFile::Permissions());
        QVERIFY(first.writeRuntime({7421, 0, 0}, QStringLiteral("name")));
        const QFileInfo runtime(data + QStringLiteral("/runtime.json"));
        QCOMPARE(runtime.permissions() & (QFile::ReadGroup | QFile::ReadOther), QFile::Permissions());
        const auto info = readRuntime(data);
        QVERIFY(info.has_value());
        QCOMPARE(info->pid, QCoreApplication::applicationPid());
        QCOMPARE(info->endpoint(), QStringLiteral("http://127.0.0.1:7421/mcp"));
        DataDirectoryLock second;
        const Status refused = second.acquire(data);
        QVERIFY(!refused.has_value());
        QCOMPARE(refused.error().code, ErrorCode::AlreadyExists);
        QVERIFY(refused.error().message.contains(QString::number(QCoreApplication::applicationPid())));
        second.release();
        QVERIFY(QFileInfo::exists(runtime.filePath()));
        first.release();
        QVERIFY(!QFileInfo::exists(runtime.filePath()));
        QVERIFY(second.acquire(data));
    }
};

QTEST_GUILESS_MAIN(LocalControlTest)
#include "tst_local_control.moc"
