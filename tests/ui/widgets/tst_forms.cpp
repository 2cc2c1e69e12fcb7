// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/gui_test.h"
#include "ui/theme/theme_source.h"
#include "ui/widgets/async.h"
#include "ui/widgets/check_column.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/form.h"
#include "ui/widgets/link_button.h"
#include "ui/widgets/pair_list.h"
#include "ui/widgets/quantity.h"
#include "ui/widgets/row_model.h"
#include "ui/widgets/save_bar.h"

#include <QAbstractItemModelTester>
#include <QLineEdit>
#include <QPromise>
#include <QPushButton>

using namespace oriel::ui;
using namespace std::chrono_literals;

namespace {

struct Fruit {
    QString name;
    int count = 0;
    bool chosen = false;
};
using FruitModel = RowModel<Fruit>;

std::vector<FruitModel::Column> fruitColumns()
{
    std::vector<FruitModel::Column> columns;
    columns.push_back({QString(), [](const Fruit& fruit, int role) -> QVariant {
                           return role == Qt::CheckStateRole ? QVariant(int(fruit.chosen ? Qt::Checked : Qt::Unchecked))
                                                             : QVariant();
                       }});
    columns.push_back({QStringLiteral("name"),
                       [](const Fruit& fruit, int role) { return role == Qt::DisplayRole ? QVariant(fruit.name) : QVariant(); }});
    columns.push_back({QStringLiteral("count"),
                       [](const Fruit& fruit, int role) { return role == Qt::DisplayRole ? QVariant(fruit.count) : QVariant(); },
                       true});
    return columns;
}

QList<Fruit> fruits(const QStringList& names)
{
    QList<Fruit> list;
    for (const QString& name : names)
        list.append({name, int(name.size()), false});
    return list;
}

} // namespace

