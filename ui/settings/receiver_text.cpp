// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/receiver_text.h"

#include "ui/widgets/format.h"

namespace oriel::ui {
namespace {

using service::ReceiverSnapshot;

QString counted(quint64 count, const char* one, const char* many)
{
    return formatCount(std::int64_t(count)) + QLatin1Char(' ') + QLatin1StringView(count == 1 ? one : many);
}

void appendPlace(const QString& key, const QString& place, quint16 port, const QString& error, QList<KeyValue>& rows)
{
    if (port != 0)
        rows.append({key, place, Tone::Neutral, {}, true, {}});
    if (error.isEmpty())
        return;
    // Beside a port: the other loopback address is taken.
    const QString mark = port != 0 ? QStringLiteral("● ") : QStringLiteral("✕ ");
    rows.append({key, mark + error, port != 0 ? Tone::Warning : Tone::Error, {}, false, {}});
}

void appendRefusals(const ReceiverSnapshot& receiver, QList<KeyValue>& rows)
{
    if (receiver.rejected > 0)
        rows.append({QStringLiteral("left out"),
                     counted(receiver.rejected, "span, point or log record", "spans, points and log records"),
                     Tone::Warning,
                     QStringLiteral("the rest of their requests was taken"),
                     false,
                     {}});
    if (receiver.failed > 0)
        rows.append({QStringLiteral("not readable"),
                     counted(receiver.failed, "request", "requests"),
                     Tone::Error,
                     QStringLiteral("their senders were told"),
                     false,
                     {}});
    if (receiver.rejected + receiver.failed > 0 && !receiver.lastRefusal.isEmpty())
        rows.append({QStringLiteral("last reason"), receiver.lastRefusal, Tone::Neutral, {}, false, {}});
    if (receiver.busy > 0)
        rows.append({QStringLiteral("told to wait"),
                     counted(receiver.busy, "request", "requests"),
                     Tone::Warning,
                     QStringLiteral("they come again by themselves"),
                     false,
                     {}});
}

service::ClientSnippet variables(const QString& title, const QString& form, quint16 port, const char* protocol)
{
    const QString endpoint = QStringLiteral("http://127.0.0.1:%1").arg(port);
    return {title,
            {},
            form.arg(QStringLiteral("OTEL_EXPORTER_OTLP_ENDPOINT"), endpoint) + QLatin1Char('\n') +
                form.arg(QStringLiteral("OTEL_EXPORTER_OTLP_PROTOCOL"), QLatin1String(protocol)),
            {}};
}

} // namespace

QList<KeyValue> receiverFacts(const ReceiverSnapshot& receiver)
{
    QList<KeyValue> rows;
    if (!receiver.enabled) {
        rows.append(
            {QStringLiteral("state"), QStringLiteral("○ off"), Tone::Neutral, QStringLiteral("nothing is taken"), false, {}});
    } else {
        const bool any = receiver.grpcPort != 0 || receiver.httpPort != 0;
        const bool all = receiver.error.isEmpty();
        rows.append({QStringLiteral("state"),
                     !any  ? QStringLiteral("✕ not listening")
                     : all ? QStringLiteral("✓ listening")
                           : QStringLiteral("● listening in part"),
                     !any  ? Tone::Error
                     : all ? Tone::Good
                           : Tone::Warning,
                     QStringLiteral("programs of this machine only"),
                     false,
                     {}});
    }
    appendPlace(QStringLiteral("OTLP/HTTP"), QStringLiteral("http://127.0.0.1:%1").arg(receiver.httpPort), receiver.httpPort,
                receiver.httpError, rows);
    appendPlace(QStringLiteral("OTLP/gRPC"), QStringLiteral("127.0.0.1:%1").arg(receiver.grpcPort), receiver.grpcPort,
                receiver.grpcError, rows);
    if (receiver.enabled || !receiver.isEmpty())
        rows.append({QStringLiteral("taken"),
                     receiver.isEmpty() ? QStringLiteral("nothing yet")
                                        : QStringList{counted(receiver.spans, "span", "spans"),
                                                      counted(receiver.points, "metric point", "metric points"),
                                                      counted(receiver.logs, "log record", "log records")}
                                              .join(QStringLiteral(" · ")),
                     Tone::Neutral,
                     QStringLiteral("since Oriel started"),
                     false,
                     {}});
    appendRefusals(receiver, rows);
    return rows;
}

ReceiverProblem receiverProblem(const ReceiverSnapshot& receiver)
{
    if (!receiver.enabled || receiver.error.isEmpty())
        return {};
    const QString todo = QStringLiteral("End the program that has the port, or choose another port below; 0 takes any free one.");
    if (receiver.httpPort == 0 && receiver.grpcPort == 0)
        return {QStringLiteral("Nothing can come in: %1").arg(receiver.error), todo};
    return receiver.httpPort == 0
               ? ReceiverProblem{QStringLiteral("Nothing can come in over HTTP: %1").arg(receiver.httpError), todo}
               : ReceiverProblem{QStringLiteral("Nothing can come in over gRPC: %1").arg(receiver.grpcError), todo};
}

QList<service::ClientSnippet> receiverSnippets(const ReceiverSnapshot& receiver)
{
    QList<service::ClientSnippet> snippets;
    const quint16 port = receiver.httpPort != 0 ? receiver.httpPort : receiver.grpcPort;
    const char* protocol = receiver.httpPort != 0 ? "http/protobuf" : "grpc";
    if (receiver.httpPort != 0)
        snippets.append(variables(QStringLiteral("HTTP"), QStringLiteral("export %1=%2"), receiver.httpPort, "http/protobuf"));
    if (receiver.grpcPort != 0)
        snippets.append(variables(QStringLiteral("gRPC"), QStringLiteral("export %1=%2"), receiver.grpcPort, "grpc"));
    if (port != 0)
        snippets.append(variables(QStringLiteral("PowerShell"), QStringLiteral("$env:%1 = \"%2\""), port, protocol));
    return snippets;
}

QString receiverStep(const ReceiverSnapshot& receiver)
{
    if (receiver.grpcPort == 0 && receiver.httpPort == 0)
        return {};
    return receiver.isEmpty()
               ? QStringLiteral("Nothing has come in yet. Start a program that has an OpenTelemetry SDK with these "
                                "variables; its spans join the traces of its calls.")
               : QStringLiteral("Any other program with an OpenTelemetry SDK is pointed here with these variables, "
                                "set before it starts.");
}

} // namespace oriel::ui
