// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/pipeline/masking.h"

#include <QTest>

#include <initializer_list>

using namespace oriel;
using namespace oriel::service;
using namespace oriel::telemetry;

namespace {

AnyValue text(const char* content)
{
    return QByteArray(content);
}

const AnyValue kMasked = text("[masked:key-name]");

AnyValue arrayOf(std::vector<AnyValue> values)
{
    auto array = std::make_shared<ArrayValue>();
    array->values = std::move(values);
    return std::shared_ptr<const ArrayValue>(std::move(array));
}

AnyValue texts(std::initializer_list<const char*> contents)
{
    std::vector<AnyValue> values;
    for (const char* content : contents)
        values.push_back(text(content));
    return arrayOf(std::move(values));
}

AnyValue mapOf(Attributes entries)
{
    auto list = std::make_shared<KeyValueList>();
    list->values = std::move(entries);
    return std::shared_ptr<const KeyValueList>(std::move(list));
}

AnyValue masked(const char* name, AnyValue value, const config::Masking& settings = {})
{
    Attribute attribute{name, std::move(value)};
    maskAttribute(attribute, **makeMasker(settings));
    return attribute.value;
}

AnyValue maskedBody(AnyValue value)
{
    maskValue(value, **makeMasker({}));
    return value;
}

} // namespace

class MaskingTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theArgumentOfASecretOptionIsMasked()
    {
        const char* const name = "process.command_args";
        QCOMPARE(masked(name, texts({"my-server", "--api-key", "s3cretvalue", "--verbose"})),
                 texts({"my-server", "--api-key", "[masked:key-name]", "--verbose"}));
        QCOMPARE(masked(name, texts({"--password", "--token", "abc"})),
                 texts({"--password", "[masked:key-name]", "[masked:key-name]"}));
        QCOMPARE(masked(name, arrayOf({text("--pin"), 1234, text("--token"), texts({"abc"})})),
                 arrayOf({text("--pin"), kMasked, text("--token"), texts({"[masked:key-name]"})}));
        QCOMPARE(maskedBody(mapOf({{"run", mapOf({{"args", texts({"--secret", "abc"})}})}})),
                 mapOf({{"run", mapOf({{"args", texts({"--secret", "[masked:key-name]"})}})}}));
        QCOMPARE(maskedBody(arrayOf({texts({"--secret", "abc"})})), arrayOf({texts({"--secret", "[masked:key-name]"})}));
    }

    void argumentsOfOtherOptionsStay()
    {
        const AnyValue arguments =
            arrayOf({text("run"), text("--port"), text("8080"), text("--max-tokens"), text("100"), text("--session"), text("dev"),
                     text("--token"), 7, text("--fast"), true, text("--sort-key"), text("name"), text("token"), text("abc")});
        QCOMPARE(masked("process.command_args", arguments), arguments);
        QCOMPARE(masked("process.command_args", texts({"--session", "a1b2c3d4e5f6a7b8"})),
                 texts({"--session", "[masked:key-name]"}));
    }

    void anArrayUnderASecretsNameIsMaskedElementByElement()
    {
        QCOMPARE(masked("http.request.header.x-api-key", texts({"abc"})), texts({"[masked:key-name]"}));
        QCOMPARE(masked("http.request.header.x-team-key", texts({"abc"})), texts({"[masked:key-name]"}));
        QCOMPARE(masked("http.request.header.cookie", texts({"a=b", "c=d"})), texts({"[masked:key-name]", "[masked:key-name]"}));
        QCOMPARE(
            masked("secrets", arrayOf({texts({"abc"}), BytesValue{"abc"}, mapOf({{"db", text("abc")}, {"type", text("x")}})})),
            arrayOf(
                {texts({"[masked:key-name]"}), BytesValue{"[masked:key-name]"}, mapOf({{"db", kMasked}, {"type", text("x")}})}));
        QCOMPARE(masked("passwords", arrayOf({1, 2.5, text("abc"), true})), arrayOf({kMasked, kMasked, kMasked, true}));
        QCOMPARE(masked("http.request.header.accept", texts({"text/plain", "*/*"})), texts({"text/plain", "*/*"}));
    }

    void aNumberUnderAStrictNameBecomesMaskedText()
    {
        QCOMPARE(masked("password", 123456), kMasked);
        QCOMPARE(masked("user.pinCode", 2.5), kMasked);
        QCOMPARE(maskedBody(mapOf({{"user", text("ada")}, {"login", mapOf({{"password", 123456}, {"attempts", 3}})}})),
                 mapOf({{"user", text("ada")}, {"login", mapOf({{"password", kMasked}, {"attempts", 3}})}}));
    }

    void aMapUnderASecretsNameKeepsOnlyWhatDescribesTheSecret()
    {
        QCOMPARE(masked("password", mapOf({{"current", text("abc")}, {"next", 42}, {"type", text("digits")}, {"max_age", 3}})),
                 mapOf({{"current", kMasked}, {"next", kMasked}, {"type", text("digits")}, {"max_age", 3}}));
        QCOMPARE(masked("cookies", mapOf({{"sid", text("abc")}, {"more", mapOf({{"x", texts({"abc"})}})}})),
                 mapOf({{"sid", kMasked}, {"more", mapOf({{"x", texts({"[masked:key-name]"})}})}}));
        const AnyValue session = mapOf({{"user", text("ada")}, {"started", 5}});
        QCOMPARE(masked("session", session), session);
    }

    void aNameBesideAValueNamesIt()
    {
        QCOMPARE(
            masked("env", arrayOf({mapOf({{"name", text("API_KEY")}, {"value", text("abc")}}),
                                   mapOf({{"name", text("PIN")}, {"value", 1234}}),
                                   mapOf({{"name", text("REGION")}, {"value", text("eu")}})})),
            arrayOf({mapOf({{"name", text("API_KEY")}, {"value", kMasked}}), mapOf({{"name", text("PIN")}, {"value", kMasked}}),
                     mapOf({{"name", text("REGION")}, {"value", text("eu")}})}));
    }

    void bytesUnderASecretsNameAreMaskedWhateverTheyAre()
    {
        QCOMPARE(masked("secret_key", BytesValue{"\xff\xfe"}), AnyValue(BytesValue{"[masked:key-name]"}));
        QCOMPARE(masked("payload", BytesValue{"\xff\xfe"}), AnyValue(BytesValue{"\xff\xfe"}));
    }

    void harmlessValuesKeepTheirTypes()
    {
        const AnyValue values[] = {AnyValue(),
                                   200,
                                   std::int64_t(9'007'199'254'740'993),
                                   0.25,
                                   3.0,
                                   false,
                                   BytesValue{"abc"},
                                   arrayOf({}),
                                   arrayOf({1, 2.0, true, text("1"), AnyValue(), BytesValue{"\xff"}}),
                                   mapOf({{"n", 1}, {"inner", mapOf({{"r", 2.0}, {"list", arrayOf({1, 2})}})}})};
        for (const AnyValue& value : values) {
            QCOMPARE(masked("shopping.items", value), value);
            QCOMPARE(maskedBody(value), value);
        }
        QCOMPARE(masked("token", 7), AnyValue(7));
        QCOMPARE(masked("max_pin_length", 4), AnyValue(4));
        QCOMPARE(masked("password", true), AnyValue(true));
    }

    void whatTheSettingsExceptStays()
    {
        config::Masking settings;
        settings.exceptions = {QStringLiteral("$.pin")};
        QCOMPARE(masked("pin", 7, settings), AnyValue(7));
        QCOMPARE(masked("pin", arrayOf({7, text("x")}), settings), arrayOf({7, text("x")}));
        settings.keys = false;
        QCOMPARE(masked("password", 123456, settings), AnyValue(123456));
    }
};

QTEST_GUILESS_MAIN(MaskingTest)
#include "tst_masking.moc"
