// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui_test.h"
#include "support/service_fixture.h"
#include "ui/settings/appearance_page.h"
#include "ui/settings/clients_page.h"
#include "ui/settings/credentials_page.h"
#include "ui/settings/destination_dialog.h"
#include "ui/settings/destinations_page.h"
#include "ui/settings/gateway_page.h"
#include "ui/settings/masking_page.h"
#include "ui/settings/receiver_page.h"
#include "ui/settings/retention_page.h"
#include "ui/settings/secret_dialog.h"
#include "ui/settings/settings_section.h"
#include "ui/settings/snippet_view.h"
#include "ui/settings/token_dialog.h"
#include "ui/theme/theme_source.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/code_view.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/form.h"
#include "ui/widgets/pair_list.h"
#include "ui/widgets/save_bar.h"
#include "ui/widgets/segmented.h"

#include <QAbstractItemModelTester>
#include <QCheckBox>
#include <QComboBox>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QTcpServer>

using namespace oriel;
using namespace oriel::ui;

namespace {

constexpr int patience = 30'000;

template <class Editor> Editor* field(Form* form, const char* key)
{
    return qobject_cast<Editor*>(form->editor(QLatin1String(key)));
}

config::Destination fileDestination(const QString& path)
{
    config::Destination destination;
    destination.name = QStringLiteral("Archive");
    destination.protocol = config::ExportProtocol::File;
    destination.endpoint = path;
    return destination;
}

/// Waits for the answer of a command.
bool succeeds(QFuture<Status> future)
{
    QFutureWatcher<Status> watcher;
    QSignalSpy finished(&watcher, &QFutureWatcherBase::finished);
    watcher.setFuture(future);
    return (future.isFinished() || finished.wait(patience)) && future.result().has_value();
}

} // namespace

