// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/gui_test.h"
#include "ui/theme/oriel_style.h"
#include "ui/theme/theme_source.h"

#include <QCheckBox>
#include <QComboBox>
#include <QLineEdit>
#include <QMenu>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollBar>
#include <QSpinBox>
#include <QTabBar>

using namespace oriel::ui;

namespace {

/// How many pixels of the widget's picture have nearly this colour.
int count(QWidget& widget, const QColor& color)
{
    const QImage image = widget.grab().toImage();
    int found = 0;
    for (int y = 0; y < image.height(); ++y) {
        for (int x = 0; x < image.width(); ++x) {
            const QColor pixel = image.pixelColor(x, y);
            if (std::abs(pixel.red() - color.red()) < 6 && std::abs(pixel.green() - color.green()) < 6 &&
                std::abs(pixel.blue() - color.blue()) < 6)
                ++found;
        }
    }
    return found;
}

} // namespace

class TestStyle : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_appearance = std::make_unique<Appearance>(nullptr, Appearance::Preference::Dark); }
    void init()
    {
        oriel::test::failOnUnexpectedWarnings();
        m_appearance->setPreference(Appearance::Preference::Dark);
    }

    void controlsAreThirtyPixelsHigh()
    {
        QPushButton button(QStringLiteral("Add"));
        QLineEdit edit;
        QComboBox combo;
        combo.addItem(QStringLiteral("grpc"));
        QSpinBox spin;
        for (QWidget* control : std::initializer_list<QWidget*>{&button, &edit, &combo, &spin})
            QCOMPARE(control->sizeHint().height(), metrics::controlHeight);
    }

    void aPrimaryButtonIsFilledWithTheAccent()
    {
        QPushButton button(QStringLiteral("Add server"));
        button.resize(button.sizeHint());
        QCOMPARE(count(button, Theme::dark().accent), 0);
        button.setProperty(OrielStyle::primaryProperty, true);
        QVERIFY(count(button, Theme::dark().accent) > button.width() * button.height() / 2);
    }

    void aFieldWithTheFocusHasARing()
    {
        QWidget window;
        QLineEdit edit(&window);
        edit.setGeometry(10, 10, 200, 30);
        QPushButton other(&window);
        window.resize(240, 60);
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        other.setFocus();
        QCOMPARE(count(edit, Theme::dark().accent), 0);
        edit.setFocus();
        QTRY_VERIFY(edit.hasFocus());
        QVERIFY(count(edit, Theme::dark().accent) > 200);
    }

    void everyControlTakesTheColoursOfANewTheme()
    {
        QWidget window;
        window.resize(300, 300);
        QPushButton button(QStringLiteral("Button"), &window);
        QComboBox combo(&window);
        combo.addItem(QStringLiteral("grpc"));
        combo.move(0, 40);
        QProgressBar progress(&window);
        progress.setValue(50);
        progress.move(0, 80);
        QCheckBox check(QStringLiteral("Check"), &window);
        check.setChecked(true);
        check.move(0, 120);
        QScrollBar bar(Qt::Horizontal, &window);
        bar.setGeometry(0, 160, 200, 10);
        QTabBar tabs(&window);
        tabs.addTab(QStringLiteral("Span"));
        tabs.move(0, 200);
        window.show();
        QVERIFY(count(window, Theme::dark().accent) > 50);
        m_appearance->setPreference(Appearance::Preference::Light);
        QTRY_COMPARE(count(window, Theme::dark().window), 0);
        QVERIFY(count(window, Theme::light().accent) > 50);
    }

    void aProgressBarShowsItsShare()
    {
        QProgressBar bar;
        bar.setFixedSize(200, 4);
        bar.setRange(0, 100);
        bar.setValue(25);
        const int quarter = count(bar, Theme::dark().accent);
        bar.setValue(100);
        const int whole = count(bar, Theme::dark().accent);
        QVERIFY(quarter > 0);
        QVERIFY(std::abs(whole - 4 * quarter) < whole / 8);
    }

    void aScrollBarWithNothingToScrollIsInvisible()
    {
        QScrollBar bar(Qt::Vertical);
        bar.setFixedSize(10, 200);
        bar.setRange(0, 0);
        const QImage still = bar.grab().toImage();
        bar.setRange(0, 100);
        QVERIFY(bar.grab().toImage() != still);
    }

    void anOpenMenuShowsItsShortcutsAndTicks()
    {
        QMenu menu;
        QAction* first = menu.addAction(QStringLiteral("Last 15 min"));
        first->setCheckable(true);
        first->setChecked(true);
        menu.addSeparator();
        menu.addAction(QStringLiteral("Copy"), QKeySequence(QStringLiteral("Ctrl+C")), &menu, [] {});
        menu.addMenu(QStringLiteral("More"));
        menu.popup(QPoint(0, 0));
        QVERIFY(count(menu, Theme::dark().accent) > 4);
        QVERIFY(menu.sizeHint().width() > QFontMetrics(menu.font()).horizontalAdvance(QStringLiteral("Last 15 min")) + 40);
        menu.close();
    }

private:
    std::unique_ptr<Appearance> m_appearance;
};

QTEST_MAIN(TestStyle)
#include "tst_style.moc"
