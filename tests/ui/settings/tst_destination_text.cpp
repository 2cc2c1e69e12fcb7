// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/gui_test.h"
#include "ui/settings/destination_facts.h"
#include "ui/settings/destination_text.h"
#include "ui/widgets/format.h"

#include <algorithm>

using namespace oriel;
using namespace oriel::ui;
using service::DestinationSnapshot;
using service::DestinationState;

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t now = 1'763'640'000 * second;

DestinationSnapshot waiting()
{
    DestinationSnapshot destination;
    destination.config.name = QStringLiteral("Grafana");
    destination.config.endpoint = QStringLiteral("http://localhost:4318");
    destination.state = DestinationState::Retrying;
    destination.stateText = QStringLiteral("312 waiting, retry in 8 s");
    destination.queued = 312;
    destination.queuedBytes = 4096;
    destination.nextTryUnixNs = now + 8 * second;
    return destination;
}

config::Destination grafana()
{
    config::Destination destination;
    destination.name = QStringLiteral("team");
    destination.preset = QStringLiteral("grafana-cloud");
    destination.fields = {{QStringLiteral("zone"), QStringLiteral("prod-eu-west-0")},
                          {QStringLiteral("instance_id"), QStringLiteral("123456")},
                          {QStringLiteral("token"), QStringLiteral("${vault:grafana}")}};
    return destination;
}

QString valueOf(const QList<KeyValue>& rows, const QString& key)
{
    const auto row = std::find_if(rows.cbegin(), rows.cend(), [&](const KeyValue& one) { return one.key == key; });
    return row != rows.cend() ? row->value : QString();
}

} // namespace

