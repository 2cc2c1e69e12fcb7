// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <QByteArray>
#include <QString>
#include <QStringList>

#include <memory>

namespace oriel::upstream {

struct ChildSpec {
    QString program;          ///< absolute
    QStringList arguments;    ///< without argv[0]
    QStringList environment;  ///< NAME=value, the whole of it
    QString workingDirectory; ///< empty: ours
};

struct ChildExit {
    int code = -1;  ///< −1 when a signal ended it
    int signal = 0; ///< 0: it exited
};

enum class ChildStream : quint8 { Output, Errors };

/// Told of what a child does, on its thread, never from within a ChildProcess function. May close the child, must not destroy it.
class ChildHandler {
public:
    virtual ~ChildHandler() = default;
    /// Something can be read(), or the stream has ended.
    virtual void onReadable(ChildStream stream) = 0;
    /// The child could not be written to although it runs: it closed its stdin.
    virtual void onWriteFailed(const Error& error) = 0;
    /// It has ended and was reaped; what it had written can still be read().
    virtual void onExit(const ChildExit& exit) = 0;
};

/// A child with pipes on stdin, stdout and stderr and a process group (Windows: a job) of its own, started without a shell and
/// with no other descriptor of ours. Nothing blocks. Destroying it kills the group. Lives on one thread with an event loop.
class ChildProcess {
public:
    /// Reading returned nothing because nothing is there yet, or because the stream has ended.
    static constexpr qsizetype kNothingYet = -1;
    static constexpr qsizetype kEnded = 0;

    virtual ~ChildProcess() = default;
    /// `maxPendingBytes` of frames wait at most when the child does not read.
    static std::unique_ptr<ChildProcess> create(ChildHandler& handler, qsizetype maxPendingBytes);

    struct SpawnError {
        int systemErrno = 0;
        Error error;
    };
    [[nodiscard]] virtual tl::expected<void, SpawnError> start(const ChildSpec& spec) = 0;
    [[nodiscard]] virtual qint64 pid() const = 0;
    /// Reads up to `bytes`; kNothingYet, kEnded, or their number.
    [[nodiscard]] virtual qsizetype read(ChildStream stream, char* into, qsizetype bytes) = 0;
    /// Writes a line and its LF; what does not fit into the pipe waits. ResourceExhausted when too much waits, Unavailable when
    /// stdin is closed.
    [[nodiscard]] virtual Status writeLine(const QByteArray& line) = 0;
    virtual void closeInput() = 0;
    /// Asks the whole group to end (SIGTERM; on Windows nothing).
    virtual void terminate() = 0;
    /// Ends the whole group at once.
    virtual void kill() = 0;
};

} // namespace oriel::upstream
