// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui_test.h"
#include "support/service_fixture.h"
#include "ui/servers/era_line.h"
#include "ui/servers/exchange_model.h"
#include "ui/servers/exchange_view.h"
#include "ui/servers/import_dialog.h"
#include "ui/servers/program_line.h"
#include "ui/servers/server_dialog.h"
#include "ui/servers/server_form.h"
#include "ui/servers/server_list.h"
#include "ui/servers/server_overview.h"
#include "ui/servers/server_settings_page.h"
#include "ui/servers/servers_section.h"
#include "ui/servers/tools_page.h"
#include "ui/servers/wire_model.h"
#include "ui/servers/wire_page.h"
#include "ui/theme/theme_source.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/code_view.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/link_button.h"
#include "ui/widgets/pair_list.h"
#include "ui/widgets/save_bar.h"
#include "ui/widgets/segmented.h"
#include "ui/widgets/text_label.h"

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QLineEdit>
#include <QPushButton>

using namespace oriel;
using namespace oriel::ui;

namespace {

constexpr int patience = 30'000;

QJsonObject demo()
{
    return {{QStringLiteral("demo"), test::ServiceFixture::demoServer()}};
}

const config::Server* configured(service::GatewayService& service, const QString& name, config::Config& storage)
{
    storage = service.configuration();
    return config::findServer(storage, name);
}

int rowOfMethod(const WireModel& model, const QByteArray& method, telemetry::WireDirection direction)
{
    for (int row = 0; row < model.rowCount(); ++row) {
        if (model.entryAt(row)->frame.method == method && model.entryAt(row)->frame.direction == direction)
            return row;
    }
    return -1;
}

void clickLink(QWidget& root, const QString& text)
{
    for (LinkButton* link : root.findChildren<LinkButton*>()) {
        if (link->text() == text && link->isVisibleTo(&root)) {
            link->click();
            return;
        }
    }
    QFAIL("there is no such link");
}

} // namespace

