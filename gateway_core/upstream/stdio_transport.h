// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "upstream/child_process.h"
#include "upstream/line_splitter.h"
#include "upstream/transport.h"

#include <QMap>
#include <QTimer>

namespace oriel::upstream {

/// What a child is started with. Nothing else of ours reaches it.
struct StdioSettings {
    QString server; ///< for messages
    QString command;
    QStringList arguments;
    QString workingDirectory;           ///< empty: ours
    QMap<QString, QString> environment; ///< the whole of it
    qsizetype maxLineBytes = 64 * 1024 * 1024;
    qsizetype maxPendingBytes = 64 * 1024 * 1024; ///< frames that wait when the child does not read
    std::chrono::milliseconds closeGrace{2'000};  ///< after stdin's end, and again after SIGTERM
    int lineBurst = 400; ///< lines of stderr, and stray ones of stdout, reported at once; more are counted
    int linesPerSecond = 100;
};

/// Lets lines through at a bounded rate and counts the others.
class LineRate {
public:
    LineRate(int burst, int perSecond) : m_burst(burst), m_perSecond(perSecond), m_tokens(burst) {}
    [[nodiscard]] bool admit(std::int64_t nowNs);
    /// The lines refused since the last call.
    [[nodiscard]] std::int64_t takeSuppressed() { return std::exchange(m_suppressed, 0); }
    [[nodiscard]] bool hasSuppressed() const { return m_suppressed > 0; }

private:
    double m_burst;
    double m_perSecond;
    double m_tokens;
    std::int64_t m_refillNs = 0;
    std::int64_t m_suppressed = 0;
};

/// MCP over the pipes of a child process: one message a line (2025-11-25 basic/transports, "stdio"). Its command is resolved to
/// an absolute path and run without a shell in a group of its own. The end is stdin's close, SIGTERM, SIGKILL, each after the
/// grace; all of the group goes with the child.
class StdioTransport final : public Transport, private ChildHandler {
public:
    StdioTransport(StdioSettings settings, const Clock& clock, TransportHandler& handler);
    ~StdioTransport() override;

    void start() override;
    [[nodiscard]] Status send(const QByteArray& frame, const SendOptions& options) override;
    void close() override;
    [[nodiscard]] const StartFacts& facts() const override { return m_facts; }
    [[nodiscard]] qint64 processId() const override { return m_facts.exited ? 0 : m_facts.pid; }

private:
    enum class Phase : quint8 { New, Failing, Running, InputClosed, Terminated, Killed, Over };

    void onReadable(ChildStream stream) override;
    void onWriteFailed(const Error& error) override;
    void onExit(const ChildExit& exit) override;

    [[nodiscard]] Status spawn();
    void escalate();
    /// False once the stream has ended.
    bool readOutput(qsizetype budget);
    bool readErrors(qsizetype budget);
    void takeOutputLine(LineSplitter::Line line, std::int64_t readNs);
    void takeErrorLine(QByteArray line);
    void stray(QByteArray line);
    void tellSuppressed();
    void finish();

    StdioSettings m_settings;
    const Clock& m_clock;
    TransportHandler& m_handler;
    StartFacts m_facts;
    Phase m_phase = Phase::New;
    bool m_closeRequested = false;
    bool m_outputEnded = false;
    LineSplitter m_output;
    LineSplitter m_errors;
    QTimer m_timer;           ///< start, then the steps of the end
    QTimer m_suppressedTimer; ///< tells of dropped lines when no further line does
    LineRate m_errorRate;
    LineRate m_strayRate;
    QByteArray m_lastStray;
    Error m_startError;
    std::unique_ptr<ChildProcess> m_child; ///< last: its notifiers end before what they touch
};

} // namespace oriel::upstream
