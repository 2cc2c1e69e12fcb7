// SPDX-License-Identifier: GPL-3.0-or-later
#include "process.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace oriel::bench {

namespace {

[[noreturn]] void die(const std::string& what)
{
    std::fprintf(stderr, "bench_gateway: %s: %s\n", what.c_str(), std::strerror(errno));
    std::exit(1);
}

[[noreturn]] void become(const std::string& program, const ProcessOptions& options, const int* toChild, const int* fromChild)
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (options.processor >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(static_cast<unsigned>(options.processor), &set);
        ::sched_setaffinity(0, sizeof set, &set);
    }
    ::dup2(options.pipes ? toChild[0] : ::open("/dev/null", O_RDONLY), STDIN_FILENO);
    ::dup2(options.pipes ? fromChild[1] : ::open("/dev/null", O_WRONLY), STDOUT_FILENO);
    if (!options.logFile.empty())
        ::dup2(::open(options.logFile.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), STDERR_FILENO);
    if (!options.home.empty()) {
        ::setenv("HOME", options.home.c_str(), 1);
        ::setenv("XDG_CONFIG_HOME", (options.home + "/config").c_str(), 1);
        ::unsetenv("DBUS_SESSION_BUS_ADDRESS");
    }
    std::vector<char*> arguments{const_cast<char*>(program.c_str())};
    for (const std::string& argument : options.arguments)
        arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    ::execv(program.c_str(), arguments.data());
    ::_exit(127);
}

} // namespace

double monotonicSeconds()
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Process::Process(const std::string& program, ProcessOptions options)
{
    int toChild[2] = {-1, -1};
    int fromChild[2] = {-1, -1};
    if (options.pipes && (::pipe2(toChild, O_CLOEXEC) != 0 || ::pipe2(fromChild, O_CLOEXEC) != 0))
        die("pipe");
    if (::access(program.c_str(), X_OK) != 0)
        die(program);
    m_pid = ::fork();
    if (m_pid < 0)
        die("fork");
    if (m_pid == 0)
        become(program, options, toChild, fromChild);
    if (options.pipes) {
        ::close(toChild[0]);
        ::close(fromChild[1]);
        m_in = toChild[1];
        m_out = fromChild[0];
    }
}

Process::~Process()
{
    stop();
}

bool Process::isRunning()
{
    if (m_pid > 0 && ::waitpid(m_pid, nullptr, WNOHANG) == m_pid)
        m_pid = -1;
    return m_pid > 0;
}

void Process::stop()
{
    if (m_in >= 0)
        ::close(m_in);
    if (m_out >= 0)
        ::close(m_out);
    m_in = m_out = -1;
    if (!isRunning())
        return;
    ::kill(m_pid, SIGTERM);
    for (const double end = monotonicSeconds() + 10; isRunning();) {
        if (monotonicSeconds() > end)
            ::kill(m_pid, SIGKILL);
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

ThreadUsages Process::usage() const
{
    ThreadUsages usages;
    std::error_code error;
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(m_pid) + "/task", error)) {
        std::string name;
        std::getline(std::ifstream(task.path() / "comm"), name);
        double runNs = 0;
        double waitedNs = 0;
        std::uint64_t slices = 0;
        if (std::ifstream(task.path() / "schedstat") >> runNs >> waitedNs >> slices) {
            usages[name].cpuSeconds += runNs / 1e9;
            usages[name].switches += slices;
        }
    }
    return usages;
}

double Process::statusBytes(const std::string& field) const
{
    std::ifstream status("/proc/" + std::to_string(m_pid) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.compare(0, field.size() + 1, field + ":") == 0)
            return std::strtod(line.c_str() + field.size() + 1, nullptr) * 1024;
    }
    return 0;
}

void Process::resetPeak() const
{
    std::ofstream("/proc/" + std::to_string(m_pid) + "/clear_refs") << "5";
}

TemporaryDirectory::TemporaryDirectory()
{
    std::string pattern = (std::filesystem::temp_directory_path() / "oriel-bench-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
        die("mkdtemp");
    m_path = pattern;
}

TemporaryDirectory::~TemporaryDirectory()
{
    std::error_code ignored;
    std::filesystem::remove_all(m_path, ignored);
}

} // namespace oriel::bench
