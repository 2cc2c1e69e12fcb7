// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bridge_link.h"
#include "downstream/bridge_session.h"
#include "input_reader.h"

#include <QTimer>

#include <memory>

namespace oriel::app {

/// stdin and stdout at one end, a link to an Oriel at the other; what has to be said to either side when the link breaks is
/// BridgeSession's. Ends the program with its exit code. Main thread.
class Bridge final : public QObject {
    Q_OBJECT
public:
    Bridge(std::unique_ptr<BridgeLink> link, const Clock& clock);

private:
    void pass(const downstream::BridgeSession::Output& output);
    void end(int exitCode);

    const Clock& m_clock;
    downstream::BridgeSession m_session;
    std::unique_ptr<BridgeLink> m_link;
    QTimer m_deadline;
    InputReader m_input;
};

} // namespace oriel::app
