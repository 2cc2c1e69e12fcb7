// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/child_process.h"

#include <QFile>
#include <QSocketNotifier>
#include <QTimer>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(Q_OS_MACOS) || defined(Q_OS_BSD4)
#include <sys/event.h>
#endif

namespace oriel::upstream {

namespace {

/// Large frames cross a pipe of this size in few steps; the kernel may refuse it, which only costs speed.
constexpr int kPipeBytes = 1 << 20;

class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int fd) : m_fd(fd) {}
    ~Descriptor() { reset(); }
    Descriptor(Descriptor&& other) noexcept : m_fd(std::exchange(other.m_fd, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept
    {
        if (this != &other) {
            reset();
            m_fd = std::exchange(other.m_fd, -1);
        }
        return *this;
    }
    [[nodiscard]] int get() const { return m_fd; }
    [[nodiscard]] bool isOpen() const { return m_fd >= 0; }
    void reset()
    {
        if (m_fd >= 0) {
            ::close(m_fd);
        }
        m_fd = -1;
    }

private:
    int m_fd = -1;
};

struct Pipe {
    Descriptor readEnd;
    Descriptor writeEnd;
};

bool openPipe(Pipe& pipe, bool weRead)
{
    int fds[2];
#ifdef Q_OS_LINUX
    if (::pipe2(fds, O_CLOEXEC) != 0) {
        return false;
    }
    ::fcntl(fds[0], F_SETPIPE_SZ, kPipeBytes);
#else
    if (::pipe(fds) != 0) {
        return false;
    }
    ::fcntl(fds[0], F_SETFD, FD_CLOEXEC);
    ::fcntl(fds[1], F_SETFD, FD_CLOEXEC);
#endif
    pipe.readEnd = Descriptor(fds[0]);
    pipe.writeEnd = Descriptor(fds[1]);
    const int ours = weRead ? fds[0] : fds[1];
    ::fcntl(ours, F_SETFL, ::fcntl(ours, F_GETFL) | O_NONBLOCK);
    return true;
}

/// Writing to a child that has gone must be an error, not the end of us.
void ignoreBrokenPipes()
{
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN; // NOLINT
    ::sigaction(SIGPIPE, &ignore, nullptr);
}

/// A descriptor that becomes readable when the process ends, or none where the system has no such thing.
Descriptor watchExit(pid_t pid)
{
#if defined(Q_OS_LINUX) && defined(SYS_pidfd_open)
    return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
#elif defined(Q_OS_MACOS) || defined(Q_OS_BSD4)
    Descriptor queue(::kqueue());
    if (queue.isOpen()) {
        ::fcntl(queue.get(), F_SETFD, FD_CLOEXEC);
        struct kevent change;
        EV_SET(&change, pid, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0, nullptr);
        if (::kevent(queue.get(), &change, 1, nullptr, 0, nullptr) != 0) {
            queue.reset();
        }
    }
    return queue;
#else
    Q_UNUSED(pid);
    return {};
#endif
}

class SpawnSettings {
public:
    SpawnSettings()
    {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawnattr_init(&attributes);
    }
    ~SpawnSettings()
    {
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
    }
    Q_DISABLE_COPY_MOVE(SpawnSettings)

    void useStream(int fd, int as) { ::posix_spawn_file_actions_adddup2(&actions, fd, as); }
    void useFolder(const QByteArray& folder)
    {
        if (!folder.isEmpty()) {
            ::posix_spawn_file_actions_addchdir_np(&actions, folder.constData());
        }
    }
    void isolate()
    {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
        ::posix_spawn_file_actions_addclosefrom_np(&actions, 3);
#endif
        sigset_t none;
        sigset_t all;
        sigemptyset(&none);
        sigfillset(&all);
        sigdelset(&all, SIGKILL);
        sigdelset(&all, SIGSTOP);
        ::posix_spawnattr_setsigmask(&attributes, &none);
        ::posix_spawnattr_setsigdefault(&attributes, &all);
        short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
#ifdef POSIX_SPAWN_SETSID
        flags |= POSIX_SPAWN_SETSID;
#else
        flags |= POSIX_SPAWN_SETPGROUP;
        ::posix_spawnattr_setpgroup(&attributes, 0);
#endif
#ifdef POSIX_SPAWN_CLOEXEC_DEFAULT
        flags |= POSIX_SPAWN_CLOEXEC_DEFAULT;
#endif
        ::posix_spawnattr_setflags(&attributes, flags);
    }

    posix_spawn_file_actions_t actions{};
    posix_spawnattr_t attributes{};
};

class UnixChildProcess final : public ChildProcess {
public:
    UnixChildProcess(ChildHandler& handler, qsizetype maxPendingBytes) : m_handler(handler), m_maxPending(maxPendingBytes) {}
    ~UnixChildProcess() override;

    tl::expected<void, SpawnError> start(const ChildSpec& spec) override;
    qint64 pid() const override { return m_pid; }
    qsizetype read(ChildStream stream, char* into, qsizetype bytes) override;
    Status writeLine(const QByteArray& line) override;
    void closeInput() override;
    void terminate() override { signalGroup(SIGTERM); }
    void kill() override { signalGroup(SIGKILL); }

private:
    void watch(Pipe& input, Pipe& output, Pipe& errors);
    void signalGroup(int signal) const
    {
        if (m_pid > 0 && !m_reaped) {
            ::kill(-m_pid, signal);
        }
    }
    void checkExit();
    void flush();
    void inputFailed();

    ChildHandler& m_handler;
    qsizetype m_maxPending;
    pid_t m_pid = 0;
    bool m_reaped = false;
    Descriptor m_input;
    Descriptor m_output;
    Descriptor m_errors;
    Descriptor m_exit;
    std::unique_ptr<QSocketNotifier> m_inputNotifier;
    std::unique_ptr<QSocketNotifier> m_outputNotifier;
    std::unique_ptr<QSocketNotifier> m_errorsNotifier;
    std::unique_ptr<QSocketNotifier> m_exitNotifier;
    std::unique_ptr<QTimer> m_exitTimer; ///< only where no descriptor tells of the end
    std::deque<QByteArray> m_pending;
    qsizetype m_pendingBytes = 0;
    qsizetype m_pendingOffset = 0; ///< written of the first
    bool m_closeWhenWritten = false;
};

UnixChildProcess::~UnixChildProcess()
{
    if (m_pid <= 0 || m_reaped) {
        return;
    }
    kill();
    // A killed process is gone within microseconds; one that is not (stuck in the kernel) is left to init when we end.
    for (int attempt = 0; attempt < 50; ++attempt) {
        if (::waitpid(m_pid, nullptr, WNOHANG) != 0) {
            break;
        }
        ::usleep(1000);
    }
}

tl::expected<void, ChildProcess::SpawnError> UnixChildProcess::start(const ChildSpec& spec)
{
    ignoreBrokenPipes();
    Pipe input;
    Pipe output;
    Pipe errors;
    if (!openPipe(input, false) || !openPipe(output, true) || !openPipe(errors, true)) {
        const int code = errno;
        return tl::unexpected(
            SpawnError{code,
                       {ErrorCode::ResourceExhausted,
                        QStringLiteral("No pipe could be opened: %1.").arg(QString::fromLocal8Bit(std::strerror(code))),
                        spec.program,
                        {}}});
    }
    SpawnSettings settings;
    settings.useFolder(QFile::encodeName(spec.workingDirectory));
    settings.useStream(input.readEnd.get(), STDIN_FILENO);
    settings.useStream(output.writeEnd.get(), STDOUT_FILENO);
    settings.useStream(errors.writeEnd.get(), STDERR_FILENO);
    settings.isolate();

    const QByteArray program = QFile::encodeName(spec.program);
    std::vector<QByteArray> texts{program};
    for (const QString& argument : spec.arguments) {
        texts.push_back(argument.toLocal8Bit());
    }
    const std::size_t argumentCount = texts.size();
    for (const QString& variable : spec.environment) {
        texts.push_back(variable.toLocal8Bit());
    }
    std::vector<char*> argv;
    std::vector<char*> envp;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        (i < argumentCount ? argv : envp).push_back(texts[i].data());
    }
    argv.push_back(nullptr);
    envp.push_back(nullptr);

    const int code =
        ::posix_spawn(&m_pid, program.constData(), &settings.actions, &settings.attributes, argv.data(), envp.data());
    if (code != 0) {
        m_pid = 0;
        return tl::unexpected(
            SpawnError{code, {ErrorCode::Unavailable, QString::fromLocal8Bit(std::strerror(code)), spec.program, {}}});
    }
    watch(input, output, errors);
    return {};
}

void UnixChildProcess::watch(Pipe& input, Pipe& output, Pipe& errors)
{
    m_input = std::move(input.writeEnd);
    m_output = std::move(output.readEnd);
    m_errors = std::move(errors.readEnd);
    m_exit = watchExit(m_pid);

    m_outputNotifier = std::make_unique<QSocketNotifier>(m_output.get(), QSocketNotifier::Read);
    QObject::connect(m_outputNotifier.get(), &QSocketNotifier::activated, m_outputNotifier.get(),
                     [this] { m_handler.onReadable(ChildStream::Output); });
    m_errorsNotifier = std::make_unique<QSocketNotifier>(m_errors.get(), QSocketNotifier::Read);
    QObject::connect(m_errorsNotifier.get(), &QSocketNotifier::activated, m_errorsNotifier.get(),
                     [this] { m_handler.onReadable(ChildStream::Errors); });
    m_inputNotifier = std::make_unique<QSocketNotifier>(m_input.get(), QSocketNotifier::Write);
    m_inputNotifier->setEnabled(false);
    QObject::connect(m_inputNotifier.get(), &QSocketNotifier::activated, m_inputNotifier.get(), [this] { flush(); });
    if (m_exit.isOpen()) {
        m_exitNotifier = std::make_unique<QSocketNotifier>(m_exit.get(), QSocketNotifier::Read);
        QObject::connect(m_exitNotifier.get(), &QSocketNotifier::activated, m_exitNotifier.get(), [this] { checkExit(); });
    } else {
        m_exitTimer = std::make_unique<QTimer>();
        QObject::connect(m_exitTimer.get(), &QTimer::timeout, m_exitTimer.get(), [this] { checkExit(); });
        m_exitTimer->start(500);
    }
}

qsizetype UnixChildProcess::read(ChildStream stream, char* into, qsizetype bytes)
{
    Descriptor& from = stream == ChildStream::Output ? m_output : m_errors;
    if (!from.isOpen()) {
        return kEnded;
    }
    ssize_t got = 0;
    do {
        got = ::read(from.get(), into, static_cast<std::size_t>(bytes));
    } while (got < 0 && errno == EINTR);
    if (got > 0) {
        return got;
    }
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return kNothingYet;
    }
    std::unique_ptr<QSocketNotifier>& notifier = stream == ChildStream::Output ? m_outputNotifier : m_errorsNotifier;
    if (notifier) {
        notifier->setEnabled(false);
        notifier.release()->deleteLater(); // it may be the one whose signal we are in
    }
    from.reset();
    if (m_exitTimer) {
        m_exitTimer->start(10); // its end is near
    }
    return kEnded;
}