class TestSettingsSection : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_appearance = std::make_unique<Appearance>(nullptr, Appearance::Preference::Dark); }
    void init()
    {
        test::failOnUnexpectedWarnings();
        m_fixture = std::make_unique<test::ServiceFixture>();
        QVERIFY(m_fixture->isStarted());
        m_section = std::make_unique<SettingsSection>(service());
        m_section->resize(1200, 800);
        m_section->show();
        QTRY_VERIFY_WITH_TIMEOUT(m_section->isReady(), patience);
    }
    void cleanup()
    {
        m_section.reset();
        m_fixture.reset();
    }

    void everyPageIsFoundByItsName()
    {
        for (const char* id :
             {"destinations", "receiver", "clients", "credentials", "retention", "masking", "gateway", "appearance", "about"}) {
            QVERIFY2(m_section->open(QLatin1String(id)), id);
            QCOMPARE(m_section->currentPage()->category().id, QLatin1String(id));
            QVERIFY(m_section->currentPage()->isVisible());
        }
        QVERIFY(!m_section->open(QStringLiteral("nonsense")));
        QTest::keyClick(m_section->categories(), Qt::Key_Home);
        QCOMPARE(m_section->currentPage(), m_section->destinations());
    }

    void aDestinationIsListedAndItsTestSpanReallyArrives()
    {
        const QString path = m_fixture->path(QStringLiteral("spans.jsonl"));
        const QAbstractItemModelTester tester(m_section->destinations()->model(),
                                              QAbstractItemModelTester::FailureReportingMode::QtTest);
        QVERIFY(succeeds(service().saveDestination(fileDestination(path))));
        QTRY_COMPARE_WITH_TIMEOUT(m_section->destinations()->model()->rowCount(), 1, patience);
        QVERIFY(m_section->open(QStringLiteral("destination:Archive")));
        QTRY_VERIFY_WITH_TIMEOUT(m_section->destinations()->testButton()->isEnabled(), patience);
        m_section->destinations()->testButton()->click();
        Banner* banner = m_section->destinations()->banner();
        QTRY_COMPARE_WITH_TIMEOUT(banner->headline(), QStringLiteral("Archive answered"), patience);
        QVERIFY(!banner->sentence().isEmpty());
        QFile file(m_fixture->path(QStringLiteral("spans-traces.jsonl"))); // one file a signal
        QVERIFY2(banner->sentence().contains(QStringLiteral("spans-traces.jsonl")), qPrintable(banner->sentence()));
        QVERIFY(file.open(QIODevice::ReadOnly)); // written before the answer came
        QVERIFY(file.readAll().contains("resourceSpans"));
    }

    void aDestinationIsAddedOnlyWhenItIsWhole()
    {
        DestinationDialog dialog(service(), {}, {}, {QStringLiteral("taken")});
        dialog.show();
        QSignalSpy saved(&dialog, &DestinationDialog::saved);
        auto* name = field<QLineEdit>(dialog.form(), "name");
        auto* endpoint = field<QLineEdit>(dialog.form(), "endpoint");
        name->setText(QStringLiteral("taken"));
        dialog.accept();
        QVERIFY(!dialog.form()->errorOf(QStringLiteral("name")).isEmpty());
        QVERIFY(!dialog.form()->errorOf(QStringLiteral("endpoint")).isEmpty());
        name->setText(QStringLiteral("Jaeger"));
        endpoint->setText(QStringLiteral("http://127.0.0.1:9"));
        dialog.headers()->setPairs({{QStringLiteral("Authorization"), QStringLiteral("Bearer ${vault:jaeger}")}});
        dialog.accept();
        QTRY_COMPARE_WITH_TIMEOUT(saved.size(), 1, patience);
        const config::Config configuration = service().configuration();
        const config::Destination* kept = config::findDestination(configuration, QStringLiteral("Jaeger"));
        QVERIFY(kept != nullptr);
        QCOMPARE(kept->headers.first().second, QStringLiteral("Bearer ${vault:jaeger}"));
    }

    void aTokenIsShownOnceWithItsSnippetsAndCanBeRevoked()
    {
        QVERIFY(m_section->open(QStringLiteral("clients")));
        const QAbstractItemModelTester tester(m_section->clients()->tokenModel(),
                                              QAbstractItemModelTester::FailureReportingMode::QtTest);
        TokenDialog dialog(service(), {});
        dialog.show();
        dialog.accept();
        QVERIFY(!dialog.form()->errorOf(QStringLiteral("name")).isEmpty());
        field<QLineEdit>(dialog.form(), "name")->setText(QStringLiteral("cursor"));
        field<QCheckBox>(dialog.form(), "scopes")->setChecked(false);
        dialog.accept();
        QVERIFY(!dialog.form()->errorOf(QStringLiteral("scopes")).isEmpty());
        field<QCheckBox>(dialog.form(), "scopes")->setChecked(true);
        dialog.accept();
        QTRY_VERIFY_WITH_TIMEOUT(!dialog.token().isEmpty(), patience);
        auto* snippets = dialog.findChild<SnippetView*>();
        bool shown = false;
        auto* clients = snippets->findChild<Segmented*>();
        for (int i = 0; i < int(service().clientSnippets().size()); ++i) {
            clients->setCurrentIndex(i);
            shown = shown || snippets->shownText().contains(dialog.token());
        }
        QVERIFY(shown);
        QTRY_COMPARE_WITH_TIMEOUT(m_section->clients()->tokenModel()->rowCount(), 1, patience);
        m_section->clients()->revoke(QStringLiteral("cursor"));
        QTRY_COMPARE_WITH_TIMEOUT(m_section->clients()->tokenModel()->rowCount(), 0, patience);
    }

    void aConnectedClientIsListed()
    {
        QVERIFY(m_section->open(QStringLiteral("clients")));
        (void)m_fixture->call(QStringLiteral("nothing"));
        QTRY_COMPARE_WITH_TIMEOUT(m_section->clients()->sessionModel()->rowCount(), 1, patience);
        QCOMPARE(m_section->clients()->sessionModel()->rowAt(0)->clientName, QStringLiteral("tester"));
    }

    void aSecretIsKeptByNameOnly()
    {
        QVERIFY(m_section->open(QStringLiteral("credentials")));
        QTRY_VERIFY_WITH_TIMEOUT(
            service().status().vaultDegraded || service().status().vaultState.contains(QStringLiteral("keychain")), patience);
        SecretDialog dialog(service(), {}, {});
        dialog.show();
        auto* value = field<QLineEdit>(dialog.form(), "value");
        QCOMPARE(value->echoMode(), QLineEdit::Password);
        dialog.accept();
        QVERIFY(!dialog.form()->errorOf(QStringLiteral("name")).isEmpty());
        QVERIFY(!dialog.form()->errorOf(QStringLiteral("value")).isEmpty());
        field<QLineEdit>(dialog.form(), "name")->setText(QStringLiteral("github.token"));
        value->setText(QStringLiteral("not-a-real-one"));
        dialog.accept();
        RowModel<SecretRow>* model = m_section->credentials()->model();
        QTRY_COMPARE_WITH_TIMEOUT(model->rowCount(), 1, patience);
        for (int column = 0; column < model->columnCount(); ++column)
            QVERIFY(!model->index(0, column).data().toString().contains(QStringLiteral("not-a-real-one")));
        QVERIFY(value->text().isEmpty());
    }

    void retentionIsCheckedSavedAndPreviewed()
    {
        QVERIFY(m_section->open(QStringLiteral("retention")));
        RetentionPage* page = m_section->retention();
        const QAbstractItemModelTester tester(page->preview(), QAbstractItemModelTester::FailureReportingMode::QtTest);
        QTRY_VERIFY_WITH_TIMEOUT(page->preview()->rowCount() >= 3, patience);
        QVERIFY(page->applyButton()->isEnabled());
        auto* bytes = field<QLineEdit>(page->form(), "traceBytes");
        bytes->setText(QStringLiteral("a lot"));
        QVERIFY(!page->form()->errorOf(QStringLiteral("traceBytes")).isEmpty());
        page->bar()->saveButton()->click();
        QCOMPARE(service().configuration().retention.traceBytes, config::Retention().traceBytes);
        bytes->setText(QStringLiteral("256 MiB"));
        field<QSpinBox>(page->form(), "auditDays")->setValue(30);
        QVERIFY(page->isChanged());
        QVERIFY(!page->applyButton()->isEnabled());
        page->bar()->saveButton()->click();
        QTRY_COMPARE_WITH_TIMEOUT(service().configuration().retention.auditDays, 30, patience);
        QCOMPARE(service().configuration().retention.traceBytes, 256LL << 20);
        QTRY_VERIFY_WITH_TIMEOUT(!page->bar()->isVisible(), patience);
    }

    void theMaskingPreviewFollowsTheFieldsBeforeTheyAreSaved()
    {
        QVERIFY(m_section->open(QStringLiteral("masking")));
        MaskingPage* page = m_section->masking();
        const QAbstractItemModelTester tester(page->hits(), QAbstractItemModelTester::FailureReportingMode::QtTest);
        page->sample()->setPlainText(QStringLiteral("{\"password\":\"correct horse\",\"ticket\":\"T-1234\"}"));
        QTRY_VERIFY_WITH_TIMEOUT(page->result()->text().contains(QStringLiteral("[masked:key-name]")), patience);
        QVERIFY(page->result()->text().contains(QStringLiteral("T-1234")));
        page->patterns()->setPairs({{QStringLiteral("ticket"), QStringLiteral("T-[0-9]+")}});
        Q_EMIT page->patterns()->changed();
        QTRY_VERIFY_WITH_TIMEOUT(page->result()->text().contains(QStringLiteral("[masked:ticket]")), patience);
        QVERIFY(service().configuration().masking.patterns.isEmpty());
        page->patterns()->setPairs({{QStringLiteral("ticket"), QStringLiteral("T-[0-9")}});
        Q_EMIT page->patterns()->changed();
        QTRY_VERIFY_WITH_TIMEOUT(page->form()->errorOf(QStringLiteral("patterns")).contains(QStringLiteral("ticket")), patience);
        page->save();
        QVERIFY(service().configuration().masking.patterns.isEmpty());
        page->patterns()->setPairs({});
        Q_EMIT page->patterns()->changed();
        QTRY_VERIFY_WITH_TIMEOUT(page->form()->errorOf(QStringLiteral("patterns")).isEmpty(), patience);
    }

    void whatIsNotASecretIsExceptedByItsHash()
    {
        QVERIFY(m_section->open(QStringLiteral("masking")));
        MaskingPage* page = m_section->masking();
        page->sample()->setPlainText(QStringLiteral("{\"password\":\"correct horse\"}"));
        QTRY_VERIFY_WITH_TIMEOUT(
            page->result()->text().contains(QStringLiteral("[masked:key-name]")) && page->hits()->rowCount() == 1, patience);
        page->except(0);
        QTRY_VERIFY_WITH_TIMEOUT(page->result()->text().contains(QStringLiteral("correct horse")), patience);
        page->save();
        QTRY_COMPARE_WITH_TIMEOUT(service().configuration().masking.exceptions.size(), 1, patience);
        QVERIFY(!service().configuration().masking.exceptions.first().contains(QStringLiteral("horse")));
    }

    void theReceiverTellsWhatHindersItAndListensWhenItsPortIsChanged()
    {
        QVERIFY(m_section->open(QStringLiteral("receiver")));
        ReceiverPage* page = m_section->receiver();
        auto* httpPort = field<QSpinBox>(page->form(), "httpPort");
        auto* grpcPort = field<QSpinBox>(page->form(), "grpcPort");
        QTcpServer holder;
        QVERIFY(holder.listen(QHostAddress::LocalHost));
        httpPort->setValue(holder.serverPort());
        grpcPort->setValue(holder.serverPort());
        QVERIFY(!page->form()->errorOf(QStringLiteral("httpPort")).isEmpty());
        grpcPort->setValue(0);
        QVERIFY(page->form()->errorOf(QStringLiteral("httpPort")).isEmpty());
        page->bar()->saveButton()->click();
        QTRY_VERIFY_WITH_TIMEOUT(
            page->problem()->isVisible() && page->problem()->headline().contains(QString::number(holder.serverPort())), patience);
        QVERIFY(page->snippets()->shownText().contains(QStringLiteral("PROTOCOL=grpc")));
        httpPort->setValue(0);
        auto* children = field<QComboBox>(page->form(), "childTelemetry");
        children->setCurrentIndex(children->findData(int(config::ChildTelemetry::Endpoint)));
        page->bar()->saveButton()->click();
        QTRY_VERIFY_WITH_TIMEOUT(!page->problem()->isVisible(), patience);
        QCOMPARE(service().configuration().receiver.childTelemetry, config::ChildTelemetry::Endpoint);
        QTRY_VERIFY_WITH_TIMEOUT(
            page->snippets()->shownText().contains(QStringLiteral("127.0.0.1:%1").arg(service().status().receiver.httpPort)),
            patience);
    }

    void aReceiverThatIsOffIsSwitchedOnFromItsEmptyPage()
    {
        config::Config off = service().configuration();
        off.receiver = {false, 0, 0, config::ChildTelemetry::All};
        QVERIFY(succeeds(service().saveConfiguration(off, service().configuration())));
        QVERIFY(m_section->open(QStringLiteral("receiver")));
        ReceiverPage* page = m_section->receiver();
        QPushButton* on = nullptr;
        const auto offer = [&] {
            for (QPushButton* button : page->findChildren<QPushButton*>()) {
                if (button->text() == QStringLiteral("Switch it on") && button->isVisible())
                    on = button;
            }
            return on != nullptr;
        };
        QTRY_VERIFY_WITH_TIMEOUT(offer(), patience);
        QVERIFY(!page->snippets()->isVisible());
        on->click();
        QTRY_VERIFY_WITH_TIMEOUT(service().status().receiver.httpPort != 0, patience);
        QTRY_VERIFY_WITH_TIMEOUT(page->snippets()->isVisible() && !on->isVisible(), patience);
        QVERIFY(!page->isChanged());
    }

    void anOpenGatewayIsSaidInRed()
    {
        QVERIFY(m_section->open(QStringLiteral("gateway")));
        GatewayPage* page = m_section->gateway();
        QVERIFY(page->openBanner()->isVisible()); // the fixture runs without authentication
        auto* host = field<QLineEdit>(page->form(), "host");
        host->setText(QStringLiteral("0.0.0.0"));
        QVERIFY(!page->form()->errorOf(QStringLiteral("host")).isEmpty());
        page->bar()->revertButton()->click();
        QCOMPARE(host->text(), QStringLiteral("127.0.0.1"));
        QVERIFY(!page->isChanged());
        field<QLineEdit>(page->form(), "timeouts.toolCall")->setText(QStringLiteral("90 s"));
        page->bar()->saveButton()->click();
        QTRY_COMPARE_WITH_TIMEOUT(service().configuration().gateway.timeouts.toolCall, std::chrono::milliseconds(90'000),
                                  patience);
    }

    void aThemeIsShownAtOnceAndTakenBackByRevert()
    {
        QVERIFY(m_section->open(QStringLiteral("appearance")));
        QSignalSpy chosen(m_section.get(), &SettingsSection::themeChosen);
        AppearancePage* page = m_section->appearance();
        page->choice()->setCurrentIndex(2);
        QCOMPARE(chosen.size(), 1);
        QCOMPARE(chosen.last()[0].toString(), QStringLiteral("dark"));
        page->revert();
        QCOMPARE(chosen.last()[0].toString(), QStringLiteral("system"));
        page->choice()->setCurrentIndex(1);
        page->save();
        QTRY_COMPARE_WITH_TIMEOUT(service().configuration().ui.theme, QStringLiteral("light"), patience);
    }

    void anEditIsNotOverwrittenFromOutside()
    {
        QVERIFY(m_section->open(QStringLiteral("retention")));
        RetentionPage* page = m_section->retention();
        auto* days = field<QSpinBox>(page->form(), "logDays");
        days->setValue(3);
        config::Config other = service().configuration();
        other.ui.theme = QStringLiteral("dark");
        QVERIFY(succeeds(service().saveConfiguration(other, service().configuration())));
        QTRY_COMPARE_WITH_TIMEOUT(service().configuration().ui.theme, QStringLiteral("dark"), patience);
        page->refresh();
        QCOMPARE(days->value(), 3);
        QVERIFY(page->isChanged());
        page->save();
        QTRY_COMPARE_WITH_TIMEOUT(service().configuration().retention.logDays, 3, patience);
        QCOMPARE(service().configuration().ui.theme, QStringLiteral("dark"));
        QTRY_VERIFY_WITH_TIMEOUT(!page->isChanged(), patience);
    }

    void stateIsKeptAndNonsenseIsIgnored()
    {
        QVERIFY(m_section->open(QStringLiteral("masking")));
        const QByteArray state = m_section->saveState();
        SettingsSection other(service());
        other.restoreState(QByteArrayLiteral("nonsense"));
        QCOMPARE(other.currentPage()->category().id, QStringLiteral("destinations"));
        other.restoreState(state);
        QCOMPARE(other.currentPage()->category().id, QStringLiteral("masking"));
    }

private:
    [[nodiscard]] service::GatewayService& service() { return m_fixture->service(); }

    std::unique_ptr<Appearance> m_appearance;
    std::unique_ptr<test::ServiceFixture> m_fixture;
    std::unique_ptr<SettingsSection> m_section;
};

QTEST_MAIN(TestSettingsSection)
#include "tst_settings_section.moc"
