// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"
#include "base/json.h"
#include "otlp/auth/command_token.h"
#include "otlp/auth/google_token.h"
#include "otlp/auth/request_authorizer.h"
#include "otlp/auth/rs256.h"
#include "scripted_backend.h"

#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>
#include <QUrlQuery>

#ifdef Q_OS_UNIX
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

using namespace oriel;
using namespace oriel::otlp;
using config::AuthKind;

namespace {

QByteArray authorizationOf(const std::optional<Result<RequestHeaders>>& answer)
{
    return answer && *answer ? answer->value().value(0).second : QByteArray();
}

QByteArray jsonAnswer(const QByteArray& body)
{
    return ScriptedBackend::answer("200 OK", body, {}, "application/json");
}

/// A source that the test answers by hand.
class HandSource final : public TokenSource {
public:
    void fetch(Done done) override
    {
        ++fetches;
        waiting = std::move(done);
    }
    void answer(const Result<AccessToken>& token) { std::exchange(waiting, nullptr)(token); }
    int fetches = 0;
    Done waiting;
};

} // namespace

class RequestAuthorizerTest : public QObject {
    Q_OBJECT

    ManualClock m_clock{1'700'000'000'000'000'000};
    QMap<QString, QByteArray> m_secrets{{QStringLiteral("pw"), "s3cr3t"}};

    ExporterContext context()
    {
        return {m_clock, [this](QStringView name) -> Result<QByteArray> {
                    if (m_secrets.contains(name.toString()))
                        return m_secrets.value(name.toString());
                    return fail(ErrorCode::NotFound, QStringLiteral("the vault has no \"%1\"").arg(name));
                }};
    }

    config::Destination destinationOf(AuthKind kind)
    {
        config::Destination destination;
        destination.auth.kind = kind;
        destination.auth.user = QStringLiteral("me");
        destination.auth.secret = QStringLiteral("${vault:pw}");
        return destination;
    }

