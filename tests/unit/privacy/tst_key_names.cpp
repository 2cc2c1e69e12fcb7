// SPDX-License-Identifier: GPL-3.0-or-later
#include "privacy/key_names.h"

#include <QTest>

using namespace oriel::privacy;

class KeyNamesTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void namesOfSecrets_data()
    {
        QTest::addColumn<QByteArray>("name");
        for (const char* name : {"password",
                                 "Password",
                                 "db_password",
                                 "userPassword",
                                 "passwd",
                                 "pwd",
                                 "passphrase",
                                 "pass",
                                 "smtp_pass",
                                 "pin",
                                 "otp",
                                 "apiKey",
                                 "api_key",
                                 "API_KEY",
                                 "x-api-key",
                                 "OPENAI_API_KEY",
                                 "apikey",
                                 "myapikey",
                                 "token",
                                 "access_token",
                                 "accessToken",
                                 "GITHUB_TOKEN",
                                 "refreshToken",
                                 "id_token",
                                 "authToken",
                                 "auth-token",
                                 "bearer",
                                 "jwt",
                                 "secret",
                                 "client_secret",
                                 "clientSecret",
                                 "CLIENTSECRET",
                                 "secretKey",
                                 "aws_secret_access_key",
                                 "AWS_SESSION_TOKEN",
                                 "secretValue",
                                 "credentials",
                                 "credential",
                                 "authorization",
                                 "Authorization",
                                 "Proxy-Authorization",
                                 "cookie",
                                 "Set-Cookie",
                                 "private_key",
                                 "privateKey",
                                 "signing_key",
                                 "connection_string",
                                 "connectionString",
                                 "dsn",
                                 "SENTRY_DSN",
                                 "dd-api-key",
                                 "x-honeycomb-team",
                                 "signoz-ingestion-key",
                                 "X-SF-Token",
                                 "csrfToken",
                                 "accessTokens",
                                 "GITHUB_PAT",
                                 "encryptionKey",
                                 "session_key",
                                 "tokenValue",
                                 "mydbpassword",
                                 "APIKey"})
            QTest::newRow(name) << QByteArray(name);
    }
    void namesOfSecrets()
    {
        QFETCH(QByteArray, name);
        QVERIFY(judgeKeyName(name.toStdString()) >= KeyVerdict::Secret);
    }

    void namesThatOnlySpeakOfSecrets_data()
    {
        QTest::addColumn<QByteArray>("name");
        for (const char* name : {"token_count",
                                 "max_tokens",
                                 "maxTokens",
                                 "tokens",
                                 "total_tokens",
                                 "input_tokens",
                                 "prompt_tokens",
                                 "nextPageToken",
                                 "next_page_token",
                                 "pageToken",
                                 "progressToken",
                                 "continuationToken",
                                 "nextToken",
                                 "syncToken",
                                 "key_id",
                                 "keyId",
                                 "public_key",
                                 "publicKey",
                                 "primary_key",
                                 "primaryKey",
                                 "token_type",
                                 "tokenType",
                                 "expires_in",
                                 "token_expiry",
                                 "token_url",
                                 "token_endpoint",
                                 "authorization_endpoint",
                                 "authorization_servers",
                                 "password_policy",
                                 "passwordHint",
                                 "has_password",
                                 "hasSecret",
                                 "secret_name",
                                 "secretName",
                                 "credential_type",
                                 "api_key_id",
                                 "apiKeyEnv",
                                 "author",
                                 "authors",
                                 "authority",
                                 "tokenizer",
                                 "tokenize",
                                 "secretary",
                                 "compass",
                                 "bypass",
                                 "passenger",
                                 "mapping",
                                 "shipping",
                                 "spinner",
                                 "compatible",
                                 "path",
                                 "pattern",
                                 "key",
                                 "keys",
                                 "cookie_policy",
                                 "cookieName",
                                 "stop_token",
                                 "reasoning_tokens",
                                 "name",
                                 "id",
                                 "",
                                 "session_count",
                                 "keyboard",
                                 "monkey",
                                 "accessory",
                                 "private",
                                 "connection"})
            QTest::newRow(name) << QByteArray(name);
    }
    void namesThatOnlySpeakOfSecrets()
    {
        QFETCH(QByteArray, name);
        QCOMPARE(judgeKeyName(name.toStdString()), KeyVerdict::Plain);
    }

    void sessionsAreMaskedOnlyByTheShapeOfTheirValue()
    {
        QCOMPARE(judgeKeyName("session"), KeyVerdict::TokenLike);
        QCOMPARE(judgeKeyName("sessionId"), KeyVerdict::TokenLike);
    }

    void thePrefilterSeesEveryNameOfASecret()
    {
        // Every name of the first list must contain a fragment, else its value would pass unseen.
        const std::vector<std::string> fragments = keyNameFragments();
        for (const char* name : {"password",
                                 "pwd",
                                 "pass",
                                 "smtp_pass",
                                 "pin",
                                 "otp",
                                 "apiKey",
                                 "api_key",
                                 "x-api-key",
                                 "token",
                                 "jwt",
                                 "secretKey",
                                 "credentials",
                                 "authorization",
                                 "Set-Cookie",
                                 "privateKey",
                                 "signing_key",
                                 "connectionString",
                                 "dsn",
                                 "dd-api-key",
                                 "x-honeycomb-team",
                                 "signoz-ingestion-key",
                                 "GITHUB_PAT",
                                 "encryptionKey",
                                 "session",
                                 "PHPSESSID",
                                 "auth",
                                 "csrf"}) {
            const std::string folded = QByteArray(name).toLower().toStdString() + "\"";
            const bool seen = std::any_of(fragments.begin(), fragments.end(), [&](const std::string& fragment) {
                return folded.find(fragment) != std::string::npos;
            });
            QVERIFY2(seen, name);
            QVERIFY2(judgeKeyName(name) != KeyVerdict::Plain, name);
        }
    }

    void referencesAndTypeNamesAreNoSecrets()
    {
        for (const char* value :
             {"", "${vault:github}", "${API_KEY}", "{{token}}", "<your-token>", "****", "[masked:key-name]", "string", "none"})
            QVERIFY2(isPlaceholderValue(value), value);
        for (const char* value : {"hunter2", "${a}secret${b}", "<b>secret</b>", "{{a}}x{{b}}"})
            QVERIFY2(!isPlaceholderValue(value), value);
    }
};

QTEST_GUILESS_MAIN(KeyNamesTest)
#include "tst_key_names.moc"
