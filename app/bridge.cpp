// SPDX-License-Identifier: GPL-3.0-or-later
#include "bridge.h"

#include "base/clock.h"
#include "bridge/bridge.h"
#include "bridge/http_link.h"
#include "bridge/local_link.h"

#include <QCoreApplication>
#include <QTimer>

namespace oriel::app {

int runBridge(const Options& options)
{
    const SystemClock clock;
    std::unique_ptr<BridgeLink> link;
    if (options.url.isEmpty())
        link = std::make_unique<LocalLink>(options, clock);
    else
        link = std::make_unique<HttpLink>(options, clock);
    const Bridge bridge(std::move(link), clock);
    return QCoreApplication::exec();
}

} // namespace oriel::app