class TestForms : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_appearance = std::make_unique<Appearance>(nullptr, Appearance::Preference::Dark); }
    void init() { oriel::test::failOnUnexpectedWarnings(); }

    void timesAreReadAsPeopleWriteThem()
    {
        QCOMPARE(parseDuration(QStringLiteral("30")), std::optional<std::chrono::milliseconds>(30s));
        QCOMPARE(parseDuration(QStringLiteral(" 500ms ")), std::optional<std::chrono::milliseconds>(500ms));
        QCOMPARE(parseDuration(QStringLiteral("1.5 min")), std::optional<std::chrono::milliseconds>(90s));
        QCOMPARE(parseDuration(QStringLiteral("2 h")), std::optional<std::chrono::milliseconds>(2h));
        for (const char* wrong : {"", "soon", "-1 s", "5 parsecs", "1e999 s", "s", "9999 d", "1.2.3 s"})
            QVERIFY2(!parseDuration(QLatin1String(wrong)), wrong);
    }

    void aTimeIsWrittenSoThatItIsReadAsTheSame()
    {
        for (const std::chrono::milliseconds time :
             {0ms, 1ms, 999ms, 1000ms, 1500ms, 30'000ms, 60'000ms, 90'000ms, 3'600'000ms, 86'400'000ms})
            QCOMPARE(parseDuration(durationText(time)), std::optional(time));
        QCOMPARE(durationText(300s), QStringLiteral("5 min"));
    }

    void sizesAreReadAndWrittenInPowersOf1024()
    {
        QCOMPARE(parseBytes(QStringLiteral("64")), std::optional<std::int64_t>(64));
        QCOMPARE(parseBytes(QStringLiteral("64 MB")), std::optional<std::int64_t>(64LL << 20));
        QCOMPARE(parseBytes(QStringLiteral("1.5GiB")), std::optional<std::int64_t>(3LL << 29));
        for (const char* wrong : {"", "lots", "-5 MB", "5 XB", "99999999 TB"})
            QVERIFY2(!parseBytes(QLatin1String(wrong)), wrong);
        for (const std::int64_t bytes : {0LL, 1LL, 1023LL, 1024LL, 1536LL, 64LL << 20, 1LL << 40, (1LL << 40) + 1})
            QCOMPARE(parseBytes(bytesText(bytes)), std::optional(bytes));
    }

    void anErrorStandsAtItsFieldAndTakesTheCursorThere()
    {
        Form form;
        auto* name = new QLineEdit;
        auto* url = new QLineEdit;
        form.addField(QStringLiteral("name"), QStringLiteral("Name"), name);
        form.addField(QStringLiteral("url"), QStringLiteral("URL"), url);
        form.show();
        const QList<FieldError> left = form.setErrors(
            {{QStringLiteral("url"), QStringLiteral("no")}, {QStringLiteral("elsewhere"), QStringLiteral("x")}}, true);
        QCOMPARE(form.errorOf(QStringLiteral("url")), QStringLiteral("no"));
        QCOMPARE(form.errorOf(QStringLiteral("name")), QString());
        QCOMPARE(form.focusWidget(), url);
        QCOMPARE(left, (QList<FieldError>{{QStringLiteral("elsewhere"), QStringLiteral("x")}}));
        form.clearErrors();
        QCOMPARE(form.errorOf(QStringLiteral("url")), QString());
    }

    void aSecretIsTypedUnseenAndOfferedTheVault()
    {
        PairList list(QStringLiteral("NAME"), QStringLiteral("value"), QStringLiteral("Add"));
        list.setSecretTest([](const QString& name, const QString& value) {
            return name == QLatin1String("KEY") && !value.startsWith(QLatin1String("${"));
        });
        list.setVaultOffered(true);
        list.setPairs({{QStringLiteral("KEY"), QStringLiteral("hush")}, {QStringLiteral("MODE"), QStringLiteral("fast")}});
        QCOMPARE(list.secretCount(), 1);
        QCOMPARE(list.valueEdit(0)->echoMode(), QLineEdit::Password);
        QCOMPARE(list.valueEdit(1)->echoMode(), QLineEdit::Normal);
        list.setValue(0, QStringLiteral("${vault:a.KEY}"));
        QCOMPARE(list.secretCount(), 0);
        QCOMPARE(list.valueEdit(0)->echoMode(), QLineEdit::Normal);
    }

    void pairsAreAddedAndRemovedAndEmptyOnesDoNotCount()
    {
        PairList list(QStringLiteral("NAME"), QStringLiteral("value"), QStringLiteral("Add"));
        list.show();
        QSignalSpy changed(&list, &PairList::changed);
        list.addRow();
        QCOMPARE(list.rowCount(), 1);
        QVERIFY(list.pairs().isEmpty());
        QTest::keyClicks(list.nameEdit(0), QStringLiteral("A"));
        QTest::keyClicks(list.valueEdit(0), QStringLiteral("1"));
        QCOMPARE(changed.size(), 2);
        QCOMPARE(list.pairs(), (QList<PairList::Pair>{{QStringLiteral("A"), QStringLiteral("1")}}));
        list.addRow();
        list.setPairs({{QStringLiteral("B"), QStringLiteral("2")}});
        QCOMPARE(list.pairs(), (QList<PairList::Pair>{{QStringLiteral("B"), QStringLiteral("2")}}));
    }

    void rowsKeepTheirIdentityWhenOthersComeAndGo()
    {
        FruitModel model(fruitColumns(), [](const Fruit& fruit) { return fruit.name; });
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setRows(fruits({QStringLiteral("apple"), QStringLiteral("pear"), QStringLiteral("plum")}));
        const QPersistentModelIndex pear = model.index(1, 1);
        QSignalSpy reset(&model, &QAbstractItemModel::modelReset);
        model.setRows(fruits({QStringLiteral("cherry"), QStringLiteral("pear"), QStringLiteral("quince")}));
        QCOMPARE(reset.size(), 0);
        QCOMPARE(pear.row(), 1);
        QCOMPARE(pear.data().toString(), QStringLiteral("pear"));
        QCOMPARE(model.rowCount(), 3);
        model.setRows(fruits({QStringLiteral("quince"), QStringLiteral("cherry")})); // another order
        QCOMPARE(reset.size(), 1);
        QCOMPARE(model.indexOf(QStringLiteral("cherry")), 1);
        model.setRows({});
        QCOMPARE(model.rowCount(), 0);
        QCOMPARE(model.headerData(2, Qt::Horizontal, Qt::DisplayRole).toString(), QStringLiteral("count"));
    }

    void aCheckBoxIsSwitchedByClickAndBySpace()
    {
        FruitModel model(fruitColumns(), [](const Fruit& fruit) { return fruit.name; });
        QList<Fruit> rows = fruits({QStringLiteral("apple"), QStringLiteral("pear")});
        model.setRows(rows);
        model.setCheckHandler([&](const Fruit& fruit, bool chosen) {
            for (Fruit& row : rows)
                row.chosen = row.name == fruit.name ? chosen : row.chosen;
            model.setRows(rows);
        });
        DataTable table;
        table.setModel(&model);
        new CheckColumn(&table, 0);
        table.resize(300, 120);
        table.show();
        QTest::mouseClick(table.viewport(), Qt::LeftButton, {}, table.visualRect(model.index(1, 0)).center());
        QVERIFY(rows[1].chosen);
        QTest::mouseClick(table.viewport(), Qt::LeftButton, {}, table.visualRect(model.index(1, 1)).center());
        QVERIFY(rows[1].chosen);
        QTest::keyClick(&table, Qt::Key_Space);
        QVERIFY(!rows[1].chosen);
        QVERIFY(!rows[0].chosen);
    }

    void theSaveBarIsThereOnlyWhileSomethingIsUnsaved()
    {
        QWidget page;
        SaveBar bar(&page);
        page.show();
        QVERIFY(!bar.isVisible());
        bar.setChanged(true);
        QVERIFY(bar.isVisible());
        QSignalSpy saving(&bar, &SaveBar::saveRequested);
        bar.saveButton()->click();
        QCOMPARE(saving.size(), 1);
        bar.setBusy(true);
        bar.saveButton()->click();
        QCOMPARE(saving.size(), 1);
        bar.setBusy(false);
        bar.showError(QStringLiteral("the disk is full"));
        QCOMPARE(bar.error(), QStringLiteral("the disk is full"));
        bar.setChanged(false);
        QVERIFY(!bar.isVisible());
    }

    void anAnswerForAClosedPageIsDropped()
    {
        QPromise<int> promise;
        promise.start();
        bool told = false;
        auto page = std::make_unique<QObject>();
        whenDone(promise.future(), page.get(), [&told](int) { told = true; });
        page.reset();
        promise.addResult(7);
        promise.finish();
        QCoreApplication::processEvents();
        QVERIFY(!told);
        QObject open;
        QPromise<int> second;
        second.start();
        int value = 0;
        whenDone(second.future(), &open, [&value](int answer) { value = answer; });
        second.addResult(7);
        second.finish();
        QTRY_COMPARE(value, 7);
    }

private:
    std::unique_ptr<Appearance> m_appearance;
};

QTEST_MAIN(TestForms)
#include "tst_forms.moc"
