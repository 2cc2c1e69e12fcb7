// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/auth/command_token.h"

#include "base/clock.h"
#include "otlp/auth/token_endpoint.h"

#include <QTimer>

namespace oriel::otlp {

namespace {

constexpr qsizetype kMaxPrinted = 64LL * 1024;

/// Nothing of it is heard any more, and its program is gone.
void silence(QProcess& process, ProcessGroup& group)
{
    process.disconnect();
    if (process.state() != QProcess::NotRunning) {
        group.adopt(process); // started() may not have been told of yet
        group.kill();
        process.kill();
        // It cannot refuse, and a QProcess must not end before its program.
        process.waitForFinished();
    }
}

} // namespace

CommandTokenSource::CommandTokenSource(QStringList command, const Clock& clock, std::chrono::milliseconds timeLimit)
    : m_command(std::move(command)),
      m_clock(clock),
      m_timeLimit(timeLimit)
{}

CommandTokenSource::~CommandTokenSource()
{
    if (m_process) {
        silence(*m_process, *m_group);
        delete m_process;
    }
}

void CommandTokenSource::fetch(Done done)
{
    m_done = std::move(done);
    m_printed.clear();
    auto* process = new QProcess;
    m_process = process;
    process->setProgram(m_command.value(0));
    process->setArguments(m_command.mid(1));
    m_group = std::make_unique<ProcessGroup>();
    ProcessGroup::prepare(*process);
    QObject::connect(process, &QProcess::started, process, [this, process] { m_group->adopt(*process); });
    process->setStandardInputFile(QProcess::nullDevice());
    process->setStandardErrorFile(QProcess::nullDevice());
    QObject::connect(process, &QProcess::readyReadStandardOutput, process, [this, process] {
        m_printed += process->readAllStandardOutput();
        if (m_printed.size() > kMaxPrinted)
            finish(fail(ErrorCode::TooLarge, QStringLiteral("the token command printed more than 64 KiB"), m_command.value(0)));
    });
    QObject::connect(process, &QProcess::errorOccurred, process, [this, process](QProcess::ProcessError error) {
        if (error == QProcess::FailedToStart)
            finish(fail(ErrorCode::NotFound,
                        QStringLiteral("the token command cannot be started: %1").arg(process->errorString()), m_command.value(0),
                        QStringLiteral("Give the program's whole path in auth.command.")));
    });
    QObject::connect(process, &QProcess::finished, process, [this, process](int exitCode, QProcess::ExitStatus status) {
        m_printed += process->readAllStandardOutput();
        if (status != QProcess::NormalExit || exitCode != 0) {
            const QString how =
                status == QProcess::NormalExit ? QStringLiteral("ended with %1").arg(exitCode) : QStringLiteral("crashed");
            return finish(fail(ErrorCode::Unavailable, QStringLiteral("the token command %1").arg(how), m_command.value(0),
                               QStringLiteral("Run it in a terminal to see why.")));
        }
        auto token = m_printed.size() > kMaxPrinted ? fail(ErrorCode::TooLarge, QStringLiteral("too much was printed"))
                                                    : parsePrintedToken(m_printed, m_clock.unixNs());
        if (!token)
            token = fail(ErrorCode::Unavailable, token.error().message, m_command.value(0));
        finish(std::move(token));
    });
    QTimer::singleShot(m_timeLimit, process, [this, process] {
        if (m_process != process)
            return; // it has ended and waits for its deletion
        finish(fail(ErrorCode::Timeout, QStringLiteral("the token command took longer than %1 ms").arg(m_timeLimit.count()),
                    m_command.value(0)));
    });
    // Not at once: a program that cannot be started would be told of before this returns.
    QTimer::singleShot(0, process, [process] { process->start(QIODevice::ReadOnly); });
}

void CommandTokenSource::finish(Result<AccessToken> token)
{
    // This runs within a signal of the process.
    silence(*m_process, *m_group);
    std::exchange(m_process, nullptr)->deleteLater();
    m_printed.fill('\0');
    m_printed.clear();
    // Whoever is called back may end this object.
    const Done done = std::exchange(m_done, nullptr);
    done(token);
}

} // namespace oriel::otlp
