// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/process_metrics.h"

#include "telemetry/metrics.h"

#include <QCoreApplication>

#if defined(Q_OS_LINUX)
#include <QDir>
#include <QFile>

#include <unistd.h>
#elif defined(Q_OS_UNIX)
#include <sys/resource.h>
#elif defined(Q_OS_WIN)
#include <windows.h>
// psapi.h needs windows.h before it.
#include <psapi.h>
#endif

#include <array>
#include <map>

namespace oriel::telemetry {

namespace {

#if defined(Q_OS_LINUX)

/// Seconds since 1970 at which the system started; 0 when it cannot be read.
double bootUnixSeconds()
{
    QFile file(QStringLiteral("/proc/stat"));
    if (!file.open(QIODevice::ReadOnly))
        return 0;
    const QByteArray content = file.readAll();
    const qsizetype line = content.indexOf("btime ");
    return line < 0 ? 0 : content.mid(line + 6, content.indexOf('\n', line) - line - 6).trimmed().toDouble();
}

std::optional<ProcessUsage> readUsage(qint64 pid)
{
    const QString folder = pid == 0 ? QStringLiteral("/proc/self") : QStringLiteral("/proc/%1").arg(pid);
    QFile file(folder + QStringLiteral("/stat"));
    if (!file.open(QIODevice::ReadOnly))
        return std::nullopt;
    const QByteArray content = file.readAll();
    // The second field is the command in parentheses and may hold anything, so fields count from the last parenthesis.
    const QList<QByteArray> fields = content.mid(content.lastIndexOf(')') + 2).split(' ');
    constexpr qsizetype kState = 3;
    const auto field = [&](qsizetype number) {
        return number - kState < fields.size() ? fields[number - kState].toDouble() : 0.0;
    };
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    ProcessUsage usage;
    usage.cpuSeconds = (field(14) + field(15)) / ticks;
    usage.residentBytes = static_cast<std::int64_t>(field(24)) * sysconf(_SC_PAGESIZE);
    usage.startUnixSeconds = bootUnixSeconds() + field(22) / ticks;
    const QDir fds(folder + QStringLiteral("/fd"));
    if (fds.isReadable())
        usage.openFds = static_cast<std::int64_t>(fds.entryList(QDir::AllEntries | QDir::System | QDir::NoDotAndDotDot).size());
    return usage;
}

#elif defined(Q_OS_WIN)

std::optional<ProcessUsage> readUsage(qint64 pid)
{
    const HANDLE process =
        pid == 0 ? GetCurrentProcess() : OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, static_cast<DWORD>(pid));
    if (process == nullptr)
        return std::nullopt;
    const auto in100Ns = [](const FILETIME& time) {
        return (static_cast<quint64>(time.dwHighDateTime) << 32U) | time.dwLowDateTime;
    };
    ProcessUsage usage;
    FILETIME created, exited, kernel, user;
    if (GetProcessTimes(process, &created, &exited, &kernel, &user)) {
        usage.cpuSeconds = static_cast<double>(in100Ns(kernel) + in100Ns(user)) * 1e-7;
        usage.startUnixSeconds = static_cast<double>(in100Ns(created)) * 1e-7 - 11644473600.0;
    }
    PROCESS_MEMORY_COUNTERS memory;
    if (GetProcessMemoryInfo(process, &memory, sizeof memory))
        usage.residentBytes = static_cast<std::int64_t>(memory.WorkingSetSize);
    DWORD handles = 0;
    if (GetProcessHandleCount(process, &handles))
        usage.openFds = handles;
    if (pid != 0)
        CloseHandle(process);
    return usage;
}

#else

std::optional<ProcessUsage> readUsage(qint64 pid)
{
    if (pid != 0)
        return std::nullopt;
    rusage used{};
    if (getrusage(RUSAGE_SELF, &used) != 0)
        return std::nullopt;
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    ProcessUsage usage;
    usage.cpuSeconds = seconds(used.ru_utime) + seconds(used.ru_stime);
    return usage;
}

#endif

using UsageByServer = std::map<QByteArray, ProcessUsage>;

struct ProcessMetric {
    MetricId id;
    double (*valueOf)(const ProcessUsage& usage); ///< below 0: not known
};
constexpr std::array kProcessMetrics{
    ProcessMetric{MetricId::ProcessCpuSeconds, [](const ProcessUsage& usage) { return usage.cpuSeconds; }},
    ProcessMetric{MetricId::ProcessResidentMemory,
                  [](const ProcessUsage& usage) { return static_cast<double>(usage.residentBytes); }},
    ProcessMetric{MetricId::ProcessOpenFds, [](const ProcessUsage& usage) { return static_cast<double>(usage.openFds); }},
    ProcessMetric{MetricId::ProcessStartTime, [](const ProcessUsage& usage) { return usage.startUnixSeconds; }},
};

void observe(MetricRegistry& registry, const ProcessMetric& metric, const UsageByServer& usages)
{
    std::map<QByteArray, double> before;
    registry.visitValues(metric.id, [&before](std::span<const QByteArray> labels, double value) {
        before.emplace(labels.empty() ? QByteArray() : labels.front(), value);
    });
    for (const auto& [server, usage] : usages) {
        const double value = metric.valueOf(usage);
        if (value < 0)
            continue;
        if (const auto known = before.find(server); known != before.end()) {
            // Another process by now, whose counter has another start.
            if (metric.id == MetricId::ProcessCpuSeconds && value < known->second)
                registry.remove(metric.id, std::span(&server, 1));
            before.erase(known);
        }
        registry.set(metric.id, {server}, value);
    }
    for (const auto& gone : before)
        registry.remove(metric.id, std::span(&gone.first, 1));
}

} // namespace

std::optional<ProcessUsage> readProcessUsage(qint64 pid)
{
    if (pid < 0)
        return std::nullopt;
    return readUsage(pid == QCoreApplication::applicationPid() ? 0 : pid);
}

void observeProcesses(MetricRegistry& registry, std::span<const WatchedProcess> children)
{
    UsageByServer usages;
    const auto measure = [&usages](const WatchedProcess& process) {
        if (const auto usage = readProcessUsage(process.pid))
            usages[process.server] = *usage;
    };
    measure({});
    for (const WatchedProcess& child : children) {
        if (child.pid > 0)
            measure(child);
    }
    for (const ProcessMetric& metric : kProcessMetrics)
        observe(registry, metric, usages);
}

} // namespace oriel::telemetry
