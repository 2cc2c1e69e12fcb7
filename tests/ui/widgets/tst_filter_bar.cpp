// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/gui_test.h"
#include "ui/theme/theme_source.h"
#include "ui/widgets/chip.h"
#include "ui/widgets/filter_bar.h"

#include <QLineEdit>

using namespace oriel::ui;

class TestFilterBar : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_appearance = std::make_unique<Appearance>(nullptr, Appearance::Preference::Dark); }
    void init()
    {
        oriel::test::failOnUnexpectedWarnings();
        m_bar = std::make_unique<FilterBar>();
        m_bar->resize(800, 30);
        m_bar->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_bar.get()));
        m_bar->focusFilter();
    }

    void enterTurnsComparisonsIntoChips()
    {
        QSignalSpy changed(m_bar.get(), &FilterBar::filterChanged);
        QTest::keyClicks(m_bar->edit(), QStringLiteral("service=gateway duration>2ms tool"));
        QTest::keyClick(m_bar->edit(), Qt::Key_Return);
        QCOMPARE(m_bar->chips(), (QStringList{QStringLiteral("service=gateway"), QStringLiteral("duration>2ms")}));
        QCOMPARE(m_bar->edit()->text(), QStringLiteral("tool"));
        QCOMPARE(m_bar->text(), QStringLiteral("service=gateway duration>2ms tool"));
        QCOMPARE(changed.last().value(0).toString(), m_bar->text());
    }

    void typingAppliesByItselfAfterAPause()
    {
        QSignalSpy changed(m_bar.get(), &FilterBar::filterChanged);
        QTest::keyClicks(m_bar->edit(), QStringLiteral("tool"));
        QVERIFY(changed.isEmpty());
        QTRY_COMPARE(changed.size(), 1);
        QCOMPARE(changed[0].value(0).toString(), QStringLiteral("tool"));
    }

    void logicStaysTextAndIsNotTornApart()
    {
        m_bar->setText(QStringLiteral("tool=a OR tool=b"));
        QVERIFY(m_bar->chips().isEmpty());
        QCOMPARE(m_bar->text(), QStringLiteral("tool=a OR tool=b"));
    }

    void backspaceInFrontTakesTheLastChipBackIntoTheText()
    {
        m_bar->setText(QStringLiteral("a=1 b=2"));
        QTest::keyClick(m_bar->edit(), Qt::Key_Backspace);
        QCOMPARE(m_bar->chips(), QStringList{QStringLiteral("a=1")});
        QCOMPARE(m_bar->edit()->text(), QStringLiteral("b=2"));
    }

    void aChipIsRemovedByItsCrossAndByDelete()
    {
        m_bar->setText(QStringLiteral("a=1 b=2 c=3"));
        QSignalSpy changed(m_bar.get(), &FilterBar::filterChanged);
        QList<Chip*> chips = m_bar->findChildren<Chip*>();
        QCOMPARE(chips.size(), 3);
        QTest::mouseClick(chips[1], Qt::LeftButton, {}, QPoint(chips[1]->width() - 12, chips[1]->height() / 2));
        QCOMPARE(m_bar->text(), QStringLiteral("a=1 c=3"));
        QTest::keyClick(chips[0], Qt::Key_Delete);
        QCOMPARE(m_bar->text(), QStringLiteral("c=3"));
        QCOMPARE(changed.size(), 2);
    }

    void aClickOnAChipEditsIt()
    {
        m_bar->setText(QStringLiteral("status=error"));
        Chip* chip = m_bar->findChild<Chip*>();
        QTest::mouseClick(chip, Qt::LeftButton, {}, QPoint(10, chip->height() / 2));
        QVERIFY(m_bar->chips().isEmpty());
        QCOMPARE(m_bar->edit()->text(), QStringLiteral("status=error"));
    }

    void historyGoesBackAndForthAndForgetsABranch()
    {
        m_bar->setText(QStringLiteral("a=1"));
        m_bar->setText(QStringLiteral("a=1 b=2"));
        QVERIFY(m_bar->canGoBack());
        QTest::keyClick(m_bar->edit(), Qt::Key_Left, Qt::AltModifier);
        QCOMPARE(m_bar->text(), QStringLiteral("a=1"));
        QTest::keyClick(m_bar->edit(), Qt::Key_Right, Qt::AltModifier);
        QCOMPARE(m_bar->text(), QStringLiteral("a=1 b=2"));
        QVERIFY(!m_bar->canGoForward());
        m_bar->goBack();
        m_bar->goBack();
        QCOMPARE(m_bar->text(), QString());
        QVERIFY(!m_bar->canGoBack());
        m_bar->setText(QStringLiteral("c=3"));
        QVERIFY(!m_bar->canGoForward());
    }

    void aTermIsAddedOnce()
    {
        m_bar->addTerm(QStringLiteral("service=fs"));
        m_bar->addTerm(QStringLiteral("service=fs"));
        QCOMPARE(m_bar->text(), QStringLiteral("service=fs"));
    }

    void escapeClearsAndThenLetsGo()
    {
        m_bar->setText(QStringLiteral("a=1 words"));
        QTest::keyClick(m_bar->edit(), Qt::Key_Escape);
        QCOMPARE(m_bar->text(), QString());
        QTest::keyClick(m_bar->edit(), Qt::Key_Escape);
        QVERIFY(!m_bar->edit()->hasFocus());
    }

    void aNarrowBarKeepsRoomForTyping()
    {
        m_bar->setText(QStringLiteral("service=gateway server=github tool=create_issue status=error client=cursor"));
        m_bar->resize(320, 30);
        QVERIFY(m_bar->edit()->width() >= 100);
        QVERIFY(m_bar->edit()->geometry().right() < m_bar->width());
        QCOMPARE(m_bar->chips().size(), 5);
    }

    void aHugeFilterIsCut()
    {
        m_bar->setText(QString(100'000, QLatin1Char('x')));
        QVERIFY(m_bar->text().size() <= 4096);
    }

    void completionIsAskedForTheTextBeforeTheCursor()
    {
        QStringList asked;
        m_bar->setCompletionSource([&asked](const QString& text) {
            asked.append(text);
            return QStringList{QStringLiteral("status=")};
        });
        QTest::keyClicks(m_bar->edit(), QStringLiteral("st"));
        QCOMPARE(asked, (QStringList{QStringLiteral("s"), QStringLiteral("st")}));
    }

private:
    std::unique_ptr<Appearance> m_appearance;
    std::unique_ptr<FilterBar> m_bar;
};

QTEST_MAIN(TestFilterBar)
#include "tst_filter_bar.moc"