Status UnixChildProcess::writeLine(const QByteArray& line)
{
    if (!m_input.isOpen() || m_closeWhenWritten) {
        return fail(ErrorCode::Unavailable, QStringLiteral("The server's standard input is closed."));
    }
    qsizetype written = 0;
    if (m_pending.empty()) {
        char lineEnd = '\n';
        const std::array<iovec, 2> parts{
            iovec{const_cast<char*>(line.constData()), static_cast<std::size_t>(line.size())}, // NOLINT
            iovec{&lineEnd, 1}};
        ssize_t result = 0;
        do {
            result = ::writev(m_input.get(), parts.data(), 2);
        } while (result < 0 && errno == EINTR);
        if (result == line.size() + 1) {
            return {};
        }
        if (result < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
            m_input.reset();
            m_inputNotifier->setEnabled(false);
            return fail(ErrorCode::Unavailable, QStringLiteral("The server has closed its standard input."));
        }
        written = std::max<ssize_t>(result, 0);
    } else if (m_pendingBytes + line.size() > m_maxPending) {
        return fail(ErrorCode::ResourceExhausted,
                    QStringLiteral("The server does not read its standard input: %1 bytes wait already.").arg(m_pendingBytes));
    }
    QByteArray whole;
    if (written == line.size()) {
        whole = QByteArrayLiteral("\n");
        written = 0;
    } else {
        whole = line + '\n';
    }
    if (m_pending.empty()) {
        m_pendingOffset = written;
    }
    m_pendingBytes += whole.size();
    m_pending.push_back(std::move(whole));
    m_inputNotifier->setEnabled(true);
    return {};
}

