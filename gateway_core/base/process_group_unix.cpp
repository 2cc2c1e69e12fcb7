// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/process_group.h"

#include <csignal>
#include <unistd.h>

namespace oriel {

ProcessGroup::~ProcessGroup() = default;

void ProcessGroup::prepare(QProcess& process)
{
    process.setChildProcessModifier([] { (void)::setpgid(0, 0); });
}

void ProcessGroup::adopt(const QProcess& process)
{
    m_leader = m_leader != 0 ? m_leader : process.processId();
}

void ProcessGroup::kill()
{
    if (m_leader > 0)
        (void)::kill(static_cast<pid_t>(-m_leader), SIGKILL);
    m_leader = 0;
}

} // namespace oriel
