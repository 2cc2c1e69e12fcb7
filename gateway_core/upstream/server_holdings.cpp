// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/server_connection_p.h"

namespace oriel::upstream {

Holdings ServerConnection::holdings() const
{
    // The subscription to changes lasts as long as the server does (and two do for a moment); nobody waits for its answer.
    const qsizetype own = !d->isHttp() ? 0 : (d->listening.id != 0 ? 1 : 0) + (d->listening.previous != 0 ? 1 : 0);
    const qsizetype open = d->link && d->link->transport ? d->link->transport->openRequests() : 0;
    Holdings held;
    held.add("pending calls", d->calls.size())
        .add("queued calls", static_cast<qsizetype>(d->queue.size()))
        .add("calls in flight", d->inFlight)
        .add("untold replies", static_cast<qsizetype>(d->ended.size()))
        .add("watched resources", d->listening.uris.size())
        .add("open requests", open - std::min(open, own));
    return held;
}

} // namespace oriel::upstream
