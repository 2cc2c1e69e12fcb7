// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/stdio_transport.h"

#include "upstream/program_search.h"

#include <QFileInfo>

#include <algorithm>

namespace oriel::upstream {

namespace {

constexpr qsizetype kReadBytes = 64 * 1024;
constexpr qsizetype kOutputBudget = 1024 * 1024; ///< of one turn of the event loop
constexpr qsizetype kErrorsBudget = 64 * 1024;
constexpr qsizetype kStrayBytes = 4 * 1024;
constexpr qsizetype kStderrLineBytes = 8 * 1024;
constexpr qsizetype kStderrTailLines = 40;
constexpr qsizetype kStraySamples = 5;

bool looksLikeFrame(QByteArrayView line)
{
    for (const char c : line) {
        if (c != ' ' && c != '\t') {
            return c == '{' || c == '[';
        }
    }
    return false;
}

bool isBlank(QByteArrayView line)
{
    return line.trimmed().isEmpty();
}

} // namespace

bool LineRate::admit(std::int64_t nowNs)
{
    if (m_refillNs != 0) {
        m_tokens = std::min(m_burst, m_tokens + static_cast<double>(nowNs - m_refillNs) / 1e9 * m_perSecond);
    }
    m_refillNs = nowNs;
    if (m_tokens < 1) {
        ++m_suppressed;
        return false;
    }
    m_tokens -= 1;
    return true;
}

StdioTransport::StdioTransport(StdioSettings settings, const Clock& clock, TransportHandler& handler)
    : m_settings(std::move(settings)),
      m_clock(clock),
      m_handler(handler),
      m_output(m_settings.maxLineBytes, kStrayBytes),
      m_errors(kStderrLineBytes, kStderrLineBytes),
      m_errorRate(m_settings.lineBurst, m_settings.linesPerSecond),
      m_strayRate(m_settings.lineBurst, m_settings.linesPerSecond)
{
    m_facts.server = m_settings.server;
    m_facts.transport = config::ServerTransport::Stdio;
    m_facts.command = m_settings.command;
    m_facts.arguments = m_settings.arguments;
    m_facts.workingDirectory = m_settings.workingDirectory;
    m_timer.setSingleShot(true);
    QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] { escalate(); });
    m_suppressedTimer.setSingleShot(true);
    m_suppressedTimer.setInterval(1'000);
    QObject::connect(&m_suppressedTimer, &QTimer::timeout, &m_suppressedTimer, [this] { tellSuppressed(); });
}

StdioTransport::~StdioTransport() = default;

void StdioTransport::start()
{
    const Status spawned = spawn();
    if (!spawned) {
        m_startError = spawned.error();
        m_phase = Phase::Failing;
    } else {
        m_phase = Phase::Running;
    }
    m_timer.start(0);
}

Status StdioTransport::spawn()
{
    m_facts.workingDirectoryExists = m_settings.workingDirectory.isEmpty() || QFileInfo(m_settings.workingDirectory).isDir();
    if (!m_facts.workingDirectoryExists) {
        return fail(ErrorCode::NotFound, QStringLiteral("The working directory does not exist."), m_settings.workingDirectory);
    }
    const ProgramSearch search =
        findProgram(m_settings.command, m_settings.workingDirectory, m_settings.environment.value(QStringLiteral("PATH")),
                    m_settings.environment.value(QStringLiteral("PATHEXT")));
    m_facts.program = search.program;
    m_facts.searchedFolders = search.searchedFolders;
    m_facts.notExecutable = search.notExecutable;
    if (search.program.isEmpty()) {
        return fail(ErrorCode::NotFound, QStringLiteral("The command was not found."), m_settings.command);
    }
    if (Status safe = checkBatchArguments(search.program, m_settings.arguments); !safe) {
        return safe;
    }
    m_facts.stage = StartStage::Spawn;
    ChildSpec spec;
    spec.program = search.program;
    spec.arguments = m_settings.arguments;
    spec.workingDirectory = m_settings.workingDirectory;
    for (auto it = m_settings.environment.cbegin(); it != m_settings.environment.cend(); ++it) {
        spec.environment.append(it.key() + QLatin1Char('=') + it.value());
    }
    m_child = ChildProcess::create(*this, m_settings.maxPendingBytes);
    if (const auto started = m_child->start(spec); !started) {
        m_facts.spawnErrno = started.error().systemErrno;
        m_child.reset();
        return fail(started.error().error);
    }
    m_facts.pid = m_child->pid();
    m_facts.stage = StartStage::FirstByte;
    return {};
}

