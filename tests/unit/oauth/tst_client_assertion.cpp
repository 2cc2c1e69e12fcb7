// SPDX-License-Identifier: GPL-3.0-or-later
#include "oauth/client_assertion.h"
#include "signing_key.h"

#include <QSet>
#include <QTest>

using namespace oriel;
using namespace oriel::oauth;

namespace {

constexpr std::int64_t kNowNs = 1'800'000'000'999'000'000;

SigningKey keyOf(const QString& kind)
{
    if (kind.startsWith(QStringLiteral("rsa")))
        return SigningKey::rsa(kind.mid(3).toUInt());
    return SigningKey::ec(kind.toLatin1().constData());
}

} // namespace

class ClientAssertionTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theAssertionSaysExactlyThisAndIsSigned_data()
    {
        QTest::addColumn<QString>("kind");
        QTest::addColumn<QByteArray>("head");
        QTest::newRow("RSA") << QStringLiteral("rsa2048") << QByteArray("{\"alg\":\"RS256\",\"typ\":\"JWT\"}");
        QTest::newRow("EC") << QStringLiteral("P-256") << QByteArray("{\"alg\":\"ES256\",\"typ\":\"JWT\"}");
    }
    void theAssertionSaysExactlyThisAndIsSigned()
    {
        QFETCH(QString, kind);
        QFETCH(QByteArray, head);
        const SigningKey key = keyOf(kind);
        SeededRandom random(7);
        const auto jwt = clientAssertion(key.privatePem(), "the \"client\"", "https://as.example/tenant", kNowNs, random);
        QVERIFY2(jwt, jwt ? "" : qPrintable(jwt.error().toString()));
        const QList<QByteArray> parts = jwt->split('.');
        QCOMPARE(parts.size(), 3);
        QVERIFY(!jwt->contains('='));
        QCOMPARE(SigningKey::decoded(parts.at(0)), head);
        json::Document claims;
        const QByteArray text = SigningKey::decoded(parts.at(1));
        QVERIFY(claims.parse(text));
        const json::Value root = claims.root();
        QList<QByteArray> names;
        for (const json::Member& member : root.members())
            names.append(member.key.asUtf8());
        QCOMPARE(names, (QList<QByteArray>{"iss", "sub", "aud", "iat", "exp", "jti"}));
        QCOMPARE(root.find("iss").asUtf8(), QByteArray("the \"client\""));
        QCOMPARE(root.find("sub").asUtf8(), QByteArray("the \"client\""));
        QCOMPARE(root.find("aud").asUtf8(), QByteArray("https://as.example/tenant"));
        QCOMPARE(root.find("iat").asInt64().value(), 1'800'000'000);
        QCOMPARE(root.find("exp").asInt64().value(), 1'800'000'300);
        QCOMPARE(SigningKey::decoded(root.find("jti").asUtf8()).size(), 16);
        QVERIFY(key.hasSigned(*jwt));
        QVERIFY(!keyOf(kind).hasSigned(*jwt));
    }
    void noTwoAssertionsAreTheSame()
    {
        const SigningKey key = SigningKey::ec("P-256");
        SystemRandom random;
        QSet<QByteArray> claims;
        // Enough for numbers R and S that begin with a zero byte, which a signature has to keep.
        for (int i = 0; i < 600; ++i) {
            const auto jwt = clientAssertion(key.privatePem(), "c", "https://as.example", kNowNs, random);
            QVERIFY(jwt && key.hasSigned(*jwt));
            QCOMPARE(SigningKey::decoded(jwt->split('.').at(2)).size(), 64);
            claims.insert(jwt->split('.').at(1));
        }
        QCOMPARE(claims.size(), 600);
    }
    void aKeyThatCannotBeUsedIsExplainedAndNotShown_data()
    {
        QTest::addColumn<QByteArray>("pem");
        QTest::addColumn<QString>("why");
        const QByteArray good = SigningKey::ec("P-256").privatePem();
        QTest::newRow("empty") << QByteArray(" \n") << QStringLiteral("empty");
        QTest::newRow("too long") << good + QByteArray(kMaxPrivateKeyBytes, '#') << QStringLiteral("longer than a key");
        QTest::newRow("no PEM") << QByteArray("MIGHAgEAMBMGByqGSM49AgEGCCqGSM49") << QStringLiteral("not in PEM form");
        QTest::newRow("cut") << good.left(good.size() / 2) << QStringLiteral("damaged");
        QTest::newRow("locked") << SigningKey::ec("P-256").privatePem("hush") << QStringLiteral("passphrase");
        QTest::newRow("public") << SigningKey::ec("P-256").publicPem() << QStringLiteral("public key");
        QTest::newRow("certificate") << QByteArray("-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUJ3\n")
                                     << QStringLiteral("certificate");
        QTest::newRow("short RSA") << SigningKey::rsa(1024).privatePem() << QStringLiteral("1024 bits");
        QTest::newRow("P-384") << SigningKey::ec("P-384").privatePem() << QStringLiteral("another curve than P-256");
        QTest::newRow("a curve of the same size") << SigningKey::ec("secp256k1").privatePem() << QStringLiteral("another curve");
    }
    void aKeyThatCannotBeUsedIsExplainedAndNotShown()
    {
        QFETCH(QByteArray, pem);
        QFETCH(QString, why);
        SeededRandom random(1);
        const auto jwt = clientAssertion(pem, "c", "https://as.example", kNowNs, random);
        QVERIFY(!jwt);
        const Error& error = jwt.error();
        QCOMPARE(error.code, ErrorCode::InvalidArgument);
        QVERIFY2(error.message.contains(why), qPrintable(error.message));
        QVERIFY(!error.remedy.isEmpty());
        QCOMPARE(signingAlgorithm(pem).error().message, error.message);
        for (const QByteArray& line : pem.split('\n')) {
            if (line.size() > 16 && !line.startsWith('-'))
                QVERIFY(!error.toString().contains(QString::fromLatin1(line)));
        }
    }
};

QTEST_GUILESS_MAIN(ClientAssertionTest)
#include "tst_client_assertion.moc"
