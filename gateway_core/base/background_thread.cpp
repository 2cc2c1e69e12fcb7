// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/background_thread.h"

#include <QtGlobal>

#if defined(Q_OS_LINUX)
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(Q_OS_MACOS)
#include <pthread.h>
#include <pthread/qos.h>
#elif defined(Q_OS_WIN)
#include <qt_windows.h>
#endif

namespace oriel {

void enterBackground(const char* name)
{
#if defined(Q_OS_LINUX)
    // Below the process by this much: with everything busy, less could not keep up with the calls it follows.
    constexpr int kNicer = 3;
    ::pthread_setname_np(::pthread_self(), name);
    const sched_param parameter{};
    (void)::pthread_setschedparam(::pthread_self(), SCHED_BATCH, &parameter);
    const auto thread = static_cast<id_t>(::syscall(SYS_gettid)); // on Linux a thread has a nice value of its own
    (void)::setpriority(PRIO_PROCESS, thread, ::getpriority(PRIO_PROCESS, static_cast<id_t>(::getpid())) + kNicer);
#elif defined(Q_OS_MACOS)
    ::pthread_setname_np(name);
    (void)::pthread_set_qos_class_self_np(QOS_CLASS_UTILITY, 0);
#elif defined(Q_OS_WIN)
    Q_UNUSED(name)
    (void)::SetThreadPriority(::GetCurrentThread(), THREAD_PRIORITY_BELOW_NORMAL);
#else
    Q_UNUSED(name)
#endif
}

} // namespace oriel