void UnixChildProcess::flush()
{
    while (!m_pending.empty()) {
        const QByteArray& first = m_pending.front();
        const ssize_t result =
            ::write(m_input.get(), first.constData() + m_pendingOffset, static_cast<std::size_t>(first.size() - m_pendingOffset));
        if (result < 0) {
            if (errno == EINTR) {
                continue;
            }
            if (errno != EAGAIN && errno != EWOULDBLOCK) {
                inputFailed();
            }
            return;
        }
        m_pendingOffset += result;
        if (m_pendingOffset < first.size()) {
            return;
        }
        m_pendingBytes -= first.size();
        m_pendingOffset = 0;
        m_pending.pop_front();
    }
    m_inputNotifier->setEnabled(false);
    if (m_closeWhenWritten) {
        m_input.reset();
    }
}

void UnixChildProcess::inputFailed()
{
    m_inputNotifier->setEnabled(false);
    m_input.reset();
    m_pending.clear();
    m_pendingBytes = 0;
    m_handler.onWriteFailed({ErrorCode::Unavailable, QStringLiteral("The server has closed its standard input."), {}, {}});
}

void UnixChildProcess::closeInput()
{
    m_closeWhenWritten = true;
    if (m_pending.empty() && m_input.isOpen()) {
        m_inputNotifier->setEnabled(false);
        m_input.reset();
    }
}

void UnixChildProcess::checkExit()
{
    siginfo_t info = {};
    if (m_reaped || ::waitid(P_PID, static_cast<id_t>(m_pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) {
        return;
    }
    if (m_exitNotifier) {
        m_exitNotifier->setEnabled(false);
    }
    if (m_exitTimer) {
        m_exitTimer->stop();
    }
    // While the dead leader is not reaped its group's number cannot be given to anyone else.
    signalGroup(SIGKILL);
    int status = 0;
    ::waitpid(m_pid, &status, 0);
    m_reaped = true;
    ChildExit exit;
    if (WIFEXITED(status)) {
        exit.code = WEXITSTATUS(status);
    } else {
        exit.signal = WTERMSIG(status);
    }
    m_handler.onExit(exit);
}

} // namespace

std::unique_ptr<ChildProcess> ChildProcess::create(ChildHandler& handler, qsizetype maxPendingBytes)
{
    return std::make_unique<UnixChildProcess>(handler, maxPendingBytes);
}

} // namespace oriel::upstream
