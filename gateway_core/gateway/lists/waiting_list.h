// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/gateway.h"

namespace oriel::gateway {

struct Gateway::WaitingList {
    WaitingList(downstream::Incoming&& in, telemetry::CallRecord&& rec, mcp::ListKind listKind)
        : incoming(std::move(in)),
          record(std::move(rec)),
          kind(listKind)
    {}
    downstream::Incoming incoming;
    telemetry::CallRecord record;
    mcp::ListKind kind;
    bool missed = false;
    std::int64_t beganNs = 0;
};

} // namespace oriel::gateway
