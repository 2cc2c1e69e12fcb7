// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QProcess>

namespace oriel {

/// The program of a QProcess with all that it starts, so that they end together: a process group, on Windows a job, which also
/// ends with us. Lives on the thread of the process and as long as that.
class ProcessGroup {
public:
    ProcessGroup() = default;
    /// Windows: ends all that is in the job.
    ~ProcessGroup();
    ProcessGroup(const ProcessGroup&) = delete;
    ProcessGroup& operator=(const ProcessGroup&) = delete;

    /// To be called before QProcess::start(). Windows: the program stays suspended until adopt().
    static void prepare(QProcess& process);
    /// To be called once the program runs, as by started(). The second time does nothing.
    void adopt(const QProcess& process);
    /// Ends all of it at once; the program itself too.
    void kill();

private:
#ifdef Q_OS_WIN
    void* m_job = nullptr;
#else
    qint64 m_leader = 0; ///< 0: nothing was adopted
#endif
};

} // namespace oriel
