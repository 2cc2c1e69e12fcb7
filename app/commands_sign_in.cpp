// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"
#include "base/json_writer.h"
#include "commands.h"
#include "service/control/local_control.h"
#include "terminal.h"

namespace oriel::app {

namespace {

/// Finding out where to sign in, with all that may have to be fetched for it.
constexpr int kBeginMs = 90'000;
/// Longer than the running Oriel waits for the user.
constexpr int kWaitMs = 360'000;

QByteArray named(const QString& server)
{
    json::Writer arguments;
    return arguments.beginObject().member("name", server).endObject().take();
}

Result<QByteArray> ask(const Options& options, const QByteArray& command, int timeoutMs)
{
    auto answer = service::sendCommand(options.dataDir, command, named(options.name), timeoutMs);
    if (!answer && answer.error().code == ErrorCode::Unavailable && !service::readRuntime(options.dataDir))
        answer.error().remedy = QStringLiteral("Signing in needs a running Oriel: start it with 'oriel' or 'oriel --headless'.");
    return answer;
}

} // namespace

int signIn(const Options& options)
{
    const auto begun = ask(options, "sign-in", kBeginMs);
    if (!begun)
        return reportError(begun.error());
    json::Document document;
    if (const Status parsed = document.parseOrError(*begun); !parsed)
        return reportError(parsed.error());
    if (document.root().find("state").equals("awaited")) {
        printError(document.root().find("browser").asBool().value_or(false)
                       ? QStringLiteral("Sign in to %1 in the browser that was opened, or open this address:").arg(options.name)
                       : QStringLiteral("Open this address in a browser on this computer to sign in to %1:").arg(options.name));
        printLine(document.root().find("url").asString());
        printError(QStringLiteral("Waiting for you to come back from there ..."));
        if (const auto done = ask(options, "sign-in.wait", kWaitMs); !done)
            return reportError(done.error());
    }
    printError(QStringLiteral("Signed in to %1.").arg(options.name));
    return Success;
}

int signOut(const Options& options)
{
    if (const auto done = ask(options, "sign-out", kBeginMs); !done)
        return reportError(done.error());
    printError(QStringLiteral("Signed out of %1.").arg(options.name));
    return Success;
}

} // namespace oriel::app
