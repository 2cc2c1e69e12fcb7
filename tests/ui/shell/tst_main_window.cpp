// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/gui_test.h"
#include "ui/shell/command_palette.h"
#include "ui/shell/keyboard_sheet.h"
#include "ui/shell/main_window.h"
#include "ui/shell/navigation_rail.h"
#include "ui/shell/status_strip.h"
#include "ui/shell/ui_settings.h"
#include "ui/theme/theme_source.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/filter_bar.h"
#include "ui/widgets/link_button.h"
#include "ui/widgets/live_button.h"
#include "ui/widgets/time_range_button.h"
#include "ui/widgets/toast.h"

#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QLineEdit>
#include <QVBoxLayout>

using namespace oriel::ui;

namespace {

/// Remembers what the shell hands it.
class ProbeSection final : public Section {
public:
    ProbeSection(const QString& id, const QString& title) : m_id(id), m_title(title)
    {
        auto* column = new QVBoxLayout(this);
        check = new QCheckBox(QStringLiteral("Enabled"), this);
        column->addWidget(check);
        command = new QAction(QStringLiteral("Restart %1").arg(title), this);
        command->setShortcut(QKeySequence(QStringLiteral("Ctrl+R")));
        command->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        addAction(command);
    }
    [[nodiscard]] QString id() const override { return m_id; }
    [[nodiscard]] QString title() const override { return m_title; }
    [[nodiscard]] IconName icon() const override { return IconName::Traces; }
    [[nodiscard]] bool isReady() const override { return true; }
    void setFilter(const QString& text) override { filters.append(text); }
    void setTimeRange(const TimeRange& range) override { ranges.append(range); }
    void setLive(bool live) override { lives.append(live); }
    bool open(const QString& target) override
    {
        opened.append(target);
        return target != QStringLiteral("gone");
    }
    [[nodiscard]] QByteArray saveState() const override { return "state of " + m_id.toUtf8(); }
    void restoreState(const QByteArray& state) override { restored = state; }

    QStringList filters;
    QList<TimeRange> ranges;
    QList<bool> lives;
    QStringList opened;
    QByteArray restored;
    QAction* command;
    QCheckBox* check;

private:
    QString m_id;
    QString m_title;
};

} // namespace

