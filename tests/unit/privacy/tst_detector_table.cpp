// SPDX-License-Identifier: GPL-3.0-or-later
#include "privacy/detector_table.h"
#include "privacy/masker.h"

#include <QSet>
#include <QTest>

using namespace oriel;
using namespace oriel::privacy;

namespace {

QByteArray bytes(std::string_view text)
{
    return {text.data(), static_cast<qsizetype>(text.size())};
}

std::shared_ptr<const Masker> everyRule()
{
    static const auto masker = [] {
        MaskingOptions options;
        for (const DetectorRule& rule : detectorTable())
            options.enabledRules.append(QString::fromLatin1(bytes(rule.id)));
        return Masker::create(options).value();
    }();
    return masker;
}

bool hitBy(const MaskResult& result, std::string_view rule)
{
    return std::any_of(result.hits.begin(), result.hits.end(), [&](const MaskHit& hit) { return hit.rule == bytes(rule); });
}

} // namespace

class DetectorTableTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void idsAreUniqueAndReadable()
    {
        QSet<QByteArray> seen;
        for (const DetectorRule& rule : detectorTable()) {
            QVERIFY2(!seen.contains(bytes(rule.id)), rule.id.data());
            seen.insert(bytes(rule.id));
            QVERIFY(!rule.title.empty());
            QVERIFY2(rule.category == DetectorCategory::Pii || rule.onByDefault, rule.id.data());
            QCOMPARE(rule.category == DetectorCategory::Pii, !rule.piiType.empty());
            QCOMPARE(findDetector(bytes(rule.id)), &rule);
        }
        QVERIFY(findDetector("no-such-rule") == nullptr);
    }

    void everyExampleIsMaskedByItsRule_data() { rows(); }
    void everyExampleIsMaskedByItsRule()
    {
        QFETCH(int, row);
        const DetectorRule& rule = detectorTable()[static_cast<std::size_t>(row)];
        const auto masker = everyRule();
        const QByteArray example = bytes(rule.example);
        const MaskResult text = masker->maskText("before " + example + ", after");
        QVERIFY2(hitBy(text, rule.id), text.bytes.constData());
        QVERIFY2(text.bytes.startsWith("before "), text.bytes.constData());
        // The private key's rest of a line belongs to it only when no end line stands there.
        QVERIFY2(text.bytes.endsWith(", after"), text.bytes.constData());
        const MaskResult json = masker->maskJson("{\"note\":\"" + example + "\"}");
        QVERIFY2(hitBy(json, rule.id), json.bytes.constData());
        QVERIFY2(json.bytes.contains("[masked:" + bytes(rule.id) + "]"), json.bytes.constData());
        QCOMPARE(json.hits.front().path, QByteArray("$.note"));
    }

    void noCounterExampleIsMaskedByItsRule_data() { rows(); }
    void noCounterExampleIsMaskedByItsRule()
    {
        QFETCH(int, row);
        const DetectorRule& rule = detectorTable()[static_cast<std::size_t>(row)];
        QVERIFY(!rule.counterExample.empty());
        const MaskResult result = everyRule()->maskText("before " + bytes(rule.counterExample) + ", after");
        QVERIFY2(!hitBy(result, rule.id), result.bytes.constData());
    }

    void noPartOfAnExampleIsLeft_data() { rows(); }
    void noPartOfAnExampleIsLeft()
    {
        QFETCH(int, row);
        const DetectorRule& rule = detectorTable()[static_cast<std::size_t>(row)];
        const QByteArray example = bytes(rule.example);
        const QByteArray masked = everyRule()->maskText("<" + example + ">").bytes;
        const QByteArray secretPart = example.right(8);
        if (rule.id != "url-userinfo")
            QVERIFY2(!masked.contains(secretPart), masked.constData());
    }

    void aCardNumberNeedsItsNetworkItsLengthAndItsCheckDigit()
    {
        QVERIFY(passesValidator(Validator::PaymentCard, "5555 5555 5555 4444"));
        QVERIFY(passesValidator(Validator::PaymentCard, "378282246310005"));
        QVERIFY(!passesValidator(Validator::PaymentCard, "5555 5555 5555 4445"));
        QVERIFY(!passesValidator(Validator::PaymentCard, "1700000000006")); // a time in milliseconds
        QVERIFY(!passesValidator(Validator::PaymentCard, "0000000000000000"));
        QVERIFY(!passesValidator(Validator::PaymentCard, "41111111111111"));
    }

    void socialSecurityNumbersThatWereNeverGivenAreNotMasked()
    {
        QVERIFY(passesValidator(Validator::SocialSecurity, "536-22-4719"));
        for (const char* number : {"000-12-3456", "666-12-3456", "912-12-3456", "536-00-4719", "536-22-0000", "111-11-1111"})
            QVERIFY2(!passesValidator(Validator::SocialSecurity, number), number);
    }

private:
    static void rows()
    {
        QTest::addColumn<int>("row");
        int row = 0;
        for (const DetectorRule& rule : detectorTable())
            QTest::newRow(bytes(rule.id).constData()) << row++;
    }
};

QTEST_GUILESS_MAIN(DetectorTableTest)
#include "tst_detector_table.moc"