    std::optional<Result<RequestHeaders>> ask(RequestAuthorizer& authorizer, const OutgoingRequest& request = {})
    {
        std::optional<Result<RequestHeaders>> answer;
        authorizer.authorize(request, [&answer](const Result<RequestHeaders>& result) { answer = result; });
        if (!QTest::qWaitFor([&] { return answer.has_value(); }, 20'000))
            return std::nullopt;
        return answer;
    }

    std::optional<Result<AccessToken>> fetch(TokenSource& source)
    {
        std::optional<Result<AccessToken>> answer;
        source.fetch([&answer](const Result<AccessToken>& result) { answer = result; });
        if (answer || !QTest::qWaitFor([&] { return answer.has_value(); }, 20'000))
            return std::nullopt;
        return answer;
    }

private Q_SLOTS:
    void headersAloneNeedNoAuthorizer()
    {
        const auto authorizer = makeAuthorizer(destinationOf(AuthKind::None), context());
        QVERIFY(authorizer.has_value() && *authorizer == nullptr);
    }

    void basicAndBearerComeFromTheVault()
    {
        const auto basic = makeAuthorizer(destinationOf(AuthKind::Basic), context());
        QCOMPARE(authorizationOf(ask(**basic)), "Basic " + QByteArray("me:s3cr3t").toBase64());
        const auto bearer = makeAuthorizer(destinationOf(AuthKind::Bearer), context());
        QCOMPARE(authorizationOf(ask(**bearer)), QByteArray("Bearer s3cr3t"));
        QVERIFY(!(*bearer)->refused({}));
        m_secrets.clear();
        const auto answer = ask(**bearer);
        QVERIFY(answer && !*answer);
        QCOMPARE(unauthorizedOutcome(answer->error()).kind, ExportOutcome::Kind::Retryable);
        m_secrets.insert(QStringLiteral("pw"), "s3cr3t");
    }

    void whatIsNotSetIsToldAtOnce()
    {
        for (const AuthKind kind :
             {AuthKind::Basic, AuthKind::Bearer, AuthKind::SigV4, AuthKind::Google, AuthKind::Entra, AuthKind::Command}) {
            config::Destination destination;
            destination.auth.kind = kind;
            const auto authorizer = makeAuthorizer(destination, context());
            QVERIFY(!authorizer.has_value());
            QCOMPARE(authorizer.error().code, ErrorCode::InvalidArgument);
            QVERIFY(authorizer.error().context.startsWith(QStringLiteral("auth.")));
        }
        config::Destination overGrpc = destinationOf(AuthKind::SigV4);
        overGrpc.auth.region = QStringLiteral("eu-central-1");
        overGrpc.protocol = config::ExportProtocol::Grpc;
        QCOMPARE(makeAuthorizer(overGrpc, context()).error().code, ErrorCode::Unsupported);
    }

    void aSignatureIsForTheSignalsService()
    {
        config::Destination destination = destinationOf(AuthKind::SigV4);
        destination.auth.region = QStringLiteral("eu-central-1");
        destination.auth.services = {{QStringLiteral("traces"), QStringLiteral("xray")}};
        const auto authorizer = makeAuthorizer(destination, context());
        const OutgoingRequest request{
            Signal::Traces, QUrl(QStringLiteral("https://xray.eu-central-1.amazonaws.com/v1/traces")), {}, "body"};
        const auto answer = ask(**authorizer, request);
        QVERIFY(answer && *answer);
        QVERIFY(answer->value().last().second.contains("Credential=me/20231114/eu-central-1/xray/aws4_request"));
        const auto logs = ask(**authorizer, {Signal::Logs, request.url, {}, {}});
        QVERIFY(logs && !*logs);
        QCOMPARE(logs->error().context, QStringLiteral("auth.services"));
    }

    void oneFetchServesAllAndTheTokenIsKeptUntilItAges()
    {
        auto owned = std::make_unique<HandSource>();
        HandSource& source = *owned;
        TokenAuthorizer authorizer(std::move(owned), m_clock);
        QList<QByteArray> given;
        const auto note = [&given](const Result<RequestHeaders>& headers) {
            given.append(headers ? headers->value(0).second : QByteArray("failed"));
        };
        authorizer.authorize({}, note);
        authorizer.authorize({}, note);
        QCOMPARE(source.fetches, 1);
        source.answer(AccessToken{"one", std::chrono::seconds(3600)});
        QCOMPARE(given, QList<QByteArray>({"Bearer one", "Bearer one"}));
        m_clock.advanceNs(3200LL * 1'000'000'000);
        authorizer.authorize({}, note);
        QCOMPARE(source.fetches, 1);
        m_clock.advanceNs(200LL * 1'000'000'000); // less than five minutes are left
        authorizer.authorize({}, note);
        QCOMPARE(source.fetches, 2);
        QCOMPARE(given.size(), 3);
        source.answer(fail(ErrorCode::Unavailable, QStringLiteral("down")));
        QCOMPARE(given.last(), QByteArray("Bearer one"));
        m_clock.advanceNs(200LL * 1'000'000'000); // its end
        authorizer.authorize({}, note);
        source.answer(fail(ErrorCode::Unavailable, QStringLiteral("down")));
        QCOMPARE(given.last(), QByteArray("failed"));
    }

    void aWallClockThatJumpsDoesNotEndAToken()
    {
        auto owned = std::make_unique<HandSource>();
        HandSource& source = *owned;
        TokenAuthorizer authorizer(std::move(owned), m_clock);
        authorizer.authorize({}, [](const Result<RequestHeaders>&) {});
        source.answer(AccessToken{"one", std::chrono::seconds(3600)});
        m_clock.setUnixNs(m_clock.unixNs() + 86'400LL * 1'000'000'000);
        QCOMPARE(authorizationOf(ask(authorizer)), QByteArray("Bearer one"));
        QCOMPARE(source.fetches, 1);
    }

    void aTokenAgesWhileTheMachineSleeps()
    {
        auto owned = std::make_unique<HandSource>();
        HandSource& source = *owned;
        TokenAuthorizer authorizer(std::move(owned), m_clock);
        authorizer.authorize({}, [](const Result<RequestHeaders>&) {});
        source.answer(AccessToken{"one", std::chrono::seconds(3600)});
        m_clock.sleepNs(4'000LL * 1'000'000'000);
        authorizer.authorize({}, [](const Result<RequestHeaders>&) {});
        QCOMPARE(source.fetches, 2);
        source.answer(AccessToken{"two", std::chrono::seconds(3600)});
        QCOMPARE(authorizationOf(ask(authorizer)), QByteArray("Bearer two"));
    }

    void aRefusedTokenIsFetchedAnewUnlessThatHasHappened()
    {
        auto owned = std::make_unique<HandSource>();
        HandSource& source = *owned;
        TokenAuthorizer authorizer(std::move(owned), m_clock);
        authorizer.authorize({}, [](const Result<RequestHeaders>&) {});
        source.answer(AccessToken{"old", std::chrono::seconds(3600)});
        const RequestHeaders old{{"Authorization", "Bearer old"}};
        QVERIFY(authorizer.refused(old));
        authorizer.authorize({}, [](const Result<RequestHeaders>&) {});
        QCOMPARE(source.fetches, 2);
        source.answer(AccessToken{"new", std::chrono::seconds(3600)});
        QVERIFY2(authorizer.refused(old), "a second request that still carried the old one");
        QCOMPARE(authorizationOf(ask(authorizer)), QByteArray("Bearer new"));
        QCOMPARE(source.fetches, 2);
    }

    void entraGivesATokenForClientCredentials()
    {
        ScriptedBackend endpoint([](int, const ReceivedRequest&) {
            return jsonAnswer(R"({"token_type":"Bearer","expires_in":3599,"access_token":"tok"})");
        });
        config::Destination destination = destinationOf(AuthKind::Entra);
        destination.auth.tenant = QStringLiteral("my-tenant");
        destination.auth.scope = QStringLiteral("https://monitor.azure.com/.default");
        destination.auth.tokenUrl = endpoint.url() + QStringLiteral("/token");
        const auto authorizer = makeAuthorizer(destination, context());
        QCOMPARE(authorizationOf(ask(**authorizer)), QByteArray("Bearer tok"));
        QCOMPARE(authorizationOf(ask(**authorizer)), QByteArray("Bearer tok"));
        QCOMPARE(endpoint.requests().size(), 1);
        const QUrlQuery form(QString::fromUtf8(endpoint.requests()[0].body));
        QCOMPARE(form.queryItemValue(QStringLiteral("grant_type")), QStringLiteral("client_credentials"));
        QCOMPARE(form.queryItemValue(QStringLiteral("client_secret")), QStringLiteral("s3cr3t"));
        QCOMPARE(form.queryItemValue(QStringLiteral("scope"), QUrl::FullyDecoded),
                 QStringLiteral("https://monitor.azure.com/.default"));
    }

    void tokenEndpointsThatFailAreExplainedWithoutSecrets_data()
    {
        QTest::addColumn<QByteArray>("answer");
        QTest::addColumn<ErrorCode>("code");
        QTest::addColumn<QString>("words");
        const auto error = [](const QByteArray& status, const QByteArray& body) {
            return ScriptedBackend::answer(status, body, {}, "application/json");
        };
        QTest::newRow("refused") << error("401 Unauthorized",
                                          R"({"error":"invalid_client","error_description":"no such secret: s3cr3t"})")
                                 << ErrorCode::Unauthenticated
                                 << QStringLiteral("HTTP 401: invalid_client: no such secret: [secret]");
        QTest::newRow("down") << error("503 Unavailable", "later") << ErrorCode::Unavailable << QStringLiteral("HTTP 503");
        QTest::newRow("redirect") << ScriptedBackend::answer("302 Found", {}, "Location: http://elsewhere.example/\r\n")
                                  << ErrorCode::InvalidArgument << QStringLiteral("redirects are not followed");
        QTest::newRow("no JSON") << jsonAnswer("s3cr3t") << ErrorCode::Unavailable << QStringLiteral("is not a JSON object");
        QTest::newRow("no token") << jsonAnswer("{}") << ErrorCode::Unavailable << QStringLiteral("holds no access_token");
        QTest::newRow("no header can hold it")
            << jsonAnswer(R"({"access_token":"a\nb"})") << ErrorCode::Unavailable << QStringLiteral("holds no access_token");
        QTest::newRow("endless") << jsonAnswer(QByteArray(1'200'000, ' ')) << ErrorCode::Unavailable << QStringLiteral("1 MiB");
        QTest::newRow("closed") << ScriptedBackend::thenClose({}) << ErrorCode::Unavailable << QStringLiteral("no token:");
    }

    void tokenEndpointsThatFailAreExplainedWithoutSecrets()
    {
        QFETCH(QByteArray, answer);
        QFETCH(ErrorCode, code);
        QFETCH(QString, words);
        ScriptedBackend endpoint([&](int, const ReceivedRequest&) { return answer; });
        config::Destination destination = destinationOf(AuthKind::Entra);
        destination.auth.tenant = destination.auth.scope = QStringLiteral("x");
        destination.auth.tokenUrl = endpoint.url();
        const auto authorizer = makeAuthorizer(destination, context());
        const auto headers = ask(**authorizer);
        QVERIFY(headers && !*headers);
        QCOMPARE(headers->error().code, code);
        QVERIFY2(headers->error().toString().contains(words), qPrintable(headers->error().toString()));
        QVERIFY(!headers->error().toString().contains(QStringLiteral("s3cr3t")));
    }

    void credentialsGoOverHttpsAlone()
    {
        QVERIFY(tokenUrl(QStringLiteral("https://login.example/x")).has_value());
        QVERIFY(tokenUrl(QStringLiteral("http://127.0.0.1:1/x")).has_value());
        for (const char* text :
             {"http://login.example/x", "ftp://login.example", "login.example", "https://u:p@login.example", ""})
            QVERIFY2(!tokenUrl(QString::fromLatin1(text)).has_value(), text);
    }

    void aServiceAccountKeySignsForAnHour()
    {
        const QString openssl = QStandardPaths::findExecutable(QStringLiteral("openssl"));
        if (openssl.isEmpty())
            QSKIP("openssl is not installed");
        QTemporaryDir folder;
        const auto path = [&](const char* name) { return folder.filePath(QString::fromLatin1(name)); };
        QProcess tool;
        tool.start(openssl, {QStringLiteral("genpkey"), QStringLiteral("-algorithm"), QStringLiteral("RSA"),
                             QStringLiteral("-out"), path("key.pem")});
        QVERIFY(tool.waitForFinished() && tool.exitCode() == 0);
        QFile file(path("key.pem"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray pem = file.readAll();

        ScriptedBackend endpoint(
            [](int, const ReceivedRequest&) { return jsonAnswer(R"({"access_token":"ya29.x","expires_in":3599})"); });
        QByteArray escapedPem = pem;
        escapedPem.replace('\n', "\\n");
        m_secrets.insert(
            QStringLiteral("gcp"),
            "{\"type\":\"service_account\",\"client_email\":\"a@b.iam\",\"private_key_id\":\"k1\",\"private_key\":\"" +
                escapedPem + "\",\"token_uri\":\"" + endpoint.url().toUtf8() + "/token\"}");
        config::Destination destination = destinationOf(AuthKind::Google);
        destination.auth.secret = QStringLiteral("${vault:gcp}");
        destination.auth.scope = QStringLiteral("https://www.googleapis.com/auth/cloud-platform");
        const auto authorizer = makeAuthorizer(destination, context());
        QCOMPARE(authorizationOf(ask(**authorizer)), QByteArray("Bearer ya29.x"));

        const QUrlQuery form(QString::fromUtf8(endpoint.requests().value(0).body));
        QCOMPARE(form.queryItemValue(QStringLiteral("grant_type"), QUrl::FullyDecoded),
                 QStringLiteral("urn:ietf:params:oauth:grant-type:jwt-bearer"));
        const QList<QByteArray> parts = form.queryItemValue(QStringLiteral("assertion")).toLatin1().split('.');
        QCOMPARE(parts.size(), 3);
        const auto decoded = [](const QByteArray& part) { return QByteArray::fromBase64(part, QByteArray::Base64UrlEncoding); };
        json::Document claims;
        const QByteArray text = decoded(parts[1]);
        QVERIFY(claims.parse(text));
        QVERIFY(claims.root().find("iss").equals("a@b.iam"));
        QVERIFY(claims.root().find("aud").equals(endpoint.url().toUtf8() + "/token"));
        QCOMPARE(claims.root().find("iat").asInt64(), std::optional<std::int64_t>(m_clock.unixNs() / 1'000'000'000));
        QCOMPARE(*claims.root().find("exp").asInt64() - *claims.root().find("iat").asInt64(), 3600);

        // Verified by another program.
        const auto write = [&](const char* name, const QByteArray& bytes) {
            QFile out(path(name));
            return out.open(QIODevice::WriteOnly) && out.write(bytes) == bytes.size();
        };
        QVERIFY(write("signed", parts[0] + '.' + parts[1]) && write("signature", decoded(parts[2])));
        QCOMPARE(QProcess::execute(openssl, {QStringLiteral("pkey"), QStringLiteral("-in"), path("key.pem"),
                                             QStringLiteral("-pubout"), QStringLiteral("-out"), path("pub.pem")}),
                 0);
        tool.start(openssl, {QStringLiteral("dgst"), QStringLiteral("-sha256"), QStringLiteral("-verify"), path("pub.pem"),
                             QStringLiteral("-signature"), path("signature"), path("signed")});
        QVERIFY(tool.waitForFinished() && tool.exitCode() == 0);
    }

    void whatIsNoServiceAccountKeyIsNotShown()
    {
        for (const char* text :
             {"", "s3cr3t", "{}", R"({"type":"authorized_user","client_email":"s3cr3t","private_key":"s3cr3t"})"}) {
            const auto key = parseServiceAccountKey(text);
            QVERIFY(!key.has_value());
            QVERIFY(!key.error().toString().contains(QStringLiteral("s3cr3t")));
        }
        QCOMPARE(signRs256("no key", "x").error().code, ErrorCode::Parse);
        config::Destination destination = destinationOf(AuthKind::Google);
        destination.auth.scope = QStringLiteral("x");
        const auto authorizer = makeAuthorizer(destination, context());
        const auto answer = ask(**authorizer);
        QVERIFY(answer && !*answer);
        QCOMPARE(unauthorizedOutcome(answer->error()).kind, ExportOutcome::Kind::Unauthenticated);
    }

    void whatACommandPrintsIsReadAsAToken_data()
    {
        QTest::addColumn<QByteArray>("printed");
        QTest::addColumn<QByteArray>("token");
        QTest::addColumn<int>("lifetime");
        const QByteArray jwt =
            "eyJhbGciOiJub25lIn0." +
            QByteArray(R"({"exp":1700000600})").toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals) + ".x";
        QTest::newRow("alone") << QByteArray("tok\n") << QByteArray("tok") << 300;
        QTest::newRow("JWT") << jwt << jwt << 600;
        QTest::newRow("JSON") << QByteArray(R"({"access_token":"tok","expires_in":"60"})") << QByteArray("tok") << 60;
        QTest::newRow("az") << QByteArray(R"({"accessToken":"tok","expires_on":1700000100,"tenant":"t"})") << QByteArray("tok")
                            << 100;
        QTest::newRow("past") << QByteArray(R"({"token":"tok","expires_on":1})") << QByteArray("tok") << 0;
        QTest::newRow("two lines") << QByteArray("please sign in\ntok\n") << QByteArray() << 0;
        QTest::newRow("nothing") << QByteArray("\n") << QByteArray() << 0;
        QTest::newRow("broken JSON") << QByteArray("{\"token\":") << QByteArray() << 0;
        QTest::newRow("huge") << QByteArray(70'000, 'x') << QByteArray() << 0;
        QTest::newRow("huge lifetime") << QByteArray(R"({"token":"tok","expires_in":1e300})") << QByteArray("tok") << 300;
    }

    void whatACommandPrintsIsReadAsAToken()
    {
        QFETCH(QByteArray, printed);
        QFETCH(QByteArray, token);
        QFETCH(int, lifetime);
        const auto read = parsePrintedToken(printed, 1'700'000'000'000'000'000);
        QCOMPARE(read.has_value(), !token.isEmpty());
        if (read) {
            QCOMPARE(read->value, token);
            QCOMPARE(read->lifetime, std::chrono::seconds(lifetime));
        }
    }

    void aCommandIsStartedWithoutAShell()
    {
        const QString program = QStandardPaths::findExecutable(QStringLiteral("printf"));
        if (program.isEmpty())
            QSKIP("printf is not installed");
        CommandTokenSource source({program, QStringLiteral("%s"), QStringLiteral("$HOME;tok")}, m_clock);
        const auto token = fetch(source);
        QVERIFY(token && *token);
        QCOMPARE(token->value().value, QByteArray("$HOME;tok"));
        QVERIFY2(fetch(source)->has_value(), "it can be asked again");
    }

    void commandsThatFailAreExplainedWithoutTheirOutput()
    {
        const QString shell = QStandardPaths::findExecutable(QStringLiteral("sh"));
        if (shell.isEmpty())
            QSKIP("there is no sh");
        const auto errorOf = [&](const QStringList& command, std::chrono::milliseconds limit = std::chrono::seconds(20)) {
            CommandTokenSource source(command, m_clock, limit);
            const auto token = fetch(source);
            return token && !*token ? token->error() : Error{};
        };
        QCOMPARE(errorOf({QStringLiteral("/nowhere/at-all")}).code, ErrorCode::NotFound);
        const Error failed = errorOf({shell, QStringLiteral("-c"), QStringLiteral("echo s3cr3t; echo s3cr3t >&2; exit 3")});
        QVERIFY(failed.message.contains(QStringLiteral("ended with 3")) && !failed.toString().contains(QStringLiteral("s3cr3t")));
        QCOMPARE(errorOf({shell, QStringLiteral("-c"), QStringLiteral("exec cat /dev/zero")}).code, ErrorCode::TooLarge);
        QCOMPARE(errorOf({shell, QStringLiteral("-c"), QStringLiteral("read line; exec sleep 600 </dev/null")},
                         std::chrono::milliseconds(50))
                     .code,
                 ErrorCode::Timeout);
    }

#ifdef Q_OS_UNIX
    void whatACommandStartedEndsWithIt()
    {
        const QString shell = QStandardPaths::findExecutable(QStringLiteral("sh"));
        const QTemporaryDir directory;
        const QByteArray fifo = QFile::encodeName(directory.filePath(QStringLiteral("fifo")));
        if (shell.isEmpty() || ::mkfifo(fifo.constData(), 0600) != 0)
            QSKIP("there is no sh, or no fifo");
        // Whoever lives holds the fifo open for writing.
        const int reader = ::open(fifo.constData(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        const auto close = qScopeGuard([reader] { ::close(reader); });
        const QString script = QStringLiteral("exec 3>'%1'; sleep 600 & echo up >&3; wait").arg(QFile::decodeName(fifo));
        auto source = std::make_unique<CommandTokenSource>(QStringList{shell, QStringLiteral("-c"), script}, m_clock);
        source->fetch([](const Result<AccessToken>&) {});
        QByteArray printed;
        bool hasEnded = false;
        const auto read = [&] {
            char buffer[8];
            const auto count = ::read(reader, buffer, sizeof buffer);
            printed.append(buffer, std::max<qsizetype>(0, count));
            hasEnded = count == 0;
        };
        QTRY_VERIFY((read(), printed == "up\n"));
        read();
        QVERIFY(!hasEnded);
        source.reset();
        QTRY_VERIFY((read(), hasEnded));
    }
#endif

    void aSourceThatEndsCallsNobodyBack()
    {
        const QString sleep = QStandardPaths::findExecutable(QStringLiteral("sleep"));
        if (sleep.isEmpty())
            QSKIP("there is no sleep");
        bool called = false;
        auto source = std::make_unique<CommandTokenSource>(QStringList{sleep, QStringLiteral("600")}, m_clock);
        source->fetch([&called](const Result<AccessToken>&) { called = true; });
        QCoreApplication::processEvents();
        source.reset();
        QCoreApplication::processEvents();
        QVERIFY(!called);
    }
};

QTEST_GUILESS_MAIN(RequestAuthorizerTest)
#include "tst_request_authorizer.moc"