class TestDestinationText : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { test::failOnUnexpectedWarnings(); }

    void aWaitSaysUntilWhen()
    {
        DestinationSnapshot destination = waiting();
        const QString until = formatClock(destination.nextTryUnixNs);
        QCOMPARE(stateSentence(destination), QStringLiteral("312 waiting, next try at ") + until);
        destination.circuitOpen = true;
        QVERIFY(stateSentence(destination).contains(QStringLiteral("left alone until ") + until));
        destination.spoolError = QStringLiteral("no space left");
        QVERIFY(stateSentence(destination).contains(QStringLiteral("no space left")));
        destination.state = DestinationState::Paused;
        destination.stateText = QStringLiteral("the backend refused the key (HTTP 401)");
        QCOMPARE(stateSentence(destination), destination.stateText);
        QCOMPARE(stateWord(destination), QStringLiteral("key refused"));
        destination.config.paused = true;
        QCOMPARE(stateWord(destination), QStringLiteral("paused"));
        destination.state = DestinationState::Idle;
        destination.lastError = QStringLiteral("HTTP 422");
        QCOMPARE(stateWord(destination), QStringLiteral("not all is taken"));
    }

    void whatIsDiscardedIsCountedAndAged()
    {
        DestinationSnapshot destination = waiting();
        destination.oldestUnixNs = now - 2 * 3600 * second;
        const QString sentence = discardSentence(destination, now);
        QVERIFY2(sentence.startsWith(QStringLiteral("All 312 items that wait for Grafana (4 KiB) are lost there")),
                 qPrintable(sentence));
        QVERIFY2(sentence.contains(QStringLiteral("the oldest was recorded 2 h ago")), qPrintable(sentence));
        destination.queued = 1;
        QVERIFY(discardSentence(destination, now).startsWith(QStringLiteral("The one item that waits for Grafana")));
    }

    void theAgeOfTheOldestAndWhatToDoStandWithTheState()
    {
        DestinationSnapshot destination = waiting();
        QVERIFY(oldestWord(destination, now).isEmpty());
        destination.oldestUnixNs = now - 200 * second;
        QCOMPARE(oldestWord(destination, now), QStringLiteral("3 min"));
        destination.remedy = QStringLiteral("Give another key; 312 records wait.");
        destination.lastError = QStringLiteral("HTTP 401");
        QList<KeyValue> rows = destinationFacts(destination, {}, now);
        QCOMPARE(rows[1].value, destination.remedy);
        QCOMPARE(valueOf(rows, QStringLiteral("waiting")), QStringLiteral("312 records · 4 KiB · oldest 3 min"));
        QCOMPARE(valueOf(rows, QStringLiteral("last error")), destination.lastError);
        destination.state = DestinationState::Paused;
        destination.stateText = QStringLiteral("the backend refused the key (HTTP 401)");
        QVERIFY(valueOf(destinationFacts(destination, {}, now), QStringLiteral("last error")).isEmpty());
        destination.queued = 0;
        QVERIFY(oldestWord(destination, now).isEmpty());
    }

    void lossesAreSaidByReason()
    {
        QCOMPARE(lossWord(QStringLiteral("traces/spool_full"), 12), QStringLiteral("12 spans pushed out by newer ones"));
        QCOMPARE(lossWord(QStringLiteral("logs/cleared"), 1), QStringLiteral("1 log record discarded by hand"));
        QCOMPARE(lossWord(QStringLiteral("metrics/unheard_of"), 2), QStringLiteral("2 metric points unheard_of"));
    }

    void deadLettersAreShownWhereTheyLieOnlyWhenThereAreSome()
    {
        DestinationSnapshot destination = waiting();
        destination.lost = {{QStringLiteral("traces/spool_full"), 3}};
        QVERIFY(valueOf(destinationFacts(destination, QStringLiteral("/data"), now), QStringLiteral("dead letters")).isEmpty());
        destination.lost.insert(QStringLiteral("logs/refused"), 2);
        const QList<KeyValue> rows = destinationFacts(destination, QStringLiteral("/data"), now);
        QVERIFY(valueOf(rows, QStringLiteral("dead letters")).contains(QStringLiteral("dead-letter-*.jsonl")));
        QCOMPARE(std::count_if(rows.cbegin(), rows.cend(), [](const KeyValue& row) { return row.key == QLatin1String("lost"); }),
                 2);
    }

    void theFactsOfAPresetTellWhereEachSignalGoesAndNoSecret()
    {
        DestinationSnapshot destination = waiting();
        destination.config = grafana();
        destination.config.fields.insert(QStringLiteral("token"), QStringLiteral("typed-into-the-file"));
        const QList<KeyValue> rows = destinationFacts(destination, {}, now);
        QCOMPARE(valueOf(rows, QStringLiteral("provider")), QStringLiteral("Grafana Cloud"));
        QCOMPARE(valueOf(rows, QStringLiteral("traces to")),
                 QStringLiteral("https://otlp-gateway-prod-eu-west-0.grafana.net/otlp/v1/traces"));
        QCOMPARE(valueOf(rows, QStringLiteral("token")), QStringLiteral("set"));
        for (const KeyValue& row : rows)
            QVERIFY2(!row.value.contains(QStringLiteral("typed-into-the-file")), qPrintable(row.key));
    }

    void providersAreFoundByTheirWordsAndTheCustomOneStandsFirst()
    {
        const auto& presets = otlp::builtInPresets().presets;
        QCOMPARE(presets.front().id, QStringLiteral("otlp"));
        const auto found = [&](const char* text) {
            return std::count_if(presets.begin(), presets.end(),
                                 [&](const otlp::Preset& preset) { return matchesPreset(preset, QLatin1String(text)); });
        };
        QCOMPARE(std::size_t(found("")), presets.size());
        QVERIFY(found("grafana") >= 1);
        QCOMPARE(found("CLOUD grafana"), 1);
        QCOMPARE(found("no such provider"), 0);
        for (const otlp::Preset& preset : presets)
            QVERIFY2(!presetLine(preset).isEmpty(), qPrintable(preset.id));
    }

    void aValueIsJudgedAsItIsTyped()
    {
        otlp::PresetField zone;
        zone.label = QStringLiteral("Zone");
        zone.example = QStringLiteral("prod-eu-west-0");
        zone.pattern = QStringLiteral("[a-z0-9-]+");
        QVERIFY(fieldProblem(zone, {}).isEmpty());
        QVERIFY(fieldProblem(zone, QStringLiteral("prod-us-0")).isEmpty());
        QVERIFY(fieldProblem(zone, QStringLiteral("${env:ZONE}")).isEmpty());
        QVERIFY(fieldProblem(zone, QStringLiteral("Bad Zone")).contains(zone.example));
        otlp::PresetField key;
        key.secret = true;
        QVERIFY(!fieldProblem(key, QStringLiteral("a\nb")).isEmpty());
        QVERIFY(!fieldProblem(key, QStringLiteral("hunter2\n")).contains(QStringLiteral("hunter2")));
    }

    void whatAPresetMissesIsSaidUnderItsField()
    {
        QVERIFY(presetErrors(grafana()).isEmpty());
        config::Destination destination = grafana();
        destination.fields.remove(QStringLiteral("zone"));
        const QList<FieldError> errors = presetErrors(destination);
        QCOMPARE(errors.size(), 1);
        QCOMPARE(errors.first().field, QStringLiteral("fields.zone"));
        QVERIFY(errors.first().message.startsWith(QStringLiteral("Grafana Cloud needs the Zone. ")));
        QVERIFY(!signalTargets(destination));
        destination = grafana();
        destination.logs = false;
        QCOMPARE(signalTargets(destination)->size(), 2);
    }

    void namesAreFreeOnes()
    {
        QCOMPARE(freeName(QStringLiteral("Datadog"), {}), QStringLiteral("Datadog"));
        QCOMPARE(freeName(QStringLiteral("Datadog"), {QStringLiteral("Datadog"), QStringLiteral("Datadog 2")}),
                 QStringLiteral("Datadog 3"));
        QCOMPARE(freeName(QString(80, QLatin1Char('x')), {QString(64, QLatin1Char('x'))}).size(), 64);
        QCOMPARE(vaultNameFor(QStringLiteral("My team"), QStringLiteral("token"), {}), QStringLiteral("My_team.token"));
        QCOMPARE(vaultNameFor(QStringLiteral("My team"), QStringLiteral("token"), {QStringLiteral("My_team.token")}),
                 QStringLiteral("My_team.token-2"));
        QCOMPARE(vaultReference(QStringLiteral("${vault:a.b}")), QStringLiteral("a.b"));
        QVERIFY(vaultReference(QStringLiteral("Bearer ${vault:a.b}")).isEmpty());
    }

    void thePreviewSaysWhichCallItIsOrWhyThereIsNone()
    {
        service::ExportPreview preview;
        preview.note = QStringLiteral("No call has come through yet.");
        QCOMPARE(previewSentence(preview), preview.note);
        preview.request = QByteArrayLiteral("{}");
        preview.spans = 3;
        preview.startUnixNs = now;
        const QString sentence = previewSentence(preview);
        QVERIFY(sentence.contains(formatDateTime(now)));
        QVERIFY(sentence.contains(QStringLiteral("3 spans")));
        QVERIFY(sentence.endsWith(preview.note));
    }
};

QTEST_GUILESS_MAIN(TestDestinationText)
#include "tst_destination_text.moc"
