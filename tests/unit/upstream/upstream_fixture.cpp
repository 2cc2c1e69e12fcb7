// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream_fixture.h"

#include <QCoreApplication>
#include <QDeadlineTimer>

namespace oriel::upstream::test {

double RecordingRecorder::sum(telemetry::MetricId metric, QByteArrayView label) const
{
    double total = 0;
    for (const Point& point : metrics) {
        if (point.metric == metric && QByteArrayView(point.label) == label) {
            total += point.value;
        }
    }
    return total;
}

const telemetry::SpanData* RecordingRecorder::span(QByteArrayView name) const
{
    for (const telemetry::SpanData& span : spans) {
        if (QByteArrayView(span.name) == name) {
            return &span;
        }
    }
    return nullptr;
}

QList<QByteArray> RecordingRecorder::logLines(QByteArrayView containing) const
{
    QList<QByteArray> lines;
    for (const telemetry::LogRecord& log : logs) {
        if (log.body.text() != nullptr && log.body.text()->contains(containing)) {
            lines.append(*log.body.text());
        }
    }
    return lines;
}

QList<QByteArray> RecordingRecorder::wirePayloads(telemetry::WireKind kind) const
{
    QList<QByteArray> payloads;
    for (const telemetry::WireFrame& frame : wire) {
        if (frame.kind == kind) {
            payloads.append(frame.payload);
        }
    }
    return payloads;
}

config::Server scriptServer(const QString& script)
{
    static const QString prelude = QStringLiteral(R"sh(
answer() {
  id=$(printf '%s\n' "$1" | sed 's/.*"id":\([0-9]*\).*/\1/')
  printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$2"
}
initialized='{"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true}},"serverInfo":{"name":"script","version":"1.2"}}'
tools='{"tools":[{"name":"one","inputSchema":{"type":"object"}}]}'
handshake() {
  read -r line; answer "$line" "$initialized"
  read -r line
}
serve() {
  while read -r line; do
    case "$line" in
      *tools/list*) answer "$line" "$tools";;
      *tools/call*) answer "$line" '{"content":[]}';;
    esac
  done
}
)sh");
    config::Server server;
    server.name = QStringLiteral("script");
    server.command = QStringLiteral("/bin/sh");
    server.args = {QStringLiteral("-c"), prelude + script};
    return server;
}

config::Server programServer(const QString& program, const QStringList& arguments)
{
    config::Server server;
    server.name = QStringLiteral("program");
    server.command = program;
    server.args = arguments;
    return server;
}

mcp::Message clientCall(const QByteArray& tool, const QByteArray& arguments, const QByteArray& meta)
{
    QByteArray frame = "{\"jsonrpc\":\"2.0\",\"id\":\"client-7\",\"method\":\"tools/call\",\"params\":{\"name\":\"" + tool +
                       "\",\"arguments\":" + arguments;
    if (!meta.isEmpty()) {
        frame += ",\"_meta\":" + meta;
    }
    frame += "}}";
    json::Document document;
    auto message = mcp::readMessage(frame, document);
    Q_ASSERT(message);
    return *message;
}

QString builtProgram(const QString& name)
{
    return QCoreApplication::applicationDirPath() + QStringLiteral("/../bin/") + name;
}

ConnectionContext quickContext(RecordingRecorder& recorder)
{
    ConnectionContext context;
    context.clock = &systemClock();
    context.random = &systemRandom();
    context.recorder = &recorder;
    context.clientVersion = QByteArrayLiteral("0.1.0");
    context.firstBackoff = std::chrono::milliseconds(10);
    context.maxBackoff = std::chrono::milliseconds(50);
    context.closeGrace = std::chrono::milliseconds(200);
    context.watchDebounce = std::chrono::milliseconds(20);
    return context;
}

QByteArray heldAfterStop(ServerConnection& connection)
{
    connection.setListenFilter({});
    connection.stop();
    const QDeadlineTimer deadline(10'000);
    while ((connection.state() != ServerState::Stopped || !connection.holdings().isEmpty()) && !deadline.hasExpired()) {
        QCoreApplication::processEvents(QEventLoop::AllEvents, 20);
    }
    return connection.state() == ServerState::Stopped ? connection.holdings().toText() : QByteArrayLiteral("not stopped");
}

const Clock& systemClock()
{
    static const SystemClock clock;
    return clock;
}

Random& systemRandom()
{
    static SystemRandom random;
    return random;
}

} // namespace oriel::upstream::test
