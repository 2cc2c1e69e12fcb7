// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/process_group.h"

#include <qt_windows.h>

namespace oriel {

namespace {

void resume(HANDLE process)
{
    using ResumeProcess = LONG(NTAPI*)(HANDLE);
    const auto resumeProcess = reinterpret_cast<ResumeProcess>(GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtResumeProcess"));
    if (resumeProcess != nullptr)
        resumeProcess(process);
}

} // namespace

ProcessGroup::~ProcessGroup()
{
    if (m_job != nullptr)
        CloseHandle(m_job);
}

void ProcessGroup::prepare(QProcess& process)
{
    // Suspended until it is in the job, so that nothing it starts can escape.
    process.setCreateProcessArgumentsModifier(
        [](QProcess::CreateProcessArguments* arguments) { arguments->flags |= CREATE_NO_WINDOW | CREATE_SUSPENDED; });
}

void ProcessGroup::adopt(const QProcess& process)
{
    if (m_job != nullptr)
        return;
    const HANDLE program = OpenProcess(PROCESS_SET_QUOTA | PROCESS_TERMINATE | PROCESS_SUSPEND_RESUME, FALSE,
                                       static_cast<DWORD>(process.processId()));
    if (program == nullptr)
        return;
    m_job = CreateJobObjectW(nullptr, nullptr);
    if (m_job != nullptr) {
        JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {};
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
        SetInformationJobObject(m_job, JobObjectExtendedLimitInformation, &limits, sizeof(limits));
        AssignProcessToJobObject(m_job, program);
    }
    resume(program);
    CloseHandle(program);
}

void ProcessGroup::kill()
{
    if (m_job != nullptr)
        TerminateJobObject(m_job, 1);
}

} // namespace oriel
