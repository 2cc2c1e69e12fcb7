// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/process_group.h"
#include "upstream/child_process.h"

#include <QProcess>
#include <qt_windows.h>

namespace oriel::upstream {

namespace {

/// QProcess for the pipes, a job for it and all that it starts.
class WindowsChildProcess final : public ChildProcess {
public:
    WindowsChildProcess(ChildHandler& handler, qsizetype maxPendingBytes) : m_handler(handler), m_maxPending(maxPendingBytes) {}
    ~WindowsChildProcess() override
    {
        m_process.disconnect();
        kill();
        m_process.waitForFinished(200);
    }

    tl::expected<void, SpawnError> start(const ChildSpec& spec) override;
    qint64 pid() const override { return m_pid; }
    qsizetype read(ChildStream stream, char* into, qsizetype bytes) override;
    Status writeLine(const QByteArray& line) override;
    void closeInput() override { m_process.closeWriteChannel(); }
    void terminate() override {}
    void kill() override
    {
        m_group.kill();
        m_process.kill();
    }

private:
    void connectSignals();

    ChildHandler& m_handler;
    qsizetype m_maxPending;
    QProcess m_process;
    ProcessGroup m_group;
    qint64 m_pid = 0;
};

tl::expected<void, ChildProcess::SpawnError> WindowsChildProcess::start(const ChildSpec& spec)
{
    QProcessEnvironment environment;
    for (const QString& variable : spec.environment) {
        const qsizetype equals = variable.indexOf(QLatin1Char('='));
        environment.insert(variable.left(equals), variable.mid(equals + 1));
    }
    m_process.setProgram(spec.program);
    m_process.setArguments(spec.arguments);
    m_process.setProcessEnvironment(environment);
    if (!spec.workingDirectory.isEmpty()) {
        m_process.setWorkingDirectory(spec.workingDirectory);
    }
    ProcessGroup::prepare(m_process);
    m_process.start(QIODevice::ReadWrite);
    if (!m_process.waitForStarted(5000)) {
        return tl::unexpected(
            SpawnError{static_cast<int>(GetLastError()), {ErrorCode::Unavailable, m_process.errorString(), spec.program, {}}});
    }
    m_pid = m_process.processId();
    m_group.adopt(m_process);
    connectSignals();
    return {};
}

void WindowsChildProcess::connectSignals()
{
    QObject::connect(&m_process, &QProcess::readyReadStandardOutput, &m_process,
                     [this] { m_handler.onReadable(ChildStream::Output); });
    QObject::connect(&m_process, &QProcess::readyReadStandardError, &m_process,
                     [this] { m_handler.onReadable(ChildStream::Errors); });
    QObject::connect(&m_process, &QProcess::finished, &m_process, [this](int code, QProcess::ExitStatus status) {
        m_group.kill();
        ChildExit exit;
        exit.code = status == QProcess::NormalExit ? code : -1;
        exit.signal = status == QProcess::NormalExit ? 0 : 11;
        m_handler.onExit(exit);
    });
}

qsizetype WindowsChildProcess::read(ChildStream stream, char* into, qsizetype bytes)
{
    m_process.setReadChannel(stream == ChildStream::Output ? QProcess::StandardOutput : QProcess::StandardError);
    const qint64 got = m_process.read(into, bytes);
    if (got > 0) {
        return got;
    }
    return m_process.state() == QProcess::NotRunning ? kEnded : kNothingYet;
}

Status WindowsChildProcess::writeLine(const QByteArray& line)
{
    if (m_process.state() != QProcess::Running) {
        return fail(ErrorCode::Unavailable, QStringLiteral("The server's standard input is closed."));
    }
    if (m_process.bytesToWrite() > 0 && m_process.bytesToWrite() + line.size() > m_maxPending) {
        return fail(
            ErrorCode::ResourceExhausted,
            QStringLiteral("The server does not read its standard input: %1 bytes wait already.").arg(m_process.bytesToWrite()));
    }
    m_process.write(line);
    m_process.write("\n", 1);
    return {};
}

} // namespace

std::unique_ptr<ChildProcess> ChildProcess::create(ChildHandler& handler, qsizetype maxPendingBytes)
{
    return std::make_unique<WindowsChildProcess>(handler, maxPendingBytes);
}

} // namespace oriel::upstream
