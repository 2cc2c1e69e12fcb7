// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/shell_link.h"

#include <QTest>

using namespace oriel;
using namespace oriel::service;

class TestShellLink : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theLampOfADestinationSaysInShortWhatItsTipSaysInFull()
    {
        DestinationSnapshot refused;
        refused.config.name = QStringLiteral("team");
        refused.health = DestinationHealth::Broken;
        refused.brief = QStringLiteral("key refused, 3 waiting");
        refused.stateText = QStringLiteral("the backend refused the key (HTTP 401)");
        refused.remedy = QStringLiteral("Give another key; 3 records wait.");
        DestinationSnapshot fine;
        fine.health = DestinationHealth::Good;
        fine.stateText = QStringLiteral("sent 5");
        const ui::ShellStatus shown = app::shellStatus({}, {refused, fine});
        QCOMPARE(shown.destinations[0].lamp, ui::Lamp::Error);
        QCOMPARE(shown.destinations[0].detail, refused.brief);
        QCOMPARE(shown.destinations[0].tip, QStringLiteral("team: the backend refused the key (HTTP 401).\n"
                                                           "Give another key; 3 records wait."));
        QCOMPARE(shown.destinations[1].lamp, ui::Lamp::Good);
        QVERIFY(!shown.destinations[1].tip.contains(QLatin1Char('\n')));
    }

    void everyHealthHasALampOfItsOwnKind()
    {
        const auto lamp = [](DestinationHealth health) {
            DestinationSnapshot destination;
            destination.health = health;
            return app::shellStatus({}, {destination}).destinations.first().lamp;
        };
        QCOMPARE(lamp(DestinationHealth::Off), ui::Lamp::Idle);
        QCOMPARE(lamp(DestinationHealth::Idle), ui::Lamp::Idle);
        QCOMPARE(lamp(DestinationHealth::Waiting), ui::Lamp::Warning);
        QCOMPARE(lamp(DestinationHealth::Broken), ui::Lamp::Error);
    }
};

QTEST_APPLESS_MAIN(TestShellLink)
#include "tst_shell_link.moc"
