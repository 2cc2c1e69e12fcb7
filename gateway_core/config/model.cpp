// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/model.h"

namespace oriel::config {

const Server* findServer(const Config& configuration, QStringView name)
{
    for (const Server& server : configuration.servers) {
        if (server.name == name)
            return &server;
    }
    return nullptr;
}

const Destination* findDestination(const Config& configuration, QStringView name)
{
    for (const Destination& destination : configuration.telemetry.destinations) {
        if (destination.name == name)
            return &destination;
    }
    return nullptr;
}

} // namespace oriel::config