Status StdioTransport::send(const QByteArray& frame, const SendOptions& options)
{
    Q_UNUSED(options);
    if (m_phase != Phase::Running || !m_child) {
        return fail(ErrorCode::Unavailable, QStringLiteral("The server's process is not running."), m_settings.server);
    }
    Status written = m_child->writeLine(frame);
    if (!written && written.error().code == ErrorCode::Unavailable) {
        onWriteFailed(written.error());
    }
    return written;
}

void StdioTransport::close()
{
    m_closeRequested = true;
    if (m_phase == Phase::New) {
        m_phase = Phase::Failing;
        m_timer.start(0);
    } else if (m_phase == Phase::Running) {
        m_phase = Phase::InputClosed;
        m_child->closeInput();
        m_timer.start(m_settings.closeGrace);
    }
}

void StdioTransport::escalate()
{
    switch (m_phase) {
    case Phase::Failing:
        finish();
        break;
    case Phase::Running:
        m_handler.onStarted();
        break;
    case Phase::InputClosed:
        m_phase = Phase::Terminated;
        m_child->terminate();
        m_timer.start(m_settings.closeGrace);
        break;
    case Phase::Terminated:
        m_phase = Phase::Killed;
        m_child->kill();
        break;
    case Phase::New:
    case Phase::Killed:
    case Phase::Over:
        break;
    }
}

void StdioTransport::onReadable(ChildStream stream)
{
    if (stream == ChildStream::Errors) {
        readErrors(kErrorsBudget);
        return;
    }
    if (readOutput(kOutputBudget) || m_outputEnded) {
        return;
    }
    m_outputEnded = true;
    if (m_phase == Phase::Running) {
        // Without its stdout nothing can come of it. Most end by themselves now; the others are ended.
        m_phase = Phase::InputClosed;
        m_child->closeInput();
        m_timer.start(m_settings.closeGrace);
    }
}

bool StdioTransport::readOutput(qsizetype budget)
{
    qsizetype done = 0;
    while (done < budget) {
        const qsizetype got = m_child->read(ChildStream::Output, m_output.reserve(kReadBytes), kReadBytes);
        if (got == ChildProcess::kNothingYet) {
            return true;
        }
        if (got == ChildProcess::kEnded) {
            if (auto rest = m_output.takeRest(); rest && !isBlank(rest->bytes)) {
                takeOutputLine(std::move(*rest), m_clock.monotonicNs());
            }
            return false;
        }
        done += got;
        m_output.commit(got);
        const std::int64_t readNs = m_clock.monotonicNs();
        while (auto line = m_output.next()) {
            takeOutputLine(std::move(*line), readNs);
        }
        if (got < kReadBytes && m_output.bufferedBytes() == 0) {
            return true;
        }
    }
    return true;
}

void StdioTransport::takeOutputLine(LineSplitter::Line line, std::int64_t readNs)
{
    if (m_facts.stage == StartStage::FirstByte) {
        m_facts.stage = StartStage::Handshake;
    }
    if (line.oversized) {
        m_facts.lineTooLong = true;
        m_handler.onOversizedFrame(std::move(line.bytes), std::move(line.tail), line.fullSize);
        return;
    }
    if (looksLikeFrame(line.bytes)) {
        m_facts.sawFrame = true;
        m_handler.onFrame(std::move(line.bytes), FrameOrigin{0, readNs});
        return;
    }
    if (!isBlank(line.bytes)) {
        stray(std::move(line.bytes));
    }
}

