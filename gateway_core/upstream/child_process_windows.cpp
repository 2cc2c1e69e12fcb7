// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/child_process.h"

#include <QProcess>
#include <qt_windows.h>

namespace oriel::upstream {

namespace {

/// QProcess for the pipes, a job object that ends every descendant when its last handle closes, also when we crash.
class WindowsChildProcess final : public ChildProcess {
public:
    WindowsChildProcess(ChildHandler& handler, qsizetype maxPendingBytes) : m_handler(handler), m_maxPending(maxPendingBytes) {}
    ~WindowsChildProcess() override
    {
        m_process.disconnect();
        kill();
        m_process.waitForFinished(200);
        if (m_job != nullptr) {
            CloseHandle(m_job);
        }
    }

    tl::expected<void, SpawnError> start(const ChildSpec& spec) override;
    qint64 pid() const override { return m_pid; }
    qsizetype read(ChildStream stream, char* into, qsizetype bytes) override;
    Status writeLine(const QByteArray& line) override;
    void closeInput() override { m_process.closeWriteChannel(); }
    void terminate() override {}
    void kill() override
    {
        if (m_job != nullptr) {
            TerminateJobObject(m_job, 1);
        } else {
            m_process.kill();
        }
    }

private:
    bool makeJob();
    void connectSignals();

    ChildHandler& m_handler;
    qsizetype m_maxPending;
    QProcess m_process;
    HANDLE m_job = nullptr;
    qint64 m_pid = 0;
};

bool WindowsChildProcess::makeJob()
{
    m_job = CreateJobObjectW(nullptr, nullptr);
    if (m_job == nullptr) {
        return false;
    }
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {};
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    return SetInformationJobObject(m_job, JobObjectExtendedLimitInformation, &limits, sizeof(limits)) != 0;
}

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
    // Suspended until it is in the job, so that no grandchild can escape.
    m_process.setCreateProcessArgumentsModifier(
        [](QProcess::CreateProcessArguments* arguments) { arguments->flags |= CREATE_NO_WINDOW | CREATE_SUSPENDED; });
    m_process.start(QIODevice::ReadWrite);
    if (!m_process.waitForStarted(5000)) {
        return tl::unexpected(
            SpawnError{static_cast<int>(GetLastError()), {ErrorCode::Unavailable, m_process.errorString(), spec.program, {}}});
    }
    m_pid = m_process.processId();
    HANDLE process =
        OpenProcess(PROCESS_SET_QUOTA | PROCESS_TERMINATE | PROCESS_SUSPEND_RESUME, FALSE, static_cast<DWORD>(m_pid));
    if (process != nullptr) {
        if (makeJob()) {
            AssignProcessToJobObject(m_job, process);
        }
        using ResumeProcess = LONG(NTAPI*)(HANDLE);
        const auto resume = reinterpret_cast<ResumeProcess>(GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtResumeProcess"));
        if (resume != nullptr) {
            resume(process);
        }
        CloseHandle(process);
    }
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
        if (m_job != nullptr) {
            TerminateJobObject(m_job, 1);
        }
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
