// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

namespace oriel::bench {

/// Processor time of the threads of one name, and how often they were switched in and out.
struct ThreadUsage {
    double cpuSeconds = 0;
    std::uint64_t switches = 0;
};
using ThreadUsages = std::map<std::string, ThreadUsage>;

struct ProcessOptions {
    std::vector<std::string> arguments;
    std::string home;    ///< HOME of the child; its session bus is hidden from it, so no keychain is touched
    std::string logFile; ///< gets stderr
    bool pipes = false;  ///< stdin and stdout are the caller's
    int processor = -1;  ///< pins the child to this one; −1: any
};

/// A child that ends with this object, and with the program that made it, whatever ends that.
class Process {
public:
    /// Ends the program with a message when the child cannot be started.
    Process(const std::string& program, ProcessOptions options);
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    /// SIGTERM, and SIGKILL after ten seconds.
    void stop();
    [[nodiscard]] bool isRunning();
    [[nodiscard]] int in() const { return m_in; }
    [[nodiscard]] int out() const { return m_out; }

    /// Usage by thread name, from /proc.
    [[nodiscard]] ThreadUsages usage() const;
    /// A field of /proc/<pid>/status such as "RssAnon", in bytes.
    [[nodiscard]] double statusBytes(const std::string& field) const;
    /// Begins a new VmHWM.
    void resetPeak() const;

private:
    pid_t m_pid = -1;
    int m_in = -1;
    int m_out = -1;
};

double monotonicSeconds();
/// A directory that is gone with its content when the object goes.
class TemporaryDirectory {
public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    [[nodiscard]] const std::string& path() const { return m_path; }

private:
    std::string m_path;
};

} // namespace oriel::bench
