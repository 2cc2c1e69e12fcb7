// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "upstream/server_connection.h"
#include "upstream/transport.h"

#include <vector>

namespace oriel::upstream::test {

/// Keeps everything that was recorded.
class RecordingRecorder final : public telemetry::Recorder {
public:
    void recordCall(telemetry::CallRecord&& call) override { calls.push_back(std::move(call)); }
    void recordCallDurably(telemetry::CallRecord&& call, telemetry::Durable durable) override
    {
        calls.push_back(std::move(call));
        durable({});
    }
    void recordSpan(telemetry::SpanData&& span) override { spans.push_back(std::move(span)); }
    void recordLog(telemetry::LogRecord&& log) override { logs.push_back(std::move(log)); }
    void recordWire(telemetry::WireFrame&& frame) override { wire.push_back(std::move(frame)); }
    void recordMetric(telemetry::MetricId metric, telemetry::LabelValues labels, double value) override
    {
        metrics.push_back({metric, labels.isEmpty() ? QByteArray() : labels.first(), value});
    }

    struct Point {
        telemetry::MetricId metric;
        QByteArray label;
        double value;
    };
    [[nodiscard]] double sum(telemetry::MetricId metric, QByteArrayView label) const;
    [[nodiscard]] const telemetry::SpanData* span(QByteArrayView name) const; ///< the first of that name
    [[nodiscard]] QList<QByteArray> logLines(QByteArrayView containing) const;
    [[nodiscard]] QList<QByteArray> wirePayloads(telemetry::WireKind kind) const;

    std::vector<telemetry::CallRecord> calls;
    std::vector<telemetry::SpanData> spans;
    std::vector<telemetry::LogRecord> logs;
    std::vector<telemetry::WireFrame> wire;
    std::vector<Point> metrics;
};

/// Keeps what a connection tells, and answers nothing.
class RecordingHandler final : public ServerConnectionHandler {
public:
    void onNotification(ServerConnection& connection, const mcp::Message& message, CallToken related) override
    {
        Q_UNUSED(connection);
        notifications.push_back(message);
        notificationCalls.push_back(related);
    }
    void onRequest(ServerConnection& connection, const mcp::Message& message, CallToken related) override
    {
        Q_UNUSED(related);
        requests.push_back(message);
        if (answerRequestsWith.isEmpty()) {
            return;
        }
        connection.reply(mcp::makeResult(message.id(), answerRequestsWith));
    }
    void onStateChanged(ServerConnection& connection) override { states.push_back(connection.state()); }
    void onListChanged(ServerConnection& connection, mcp::ListKind kind) override
    {
        Q_UNUSED(connection);
        lists.push_back(kind);
    }
    void onListening(ServerConnection& connection) override
    {
        Q_UNUSED(connection);
        ++listening;
    }

    std::vector<mcp::Message> notifications;
    std::vector<CallToken> notificationCalls;
    std::vector<mcp::Message> requests;
    std::vector<ServerState> states;
    std::vector<mcp::ListKind> lists;
    int listening = 0;
    QByteArray answerRequestsWith; ///< JSON of a result
};

/// Keeps the replies of calls.
class RecordingReplies final : public ReplyHandler {
public:
    struct One {
        CallToken token;
        quint64 cookie;
        Reply reply;
    };
    void onReply(CallToken token, quint64 cookie, Reply& reply) override { replies.push_back({token, cookie, std::move(reply)}); }
    void onProgress(CallToken token, quint64 cookie, const mcp::Message& message) override
    {
        Q_UNUSED(token);
        Q_UNUSED(cookie);
        progress.push_back(message);
    }
    void onTimeoutWarning(CallToken token, quint64 cookie) override
    {
        Q_UNUSED(cookie);
        warnings.push_back(token);
    }
    [[nodiscard]] std::size_t size() const { return replies.size(); }

    std::vector<One> replies;
    std::vector<mcp::Message> progress;
    std::vector<CallToken> warnings;
};

/// Keeps what a transport tells.
class RecordingTransportHandler final : public TransportHandler {
public:
    void onStarted() override { started = true; }
    void onFrame(QByteArray frame, const FrameOrigin& origin) override
    {
        frames.push_back(std::move(frame));
        origins.push_back(origin);
    }
    void onSendFailed(std::int64_t requestId, const SendFailure& failure) override { failures.push_back({requestId, failure}); }
    void onStrayOutput(QByteArray line, std::int64_t suppressedLines) override
    {
        stray.push_back(std::move(line));
        suppressedStray += suppressedLines;
    }
    void onOversizedFrame(QByteArray head, QByteArray tail, qint64 bytes) override
    {
        oversized.push_back(bytes);
        oversizedHead = std::move(head);
        oversizedTail = std::move(tail);
    }
    void onStderr(QByteArray line, std::int64_t suppressedLines) override
    {
        errors.push_back(std::move(line));
        suppressed += suppressedLines;
    }
    bool isAwaited(std::int64_t requestId) override { return awaited.contains(requestId); }
    void onClosed(const CloseReason& reason) override
    {
        ++closedCount;
        closed = reason;
    }

    bool started = false;
    std::vector<QByteArray> frames;
    std::vector<FrameOrigin> origins;
    std::vector<std::pair<std::int64_t, SendFailure>> failures;
    std::vector<QByteArray> stray;
    std::vector<qint64> oversized;
    QByteArray oversizedHead;
    QByteArray oversizedTail;
    std::vector<QByteArray> errors;
    std::int64_t suppressed = 0;
    std::int64_t suppressedStray = 0;
    QList<std::int64_t> awaited;
    int closedCount = 0;
    CloseReason closed;
};

/// A server that is a shell script: `answer "$line" RESULT` answers a request line with a JSON result, `$initialized` is an
/// initialize result with the capability tools, `handshake` reads and answers until after notifications/initialized.
config::Server scriptServer(const QString& script);
config::Server programServer(const QString& program, const QStringList& arguments = {});
/// A tools/call as a client sends it, parsed.
mcp::Message clientCall(const QByteArray& tool, const QByteArray& arguments = "{}", const QByteArray& meta = {});
/// A program of this build: "oriel-echo-server".
QString builtProgram(const QString& name);
/// Quick timings: backoff from 10 ms, grace 200 ms.
ConnectionContext quickContext(RecordingRecorder& recorder);
/// Stops the connection and tells what it holds once it is down: an empty text when every call has found its end.
QByteArray heldAfterStop(ServerConnection& connection);
const Clock& systemClock();
Random& systemRandom();

} // namespace oriel::upstream::test
