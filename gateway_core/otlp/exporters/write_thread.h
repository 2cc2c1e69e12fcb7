// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/exporters/exporter.h"

#include <QObject>

#include <functional>
#include <memory>
#include <thread>

namespace oriel::otlp {

/// The thread of an exporter whose writes may block, as those to a pipe that nobody reads. Starts with the first write; writes
/// are done one at a time, in their order. Its end waits for no write: one that is under way is left to itself and what has not
/// begun is dropped. Belongs to an exporter, on its thread.
class WriteThread {
public:
    /// Runs on the thread; must own what it uses.
    using Write = std::function<ExportOutcome()>;
    WriteThread();
    ~WriteThread();
    WriteThread(const WriteThread&) = delete;
    WriteThread& operator=(const WriteThread&) = delete;

    /// Returns at once. `done` is called on the caller's thread, unless this ends before.
    void post(Write write, Exporter::Done done);

private:
    struct State;
    QObject m_home; ///< results are posted to it
    std::shared_ptr<State> m_state;
    std::thread m_thread;
};

} // namespace oriel::otlp
