// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/server_status.h"

namespace oriel::upstream {

QByteArrayView serverStateName(ServerState state)
{
    switch (state) {
    case ServerState::Stopped:
        return "stopped";
    case ServerState::Starting:
        return "starting";
    case ServerState::Handshaking:
        return "handshaking";
    case ServerState::Listing:
        return "listing";
    case ServerState::Ready:
        return "ready";
    case ServerState::Backoff:
        return "backoff";
    case ServerState::Failed:
        return "failed";
    case ServerState::Stopping:
        return "stopping";
    }
    Q_UNREACHABLE();
}

} // namespace oriel::upstream