class TestMainWindow : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_appearance = std::make_unique<Appearance>(nullptr, Appearance::Preference::Dark); }
    void init()
    {
        oriel::test::failOnUnexpectedWarnings();
        m_settings = std::make_unique<MemoryUiSettings>();
        openWindow();
    }
    void cleanup() { m_window.reset(); }

    void theFirstSectionIsShownAndHasWhatIsShared()
    {
        QCOMPARE(m_window->currentSection(), m_probes[0]);
        QCOMPARE(m_probes[0]->filters, QStringList{QString()});
        QCOMPARE(m_probes[0]->lives, QList<bool>{true});
        QCOMPARE(m_probes[0]->ranges, QList<TimeRange>{TimeRange()});
        QVERIFY(m_probes[1]->filters.isEmpty());
    }

    void controlAndADigitShowASection()
    {
        QSignalSpy shown(m_window.get(), &MainWindow::sectionShown);
        QTest::keyClick(m_window.get(), Qt::Key_2, Qt::ControlModifier);
        QCOMPARE(m_window->currentSection(), m_probes[1]);
        QCOMPARE(shown.value(0).value(0).toString(), QStringLiteral("traces"));
        QTest::keyClick(m_window.get(), Qt::Key_1, Qt::ControlModifier);
        QCOMPARE(m_window->currentSection(), m_probes[0]);
        QVERIFY(!m_window->showSection(QStringLiteral("nowhere")));
    }

    void theRailIsWalkedWithArrowsAndClicked()
    {
        m_window->rail()->setFocus();
        QTest::keyClick(m_window->rail(), Qt::Key_Down);
        QCOMPARE(m_window->currentSection(), m_probes[1]);
        QTest::keyClick(m_window->rail(), Qt::Key_Home);
        QCOMPARE(m_window->currentSection(), m_probes[0]);
        QTest::mouseClick(m_window->rail(), Qt::LeftButton, {}, m_window->rail()->entryRect(2).center());
        QCOMPARE(m_window->currentSection(), m_probes[2]);
        QCOMPARE(m_window->rail()->currentIndex(), 2);
    }

    void theRailShrinksToIconsInANarrowWindow()
    {
        QVERIFY(!m_window->rail()->isCollapsed());
        m_window->resize(1000, 700);
        QTRY_VERIFY(m_window->rail()->isCollapsed());
        QCOMPARE(m_window->rail()->width(), metrics::railCollapsedWidth);
        QVERIFY(!m_window->grab().isNull());
        m_window->resize(1300, 800);
        QTRY_COMPARE(m_window->rail()->width(), metrics::railWidth);
    }

    void aFilterReachesTheShownSectionNowAndTheOthersLater()
    {
        m_window->filterBar()->setText(QStringLiteral("status=error"));
        QCOMPARE(m_probes[0]->filters.last(), QStringLiteral("status=error"));
        QVERIFY(m_probes[1]->filters.isEmpty());
        m_window->showSection(QStringLiteral("traces"));
        QCOMPARE(m_probes[1]->filters, QStringList{QStringLiteral("status=error")});
        m_window->showSection(QStringLiteral("overview"));
        QCOMPARE(m_probes[0]->filters.size(), 2); // it had it already
    }

    void slashGoesToTheFilterUnlessOneIsTyping()
    {
        m_probes[0]->check->setFocus();
        QTest::keyClick(m_probes[0]->check, Qt::Key_Slash);
        QVERIFY(m_window->filterBar()->edit()->hasFocus());
        QTest::keyClick(m_window->filterBar()->edit(), Qt::Key_Slash);
        QCOMPARE(m_window->filterBar()->edit()->text(), QStringLiteral("/"));
        QTest::keyClicks(m_window->filterBar()->edit(), QStringLiteral("?"));
        QCOMPARE(m_window->filterBar()->edit()->text(), QStringLiteral("/?"));
        QVERIFY(!QApplication::activeModalWidget());
    }

    void spacePausesButStillTicksACheckBox()
    {
        m_probes[0]->check->setFocus();
        QTest::keyClick(m_probes[0]->check, Qt::Key_Space);
        QVERIFY(m_probes[0]->check->isChecked());
        QVERIFY(m_window->liveButton()->isLive());
        QTest::keyClick(m_window.get(), Qt::Key_Space);
        QVERIFY(!m_window->liveButton()->isLive());
        QCOMPARE(m_probes[0]->lives, (QList<bool>{true, false}));
    }

    void aSectionAsksForFilterRangeModeAndAnotherSection()
    {
        Q_EMIT m_probes[0]->filterRequested(QStringLiteral("tool=x"));
        QCOMPARE(m_window->filterBar()->text(), QStringLiteral("tool=x"));
        const TimeRange range = TimeRange::fixed(1, 2'000'000'000);
        Q_EMIT m_probes[0]->timeRangeRequested(range);
        QCOMPARE(m_probes[0]->ranges.last(), range);
        Q_EMIT m_probes[0]->liveRequested(false);
        QVERIFY(!m_window->liveButton()->isLive());
        Q_EMIT m_probes[0]->openRequested(QStringLiteral("traces"), QStringLiteral("4bf92f35"));
        QCOMPARE(m_window->currentSection(), m_probes[1]);
        QCOMPARE(m_probes[1]->opened, QStringList{QStringLiteral("4bf92f35")});
        QVERIFY(!m_window->open(QStringLiteral("traces"), QStringLiteral("gone")));
        QVERIFY(!m_window->open(QStringLiteral("nowhere"), QStringLiteral("x")));
        Q_EMIT m_probes[1]->notice(QStringLiteral("Copied"));
        QCOMPARE(m_window->findChild<Toast*>()->text(), QStringLiteral("Copied"));
    }

    void badgesStandInTheRail()
    {
        const QImage before = m_window->rail()->grab().toImage();
        Q_EMIT m_probes[1]->badgeChanged({1, Badge::Kind::Alarm});
        QCOMPARE(m_window->rail()->badge(1).count, 1);
        QVERIFY(m_window->rail()->grab().toImage() != before);
    }

    void thePaletteFindsAndRunsACommand()
    {
        QTest::keyClick(m_window.get(), Qt::Key_K, Qt::ControlModifier);
        CommandPalette* palette = m_window->commandPalette();
        QTRY_VERIFY(palette->isVisible());
        QTRY_VERIFY(palette->edit()->hasFocus());
        QVERIFY(palette->shownTexts().contains(QStringLiteral("Restart Overview")));
        QTest::keyClicks(palette->edit(), QStringLiteral("gotr"));
        QCOMPARE(palette->shownTexts().value(0), QStringLiteral("Go to Traces"));
        QTest::keyClick(palette->edit(), Qt::Key_Return);
        QVERIFY(!palette->isVisible());
        QCOMPARE(m_window->currentSection(), m_probes[1]);
    }

    void thePaletteIsLeftByEscapeAndGivesTheFocusBack()
    {
        m_probes[0]->check->setFocus();
        QTest::keyClick(m_window.get(), Qt::Key_P, Qt::ControlModifier | Qt::ShiftModifier);
        CommandPalette* palette = m_window->commandPalette();
        QTRY_VERIFY(palette->edit()->hasFocus());
        QTest::keyClicks(palette->edit(), QStringLiteral("zzzz"));
        QVERIFY(palette->shownTexts().isEmpty());
        QTest::keyClick(palette->edit(), Qt::Key_Return);
        QTest::keyClick(palette->edit(), Qt::Key_Escape);
        QVERIFY(!palette->isVisible());
        QVERIFY(m_probes[0]->check->hasFocus());
    }

    void thePaletteRemembersWhatWasRunLast()
    {
        QAction added(QStringLiteral("Send a test span"));
        m_window->addCommand(&added);
        QSignalSpy run(&added, &QAction::triggered);
        m_window->showCommandPalette();
        CommandPalette* palette = m_window->commandPalette();
        palette->edit()->setText(QStringLiteral("test span"));
        QTest::keyClick(palette->edit(), Qt::Key_Return);
        QCOMPARE(run.size(), 1);
        m_window->showCommandPalette();
        QCOMPARE(palette->shownTexts().value(0), QStringLiteral("Send a test span"));
        added.setEnabled(false);
        m_window->showCommandPalette();
        QVERIFY(!palette->shownTexts().contains(QStringLiteral("Send a test span")));
    }

    void aDestroyedCommandIsGone()
    {
        auto* added = new QAction(QStringLiteral("Short-lived"));
        m_window->addCommand(added);
        m_window->showCommandPalette();
        delete added;
        for (const QAction* action : m_window->commands())
            QVERIFY(action->text() != QStringLiteral("Short-lived"));
        m_window->commandPalette()->edit()->setText(QStringLiteral("short"));
        QVERIFY(!m_window->commandPalette()->shownTexts().contains(QStringLiteral("Short-lived")));
    }

    void theKeyboardSheetOpensByQuestionMark()
    {
        m_probes[0]->check->setFocus();
        QTest::keyClick(m_probes[0]->check, Qt::Key_Question);
        QTRY_VERIFY(qobject_cast<KeyboardSheet*>(QApplication::activeModalWidget()));
        QTest::keyClick(QApplication::activeModalWidget(), Qt::Key_Escape);
        QTRY_VERIFY(!QApplication::activeModalWidget());
        const auto group = KeyboardSheet::groupOf(QStringLiteral("Overview"), m_probes[0]->commands());
        QCOMPARE(group.lines.value(0).second, QStringLiteral("Restart Overview"));
    }

    void theStatusBarCopiesTheEndpointAndLeadsToTheServers()
    {
        ShellStatus status;
        status.endpoint = QStringLiteral("127.0.0.1:7420/mcp");
        status.endpointLamp = Lamp::Good;
        m_window->setStatus(status);
        auto* strip = m_window->findChild<StatusStrip*>();
        QTest::mouseClick(strip, Qt::LeftButton, {}, QPoint(40, 12));
        QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("http://127.0.0.1:7420/mcp"));
        Q_EMIT strip->segmentClicked(QStringLiteral("servers"));
        QCOMPARE(m_window->currentSection(), m_probes[2]);
        QSignalSpy other(m_window.get(), &MainWindow::statusSegmentClicked);
        Q_EMIT strip->segmentClicked(QStringLiteral("store"));
        QCOMPARE(other.size(), 1);
    }

    void aBannerStandsOverEverySection()
    {
        QSignalSpy link(m_window.get(), &MainWindow::bannerLinkTriggered);
        m_window->showBanner(Tone::Error, QStringLiteral("The configuration was not read"), QStringLiteral("Line 12"),
                             QStringLiteral("open"), QStringLiteral("Open it"));
        auto* banner = m_window->findChild<Banner*>();
        QVERIFY(banner->isVisible());
        banner->findChild<LinkButton*>()->click();
        QCOMPARE(link.value(0).value(0).toString(), QStringLiteral("open"));
        m_window->showBanner(Tone::Error, QString());
        QVERIFY(!banner->isVisible());
    }

    void theSessionComesBack()
    {
        m_window->showSection(QStringLiteral("servers"));
        m_window->timeRangeButton()->setRange(TimeRange::last(3'600'000'000'000));
        m_window->resize(1210, 777);
        m_window->close();
        m_window.reset();
        openWindow();
        QCOMPARE(m_window->currentSection(), m_probes[2]);
        QCOMPARE(m_window->timeRangeButton()->range(), TimeRange::last(3'600'000'000'000));
        QCOMPARE(m_probes[1]->restored, QByteArray("state of traces"));
        QCOMPARE(m_probes[2]->ranges.last(), TimeRange::last(3'600'000'000'000));
    }

    void aBrokenSessionIsAFreshOne()
    {
        m_window.reset();
        m_settings->setValue(QStringLiteral("window/section"), QStringLiteral("removed"));
        m_settings->setValue(QStringLiteral("window/geometry"), QByteArray("junk"));
        m_settings->setValue(QStringLiteral("window/timeRange"), QStringLiteral("fixed:1:2"));
        openWindow();
        QCOMPARE(m_window->currentSection(), m_probes[0]);
        QCOMPARE(m_window->timeRangeButton()->range(), TimeRange());
    }

    void closingHidesWhileATrayHoldsTheProgram()
    {
        QSignalSpy closing(m_window.get(), &MainWindow::closing);
        m_window->setCloseHides(true);
        m_window->close();
        QVERIFY(!m_window->isVisible());
        QVERIFY(closing.isEmpty());
        m_window->show();
        m_window->setCloseHides(false);
        m_window->close();
        QCOMPARE(closing.size(), 1);
    }

    void theWholeWindowTakesANewTheme()
    {
        const auto corner = [this] { return m_window->grab().toImage().pixelColor(90, 700).rgb(); };
        QCOMPARE(corner(), Theme::dark().panel.rgb());
        m_appearance->setPreference(Appearance::Preference::Light);
        QTRY_COMPARE(corner(), Theme::light().panel.rgb());
        m_appearance->setPreference(Appearance::Preference::Dark);
        QTRY_COMPARE(corner(), Theme::dark().panel.rgb());
    }

    void aWindowWithoutSectionsDoesNotFall()
    {
        MemoryUiSettings settings;
        MainWindow bare({}, settings);
        bare.show();
        bare.showCommandPalette();
        bare.filterBar()->setText(QStringLiteral("a=1"));
        QVERIFY(!bare.currentSection());
        bare.close();
    }

private:
    void openWindow()
    {
        m_probes = {new ProbeSection(QStringLiteral("overview"), QStringLiteral("Overview")),
                    new ProbeSection(QStringLiteral("traces"), QStringLiteral("Traces")),
                    new ProbeSection(QStringLiteral("servers"), QStringLiteral("Servers"))};
        m_window = std::make_unique<MainWindow>(QList<Section*>{m_probes[0], m_probes[1], m_probes[2]}, *m_settings);
        m_window->show();
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
    }

    std::unique_ptr<Appearance> m_appearance;
    std::unique_ptr<MemoryUiSettings> m_settings;
    std::unique_ptr<MainWindow> m_window;
    QList<ProbeSection*> m_probes;
};

QTEST_MAIN(TestMainWindow)
#include "tst_main_window.moc"