class TestServersSection : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_appearance = std::make_unique<Appearance>(nullptr, Appearance::Preference::Dark); }
    void init() { test::failOnUnexpectedWarnings(); }

    void withoutServersItSaysWhatToDo()
    {
        test::ServiceFixture fixture;
        ServersSection section(fixture.service());
        section.resize(1200, 800);
        section.show();
        QTRY_VERIFY_WITH_TIMEOUT(section.isReady(), patience);
        QVERIFY(!section.emptyReason().isEmpty());
        QVERIFY(section.open(QString()));
        QVERIFY(!section.open(QStringLiteral("nobody")));
    }

    void aReadyServerShowsItsProcessItsToolsAndItsFrames()
    {
        test::ServiceFixture fixture(demo());
        ServersSection section(fixture.service());
        const QAbstractItemModelTester tester(section.model(), QAbstractItemModelTester::FailureReportingMode::QtTest);
        const QAbstractItemModelTester wireTester(section.wire()->model(),
                                                  QAbstractItemModelTester::FailureReportingMode::QtTest);
        const QAbstractItemModelTester toolTester(section.tools()->model(),
                                                  QAbstractItemModelTester::FailureReportingMode::QtTest);
        section.resize(1200, 800);
        section.show();
        QTRY_VERIFY_WITH_TIMEOUT(fixture.isReady(QStringLiteral("demo")), patience);
        QVERIFY(fixture.call(QStringLiteral("demo__quick_echo"), {{QStringLiteral("text"), QStringLiteral("hello wire")}}));
        QTRY_COMPARE_WITH_TIMEOUT(section.tools()->model()->rowCount(), 9, patience);
        QCOMPARE(section.currentServer(), QStringLiteral("demo"));
        QStringList keys;
        for (const KeyValue& row : section.overview()->facts()->rows())
            keys.append(row.key);
        for (const char* key : {"command", "pid", "since", "calls itself", "MCP revision"})
            QVERIFY2(keys.contains(QLatin1String(key)), key);
        QTRY_VERIFY_WITH_TIMEOUT(section.overview()->stderrView()->text().contains(QStringLiteral("ready on stdio")), patience);

        section.tabs()->setCurrentIndex(ServersSection::WireTab);
        WireModel* wire = section.wire()->model();
        QTRY_VERIFY_WITH_TIMEOUT(rowOfMethod(*wire, "tools/call", telemetry::WireDirection::GatewayToServer) >= 0, patience);
        QVERIFY(rowOfMethod(*wire, "initialize", telemetry::WireDirection::GatewayToServer) >= 0);
        for (int row = 0; row < wire->rowCount(); ++row)
            QCOMPARE(wire->entryAt(row)->frame.server, QByteArrayLiteral("demo"));
        section.wire()->setClientSide(true);
        QTRY_VERIFY_WITH_TIMEOUT(rowOfMethod(*wire, "tools/call", telemetry::WireDirection::ClientToGateway) >= 0, patience);

        const int call = rowOfMethod(*wire, "tools/call", telemetry::WireDirection::GatewayToServer);
        section.wire()->table()->setCurrentIndex(wire->index(call, 0));
        QTRY_VERIFY_WITH_TIMEOUT(section.wire()->detail()->text().contains(QStringLiteral("hello wire")), patience);
        QSignalSpy opened(&section, &Section::openRequested);
        QTest::keyClick(section.wire()->table(), Qt::Key_Return);
        QCOMPARE(opened.size(), 1);
        QCOMPARE(opened[0][0].toString(), QStringLiteral("traces"));
        QVERIFY(opened[0][1].toString().contains(QLatin1Char('/')));
    }

    void theExchangeOfACallStandsOnBothSidesAndLeadsBack()
    {
        test::ServiceFixture fixture(demo());
        ServersSection section(fixture.service());
        const QAbstractItemModelTester steps(section.wire()->exchange()->steps(),
                                             QAbstractItemModelTester::FailureReportingMode::QtTest);
        section.resize(1200, 800);
        section.show();
        QTRY_VERIFY_WITH_TIMEOUT(fixture.isReady(QStringLiteral("demo")), patience);
        QVERIFY(fixture.call(QStringLiteral("demo__quick_echo"), {{QStringLiteral("text"), QStringLiteral("both sides")}}));
        section.tabs()->setCurrentIndex(ServersSection::WireTab);
        WireModel* wire = section.wire()->model();
        QTRY_VERIFY_WITH_TIMEOUT(rowOfMethod(*wire, "tools/call", telemetry::WireDirection::GatewayToServer) >= 0, patience);
        const int call = rowOfMethod(*wire, "tools/call", telemetry::WireDirection::GatewayToServer);
        const telemetry::WireFrame frame = wire->entryAt(call)->frame;
        section.wire()->table()->setCurrentIndex(wire->index(call, 0));
        clickLink(section, QStringLiteral("Show exchange"));
        const ExchangeModel* exchange = section.wire()->exchange()->steps();
        QTRY_COMPARE_WITH_TIMEOUT(exchange->rowCount(), 2, patience);
        QVERIFY(section.wire()->isExchangeShown());
        QVERIFY(exchange->index(0, ExchangeModel::Client).data().toString().startsWith(QStringLiteral("→ tools/call")));
        QVERIFY(exchange->index(0, ExchangeModel::Changed).data().toString().contains(QStringLiteral("name")));
        QVERIFY(section.wire()->exchange()->changes()->rowCount() > 0);
        QSignalSpy opened(&section, &Section::openRequested);
        clickLink(section, QStringLiteral("Show span"));
        QCOMPARE(opened.size(), 1);
        clickLink(section, QStringLiteral("‹ All frames"));
        QVERIFY(!section.wire()->isExchangeShown());
        // And from the span to the frames, also when another page is shown.
        section.tabs()->setCurrentIndex(ServersSection::ToolsTab);
        QVERIFY(section.open(QStringLiteral("wire:%1/%2")
                                 .arg(QString::fromLatin1(frame.traceId.toHex()), QString::fromLatin1(frame.spanId.toHex()))));
        QCOMPARE(section.tabs()->currentIndex(), int(ServersSection::WireTab));
        QTRY_VERIFY_WITH_TIMEOUT(section.wire()->exchange()->isSettled() && exchange->rowCount() == 2, patience);
        QVERIFY(section.wire()->isExchangeShown());
        QVERIFY(!section.open(QStringLiteral("wire:no-trace")));
    }

    void framesThatAreGoneSayWhatToDo()
    {
        test::ServiceFixture fixture(demo());
        ServersSection section(fixture.service());
        section.resize(1200, 800);
        section.show();
        QVERIFY(section.open(QStringLiteral("wire:0af7651916cd43dd8448eb211c80319c/b7ad6b7169203331")));
        QTRY_VERIFY_WITH_TIMEOUT(section.wire()->exchange()->isSettled(), patience);
        const auto* empty = section.wire()->exchange()->findChild<EmptyState*>();
        QVERIFY(empty != nullptr && empty->isVisibleTo(&section));
        QVERIFY(empty->sentence().contains(QStringLiteral("again")));
    }

    void aFilterByEraAndWordsNarrowsTheList()
    {
        test::ServiceFixture fixture(demo());
        ServersSection section(fixture.service());
        section.resize(1200, 800);
        section.show();
        QTRY_VERIFY_WITH_TIMEOUT(fixture.isReady(QStringLiteral("demo")), patience);
        section.tabs()->setCurrentIndex(ServersSection::WireTab);
        WireModel* wire = section.wire()->model();
        QTRY_VERIFY_WITH_TIMEOUT(rowOfMethod(*wire, "initialize", telemetry::WireDirection::GatewayToServer) >= 0, patience);
        section.wire()->setFilter(QStringLiteral("method=initialize"));
        QTRY_COMPARE_WITH_TIMEOUT(wire->rowCount(), 1, patience);
        QCOMPARE(wire->index(0, WireModel::Era).data().toString(), QStringLiteral("legacy"));
        section.wire()->setFilter(QStringLiteral("era=modern method=initialize"));
        QTRY_COMPARE_WITH_TIMEOUT(wire->rowCount(), 0, patience);
        section.wire()->setFilter(QString());
        QTRY_VERIFY_WITH_TIMEOUT(wire->rowCount() > 1, patience);
    }

    void aPausedWireStandsStillAndCatchesUp()
    {
        test::ServiceFixture fixture(demo());
        ServersSection section(fixture.service());
        section.resize(1200, 800);
        section.show();
        QTRY_VERIFY_WITH_TIMEOUT(fixture.isReady(QStringLiteral("demo")), patience);
        section.tabs()->setCurrentIndex(ServersSection::WireTab);
        QTRY_VERIFY_WITH_TIMEOUT(section.wire()->model()->rowCount() > 0, patience);
        section.setLive(false);
        QCoreApplication::processEvents();
        QSignalSpy advanced(&fixture.service(), &service::GatewayService::wireAdvanced);
        QVERIFY(fixture.call(QStringLiteral("demo__quick_echo"), {{QStringLiteral("text"), QStringLiteral("later")}}));
        QTRY_VERIFY_WITH_TIMEOUT(!advanced.isEmpty(), patience);
        const auto seen = section.wire()->model()->lastId();
        QCoreApplication::processEvents();
        QCOMPARE(section.wire()->model()->lastId(), seen);
        section.setLive(true);
        QTRY_VERIFY_WITH_TIMEOUT(
            rowOfMethod(*section.wire()->model(), "tools/call", telemetry::WireDirection::GatewayToServer) >= 0, patience);
    }

    void aServerThatDidNotStartSaysWhyAndLeadsToItsTrace()
    {
        test::ServiceFixture fixture({{QStringLiteral("ghost"), test::ServiceFixture::missingServer()}});
        ServersSection section(fixture.service());
        section.resize(1200, 800);
        section.show();
        QTRY_VERIFY_WITH_TIMEOUT(section.overview()->banner()->headline().contains(QStringLiteral("oriel-no-such-program")),
                                 patience);
        QVERIFY(!section.overview()->banner()->sentence().isEmpty());
        QSignalSpy opened(&section, &Section::openRequested);
        clickLink(section, QStringLiteral("Show the trace of this start"));
        QCOMPARE(opened.size(), 1);
        QCOMPARE(opened[0][1].toString().size(), 32);
        clickLink(section, QStringLiteral("Edit"));
        QCOMPARE(section.tabs()->currentIndex(), int(ServersSection::SettingsTab));
    }

    void aServerIsDisabledEnabledAndRestarted()
    {
        test::ServiceFixture fixture(demo());
        ServersSection section(fixture.service());
        section.resize(1200, 800);
        section.show();
        QTRY_VERIFY_WITH_TIMEOUT(fixture.isReady(QStringLiteral("demo")), patience);
        QTRY_COMPARE_WITH_TIMEOUT(section.enableAction()->iconText(), QStringLiteral("Disable"), patience);
        const qint64 pid = fixture.service().servers().first().pid;
        section.restartAction()->trigger();
        QTRY_VERIFY_WITH_TIMEOUT(fixture.isReady(QStringLiteral("demo")) && fixture.service().servers().first().pid != pid,
                                 patience);
        section.enableAction()->trigger();
        QTRY_COMPARE_WITH_TIMEOUT(section.enableAction()->iconText(), QStringLiteral("Enable"), patience);
        QVERIFY(!section.restartAction()->isEnabled());
        section.enableAction()->trigger();
        QTRY_VERIFY_WITH_TIMEOUT(fixture.isReady(QStringLiteral("demo")), patience);
    }

    void theErasLineTellsTheEraAndChecksItAgain()
    {
        test::ServiceFixture fixture(demo());
        ServersSection section(fixture.service());
        section.resize(1200, 800);
        section.show();
        QTRY_VERIFY_WITH_TIMEOUT(fixture.isReady(QStringLiteral("demo")), patience);
        EraLine* line = section.overview()->era();
        QTRY_VERIFY_WITH_TIMEOUT(line->label()->text().startsWith(QStringLiteral("Legacy")), patience);
        const auto first = fixture.service().servers().first();
        QVERIFY(first.eraCheckedUnixNs > 0);
        clickLink(*line, QStringLiteral("Check again"));
        QTRY_VERIFY_WITH_TIMEOUT(fixture.isReady(QStringLiteral("demo")) &&
                                     fixture.service().servers().first().eraCheckedUnixNs > first.eraCheckedUnixNs,
                                 patience);
    }

    void aToolIsSwitchedOffWithItsCheckBox()
    {
        test::ServiceFixture fixture(demo());
        ServersSection section(fixture.service());
        section.resize(1200, 800);
        section.show();
        section.tabs()->setCurrentIndex(ServersSection::ToolsTab);
        RowModel<service::ToolInfo>* tools = section.tools()->model();
        QTRY_COMPARE_WITH_TIMEOUT(tools->rowCount(), 9, patience);
        QVERIFY(section.tools()->definition()->text().contains(QStringLiteral("inputSchema")));
        const QString tool = tools->rowAt(0)->name;
        section.tools()->table()->setCurrentIndex(tools->index(0, 1));
        QTest::keyClick(section.tools()->table(), Qt::Key_Space);
        QTRY_VERIFY_WITH_TIMEOUT(fixture.service().configuration().servers.first().disabledTools.contains(tool), patience);
        QTRY_VERIFY_WITH_TIMEOUT(tools->indexOf(tool) >= 0 && !tools->rowAt(tools->indexOf(tool))->enabled, patience);
    }

    void addingAsksForAYesToTheExactLine()
    {
        test::ServiceFixture fixture;
        ServerDialog dialog(fixture.service(), {QStringLiteral("taken")});
        dialog.show();
        QSignalSpy saved(&dialog, &ServerDialog::saved);
        Form* form = dialog.form()->form();
        auto* name = qobject_cast<QLineEdit*>(form->editor(QStringLiteral("name")));
        auto* command = qobject_cast<QLineEdit*>(form->editor(QStringLiteral("command")));
        name->setText(QStringLiteral("taken"));
        dialog.accept();
        QVERIFY(!form->errorOf(QStringLiteral("name")).isEmpty());
        QVERIFY(!form->errorOf(QStringLiteral("command")).isEmpty());
        name->setText(QStringLiteral("fresh"));
        command->setText(QStringLiteral(ORIEL_DEMO_SERVER));
        dialog.accept();
        QVERIFY(!form->errorOf(QStringLiteral("approval")).isEmpty());
        QCOMPARE(dialog.form()->programLine()->line(), QStringLiteral(ORIEL_DEMO_SERVER));
        dialog.form()->programLine()->setYes(true);
        command->setText(QStringLiteral(ORIEL_DEMO_SERVER) + QStringLiteral("-other"));
        QVERIFY(!dialog.form()->programLine()->isApproved()); // another line, another yes
        command->setText(QStringLiteral(ORIEL_DEMO_SERVER));
        QVERIFY(!dialog.form()->programLine()->isApproved());
        dialog.form()->programLine()->setYes(true);
        dialog.accept();
        QTRY_COMPARE_WITH_TIMEOUT(saved.size(), 1, patience);
        config::Config storage;
        QVERIFY(configured(fixture.service(), QStringLiteral("fresh"), storage) != nullptr);
        QTRY_VERIFY_WITH_TIMEOUT(fixture.isReady(QStringLiteral("fresh")), patience);
    }

    void aSecretMovesToTheVaultAndLeavesAReference()
    {
        test::ServiceFixture fixture;
        QTRY_VERIFY_WITH_TIMEOUT(!fixture.service().status().vaultState.isEmpty(), patience);
        ServerForm form(fixture.service());
        config::Server server;
        server.name = QStringLiteral("notes");
        server.command = QStringLiteral("notes");
        server.env.insert(QStringLiteral("API_KEY"), QStringLiteral("not-a-real-key"));
        form.load(server, {}, false);
        form.show();
        QVERIFY(!form.isChanged());
        auto* list = qobject_cast<PairList*>(form.form()->editor(QStringLiteral("env")));
        QSignalSpy failed(&form, &ServerForm::failed);
        const auto move = [&] { Q_EMIT list->moveToVaultRequested(0); };
        move();
        // The vault may still be opening on a machine without a keychain.
        QTRY_VERIFY_WITH_TIMEOUT(list->secretCount() == 0 || !failed.isEmpty(), patience);
        if (list->secretCount() != 0) {
            QTRY_VERIFY_WITH_TIMEOUT(fixture.service().status().vaultDegraded, patience);
            move();
            QTRY_COMPARE_WITH_TIMEOUT(list->secretCount(), 0, patience);
        }
        QCOMPARE(form.server().env.value(QStringLiteral("API_KEY")), QStringLiteral("${vault:notes.API_KEY}"));
        QTRY_VERIFY_WITH_TIMEOUT(fixture.service().secretNames().contains(QStringLiteral("notes.API_KEY")), patience);
    }

    void settingsAreSavedKeptAsDraftAndReverted()
    {
        test::ServiceFixture fixture({{QStringLiteral("demo"), test::ServiceFixture::demoServer()},
                                      {QStringLiteral("ghost"), test::ServiceFixture::missingServer()}});
        ServersSection section(fixture.service());
        section.resize(1200, 800);
        section.show();
        QTRY_VERIFY_WITH_TIMEOUT(section.open(QStringLiteral("demo/settings")), patience);
        QCOMPARE(section.tabs()->currentIndex(), int(ServersSection::SettingsTab));
        ServerForm* form = section.settings()->form();
        QVERIFY(!section.settings()->bar()->isVisible());
        auto* time = qobject_cast<QLineEdit*>(form->form()->editor(QStringLiteral("timeouts.toolCall")));
        time->setText(QStringLiteral("soon"));
        QVERIFY(!form->validate());
        QVERIFY(!form->form()->errorOf(QStringLiteral("timeouts.toolCall")).isEmpty());
        time->setText(QStringLiteral("45 s"));
        QVERIFY(section.settings()->bar()->isVisible());
        QVERIFY(section.open(QStringLiteral("ghost")));
        QVERIFY(!form->isChanged());
        QVERIFY(section.open(QStringLiteral("demo")));
        QCOMPARE(time->text(), QStringLiteral("45 s"));
        // What happens elsewhere while it is edited stays when it is saved.
        const QFuture<Status> switched =
            fixture.service().setToolEnabled(QStringLiteral("demo"), QStringLiteral("quick_echo"), false);
        QTRY_VERIFY_WITH_TIMEOUT(switched.isFinished(), patience);
        section.settings()->bar()->saveButton()->click();
        config::Config storage;
        QTRY_VERIFY_WITH_TIMEOUT(configured(fixture.service(), QStringLiteral("demo"), storage)->timeouts.toolCall.has_value(),
                                 patience);
        QCOMPARE(configured(fixture.service(), QStringLiteral("demo"), storage)->timeouts.toolCall,
                 std::optional(std::chrono::milliseconds(45'000)));
        QCOMPARE(configured(fixture.service(), QStringLiteral("demo"), storage)->disabledTools,
                 QStringList{QStringLiteral("quick_echo")});
        QTRY_VERIFY_WITH_TIMEOUT(!section.settings()->bar()->isVisible(), patience);
        time->setText(QStringLiteral("1 h"));
        section.settings()->bar()->revertButton()->click();
        QCOMPARE(time->text(), QStringLiteral("45 s"));
    }

    void aRemovedServerIsBroughtBackByUndo()
    {
        test::ServiceFixture fixture(demo());
        ServersSection section(fixture.service());
        section.resize(1200, 800);
        section.show();
        QTRY_COMPARE_WITH_TIMEOUT(section.model()->rowCount(), 1, patience);
        section.removeServer(QStringLiteral("demo"));
        QTRY_COMPARE_WITH_TIMEOUT(section.model()->rowCount(), 0, patience);
        QTRY_COMPARE_WITH_TIMEOUT(section.banner()->headline(), QStringLiteral("demo was removed"), patience);
        clickLink(*section.banner(), QStringLiteral("Undo"));
        QTRY_COMPARE_WITH_TIMEOUT(section.model()->rowCount(), 1, patience);
        QVERIFY(!section.banner()->isVisible());
        QTRY_VERIFY_WITH_TIMEOUT(fixture.isReady(QStringLiteral("demo")), patience);
    }

    void whatOtherClientsHaveIsImported()
    {
        QTemporaryDir home;
        QVERIFY(QDir(home.path()).mkpath(QStringLiteral(".cursor")));
        QFile file(home.filePath(QStringLiteral(".cursor/mcp.json")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(QJsonDocument(QJsonObject{{QStringLiteral("mcpServers"),
                                              QJsonObject{{QStringLiteral("found"), test::ServiceFixture::demoServer()}}}})
                       .toJson());
        file.close();
        const QByteArray before = qgetenv("HOME");
        qputenv("HOME", home.path().toUtf8());
        const auto restore = qScopeGuard([&before] { qputenv("HOME", before); });
        test::ServiceFixture fixture;
        ImportDialog dialog(fixture.service());
        const QAbstractItemModelTester tester(dialog.model(), QAbstractItemModelTester::FailureReportingMode::QtTest);
        dialog.show();
        QTRY_VERIFY_WITH_TIMEOUT(dialog.choice().chosenCount() >= 1, patience);
        QVERIFY(dialog.preview()->text().contains(QStringLiteral(ORIEL_DEMO_SERVER)));
        QCOMPARE(dialog.acceptButton()->text(), QStringLiteral("Import 1 server"));
        QSignalSpy imported(&dialog, &ImportDialog::imported);
        QTest::keyClick(dialog.table(), Qt::Key_Space);
        QVERIFY(!dialog.acceptButton()->isEnabled());
        QTest::keyClick(dialog.table(), Qt::Key_Space);
        dialog.accept();
        QTRY_COMPARE_WITH_TIMEOUT(imported.size(), 1, patience);
        config::Config storage;
        QVERIFY(configured(fixture.service(), QStringLiteral("found"), storage) != nullptr);
    }

    void theFilterNarrowsTheList()
    {
        test::ServiceFixture fixture({{QStringLiteral("alpha"), test::ServiceFixture::missingServer()},
                                      {QStringLiteral("beta"), test::ServiceFixture::missingServer()}});
        ServersSection section(fixture.service());
        section.show();
        QTRY_COMPARE_WITH_TIMEOUT(section.model()->rowCount(), 2, patience);
        section.setFilter(QStringLiteral("server=beta"));
        QTRY_COMPARE_WITH_TIMEOUT(section.model()->rowCount(), 1, patience);
        section.setFilter(QString());
        QTRY_COMPARE_WITH_TIMEOUT(section.model()->rowCount(), 2, patience);
    }

    void stateIsKeptAndNonsenseIsIgnored()
    {
        test::ServiceFixture fixture({{QStringLiteral("alpha"), test::ServiceFixture::missingServer()},
                                      {QStringLiteral("beta"), test::ServiceFixture::missingServer()}});
        QByteArray state;
        {
            ServersSection section(fixture.service());
            section.show();
            QTRY_VERIFY_WITH_TIMEOUT(section.open(QStringLiteral("beta/wire")), patience);
            state = section.saveState();
        }
        ServersSection section(fixture.service());
        section.restoreState(QByteArrayLiteral("nonsense"));
        QCOMPARE(section.tabs()->currentIndex(), int(ServersSection::OverviewTab));
        section.restoreState(state);
        section.show();
        QTRY_COMPARE_WITH_TIMEOUT(section.currentServer(), QStringLiteral("beta"), patience);
        QCOMPARE(section.tabs()->currentIndex(), int(ServersSection::WireTab));
    }

private:
    std::unique_ptr<Appearance> m_appearance;
};

QTEST_MAIN(TestServersSection)
#include "tst_servers_section.moc"
