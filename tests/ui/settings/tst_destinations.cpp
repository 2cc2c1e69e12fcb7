// SPDX-License-Identifier: GPL-3.0-or-later
#include "gui_test.h"
#include "support/service_fixture.h"
#include "ui/settings/destination_dialog.h"
#include "ui/settings/destinations_page.h"
#include "ui/settings/export_preview_dialog.h"
#include "ui/settings/preset_dialog.h"
#include "ui/settings/settings_section.h"
#include "ui/theme/theme_source.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/code_view.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/dialog.h"
#include "ui/widgets/form.h"
#include "ui/widgets/key_value_table.h"
#include "ui/widgets/pair_list.h"
#include "ui/widgets/search_field.h"
#include "ui/widgets/text_label.h"

#include <QAbstractItemModelTester>
#include <QComboBox>
#include <QDir>
#include <QLineEdit>
#include <QPushButton>
#include <QTcpServer>
#include <QTcpSocket>

using namespace oriel;
using namespace oriel::ui;

namespace {

constexpr int patience = 30'000;

QString text(const char* latin)
{
    return QString::fromLatin1(latin);
}

bool succeeds(QFuture<Status> future)
{
    QFutureWatcher<Status> watcher;
    QSignalSpy finished(&watcher, &QFutureWatcherBase::finished);
    watcher.setFuture(future);
    return (future.isFinished() || finished.wait(patience)) && future.result().has_value();
}

config::Destination tracesTo(const QString& endpoint, config::ExportProtocol protocol)
{
    config::Destination destination;
    destination.name = text("Backend");
    destination.protocol = protocol;
    destination.endpoint = endpoint;
    destination.metrics = destination.logs = false;
    return destination;
}

config::Destination grafana()
{
    config::Destination destination;
    destination.name = text("Grafana Cloud");
    destination.preset = text("grafana-cloud");
    return destination;
}

QString said(const QDialog* dialog)
{
    QStringList words;
    for (const TextLabel* label : dialog->findChildren<TextLabel*>())
        words.append(label->text());
    return words.join(QLatin1Char('\n'));
}

} // namespace

