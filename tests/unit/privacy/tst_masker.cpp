// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/random.h"
#include "privacy/masker.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include <atomic>
#include <thread>

using namespace oriel;
using namespace oriel::privacy;

namespace {

// Fake tokens, in pieces.
const QByteArray kGithub = QByteArray("gh") + "p_" + QByteArray("aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5");
const QByteArray kAws = QByteArray("AK") + "IAIOSFODNN7EXAMPLE";

std::shared_ptr<const Masker> masker(const MaskingOptions& options = {})
{
    auto made = Masker::create(options);
    if (!made)
        qFatal("%s", qPrintable(made.error().toString()));
    return made.value();
}

QByteArray json(const QByteArray& text, const MaskingOptions& options = {})
{
    return masker(options)->maskJson(text).bytes;
}
QByteArray text(const QByteArray& input, const MaskingOptions& options = {})
{
    return masker(options)->maskText(input).bytes;
}

bool isJson(const QByteArray& bytes)
{
    QJsonParseError error;
    QJsonDocument::fromJson(bytes, &error);
    return error.error == QJsonParseError::NoError;
}

// The fake token as it might hide in a string.
QByteArray wrapped(Random& random)
{
    QByteArray content = "note " + kGithub + " end";
    bool readable = true; // base64 of what is itself encoded is a documented limit
    for (int depth = static_cast<int>(random.next64() % 3); depth > 0; --depth) {
        switch (random.next64() % 4) {
        case 0:
            content = readable ? "see " + content.toBase64() + " there" : content;
            readable = false;
            break;
        case 1:
            content = content.toPercentEncoding("", "_gh");
            readable = false;
            break;
        case 2:
            content = QJsonDocument(QJsonObject{{QStringLiteral("inner"), QString::fromLatin1(content)}})
                          .toJson(QJsonDocument::Compact);
            break;
        default:
            content = "log \"" + content + "\"\n\ttail";
        }
    }
    return content;
}

QJsonValue randomValue(Random& random, int depth)
{
    const std::uint64_t kind = random.next64() % (depth > 3 ? 5 : 7);
    if (kind == 0)
        return QJsonValue(static_cast<double>(random.next64() % 100'000) / 8);
    if (kind == 1)
        return QJsonValue(QString::fromUtf8("gr\xc3\xbc\xc3\x9f \"quoted\" \\ / \t"));
    if (kind == 2)
        return QJsonValue(random.next64() % 2 == 0);
    if (kind == 3)
        return QJsonValue(QString::fromLatin1(wrapped(random)));
    if (kind == 4)
        return QJsonValue();
    if (kind == 5) {
        QJsonArray array;
        for (std::uint64_t i = random.next64() % 4; i > 0; --i)
            array.append(randomValue(random, depth + 1));
        return array;
    }
    QJsonObject object;
    for (const char* key : {"a", "password", "text", "token", "we\"ird key"}) {
        if (random.next64() % 2 == 0)
            object.insert(QString::fromLatin1(key), randomValue(random, depth + 1));
    }
    return object;
}

// Whether the token or an encoding of it is still there.
bool leaks(const QByteArray& bytes)
{
    const QByteArray heart = kGithub.mid(6, 24);
    if (bytes.contains(heart) || bytes.contains(heart.toPercentEncoding()))
        return true;
    for (int shift = 0; shift < 3; ++shift) {
        const QByteArray form = (QByteArray(shift, 'x') + heart).toBase64().mid(4, 20);
        if (bytes.contains(form))
            return true;
    }
    return false;
}

QByteArray jsonString(const QByteArray& content)
{
    const QByteArray array = QJsonDocument(QJsonArray{QString::fromUtf8(content)}).toJson(QJsonDocument::Compact);
    return array.mid(1, array.size() - 2);
}

} // namespace

class MaskerTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void cleanInputComesBackUncopied()
    {
        const QByteArray input =
            R"({"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"4 files in /srv, 12 lines"}]}})";
        const MaskResult result = masker()->maskJson(input);
        QVERIFY(!result.changed());
        QVERIFY(result.hits.empty());
        QCOMPARE(result.bytes.constData(), input.constData());
        QCOMPARE(masker()->maskText(input).bytes.constData(), input.constData());
    }

    void valuesUnderSecretNamesAreMasked()
    {
        QCOMPARE(json(R"({"user":"ada","password":"hunter2"})"), QByteArray(R"({"user":"ada","password":"[masked:key-name]"})"));
        QCOMPARE(json(R"({"pin" : 1234, "n": 5})"), QByteArray(R"({"pin" : "[masked:key-name]", "n": 5})"));
        QCOMPARE(json(R"({"secrets":["a","b"],"list":["c"]})"),
                 QByteArray(R"({"secrets":["[masked:key-name]","[masked:key-name]"],"list":["c"]})"));
        QCOMPARE(json(R"({"apiKey":{"value":"abc","note":"x"}})"),
                 QByteArray(R"({"apiKey":{"value":"[masked:key-name]","note":"x"}})"));
        QCOMPARE(json(R"({"env":[{"name":"API_KEY","value":"abc"}]})"),
                 QByteArray(R"({"env":[{"name":"API_KEY","value":"[masked:key-name]"}]})"));
        QCOMPARE(json(R"({"args":["--token","abc","--verbose"]})"),
                 QByteArray(R"({"args":["--token","[masked:key-name]","--verbose"]})"));
    }

    void countsCursorsAndReferencesStay_data()
    {
        QTest::addColumn<QByteArray>("input");
        for (const char* input :
             {R"({"_meta":{"progressToken":"abcdefghijklmnop-1"}})", R"({"nextPageToken":"CAUQAA0123456789"})",
              R"({"max_tokens":512,"token_count":3})", R"({"token":7})", R"({"password":true,"secret":null})",
              R"({"token":"${vault:github}"})", R"({"password":""})",
              R"({"properties":{"password":{"type":"string","description":"The password to use"}},"required":["password"]})",
              R"({"sessionId":"s1"})", R"({"text":"the secret of a good session is the token bearer"})"})
            QTest::newRow(input) << QByteArray(input);
    }
    void countsCursorsAndReferencesStay()
    {
        QFETCH(QByteArray, input);
        QCOMPARE(json(input), input);
    }

    void escapedTokensAndKeysAreSeen()
    {
        QByteArray hidden = kGithub;
        hidden.replace("_", "\\u005f").replace("g", "\\u0067");
        const QByteArray masked = json("{\"note\":\"see " + hidden + ".\"}");
        QCOMPARE(masked, QByteArray(R"({"note":"see [masked:github-token]."})"));
        QCOMPARE(json(R"({"p\u0061ssword":"hunter2"})"), QByteArray(R"({"p\u0061ssword":"[masked:key-name]"})"));
        QCOMPARE(json(R"({"u":"postgres:\/\/ada:hunter2@db\/x"})"),
                 QByteArray(R"({"u":"postgres:\/\/[masked:url-userinfo]@db\/x"})"));
    }

    void privateKeysWithEscapedLineEndsAreMaskedWhole()
    {
        const QByteArray key = QByteArray("-----BEGIN PRIVATE") +
                               " KEY-----\\nMIIEvQIBADANBgkqhkiG\\nw0BAQEFAASC+/=\\n-----END PRIVATE" + " KEY-----\\n";
        QCOMPARE(json("{\"pem\":\"" + key + "\",\"a\":1}"), QByteArray("{\"pem\":\"[masked:private-key]\\n\",\"a\":1}"));
        QByteArray real = key;
        real.replace("\\n", "\n");
        QCOMPARE(text("key:\n" + real + "done"), QByteArray("key:\n[masked:private-key]\ndone"));
        // Cut off before its end line.
        QCOMPARE(json("{\"pem\":\"" + key.left(60)), QByteArray("{\"pem\":\"[masked:private-key]"));
    }

    void base64WrappedSecretsAreMasked()
    {
        for (int pad = 0; pad < 3; ++pad) {
            const QByteArray inner = QByteArray(pad, 'x') + " token=" + kGithub + " ";
            const QByteArray masked = json("{\"blob\":\"" + inner.toBase64() + "\"}");
            QCOMPARE(masked, QByteArray(R"({"blob":"[masked:github-token]"})"));
        }
        QByteArray url = ("{\"a\":\"" + kGithub + "\"}").toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals);
        QCOMPARE(text("data:" + url + ";"), QByteArray("data:[masked:github-token];"));
        QByteArray lines = ("some text before it, long enough for lines " + kGithub + " and after").toBase64();
        lines.insert(40, "\r\n");
        QCOMPARE(text(lines), QByteArray("[masked:github-token]"));
        const QByteArray basic = QByteArray("ada:hunter2").toBase64();
        QCOMPARE(text("Basic " + basic + "!"), QByteArray("Basic [masked:basic-credentials]!"));
    }

    void aSecretIsFoundWhereverItStandsInALongPayload()
    {
        // Long payloads are searched in parts at once; a secret may stand across the borders of two.
        constexpr qsizetype kLength = 1'600;
        const auto keeper = masker();
        for (const QByteArray& secret : {kGithub, kAws}) {
            for (qsizetype before = 0; before + secret.size() < kLength; ++before) {
                const QByteArray pad(kLength - before - secret.size(), '.');
                const MaskResult found =
                    keeper->maskJson("{\"text\":\"" + QByteArray(before, '.') + ' ' + secret + ' ' + pad + "\"}");
                QVERIFY2(!found.bytes.contains(secret) && found.redactions == 1, QByteArray::number(before).constData());
            }
        }
    }
    void aSecretDeepInALongBase64BlobIsFound()
    {
        for (const int before : {70'000, 70'001, 70'002}) {
            const QByteArray inner = QByteArray(before, '.') + " " + kGithub + " " + QByteArray(70'000, '-');
            QCOMPARE(json("{\"file\":\"" + inner.toBase64() + "\",\"n\":1}"),
                     QByteArray(R"({"file":"[masked:github-token]","n":1})"));
        }
    }

    void percentEncodedSecretsAreMasked()
    {
        QCOMPARE(json(R"({"u":"https%3A%2F%2Fada%3Ahunter2%40db.example%2F"})"),
                 QByteArray(R"({"u":"https%3A%2F%2F[masked:url-userinfo]%40db.example%2F"})"));
        QByteArray hidden = kGithub;
        hidden.replace("_", "%5F");
        QCOMPARE(text("GET /x?y=" + hidden + " done"), QByteArray("GET /x?y=[masked:github-token] done"));
        QByteArray twice = kGithub;
        twice.replace("_", "%255F");
        QCOMPARE(text("GET /x?y=" + twice + " done"), QByteArray("GET /x?y=[masked:github-token] done"));
    }

    void tokensKeepThePunctuationAroundThem()
    {
        QCOMPARE(text("Use " + kGithub + "."), QByteArray("Use [masked:github-token]."));
        QCOMPARE(text("(" + kGithub + "),"), QByteArray("([masked:github-token]),"));
        QCOMPARE(text("'" + kAws + "';"), QByteArray("'[masked:aws-access-key-id]';"));
        QCOMPARE(text("x" + kAws), "x" + kAws);
    }

    void aTokenLongerThanItsRuleLeavesNoRest()
    {
        QCOMPARE(text(kGithub + "aaaaBBBB1111 next"), QByteArray("[masked:github-token] next"));
    }

    void theLongGithubAppTokenIsMaskedToItsLastDot()
    {
        const QByteArray part(160, 'q');
        const QByteArray token = QByteArray("gh") + "s_12345678_" + part + "." + part + "9." + QByteArray(170, 'Z');
        QVERIFY(token.size() > 500);
        QCOMPARE(text("x " + token + ". y"), QByteArray("x [masked:github-app-token]. y"));
    }

    void jsonInsideStringsIsUnderstood()
    {
        const QByteArray inner = "{\"password\":\"hunter2\",\"pin\":1234,\"deep\":\"{\\\"token\\\":\\\"abcdefghijk\\\"}\"}";
        const QByteArray outer = "{\"text\":" + jsonString(inner) + "}";
        const MaskResult result = masker()->maskJson(outer);
        QVERIFY2(isJson(result.bytes), result.bytes.constData());
        const QString content = QJsonDocument::fromJson(result.bytes).object().value(QLatin1StringView("text")).toString();
        QCOMPARE(content.toUtf8(), QByteArray("{\"password\":\"[masked:key-name]\",\"pin\":\"[masked:key-name]\",\"deep\":\"{"
                                              "\\\"token\\\":\\\"[masked:key-name]\\\"}\"}"));
        QCOMPARE(result.hits.size(), std::size_t{3});
        QCOMPARE(result.hits[0].path, QByteArray("$.text.password"));
        QCOMPARE(result.hits[2].path, QByteArray("$.text.deep.token"));
    }

    void tokensInKeysAreMaskedAndDoNotShowInPaths()
    {
        const MaskResult result = masker()->maskJson("{\"" + kGithub + "\":{\"password\":\"x1\"}}");
        QCOMPARE(result.bytes, QByteArray(R"({"[masked:github-token]":{"password":"[masked:key-name]"}})"));
        for (const MaskHit& hit : result.hits)
            QVERIFY2(!hit.path.contains("p_a"), hit.path.constData());
    }

    void hitsTellRulePathAndPlace()
    {
        const QByteArray input = "{\"params\":{\"items\":[\"a\",\"key " + kAws + "\"]}}";
        const MaskResult result = masker()->maskJson(input);
        QCOMPARE(result.redactions, 1);
        QCOMPARE(result.hits[0].rule, QByteArray("aws-access-key-id"));
        QCOMPARE(result.hits[0].path, QByteArray("$.params.items[1]"));
        QCOMPARE(input.mid(result.hits[0].offset, result.hits[0].length), kAws);
    }

    void errorsAndLogLinesAreMasked_data()
    {
        QTest::addColumn<QByteArray>("input");
        QTest::addColumn<QByteArray>("expected");
        const auto row = [](const char* input, const char* expected) {
            QTest::newRow(input) << QByteArray(input) << QByteArray(expected);
        };
        row("login failed: password=hunter2, user=ada", "login failed: password=[masked:key-name], user=ada");
        row("API_KEY=abc123def", "API_KEY=[masked:key-name]");
        row("curl -H 'Authorization: Bearer abc' http://x", "curl -H 'Authorization: [masked:key-name]' http://x");
        row("> Cookie: a=b; c=d\r\n> Accept: */*", "> Cookie: [masked:key-name]\r\n> Accept: */*");
        row("tool --password hunter2 --fast", "tool --password [masked:key-name] --fast");
        row("password: hunter2", "password: [masked:key-name]");
        row("body was {\"password\": \"hunter2\"} (400)", "body was {\"password\": \"[masked:key-name]\"} (400)");
        row("body was {\\\"password\\\": \\\"hunter2\\\"} (400)", "body was {\\\"password\\\": \\\"[masked:key-name]\\\"} (400)");
        row("GET https://h/x?access_token=zzz&y=1", "GET https://h/x?access_token=[masked:key-name]&y=1");
        row("[INFO] connect postgres://ada:hunter2@db/x", "[INFO] connect postgres://[masked:url-userinfo]@db/x");
        row("{\"level\":\"info\",\"token\":\"abcdef\"}", "{\"level\":\"info\",\"token\":\"[masked:key-name]\"}");
        row("{'password': 'hunter2', 'n': 1}", "{'password': '[masked:key-name]', 'n': 1}");
        row("The password: required", "The password: required");
        row("invalid token: unexpected end", "invalid token: unexpected end");
        row("used 512 tokens, token_count=7", "used 512 tokens, token_count=7");
        row("if (token == other)", "if (token == other)");
    }
    void errorsAndLogLinesAreMasked()
    {
        QFETCH(QByteArray, input);
        QFETCH(QByteArray, expected);
        QCOMPARE(text(input), expected);
        QCOMPARE(masker()->maskText(QString::fromUtf8(input)), QString::fromUtf8(expected));
    }

    void maskingTwiceChangesNothing()
    {
        const QByteArray once =
            json("{\"password\":\"hunter2\",\"t\":\"" + kGithub + " api_key=abcdef https://a:b@c/ 4111111111111111\",\"pin\":1}");
        QVERIFY(!masker()->maskJson(once).changed());
        QVERIFY(!masker()->maskText(once).changed());
    }

    void cardNumbersAreMaskedAsTextAndAsNumbers()
    {
        const MaskResult result = masker()->maskJson(
            R"({"a":"4111 1111-1111 1111 12 2030","n":4111111111111111,"t":1700000000000,"id":4111111111111112})");
        QCOMPARE(
            result.bytes,
            QByteArray(
                R"({"a":"[masked:credit-card] 12 2030","n":"[masked:credit-card]","t":1700000000000,"id":4111111111111112})"));
        QCOMPARE(result.hits[0].piiType, QByteArray("credit_card"));
        QVERIFY(!masker()->maskText(QByteArray("0.4111111111111111 x4111111111111111 41111111111111111111")).changed());
    }

    void personalDataIsMaskedOnlyWhereSwitchedOn()
    {
        const QByteArray input = R"({"t":"mail ada@example.org from 203.0.113.7, DE89370400440532013000"})";
        QCOMPARE(json(input), input);
        MaskingOptions options;
        options.enabledRules = {QStringLiteral("email"), QStringLiteral("iban")};
        options.disabledRules = {QStringLiteral("credit-card")};
        QCOMPARE(json(input, options), QByteArray(R"({"t":"mail [masked:email] from 203.0.113.7, [masked:iban]"})"));
        QCOMPARE(text("4111111111111111", options), QByteArray("4111111111111111"));
    }

    void theUsersPatternsAreRules()
    {
        MaskingOptions options;
        options.patterns = {{QStringLiteral("ticket"), QStringLiteral("TCK-([0-9]+)"), {}},
                            {QStringLiteral("badge"), QStringLiteral("badge \\pL+"), {QStringLiteral("badge")}}};
        QCOMPARE(json(R"({"t":"TCK-123 badge Grün!"})", options), QByteArray(R"({"t":"TCK-[masked:ticket] [masked:badge]!"})"));
    }

    void badSettingsAreRefusedByName()
    {
        const auto refused = [](const UserPattern& pattern) {
            MaskingOptions options;
            options.patterns = {pattern};
            const auto made = Masker::create(options);
            return !made && made.error().code == ErrorCode::InvalidArgument;
        };
        QVERIFY(refused({QStringLiteral("x y"), QStringLiteral("a"), {}}));
        QVERIFY(refused({QStringLiteral("jwt"), QStringLiteral("a"), {}}));
        QVERIFY(refused({QStringLiteral("open"), QStringLiteral("(a"), {}}));
        QVERIFY(refused({QStringLiteral("empty"), QStringLiteral("a*"), {}}));
        QVERIFY(refused({QStringLiteral("back"), QStringLiteral("(a)\\1"), {}}));
        QVERIFY(refused({QStringLiteral("short"), QStringLiteral("ab"), {QStringLiteral("a")}}));
        MaskingOptions unknown;
        unknown.disabledRules = {QStringLiteral("no-such-rule")};
        QVERIFY(!Masker::create(unknown));
    }

    void exceptionsByValueAndByPathAreKept()
    {
        MaskingOptions options;
        options.notSecretHashes = {Masker::notSecretHash("hunter2")};
        options.notSecretPaths = {QStringLiteral("$.items[*].token")};
        QCOMPARE(json(R"({"password":"hunter2","secret":"hunter3"})", options),
                 QByteArray(R"({"password":"hunter2","secret":"[masked:key-name]"})"));
        QCOMPARE(json(R"({"items":[{"token":"abc"}],"token":"abc"})", options),
                 QByteArray(R"({"items":[{"token":"abc"}],"token":"[masked:key-name]"})"));
        // A value that is excepted because of its path is still searched for tokens by their format... and kept by the same path.
        QCOMPARE(json("{\"items\":[{\"token\":\"" + kGithub + "\"}]}", options), "{\"items\":[{\"token\":\"" + kGithub + "\"}]}");
    }

    void namesCanBeAddedAndTakenOut()
    {
        MaskingOptions options;
        options.secretKeyNames = {QStringLiteral("Kontonummer")};
        options.plainKeyNames = {QStringLiteral("design_secret")};
        QCOMPARE(json(R"({"kontonummer":12,"design_secret":"x"})", options),
                 QByteArray(R"({"kontonummer":"[masked:key-name]","design_secret":"x"})"));
        options.disabledRules = {QStringLiteral("key-name")};
        QCOMPARE(json(R"({"password":"x"})", options), QByteArray(R"({"password":"x"})"));
    }

    void valuesOfTheVaultAreMaskedWhereverTheyAppear()
    {
        MaskingOptions options;
        options.knownSecrets = {{"correct horse battery staple"}, {"short"}};
        QCOMPARE(json(R"({"t":"it is correct horse battery staple, short"})", options),
                 QByteArray(R"({"t":"it is [masked:vault-value], short"})"));
        QCOMPARE(text("b64 " + QByteArray("xx correct horse battery staple").toBase64(), options),
                 QByteArray("b64 [masked:vault-value]"));
        QCOMPARE(text("Correct horse battery staple", options), QByteArray("Correct horse battery staple"));
    }

    void headersAreMaskedByName()
    {
        const auto m = masker();
        QCOMPARE(m->maskHeader("Authorization", "Bearer abc").bytes, QByteArray("[masked:key-name]"));
        QCOMPARE(m->maskHeader("dd-api-key", "0123456789abcdef").bytes, QByteArray("[masked:key-name]"));
        QCOMPARE(m->maskHeader("x-functions-key", "abc").bytes, QByteArray("[masked:key-name]"));
        QCOMPARE(m->maskHeader("Set-Cookie", "a=b").hits[0].path, QByteArray("Set-Cookie"));
        QCOMPARE(m->maskHeader("Content-Type", "application/json").bytes, QByteArray("application/json"));
        QCOMPARE(m->maskHeader("X-Note", kGithub).bytes, QByteArray("[masked:github-token]"));
        QCOMPARE(m->maskHeader("Authorization", "${vault:x}").bytes, QByteArray("${vault:x}"));
    }

    void urlsLoseTheirCredentials()
    {
        const auto m = masker();
        QCOMPARE(m->maskUrl("https://ada:hunter2@example.org/a?api_key=zz&n=1&sig=abc#access_token=q").bytes,
                 QByteArray("https://[masked:url-userinfo]@example.org/"
                            "a?api_key=[masked:key-name]&n=1&sig=[masked:key-name]#access_token=[masked:key-name]"));
        QCOMPARE(m->maskUrl("/x?%61pi_key=zz").bytes, QByteArray("/x?%61pi_key=[masked:key-name]"));
        QCOMPARE(m->maskUrl("https://example.org/a?page=2#top").bytes, QByteArray("https://example.org/a?page=2#top"));
        QCOMPARE(m->maskUrl("::?=&;#=%").bytes, QByteArray("::?=&;#=%"));
    }

    void truncatedAndBrokenJsonIsMaskedAsFarAsItGoes()
    {
        const QByteArray whole = "{\"a\":[1,{\"password\":\"hunter2\"}],\"note\":\"" + kGithub + "\",\"n\":4111111111111111}";
        const auto m = masker();
        for (qsizetype length = 0; length <= whole.size(); ++length) {
            const QByteArray masked = m->maskJson(whole.left(length)).bytes;
            QVERIFY2(!masked.contains("hunt"), masked.constData());
            QVERIFY2(!masked.contains(kGithub), masked.constData());
        }
        QCOMPARE(json(R"({"password":"hunter2")"), QByteArray(R"({"password":"[masked:key-name]")"));
        QCOMPARE(json(R"({password: hunter2, "secret": "x9"})"),
                 QByteArray(R"({password: [masked:key-name], "secret": "[masked:key-name]"})"));
        QCOMPARE(json("plain password=hunter2"), QByteArray("plain password=[masked:key-name]"));
    }

    void validJsonStaysValidWhateverIsInIt()
    {
        const QByteArray nasty =
            QByteArray(
                "{\"k\\\"\":\"a\\\\\",\"password\":\"\\\"x\\\\\",\"e\":\"\",\"u\":\"\xc3\xbc\\ud83d\\ude00 pwd=\\\"q\\\" z\",") +
            "\"t\":[\"" + kGithub + "\\n\",[],{}, -1.5e3, true,null],\"s\":{\"pin\":4321,\"otp\":-5}}";
        QVERIFY(isJson(nasty));
        const MaskResult result = masker()->maskJson(nasty);
        QVERIFY2(isJson(result.bytes), result.bytes.constData());
        QVERIFY(result.redactions >= 5);
        QVERIFY2(result.bytes.contains("\xc3\xbc\\ud83d\\ude00"), result.bytes.constData());
    }

    void deepNestingIsBounded()
    {
        const QByteArray deep = QByteArray(100'000, '[') + "{\"password\":\"hunter2\"}" + QByteArray(100'000, ']');
        QVERIFY(masker()->maskJson(deep).bytes.size() > 0);
        QByteArray nested = "{\"password\":\"hunter2\"}";
        for (int i = 0; i < 3; ++i)
            nested = "{\"t\":" + jsonString(nested) + "}";
        const QByteArray masked = json(nested);
        QVERIFY2(!masked.contains("hunter2"), masked.constData());
        QVERIFY(isJson(masked));
    }

    void noShapeOfDocumentLosesASecretOrItsValidity()
    {
        SeededRandom random(20'26);
        const auto m = masker();
        for (int round = 0; round < 400; ++round) {
            const QByteArray document = QJsonDocument(QJsonArray{randomValue(random, 0), QString::fromLatin1(wrapped(random))})
                                            .toJson(QJsonDocument::Compact);
            const MaskResult result = m->maskJson(document);
            QVERIFY2(result.changed(), document.constData());
            QVERIFY2(isJson(result.bytes), (document + "\n" + result.bytes).constData());
            QVERIFY2(!leaks(result.bytes), (document + "\n" + result.bytes).constData());
            for (const MaskHit& hit : result.hits)
                QVERIFY(hit.offset >= 0 && hit.length > 0 && hit.offset + hit.length <= document.size());
        }
    }

    void mutilatedInputIsHandled()
    {
        // Nothing to compare with: whatever the bytes are, masking ends, and masking again finds nothing that was masked.
        SeededRandom random(7);
        const auto m = masker();
        for (int round = 0; round < 600; ++round) {
            QByteArray document = QJsonDocument(QJsonArray{randomValue(random, 0), QString::fromLatin1(wrapped(random))})
                                      .toJson(QJsonDocument::Compact);
            for (int i = 0; i < 4; ++i)
                document[static_cast<qsizetype>(random.next64() % static_cast<std::uint64_t>(document.size()))] =
                    "\"\\{}[]:,%\0\xff="[random.next64() % 12];
            document.truncate(static_cast<qsizetype>(random.next64() % static_cast<std::uint64_t>(document.size() + 1)));
            const MaskResult asJson = m->maskJson(document);
            const MaskResult asText = m->maskText(document);
            QVERIFY(asJson.bytes.size() <= document.size() + 64 * asJson.redactions);
            QVERIFY(asText.bytes.size() <= document.size() + 64 * asText.redactions);
            QVERIFY(!m->maskUrl(document).bytes.contains(kGithub));
            QVERIFY(!m->maskHeader("x", document).bytes.contains(kGithub));
        }
    }

    void hostileTextTakesLinearTime_data()
    {
        QTest::addColumn<QByteArray>("unit");
        for (const char* unit :
             {"eyJ", "eyJa-",   "token", "token=", "://", "://a:", "sk-",     "ghp_", "password: ", "-----BEGIN ",
              "%25", "\\u0061", "Z2hwX", "4111 ",  "{\"", "\"\\",  "bearer ", "a@",   "[[",         "key-"})
            QTest::newRow(unit) << QByteArray(unit);
    }
    void hostileTextTakesLinearTime()
    {
        // Quadratic behaviour would make this test run into its time-out by hours.
        QFETCH(QByteArray, unit);
        const QByteArray input = unit.repeated(1'000'000 / unit.size());
        const auto m = masker();
        QVERIFY(!m->maskText(input).bytes.isEmpty());
        QVERIFY(!m->maskJson("{\"t\":\"" + input + "\"}").bytes.isEmpty());
    }

    void aSecretSplitOverTwoBlocksIsTheDocumentedLimit()
    {
        const QByteArray input = "[{\"text\":\"" + kGithub.left(20) + "\"},{\"text\":\"" + kGithub.mid(20) + "\"}]";
        QCOMPARE(json(input), input);
    }

    void oneMaskerServesManyThreads()
    {
        const auto m = masker();
        const QByteArray input =
            "{\"password\":\"hunter2\",\"t\":\"" + kGithub + " https://a:b@c/ eyJhbGciOiJIUzI1NiJ9.abcdefgh.ijkl\"}";
        const QByteArray expected = m->maskJson(input).bytes;
        std::atomic<int> wrong = 0;
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                for (int round = 0; round < 200; ++round)
                    wrong += m->maskJson(input).bytes == expected ? 0 : 1;
            });
        }
        for (std::thread& thread : threads)
            thread.join();
        QCOMPARE(wrong.load(), 0);
        QVERIFY(!expected.contains("eyJ"));
    }

    void switchedOffItTouchesNothing()
    {
        MaskingOptions options;
        options.enabled = false;
        QCOMPARE(json(R"({"password":"x"})", options), QByteArray(R"({"password":"x"})"));
        QCOMPARE(text("password=x", options), QByteArray("password=x"));
    }
};

QTEST_GUILESS_MAIN(MaskerTest)
#include "tst_masker.moc"