void StdioTransport::stray(QByteArray line)
{
    if (line.size() > kStrayBytes) {
        line = line.first(kStrayBytes);
    }
    ++m_facts.strayCount;
    if (m_facts.strayOutput.size() < kStraySamples) {
        m_facts.strayOutput.append(line);
    }
    m_lastStray = line;
    if (m_strayRate.admit(m_clock.monotonicNs())) {
        m_handler.onStrayOutput(std::move(line), m_strayRate.takeSuppressed());
    } else if (!m_suppressedTimer.isActive()) {
        m_suppressedTimer.start();
    }
}

/// The last of the dropped lines is shown, the others are a number.
void StdioTransport::tellSuppressed()
{
    if (m_errorRate.hasSuppressed()) {
        m_handler.onStderr(m_facts.stderrTail.last(), m_errorRate.takeSuppressed() - 1);
    }
    if (m_strayRate.hasSuppressed()) {
        m_handler.onStrayOutput(m_lastStray, m_strayRate.takeSuppressed() - 1);
    }
}

bool StdioTransport::readErrors(qsizetype budget)
{
    qsizetype done = 0;
    while (done < budget) {
        const qsizetype got = m_child->read(ChildStream::Errors, m_errors.reserve(kReadBytes), kReadBytes);
        if (got == ChildProcess::kNothingYet) {
            return true;
        }
        if (got == ChildProcess::kEnded) {
            if (auto rest = m_errors.takeRest()) {
                takeErrorLine(std::move(rest->bytes));
            }
            return false;
        }
        done += got;
        m_errors.commit(got);
        while (auto line = m_errors.next()) {
            takeErrorLine(std::move(line->bytes));
        }
    }
    return true;
}

void StdioTransport::takeErrorLine(QByteArray line)
{
    if (isBlank(line)) {
        return;
    }
    if (m_facts.stderrTail.size() >= kStderrTailLines) {
        m_facts.stderrTail.removeFirst();
    }
    m_facts.stderrTail.append(line);

    if (m_errorRate.admit(m_clock.monotonicNs())) {
        m_handler.onStderr(std::move(line), m_errorRate.takeSuppressed());
    } else if (!m_suppressedTimer.isActive()) {
        m_suppressedTimer.start();
    }
}

void StdioTransport::onWriteFailed(const Error& error)
{
    // Most often it is ending just now, and its exit code says more than this error. One that goes on without reading is ended.
    Q_UNUSED(error);
    if (m_phase == Phase::Running) {
        m_phase = Phase::InputClosed;
        m_child->closeInput();
        m_timer.start(m_settings.closeGrace);
    }
}

void StdioTransport::onExit(const ChildExit& exit)
{
    m_timer.stop();
    m_facts.exited = true;
    m_facts.exitCode = exit.code;
    m_facts.exitSignal = exit.signal;
    // What it wrote before its end is in the pipes still, a pipe's size at most.
    readErrors(2 * kOutputBudget);
    readOutput(2 * kOutputBudget);
    if (auto rest = m_output.takeRest(); rest && !isBlank(rest->bytes)) {
        takeOutputLine(std::move(*rest), m_clock.monotonicNs());
    }
    if (auto rest = m_errors.takeRest()) {
        takeErrorLine(std::move(rest->bytes));
    }
    finish();
}

void StdioTransport::finish()
{
    const bool neverRan = m_phase == Phase::Failing;
    const bool ended = (m_phase == Phase::Terminated || m_phase == Phase::Killed) && m_facts.exitSignal != 0;
    m_phase = Phase::Over;
    m_facts.closedPipe = ended && !m_closeRequested;
    m_suppressedTimer.stop();
    tellSuppressed();
    CloseReason reason;
    if (m_closeRequested) {
        reason.kind = CloseReason::Kind::Requested;
    } else if (neverRan) {
        reason = {CloseReason::Kind::StartFailed, m_startError};
    } else if (ended) {
        reason = {
            CloseReason::Kind::OutputEnded,
            {ErrorCode::Unavailable, QStringLiteral("The server closed its output and had to be ended."), m_settings.server, {}}};
    } else {
        reason = {CloseReason::Kind::ProcessExit,
                  {ErrorCode::Unavailable, QStringLiteral("The server's process has ended."), m_settings.server, {}}};
    }
    m_handler.onClosed(reason);
}

} // namespace oriel::upstream