class TestDestinations : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_appearance = std::make_unique<Appearance>(nullptr, Appearance::Preference::Dark); }
    void init()
    {
        test::failOnUnexpectedWarnings();
        m_fixture = std::make_unique<test::ServiceFixture>(QJsonObject{{text("demo"), test::ServiceFixture::demoServer()}});
        QVERIFY(m_fixture->isStarted());
        m_section = std::make_unique<SettingsSection>(service());
        m_section->resize(940, 760);
        m_section->show();
        QTRY_VERIFY_WITH_TIMEOUT(m_section->isReady(), patience);
        QVERIFY(m_section->open(text("destinations")));
    }
    void cleanup()
    {
        m_section.reset();
        m_fixture.reset();
    }

    void aProviderIsSearchedAndItsFormAsksOnlyForWhatItNeeds()
    {
        page()->add();
        auto* list = m_section->findChild<PresetDialog*>();
        QVERIFY(list != nullptr);
        QCOMPARE(list->current()->id, text(PresetDialog::customId));
        QTest::keyClicks(list->search(), text("grafana cl"));
        QCOMPARE(list->model()->rowCount(), 1);
        QCOMPARE(list->current()->id, text("grafana-cloud"));
        QTest::keyClick(list->search(), Qt::Key_Return);
        auto* form = m_section->findChild<DestinationDialog*>();
        QVERIFY(form != nullptr);
        QVERIFY(form->form()->editor(text("fields.zone"))->isVisible());
        QCOMPARE(field<QLineEdit>(form, "fields.zone")->placeholderText(), text("prod-eu-west-0"));
        QVERIFY(!form->advanced()->isVisible());
        form->advancedButton()->click();
        QVERIFY(form->advanced()->editor(text("signals"))->isVisible());
        QCOMPARE(form->advanced()->editor(text("protocol"))->property("count").toInt(), 1);
    }

    void itsDialogsAreOpenedByName()
    {
        QVERIFY(m_section->open(text("destinations/@new:grafana-cloud")));
        auto* form = m_section->findChild<DestinationDialog*>();
        QVERIFY(form != nullptr);
        QVERIFY(form->form()->editor(text("fields.zone"))->isVisible());
        QVERIFY(!m_section->open(text("destinations/@nonsense")));
    }

    void aProviderWithoutOtlpSaysWhatToDoInstead()
    {
        PresetDialog dialog;
        dialog.show();
        QSignalSpy chosen(&dialog, &PresetDialog::chosen);
        dialog.search()->setText(text("connection string"));
        QCOMPARE(dialog.model()->rowCount(), 1);
        QVERIFY(!dialog.acceptButton()->isEnabled());
        dialog.accept();
        QVERIFY(chosen.isEmpty());
        dialog.search()->setText(text("custom"));
        QVERIFY(dialog.acceptButton()->isEnabled());
        dialog.accept();
        QCOMPARE(chosen.size(), 1);
    }

    void theSecretOfAProviderGoesToTheVaultAndIsNeverShownAgain()
    {
        QTRY_VERIFY_WITH_TIMEOUT(service().status().vaultDegraded || service().status().vaultState.contains(text("keychain")),
                                 patience);
        DestinationDialog dialog(service(), grafana(), {}, {});
        dialog.show();
        QSignalSpy saved(&dialog, &DestinationDialog::saved);
        field<QLineEdit>(&dialog, "fields.zone")->setText(text("Bad Zone"));
        QVERIFY(dialog.form()->errorOf(text("fields.zone")).contains(text("prod-eu-west-0")));
        dialog.accept();
        QVERIFY(saved.isEmpty());
        field<QLineEdit>(&dialog, "fields.zone")->setText(text("prod-eu-west-0"));
        QVERIFY(dialog.form()->errorOf(text("fields.zone")).isEmpty());
        field<QLineEdit>(&dialog, "fields.instance_id")->setText(text("123456"));
        dialog.accept();
        QVERIFY(dialog.form()->errorOf(text("fields.token")).contains(text("needs the Token")));
        auto* token = field<QLineEdit>(&dialog, "fields.token");
        QCOMPARE(token->echoMode(), QLineEdit::Password);
        token->setText(text("not-a-real-one"));
        dialog.accept();
        QTRY_COMPARE_WITH_TIMEOUT(saved.size(), 1, patience);
        QVERIFY(service().secretNames().contains(text("Grafana_Cloud.token")));
        const config::Config configuration = service().configuration();
        const config::Destination* kept = config::findDestination(configuration, text("Grafana Cloud"));
        QVERIFY(kept != nullptr);
        QCOMPARE(kept->fields.value(text("token")), text("${vault:Grafana_Cloud.token}"));
        QFile file(m_fixture->path(text("oriel.json")));
        QVERIFY(file.open(QIODevice::ReadOnly));
        QVERIFY(!file.readAll().contains("not-a-real-one"));

        DestinationDialog again(service(), *kept, kept->name, {});
        again.show();
        QVERIFY(field<QLineEdit>(&again, "fields.token")->text().isEmpty());
        QVERIFY(said(&again).contains(text("Set, in the vault as \"Grafana_Cloud.token\".")));
        QCOMPARE(again.destination().fields, kept->fields);
    }

    void anEditThatIsNotSavedChangesNothingOfADestination()
    {
        config::Destination before = tracesTo(text("http://127.0.0.1:9"), config::ExportProtocol::HttpProtobuf);
        before.compression = text("zstd");
        const DestinationDialog dialog(service(), before, before.name, {});
        QCOMPARE(dialog.destination(), before);
    }

    void whatWaitsIsDiscardedOnlyAfterASentenceThatSaysHowMuch()
    {
        // A backend that nobody answers for: the port is taken and given back, so nothing listens there.
        QTcpServer holder;
        QVERIFY(holder.listen(QHostAddress::LocalHost));
        const QString endpoint = QStringLiteral("http://127.0.0.1:%1").arg(holder.serverPort());
        holder.close();
        QVERIFY(succeeds(service().saveDestination(tracesTo(endpoint, config::ExportProtocol::HttpProtobuf))));
        QTRY_COMPARE_WITH_TIMEOUT(page()->model()->rowCount(), 1, patience);
        page()->pauseButton()->click();
        QTRY_COMPARE_WITH_TIMEOUT(page()->pauseButton()->text(), text("Resume"), patience);
        QVERIFY(!page()->discardButton()->isEnabled());
        QVERIFY(m_fixture->call(text("demo__no_such_tool")));
        QTRY_VERIFY_WITH_TIMEOUT(page()->discardButton()->isEnabled(), patience);
        QVERIFY(page()->model()->rowAt(0)->oldestUnixNs > 0);
        page()->discardButton()->click();
        Dialog* question = nullptr;
        for (Dialog* dialog : m_section->findChildren<Dialog*>())
            question = dialog;
        QVERIFY(question != nullptr);
        QVERIFY2(said(question).contains(text("lost there")), qPrintable(said(question)));
        QVERIFY(!question->acceptButton()->isDefault());
        QVERIFY(page()->model()->rowAt(0)->queued > 0);
        question->accept();
        QTRY_VERIFY_WITH_TIMEOUT(page()->model()->rowAt(0)->lost.contains(text("traces/cleared")), patience);
        QTRY_VERIFY_WITH_TIMEOUT(!page()->discardButton()->isEnabled(), patience);
        QTRY_VERIFY_WITH_TIMEOUT(fact(text("lost")).contains(text("discarded by hand")), patience);
        page()->pauseButton()->click();
        QTRY_COMPARE_WITH_TIMEOUT(page()->pauseButton()->text(), text("Pause"), patience);
        QVERIFY(m_fixture->call(text("demo__no_such_tool")));
        QTRY_VERIFY_WITH_TIMEOUT(page()->retryButton()->isEnabled(), patience);
        // Between two tries it is sending for a moment.
        QTRY_VERIFY_WITH_TIMEOUT(fact(text("state")).contains(text("next try at")) ||
                                     fact(text("state")).contains(text("left alone until")),
                                 patience);
        page()->retryButton()->click();
    }

    void theNewestCallIsShownAsTheDestinationGetsIt()
    {
        config::Destination destination = tracesTo(m_fixture->path(text("spans.jsonl")), config::ExportProtocol::File);
        destination.resourceAttributes = {{text("team"), text("blue")}};
        QVERIFY(succeeds(service().saveDestination(destination)));
        QTRY_COMPARE_WITH_TIMEOUT(page()->model()->rowCount(), 1, patience);
        {
            ExportPreviewDialog empty(service(), destination.name);
            empty.show();
            QTRY_VERIFY_WITH_TIMEOUT(said(&empty).contains(text("No call has come through yet")), patience);
            QVERIFY(!empty.copyButton()->isEnabled());
        }
        QSignalSpy stored(&service(), &service::GatewayService::tracesAdvanced);
        QTRY_VERIFY_WITH_TIMEOUT(m_fixture->isReady(text("demo")), patience);
        QVERIFY(m_fixture->call(text("demo__quick_echo"), {{text("text"), text("hello-from-the-test")}}));
        QTRY_VERIFY_WITH_TIMEOUT(!stored.isEmpty(), patience);
        page()->previewButton()->click();
        auto* dialog = m_section->findChild<ExportPreviewDialog*>();
        QVERIFY(dialog != nullptr);
        QTRY_VERIFY_WITH_TIMEOUT(shows(dialog, text("quick_echo")), patience);
        QVERIFY(dialog->view()->text().contains(text("resourceSpans")));
        QVERIFY(dialog->view()->text().contains(text("blue")));
        QVERIFY(!dialog->view()->text().contains(text("hello-from-the-test")));
        QVERIFY(dialog->copyButton()->isEnabled());
        dialog->close();

        config::Destination before = destination;
        destination.includePayloads = true;
        QVERIFY(succeeds(service().saveDestination(destination, before)));
        ExportPreviewDialog whole(service(), destination.name);
        whole.show();
        QTRY_VERIFY_WITH_TIMEOUT(shows(&whole, text("hello-from-the-test")), patience);
        before = destination;
        destination.sampler = text("always_off");
        QVERIFY(succeeds(service().saveDestination(destination, before)));
        ExportPreviewDialog nothing(service(), destination.name);
        nothing.show();
        QTRY_VERIFY_WITH_TIMEOUT(said(&nothing).contains(text("sampler")), patience);
    }

    void destinationsAreMovedByButtonsAndKeysAndBackAgain()
    {
        for (const char* name : {"one", "two", "three"}) {
            config::Destination destination = tracesTo(text("http://127.0.0.1:9"), config::ExportProtocol::Grpc);
            destination.name = text(name);
            QVERIFY(succeeds(service().saveDestination(destination)));
        }
        QTRY_COMPARE_WITH_TIMEOUT(shownOrder(), text("one two three"), patience);
        const QAbstractItemModelTester tester(page()->model(), QAbstractItemModelTester::FailureReportingMode::QtTest);
        QVERIFY(m_section->open(text("destinations/three")));
        QVERIFY(!page()->downButton()->isEnabled());
        page()->upButton()->click();
        QTRY_COMPARE_WITH_TIMEOUT(shownOrder(), text("one three two"), patience);
        QCOMPARE(page()->model()->rowAt(page()->table()->currentIndex().row())->config.name, text("three"));
        QVERIFY(page()->downButton()->isEnabled());
        page()->table()->setFocus();
        QTest::keyClick(page()->table(), Qt::Key_Up, Qt::AltModifier);
        QTRY_COMPARE_WITH_TIMEOUT(shownOrder(), text("three one two"), patience);
        QVERIFY(!page()->upButton()->isEnabled());
        QTest::keyClick(page()->table(), Qt::Key_Z, Qt::ControlModifier);
        QTRY_COMPARE_WITH_TIMEOUT(shownOrder(), text("one three two"), patience);
        QTest::keyClick(page()->table(), Qt::Key_Down, Qt::AltModifier);
        QTRY_COMPARE_WITH_TIMEOUT(shownOrder(), text("one two three"), patience);
    }

    void aRefusedKeyIsSaidWithWhatToDoAndHowLongItWaits()
    {
        // Answers every request with 401 and an explanation.
        QTcpServer backend;
        connect(&backend, &QTcpServer::newConnection, this, [&backend] {
            QTcpSocket* peer = backend.nextPendingConnection();
            connect(peer, &QTcpSocket::readyRead, peer, [peer] {
                peer->readAll();
                peer->write("HTTP/1.1 401 Unauthorized\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n"
                            "Connection: close\r\n\r\nunknown token");
                peer->disconnectFromHost();
            });
        });
        QVERIFY(backend.listen(QHostAddress::LocalHost));
        const QString endpoint = QStringLiteral("http://127.0.0.1:%1").arg(backend.serverPort());
        QVERIFY(succeeds(service().saveDestination(tracesTo(endpoint, config::ExportProtocol::HttpProtobuf))));
        QVERIFY(m_fixture->call(text("demo__no_such_tool")));
        QTRY_VERIFY_WITH_TIMEOUT(fact(text("state")).contains(text("the backend refused the key (HTTP 401")), patience);
        QVERIFY2(fact(text("state")).contains(text("unknown token")), qPrintable(fact(text("state"))));
        QTRY_VERIFY_WITH_TIMEOUT(fact(text("what to do")).startsWith(text("Give another key; ")), patience);
        QTRY_VERIFY_WITH_TIMEOUT(fact(text("waiting")).contains(text("oldest ")), patience);
        QVERIFY(page()->retryButton()->isEnabled());
    }

    void whatWaitsForADestinationThatWasRemovedIsToldAndCanBeDiscarded()
    {
        QVERIFY(succeeds(service().saveDestination(tracesTo(text("http://127.0.0.1:9"), config::ExportProtocol::Grpc))));
        QVERIFY(m_fixture->call(text("demo__no_such_tool")));
        QTRY_VERIFY_WITH_TIMEOUT(!fact(text("waiting")).isEmpty(), patience);
        QVERIFY(!page()->unclaimedBanner()->isVisible());
        QVERIFY(succeeds(service().removeDestination(text("Backend"))));
        QTRY_VERIFY_WITH_TIMEOUT(page()->unclaimedBanner()->isVisible(), patience);
        QVERIFY2(page()->unclaimedBanner()->headline().contains(text("of Backend (")),
                 qPrintable(page()->unclaimedBanner()->headline()));
        Q_EMIT page()->unclaimedBanner()->actionTriggered(text("Backend"));
        auto* question = m_section->findChild<Dialog*>();
        QVERIFY(question != nullptr);
        question->accept();
        QTRY_VERIFY_WITH_TIMEOUT(!page()->unclaimedBanner()->isVisible(), patience);
        QVERIFY(service().unclaimedBacklogs().isEmpty());
    }

    void whatTheLastRunLeftDamagedIsToldOnThePage()
    {
        test::ServiceFixture damaged({}, [](const QString& dataDir) {
            QDir().mkpath(dataDir + text("/spool"));
            QFile cursor(dataDir + text("/spool/cursor-00.bin"));
            if (cursor.open(QIODevice::WriteOnly))
                cursor.write(QByteArray(4096, 'x'));
        });
        DestinationsPage page(damaged.service());
        page.show();
        page.refresh();
        QVERIFY(!page.spoolBanner()->isVisible());
        connect(&damaged.service(), &service::GatewayService::destinationsChanged, &page, &DestinationsPage::refresh);
        QVERIFY(succeeds(damaged.service().saveDestination(tracesTo(text("http://127.0.0.1:9"), config::ExportProtocol::Grpc))));
        QTRY_VERIFY_WITH_TIMEOUT(page.spoolBanner()->isVisible(), patience);
        QVERIFY2(page.spoolBanner()->sentence().contains(text("How far 1 destination had got")),
                 qPrintable(page.spoolBanner()->sentence()));
    }

    void noButtonIsCutOffInANarrowWindow()
    {
        QVERIFY(succeeds(service().saveDestination(tracesTo(text("http://127.0.0.1:9"), config::ExportProtocol::Grpc))));
        QTRY_COMPARE_WITH_TIMEOUT(page()->model()->rowCount(), 1, patience);
        QTRY_VERIFY_WITH_TIMEOUT(page()->pauseButton()->isVisible(), patience);
        for (const QPushButton* button : page()->findChildren<QPushButton*>()) {
            if (!button->isVisible())
                continue;
            QVERIFY2(button->width() >= button->minimumSizeHint().width(), qPrintable(button->text()));
            const int right = button->mapTo(m_section.get(), button->rect().bottomRight()).x();
            QVERIFY2(right < m_section->width(), qPrintable(button->text()));
        }
        QVERIFY(page()->table()->isColumnHidden(2));
        m_section->resize(1500, 760);
        QTRY_VERIFY(!page()->table()->isColumnHidden(2));
    }

