// SPDX-License-Identifier: GPL-3.0-or-later
#include "demo_tools.h"

#include <QHash>

#include <algorithm>
#include <cstdio>

namespace oriel::demo {

namespace {

using CallPtr = std::shared_ptr<Session::Call>;

QString str(const char* text)
{
    return QString::fromUtf8(text);
}

QJsonObject textResult(const QString& text, bool isError = false)
{
    QJsonObject result{{str("content"), QJsonArray{QJsonObject{{str("type"), str("text")}, {str("text"), text}}}}};
    if (isError) {
        result.insert(str("isError"), true);
    }
    return result;
}

QJsonObject property(const char* type, const char* description)
{
    return {{str("type"), str(type)}, {str("description"), str(description)}};
}

QJsonObject tool(const char* name, const char* title, const char* description, const QJsonObject& properties,
                 const QJsonArray& required = {}, bool readOnly = true)
{
    QJsonObject schema{{str("type"), str("object")}, {str("properties"), properties}};
    if (!required.isEmpty()) {
        schema.insert(str("required"), required);
    }
    return {{str("name"), str(name)},
            {str("title"), str(title)},
            {str("description"), str(description)},
            {str("inputSchema"), schema},
            {str("annotations"), QJsonObject{{str("readOnlyHint"), readOnly}, {str("openWorldHint"), false}}}};
}

/// After `ms`, unless the session has gone or the call was cancelled.
void later(Session& session, const CallPtr& call, int ms, std::function<void()> then)
{
    QTimer::singleShot(ms, &session, [call, then = std::move(then)] {
        if (!call->cancelled) {
            then();
        }
    });
}

int between(Session& session, int low, int high)
{
    return std::uniform_int_distribution<int>(low, high)(session.shared().random);
}

void quickEcho(Session& session, const CallPtr& call)
{
    session.finishCall(call, textResult(call->arguments.value(str("text")).toString()));
}

void slowReport(Session& session, const CallPtr& call)
{
    const double asked = call->arguments.value(str("seconds")).toDouble(-1);
    const int ms = asked >= 0 ? static_cast<int>(std::min(asked, 600.0) * 1000) : between(session, 200, 1800);
    later(session, call, ms, [&session, call, ms] {
        session.finishCall(call, textResult(str("Report: 4 regions, 1,284 orders, prepared in %1 ms.").arg(ms)));
    });
}

void flakyLookup(Session& session, const CallPtr& call)
{
    const QString key = call->arguments.value(str("key")).toString(str("customer-17"));
    const int draw = between(session, 0, 7);
    if (draw == 0) {
        std::fprintf(stderr, "lookup of %s failed: connection to the database was reset\n", qPrintable(key));
        session.failCall(call, -32603, str("The database connection was reset"));
    } else if (draw == 1) {
        session.finishCall(call, textResult(str("No entry for %1: the index is being rebuilt, try again later.").arg(key), true));
    } else {
        session.finishCall(call, textResult(str("%1: active since 2024, plan standard").arg(key)));
    }
}

void bigDocument(Session& session, const CallPtr& call)
{
    const int kilobytes = std::clamp(call->arguments.value(str("kilobytes")).toInt(256), 1, 32 * 1024);
    const QString paragraph =
        str("An oriel is a bay window that does not reach the ground; from it one sees who comes to the gate. ");
    QString text = paragraph.repeated((kilobytes * 1024) / paragraph.size() + 1);
    text.truncate(kilobytes * 1024);
    session.finishCall(call, textResult(text));
}

/// Fake secrets in the forms that detectors know, put together here so that no scanner of this source takes them for real.
void leakyConfig(Session& session, const CallPtr& call)
{
    const QString awsKey = str("AKIA") + str("FAKEDEMOKEYXYZ23");
    const QString github = str("ghp_") + str("FAKEfakeDEMOdemo0000FAKEfakeDEMOdemo");
    const QString slack = str("xoxb-") + str("000000000000-000000000000-FAKEfakeDEMOdemoFAKEfake");
    const QString jwt = str("eyJ") + str("hbGciOiJIUzI1NiJ9") + str(".eyJ") + str("zdWIiOiJkZW1vIiwiZmFrZSI6dHJ1ZX0") +
                        str(".RkFLRWZha2VERU1PZGVtb0ZBS0U");
    const QString pem =
        str("-----BEGIN ") + str("PRIVATE KEY-----\\nRkFLRSBERU1PIEtFWSBOT1QgUkVBTA==\\n-----END ") + str("PRIVATE KEY-----");
    const QString text =
        str("{\"aws_access_key_id\":\"%1\",\"github_token\":\"%2\",\"slack\":\"%3\",\"session\":\"%4\",\"database\":"
            "\"postgres://demo:%5@db.example.test/shop\",\"password\":\"%6\",\"card\":\"4111 1111 1111 1111\","
            "\"contact\":\"jane.doe@example.test\",\"key\":\"%7\"}")
            .arg(awsKey, github, slack, jwt, str("fake-demo-") + str("password"), str("fake-demo-") + str("passphrase"), pem);
    session.finishCall(call, textResult(text));
}

void progressStep(Session& session, const CallPtr& call, int step, int steps, int stepMs)
{
    later(session, call, stepMs, [&session, call, step, steps, stepMs] {
        if (!call->progressToken.isUndefined()) {
            call->channel->send({{str("jsonrpc"), str("2.0")},
                                 {str("method"), str("notifications/progress")},
                                 {str("params"), QJsonObject{{str("progressToken"), call->progressToken},
                                                             {str("progress"), step},
                                                             {str("total"), steps},
                                                             {str("message"), str("Step %1 of %2").arg(step).arg(steps)}}}});
        }
        if (step < steps) {
            progressStep(session, call, step + 1, steps, stepMs);
        } else {
            session.finishCall(call, textResult(str("All %1 steps are done.").arg(steps)));
        }
    });
}

void progressJob(Session& session, const CallPtr& call)
{
    const int steps = std::clamp(call->arguments.value(str("steps")).toInt(5), 1, 1000);
    const int stepMs = std::clamp(call->arguments.value(str("stepMilliseconds")).toInt(150), 0, 60'000);
    progressStep(session, call, 1, steps, stepMs);
}

void askModel(Session& session, const CallPtr& call)
{
    if (!session.clientCan("sampling")) {
        session.finishCall(call, textResult(str("This client offers no model (sampling)."), true));
        return;
    }
    const QString question = call->arguments.value(str("question")).toString(str("What is an oriel?"));
    const QJsonObject params{
        {str("messages"),
         QJsonArray{QJsonObject{{str("role"), str("user")},
                                {str("content"), QJsonObject{{str("type"), str("text")}, {str("text"), question}}}}}},
        {str("systemPrompt"), str("Answer in one sentence.")},
        {str("maxTokens"), 200}};
    session.ask(str("sampling/createMessage"), params, call->channel, [&session, call](const QJsonObject& answer) {
        if (answer.contains(str("error"))) {
            session.finishCall(call, textResult(str("The model did not answer: %1")
                                                    .arg(answer.value(str("error")).toObject().value(str("message")).toString()),
                                                true));
            return;
        }
        const QJsonObject result = answer.value(str("result")).toObject();
        session.finishCall(call, textResult(str("%1 said: %2")
                                                .arg(result.value(str("model")).toString(),
                                                     result.value(str("content")).toObject().value(str("text")).toString())));
    });
}

void askUser(Session& session, const CallPtr& call)
{
    if (!session.clientCan("elicitation")) {
        session.finishCall(call, textResult(str("This client cannot ask its user (elicitation)."), true));
        return;
    }
    const QJsonObject schema{{str("type"), str("object")},
                             {str("properties"), QJsonObject{{str("name"), property("string", "Your name")},
                                                             {str("newsletter"), QJsonObject{{str("type"), str("boolean")},
                                                                                             {str("default"), false}}}}},
                             {str("required"), QJsonArray{str("name")}}};
    session.ask(
        str("elicitation/create"), {{str("message"), str("How may the demo call you?")}, {str("requestedSchema"), schema}},
        call->channel, [&session, call](const QJsonObject& answer) {
            const QJsonObject result = answer.value(str("result")).toObject();
            const QString action = result.value(str("action")).toString();
            session.finishCall(
                call,
                action == str("accept")
                    ? textResult(str("Hello %1.").arg(result.value(str("content")).toObject().value(str("name")).toString()))
                    : textResult(str("No name was given (%1).").arg(action.isEmpty() ? str("error") : action)));
        });
}

void logBurst(Session& session, const CallPtr& call)
{
    static constexpr std::array kLevels{"debug", "info", "notice", "warning", "error"};
    const int count = std::clamp(call->arguments.value(str("count")).toInt(10), 1, 10'000);
    for (int i = 0; i < count; ++i) {
        const char* level = kLevels[static_cast<std::size_t>(i) % kLevels.size()];
        session.log(level, QJsonObject{{str("message"), str("Burst line %1").arg(i + 1)}, {str("shard"), i % 4}}, call->channel);
        std::fprintf(stderr, "[demo] %s: burst line %d of %d\n", level, i + 1, count);
    }
    session.finishCall(call, textResult(str("%1 lines were logged.").arg(count)));
}

using Runner = void (*)(Session&, const CallPtr&);

const QHash<QString, Runner>& runners()
{
    static const QHash<QString, Runner> all{
        {str("quick_echo"), quickEcho},     {str("slow_report"), slowReport},   {str("flaky_lookup"), flakyLookup},
        {str("big_document"), bigDocument}, {str("leaky_config"), leakyConfig}, {str("progress_job"), progressJob},
        {str("ask_model"), askModel},       {str("ask_user"), askUser},         {str("log_burst"), logBurst},
    };
    return all;
}

} // namespace

QJsonArray toolList()
{
    return {
        tool("quick_echo", "Quick echo", "Returns its text at once.", {{str("text"), property("string", "What to return")}},
             {str("text")}),
        tool("slow_report", "Slow report", "Prepares a report; takes 0.2 to 1.8 seconds unless told otherwise.",
             {{str("seconds"), property("number", "How long to take, at most 600")}}),
        tool("flaky_lookup", "Flaky lookup", "Looks up a key; one call in four fails, in one way or another.",
             {{str("key"), property("string", "The key")}}),
        tool("big_document", "Big document", "Returns a large text.",
             {{str("kilobytes"), property("integer", "Its size, 1 to 32768; 256 by default")}}),
        tool("leaky_config", "Leaky configuration", "Returns a configuration full of (fake) secrets.", {}),
        tool("progress_job", "Job with progress", "Works in steps and tells of each.",
             {{str("steps"), property("integer", "How many steps, 5 by default")},
              {str("stepMilliseconds"), property("integer", "How long each takes, 150 by default")}}),
        tool("ask_model", "Ask the model", "Asks the client's model a question (sampling).",
             {{str("question"), property("string", "The question")}}),
        tool("ask_user", "Ask the user", "Asks the client's user for a name (elicitation).", {}),
        tool("log_burst", "Log burst", "Writes log messages and stderr lines.",
             {{str("count"), property("integer", "How many, 10 by default")}}, {}, false),
    };
}

bool runTool(const QString& name, Session& session, const std::shared_ptr<Session::Call>& call)
{
    const Runner run = runners().value(name);
    if (run == nullptr) {
        return false;
    }
    run(session, call);
    return true;
}

} // namespace oriel::demo
