// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/gui_test.h"
#include "ui/theme/theme_source.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/card.h"
#include "ui/widgets/code_view.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/dialog.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/key_figure.h"
#include "ui/widgets/key_value_table.h"
#include "ui/widgets/link_button.h"
#include "ui/widgets/live_button.h"
#include "ui/widgets/search_field.h"
#include "ui/widgets/segmented.h"
#include "ui/widgets/splitter.h"
#include "ui/widgets/time_range_button.h"
#include "ui/widgets/toast.h"

#include <QApplication>
#include <QClipboard>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QScrollBar>
#include <QStandardItemModel>

using namespace oriel::ui;

class TestWidgets : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_appearance = std::make_unique<Appearance>(nullptr, Appearance::Preference::Dark); }
    void init() { oriel::test::failOnUnexpectedWarnings(); }

    void aTableHasTheRowsOfTheDesign()
    {
        DataTable table;
        QStandardItemModel model(3, 2);
        table.setModel(&model);
        QCOMPARE(table.rowHeight(0), metrics::rowHeight);
        QCOMPARE(table.horizontalHeader()->height(), metrics::headerHeight);
        QVERIFY(!table.showGrid());
    }

    void anEmptyTableSaysWhatWouldStandThere()
    {
        DataTable table;
        table.resize(400, 120);
        QStandardItemModel model(0, 1);
        table.setModel(&model);
        table.show();
        const QImage silent = table.grab().toImage();
        table.setEmptyText(QStringLiteral("Nothing yet. Add the first."));
        QCOMPARE(table.accessibleDescription(), table.emptyText());
        const QImage speaking = table.grab().toImage();
        QVERIFY(speaking != silent);
        // Rows take its place.
        model.appendRow(new QStandardItem);
        table.setEmptyText(QStringLiteral("Another text"));
        const QImage withRow = table.grab().toImage();
        table.setEmptyText({});
        QCOMPARE(table.grab().toImage(), withRow);
    }

    void aTableIsDrivenByTheKeyboard()
    {
        DataTable table;
        QStandardItemModel model(5, 2);
        for (int row = 0; row < 5; ++row)
            model.setItem(row, 0, new QStandardItem(QStringLiteral("row %1").arg(row)));
        table.setModel(&model);
        table.show();
        QSignalSpy current(&table, &DataTable::currentRowChanged);
        QSignalSpy activated(&table, &DataTable::activated);
        QTest::keyClick(&table, Qt::Key_J);
        QTest::keyClick(&table, Qt::Key_J);
        QTest::keyClick(&table, Qt::Key_Down);
        QTest::keyClick(&table, Qt::Key_K);
        QCOMPARE(table.currentIndex().row(), 1);
        QTest::keyClick(&table, Qt::Key_End);
        QCOMPARE(table.currentIndex().row(), 4);
        QTest::keyClick(&table, Qt::Key_Return);
        QCOMPARE(activated.size(), 1);
        QCOMPARE(current.last().value(0).toInt(), 4);
        QTest::keyClick(&table, Qt::Key_C, Qt::ControlModifier);
        QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("row 4\t"));
    }

    void aFollowingTableStaysWithTheNewestRow()
    {
        DataTable table;
        QStandardItemModel model(100, 1);
        table.setModel(&model);
        table.resize(200, 200);
        table.show();
        table.setFollowing(true);
        model.insertRows(100, 50);
        QTRY_COMPARE(table.verticalScrollBar()->value(), table.verticalScrollBar()->maximum());
        table.setFollowing(false);
        table.verticalScrollBar()->setValue(3);
        model.insertRows(150, 10);
        QCOMPARE(table.verticalScrollBar()->value(), 3);
    }

    void rowsThatArriveAboveDoNotPushWhatIsRead()
    {
        DataTable table;
        QStandardItemModel model(100, 1);
        table.setModel(&model);
        table.resize(200, 200);
        table.show();
        table.setFollowing(true, true);
        model.insertRows(0, 5);
        QCOMPARE(table.verticalScrollBar()->value(), 0);
        table.setFollowing(false, true);
        table.verticalScrollBar()->setValue(40);
        model.insertRows(0, 5);
        QCOMPARE(table.verticalScrollBar()->value(), 45);
    }

    void theHeaderStandsAsItsNumbersDo()
    {
        DataTable table;
        QStandardItemModel model(1, 1);
        model.setHorizontalHeaderLabels({QStringLiteral("n")});
        table.setModel(&model);
        table.setColumnWidths({200});
        table.resize(220, 80);
        table.show();
        const QImage left = table.horizontalHeader()->grab().toImage();
        model.setData(model.index(0, 0), int(Qt::AlignRight | Qt::AlignVCenter), Qt::TextAlignmentRole);
        QVERIFY(table.horizontalHeader()->grab().toImage() != left);
    }

    void codeIsShownIndentedAndCopiedAsItWas()
    {
        CodeView view;
        const QString text = QStringLiteral("{\"token\":\"[masked:github-token]\",\"n\":1}");
        view.setText(text, CodeView::Language::Json);
        view.resize(400, 200);
        view.show();
        QCOMPARE(view.lineCount(), 4);
        QCOMPARE(view.maskCount(), 1);
        QCOMPARE(view.text(), text);
        view.copy();
        QCOMPARE(QApplication::clipboard()->text(), text);
        view.selectAll();
        QVERIFY(view.selectedText().startsWith(QStringLiteral("{\n  \"token\"")));
    }

    void aMaskIsAmber()
    {
        CodeView view;
        view.setText(QStringLiteral("key [masked:x]"));
        view.resize(300, 60);
        const QImage image = view.grab().toImage();
        int amber = 0;
        for (int x = 0; x < image.width(); ++x) {
            for (int y = 0; y < image.height(); ++y)
                amber += image.pixelColor(x, y).rgb() == Theme::dark().mask.rgb() ? 1 : 0;
        }
        QVERIFY(amber > 100);
    }

    void hugeAndHostileTextIsShown()
    {
        CodeView view;
        view.resize(400, 200);
        view.show();
        view.setText(QString(3'000'000, QLatin1Char('a')));
        QCOMPARE(view.lineCount(), 150);
        view.grab();
        view.horizontalScrollBar()->setValue(view.horizontalScrollBar()->maximum());
        view.grab();
        QString lines;
        for (int i = 0; i < 200'000; ++i)
            lines += QStringLiteral("line %1\n").arg(i);
        view.setText(lines);
        QCOMPARE(view.lineCount(), 200'001);
        QVERIFY(view.findNext(QStringLiteral("LINE 199999")));
        QCOMPARE(view.selectedText(), QStringLiteral("line 199999"));
        QVERIFY(!view.findNext(QStringLiteral("nowhere")));
        view.setText(QStringLiteral("bell \x07 null %1 tab\there\r\nnext").arg(QChar(0)));
        QCOMPARE(view.lineCount(), 2);
        view.grab();
    }

    void searchGoesRoundAndSelectsOneHitAfterTheOther()
    {
        CodeView view;
        view.resize(300, 100);
        view.setText(QStringLiteral("a x\nb x"));
        QVERIFY(view.findNext(QStringLiteral("x")));
        QVERIFY(view.findNext(QStringLiteral("x")));
        QVERIFY(view.findNext(QStringLiteral("x")));
        QCOMPARE(view.selectedText(), QStringLiteral("x"));
        QVERIFY(!view.findNext(QString()));
    }

    void keysAndValuesWrapAndAreCopied()
    {
        KeyValueTable table;
        table.resize(300, 200);
        table.show();
        table.setRows(
            {{QStringLiteral("status"), QStringLiteral("Error"), Tone::Error, {}, false, {}},
             {QStringLiteral("url"), QString(400, QLatin1Char('u')), Tone::Neutral, {}, true, QStringLiteral("url.full")}});
        QVERIFY(table.contentHeight() > 3 * 21);
        QTest::keyClick(&table, Qt::Key_Down);
        QTest::keyClick(&table, Qt::Key_Down);
        QCOMPARE(table.currentRow(), 1);
        QTest::keyClick(&table, Qt::Key_C, Qt::ControlModifier);
        QCOMPARE(QApplication::clipboard()->text().size(), 400);
        table.grab();
    }

    void aLineOfferingAFilterFiltersInAndOut()
    {
        KeyValueTable table;
        table.setRows(
            {{QStringLiteral("tool"), QStringLiteral("create issue"), Tone::Neutral, {}, true, QStringLiteral("tool")}});
        table.resize(300, 100);
        table.show();
        QTest::keyClick(&table, Qt::Key_Down);
        QSignalSpy requested(&table, &KeyValueTable::filterRequested);
        QContextMenuEvent event(QContextMenuEvent::Keyboard, QPoint(5, 5), table.mapToGlobal(QPoint(5, 5)));
        QApplication::sendEvent(table.viewport(), &event);
        auto* menu = table.findChild<QMenu*>();
        QVERIFY(menu);
        for (QAction* action : menu->actions())
            action->trigger();
        QCOMPARE(requested.size(), 2);
        QCOMPARE(requested[0].value(0).toString(), QStringLiteral("tool=\"create issue\""));
        QCOMPARE(requested[1].value(0).toString(), QStringLiteral("tool!=\"create issue\""));
        menu->close();
    }

    void aBannerNeverTakesNamesForMarkup()
    {
        Banner banner(Tone::Error);
        banner.setMessage(QStringLiteral("`<b>x</b>` was not found"), QStringLiteral("a & b < c"));
        const QList<QLabel*> labels = banner.findChildren<QLabel*>();
        QVERIFY(labels[0]->text().contains(QStringLiteral("&lt;b&gt;x&lt;/b&gt;")));
        QVERIFY(labels[1]->text().contains(QStringLiteral("a &amp; b &lt; c")));
        QSignalSpy triggered(&banner, &Banner::actionTriggered);
        banner.addLink(QStringLiteral("edit"), QStringLiteral("Edit"));
        banner.findChild<LinkButton*>()->click();
        QCOMPARE(triggered.value(0).value(0).toString(), QStringLiteral("edit"));
    }

    void anEmptyStateOffersItsActions()
    {
        EmptyState empty(IconName::Servers, QStringLiteral("No servers yet"), QStringLiteral("Add one."));
        QAction add(QStringLiteral("Add"));
        empty.addButton(&add);
        QSignalSpy triggered(&add, &QAction::triggered);
        empty.findChild<QPushButton*>()->click();
        QCOMPARE(triggered.size(), 1);
        add.setEnabled(false);
        QVERIFY(!empty.findChild<QPushButton*>()->isEnabled());
    }

    void theLiveButtonSaysWhatItDoes()
    {
        LiveButton button;
        QSignalSpy changed(&button, &LiveButton::liveChanged);
        const QSize before = button.sizeHint();
        button.click();
        QVERIFY(!button.isLive());
        QCOMPARE(button.text(), QStringLiteral("Paused"));
        QCOMPARE(button.sizeHint(), before);
        button.setLive(false);
        QCOMPARE(changed.size(), 1);
    }

    void theTimeRangeButtonOffersItsPresets()
    {
        TimeRangeButton button;
        QSignalSpy changed(&button, &TimeRangeButton::rangeChanged);
        QAction* hour = nullptr;
        for (QAction* action : button.menu()->actions()) {
            if (action->text() == QStringLiteral("Last 1 h"))
                hour = action;
        }
        QVERIFY(hour);
        hour->trigger();
        QCOMPARE(button.text(), QStringLiteral("Last 1 h"));
        QCOMPARE(changed.size(), 1);
    }

    void segmentsAndTabsAreReachedByTheKeyboard()
    {
        Segmented segments({QStringLiteral("Lines"), QStringLiteral("Area")});
        QSignalSpy changed(&segments, &Segmented::currentChanged);
        QTest::keyClick(&segments, Qt::Key_Right);
        QTest::keyClick(&segments, Qt::Key_Right);
        QCOMPARE(changed.size(), 1);
        QCOMPARE(segments.currentIndex(), 1);
        TabPages pages;
        auto* second = new QWidget;
        pages.addPage(new QWidget, QStringLiteral("Span"));
        pages.addPage(second, QStringLiteral("Payload"));
        pages.show();
        QTest::keyClick(pages.tabBar(), Qt::Key_Right);
        QCOMPARE(pages.currentIndex(), 1);
        QVERIFY(second->isVisible());
    }

    void aSplitterMovesByTheKeyboard()
    {
        Splitter splitter(Qt::Horizontal);
        splitter.addWidget(new QWidget);
        splitter.addWidget(new QWidget);
        splitter.resize(400, 100);
        splitter.show();
        splitter.setSizes({200, 200});
        const int before = splitter.sizes().first();
        QTest::keyClick(splitter.handle(1), Qt::Key_Left);
        QCOMPARE(splitter.sizes().first(), before - 16);
    }

    void aDialogThatDestroysIsNotConfirmedByEnter()
    {
        Dialog dialog(QStringLiteral("Remove server"));
        dialog.setAcceptButton(QStringLiteral("Remove"), Tone::Error);
        dialog.show();
        QSignalSpy accepted(&dialog, &QDialog::accepted);
        QTest::keyClick(&dialog, Qt::Key_Return);
        QVERIFY(accepted.isEmpty());
        Dialog plain(QStringLiteral("Add server"));
        plain.setAcceptButton(QStringLiteral("Add"));
        plain.showError(QStringLiteral("The name is taken"));
        plain.show();
        QVERIFY(plain.findChild<Banner*>()->isVisible());
        QSignalSpy done(&plain, &QDialog::accepted);
        QTest::keyClick(&plain, Qt::Key_Return);
        QCOMPARE(done.size(), 1);
    }

    void aSearchFieldAnswersEnterAtOnceAndEscapeClears()
    {
        SearchField field(QStringLiteral("Search"));
        field.show();
        QSignalSpy searched(&field, &SearchField::searched);
        QTest::keyClicks(&field, QStringLiteral("abc"));
        QTest::keyClick(&field, Qt::Key_Return);
        QCOMPARE(searched.size(), 1);
        QTest::keyClick(&field, Qt::Key_Escape);
        QCOMPARE(field.text(), QString());
        QTRY_COMPARE(searched.size(), 2);
    }

    void aToastFloatsInsideItsWindow()
    {
        QWidget window;
        window.resize(300, 200);
        window.show();
        Toast toast(&window);
        toast.showText(QString(400, QLatin1Char('w')));
        QVERIFY(toast.isVisible());
        QVERIFY(window.rect().contains(toast.geometry()));
        QTest::mouseClick(&toast, Qt::LeftButton);
        QVERIFY(!toast.isVisible());
    }

    void aKeyFigureIsPressedByMouseAndKeyboard()
    {
        KeyFigure figure(QStringLiteral("Calls"));
        figure.setClickable(true);
        figure.resize(200, 104);
        figure.show();
        QSignalSpy clicked(&figure, &KeyFigure::clicked);
        QTest::mouseClick(&figure, Qt::LeftButton);
        QTest::keyClick(&figure, Qt::Key_Space);
        QCOMPARE(clicked.size(), 2);
        QVERIFY(figure.accessibleName().startsWith(QStringLiteral("Calls")));
    }

    void widgetsPaintInBothThemesAndBothDirections()
    {
        for (const auto preference : {Appearance::Preference::Light, Appearance::Preference::Dark}) {
            m_appearance->setPreference(preference);
            for (const Qt::LayoutDirection direction : {Qt::RightToLeft, Qt::LeftToRight}) {
                Card card(QStringLiteral("Card"));
                card.setLayoutDirection(direction);
                card.setSubtitle(QStringLiteral("subtitle"));
                card.setHint(QStringLiteral("hint"));
                auto* table = new KeyValueTable;
                table->setRows({{QStringLiteral("key"), QStringLiteral("value"), Tone::Good, QStringLiteral("note"), true, {}}});
                card.setBody(table);
                card.setBody(new LiveButton);
                card.resize(300, 200);
                QVERIFY(!card.grab().isNull());
            }
        }
    }

private:
    std::unique_ptr<Appearance> m_appearance;
};

QTEST_MAIN(TestWidgets)
#include "tst_widgets.moc"
