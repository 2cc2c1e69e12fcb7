// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/control/doctor.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace oriel;
using namespace oriel::service;
using Verdict = DoctorCheck::Verdict;

class DoctorTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_directory;

    [[nodiscard]] QString path(const QString& name) const { return m_directory.filePath(name); }
    QString written(const QByteArray& text)
    {
        QFile file(path(QStringLiteral("oriel.json")));
        if (file.open(QIODevice::WriteOnly))
            file.write(text);
        return file.fileName();
    }
    DoctorInput input(const QByteArray& configuration, bool running)
    {
        DoctorInput input;
        input.configPath = written(configuration);
        input.dataDir = m_directory.path();
        input.running = running;
        input.status.listening = true;
        return input;
    }
    static QList<DoctorCheck> of(const QList<DoctorCheck>& checks, const QString& area)
    {
        QList<DoctorCheck> found;
        std::copy_if(checks.cbegin(), checks.cend(), std::back_inserter(found),
                     [&](const DoctorCheck& check) { return check.area == area; });
        return found;
    }

private Q_SLOTS:
    void initTestCase()
    {
        // Clients' files are looked for at home.
        QVERIFY(QDir().mkpath(path(QStringLiteral("home"))));
        qputenv("HOME", path(QStringLiteral("home")).toUtf8());
        qputenv("XDG_CONFIG_HOME", path(QStringLiteral("home/.config")).toUtf8());
    }
    void aBrokenFileIsAProblemThatNamesItsLine()
    {
        const auto checks = of(runDoctor(input("{\n  \"mcpServers\": {,}\n}", true)), QStringLiteral("configuration"));
        QCOMPARE(checks.size(), 1);
        QCOMPARE(checks.first().verdict, Verdict::Failure);
        QVERIFY2(checks.first().finding.contains(QStringLiteral(":2:")), qPrintable(checks.first().finding));
        QVERIFY(!checks.first().remedy.isEmpty());
    }
    void aMissingFileMeansDefaultsAndSaysHowToGoOn()
    {
        DoctorInput missing = input("{}", false);
        missing.configPath = path(QStringLiteral("none.json"));
        const auto checks = of(runDoctor(missing), QStringLiteral("configuration"));
        QCOMPARE(checks.size(), 1);
        QCOMPARE(checks.first().verdict, Verdict::Warning);
        QVERIFY(checks.first().finding.contains(QStringLiteral("does not exist")));
        QVERIFY(checks.first().remedy.contains(QStringLiteral("Add a server")));
    }
    void withoutARunningOrielTheProgramsAreLookedFor()
    {
        const auto checks = runDoctor(input("{\"mcpServers\":{\"here\":{\"command\":\"sh\"},"
                                            "\"gone\":{\"command\":\"oriel-no-such-program\"},"
                                            "\"off\":{\"command\":\"oriel-no-such-program\",\"enabled\":false}}}",
                                            false));
        QCOMPARE(of(checks, QStringLiteral("server here")).first().verdict, Verdict::Ok);
        QCOMPARE(of(checks, QStringLiteral("server gone")).first().verdict, Verdict::Failure);
        QVERIFY(!of(checks, QStringLiteral("server gone")).first().remedy.isEmpty());
        QVERIFY(of(checks, QStringLiteral("server off")).isEmpty());
        QVERIFY(of(checks, QStringLiteral("port")).isEmpty());
    }
    void whatTheRunningOrielWarnsOfIsToldOnce()
    {
        DoctorInput running = input("{\"mcpServers\":{},\"nonsense\":1}", true);
        const auto before = of(runDoctor(running), QStringLiteral("configuration"));
        QCOMPARE(before.first().verdict, Verdict::Warning);
        running.configWarnings = {before.first().finding,
                                  QStringLiteral("environment: OTEL_SDK_DISABLED: expected true or false")};
        const auto checks = of(runDoctor(running), QStringLiteral("configuration"));
        QCOMPARE(checks.size(), before.size() + 1);
        QVERIFY(std::any_of(checks.cbegin(), checks.cend(), [](const DoctorCheck& check) {
            return check.verdict == Verdict::Warning && check.finding.contains(QStringLiteral("OTEL_SDK_DISABLED"));
        }));
    }
    void aTakenPortOfTheReceiverIsAWarningAndTheOtherIsTold()
    {
        DoctorInput running = input("{}", true);
        QCOMPARE(of(runDoctor(running), QStringLiteral("receiver")).first().finding, QStringLiteral("switched off"));
        running.status.receiver.enabled = true;
        running.status.receiver.text = QStringLiteral("http://127.0.0.1:4318");
        QCOMPARE(of(runDoctor(running), QStringLiteral("receiver")).first().verdict, Verdict::Ok);
        running.status.receiver.error = QStringLiteral("no OTLP over gRPC: Port 4317 is in use by other (pid 5)");
        const auto checks = of(runDoctor(running), QStringLiteral("receiver"));
        QCOMPARE(checks.size(), 1);
        QCOMPARE(checks.first().verdict, Verdict::Warning);
        QVERIFY(checks.first().finding.contains(QStringLiteral("4318")) &&
                checks.first().finding.contains(QStringLiteral("other (pid 5)")));
        QVERIFY(checks.first().remedy.contains(QStringLiteral("receiver.grpcPort")));
    }
    void whatIsWrongWithARunningOrielHasARemedy()
    {
        DoctorInput running = input("{\"mcpServers\":{\"a\":{\"command\":\"sh\"}}}", true);
        running.status.listening = false;
        running.status.listenError = QStringLiteral("Port 7420 is in use by other (pid 5)");
        running.status.authDisabled = true;
        running.status.vaultDegraded = true;
        running.status.auditError = QStringLiteral("disk full");
        ServerSnapshot server;
        server.config.name = QStringLiteral("a");
        server.state = ServerState::Failed;
        server.diagnosis.headline = QStringLiteral("Command not found");
        server.diagnosis.cause = QStringLiteral("'x' is not in PATH.");
        server.diagnosis.remedy = QStringLiteral("Install it.");
        running.servers = {server};
        DestinationSnapshot destination;
        destination.config.name = QStringLiteral("collector");
        destination.health = DestinationHealth::Broken;
        destination.stateText = QStringLiteral("the backend refused the key (HTTP 401)");
        destination.remedy = QStringLiteral("Give another key; 3 records wait.");
        running.destinations = {destination};
        running.spool.damage = {QStringLiteral("The end of 1 file had not been written whole.")};
        const auto checks = runDoctor(running);
        for (const QString& area :
             {QStringLiteral("port"), QStringLiteral("keychain"), QStringLiteral("audit log"), QStringLiteral("server a"),
              QStringLiteral("destination collector"), QStringLiteral("export spool")}) {
            const auto found = of(checks, area);
            QVERIFY2(!found.isEmpty(), qPrintable(area));
            for (const DoctorCheck& check : found) {
                QVERIFY(check.verdict != Verdict::Ok);
                QVERIFY2(!check.remedy.isEmpty(), qPrintable(area));
            }
        }
        QVERIFY(of(checks, QStringLiteral("port")).first().finding.contains(QStringLiteral("in use")));
        QVERIFY(of(checks, QStringLiteral("server a")).first().finding.contains(QStringLiteral("not in PATH")));
        QCOMPARE(of(checks, QStringLiteral("destination collector")).first().remedy, destination.remedy);
    }
    void checksComeThroughTheControlSocketUnchanged()
    {
        const QList<DoctorCheck> checks{{QStringLiteral("port"), Verdict::Failure, QStringLiteral("\"quoted\" \u00e4"), {}},
                                        {QStringLiteral("clients"), Verdict::Ok, {}, QStringLiteral("line\nbreak")}};
        const auto back = doctorFromJson(doctorJson(checks));
        QCOMPARE(back.size(), 2);
        for (qsizetype i = 0; i < 2; ++i) {
            QCOMPARE(back.at(i).area, checks.at(i).area);
            QCOMPARE(back.at(i).verdict, checks.at(i).verdict);
            QCOMPARE(back.at(i).finding, checks.at(i).finding);
            QCOMPARE(back.at(i).remedy, checks.at(i).remedy);
        }
        QVERIFY(doctorFromJson("no json").isEmpty());
        QCOMPARE(doctorFromJson("[{\"verdict\":99}]").first().verdict, Verdict::Failure);
    }
    void theTextSaysWhatToDoBelowEachProblem()
    {
        const QString text =
            doctorText({{QStringLiteral("port"), Verdict::Failure, QStringLiteral("taken"), QStringLiteral("Stop it.")},
                        {QStringLiteral("keychain"), Verdict::Ok, QStringLiteral("open"), {}}});
        QCOMPARE(text, QStringLiteral("problem  port: taken\n         Stop it.\nok       keychain: open\n"));
    }
};

QTEST_GUILESS_MAIN(DoctorTest)
#include "tst_doctor.moc"