private:
    [[nodiscard]] service::GatewayService& service() { return m_fixture->service(); }
    [[nodiscard]] DestinationsPage* page() { return m_section->destinations(); }
    template <class Editor> static Editor* field(DestinationDialog* dialog, const char* key)
    {
        return qobject_cast<Editor*>(dialog->form()->editor(QLatin1String(key)));
    }
    /// The store may be ahead of the preview by one call: asks again until it shows what is looked for.
    static bool shows(ExportPreviewDialog* dialog, const QString& wanted)
    {
        if (dialog->view()->text().contains(wanted))
            return true;
        if (dialog->againButton()->isEnabled())
            dialog->againButton()->click();
        return false;
    }
    [[nodiscard]] QString shownOrder()
    {
        QStringList names;
        for (const service::DestinationSnapshot& row : page()->model()->rows())
            names.append(row.config.name);
        return names.join(QLatin1Char(' '));
    }
    [[nodiscard]] QString fact(const QString& key)
    {
        QStringList values;
        for (const KeyValue& row : page()->facts()->rows()) {
            if (row.key == key)
                values.append(row.value);
        }
        return values.join(QLatin1Char('\n'));
    }

    std::unique_ptr<Appearance> m_appearance;
    std::unique_ptr<test::ServiceFixture> m_fixture;
    std::unique_ptr<SettingsSection> m_section;
};

QTEST_MAIN(TestDestinations)
#include "tst_destinations.moc"
