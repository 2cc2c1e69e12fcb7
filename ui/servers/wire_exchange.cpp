// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/servers/wire_exchange.h"

#include "ui/servers/wire_text.h"

namespace oriel::ui {
namespace {

using telemetry::WireDirection;
using telemetry::WireFrame;
using telemetry::WireKind;

bool goesToServer(WireDirection direction)
{
    return direction == WireDirection::ClientToGateway || direction == WireDirection::GatewayToServer;
}

bool isAnswer(const WireFrame& frame)
{
    return frame.kind == WireKind::Response || frame.kind == WireKind::Error;
}

bool requiresInput(const WireFrame& frame)
{
    return frame.kind == WireKind::Response && frame.payload.contains("\"input_required\"");
}

bool carriesInput(const WireFrame& frame)
{
    return frame.kind == WireKind::Request && frame.payload.contains("\"inputResponses\"");
}

class Pairing {
public:
    explicit Pairing(WireExchange& exchange) : m_exchange(exchange) {}

    void run()
    {
        for (std::size_t i = 0; i < m_exchange.frames.size(); ++i) {
            if (const auto step = partnerStep(i))
                join(*step, i);
            else
                open(i);
        }
    }

private:
    [[nodiscard]] const WireFrame& frame(std::size_t index) const { return m_exchange.frames[index].frame; }

    void open(std::size_t index)
    {
        ExchangeStep step;
        step.fromClient = goesToServer(frame(index).direction);
        (isClientSide(frame(index).direction) ? step.client : step.server) = index;
        m_exchange.steps.push_back(step);
    }

    void join(std::size_t step, std::size_t index)
    {
        (isClientSide(frame(index).direction) ? m_exchange.steps[step].client : m_exchange.steps[step].server) = index;
    }

    /// The open step on the other side that this frame completes: a kindred one first, else one of another kind that the eras
    /// turn into it.
    [[nodiscard]] std::optional<std::size_t> partnerStep(std::size_t index) const
    {
        // Only what the gateway sends can have come from something.
        if (!isOutgoing(frame(index).direction))
            return std::nullopt;
        const bool toServer = goesToServer(frame(index).direction);
        std::optional<std::size_t> translated;
        for (std::size_t i = 0; i < m_exchange.steps.size(); ++i) {
            const ExchangeStep& step = m_exchange.steps[i];
            const std::optional<std::size_t>& source = toServer ? step.client : step.server;
            const std::optional<std::size_t>& target = toServer ? step.server : step.client;
            if (!source || target || step.fromClient != toServer)
                continue;
            if (isKindred(*source, index))
                return i;
            if (!translated && isTranslated(*source, index))
                translated = i;
        }
        return translated;
    }

    [[nodiscard]] bool isKindred(std::size_t source, std::size_t sent) const
    {
        const WireFrame& from = frame(source);
        const WireFrame& to = frame(sent);
        // An answer is passed on before the next one comes, so the oldest that is open is the one.
        if (isAnswer(from) || isAnswer(to))
            return isAnswer(from) && isAnswer(to);
        return from.kind == to.kind && from.method == to.method && carriesInput(from) == carriesInput(to);
    }

    [[nodiscard]] bool isTranslated(std::size_t source, std::size_t sent) const
    {
        const WireFrame& from = frame(source);
        const WireFrame& to = frame(sent);
        return (requiresInput(from) && to.kind == WireKind::Request) || // a modern server asks a client of before
               (isAnswer(from) && carriesInput(to)) ||                  // and gets the answer
               (from.kind == WireKind::Request && requiresInput(to)) || // a legacy server asks a client of 2026-07-28
               (carriesInput(from) && isAnswer(to));                    // and gets the answer
    }

    WireExchange& m_exchange;
};

} // namespace

const store::WireEntry* WireExchange::clientOf(std::size_t step) const
{
    return step < steps.size() && steps[step].client ? &frames[*steps[step].client] : nullptr;
}

const store::WireEntry* WireExchange::serverOf(std::size_t step) const
{
    return step < steps.size() && steps[step].server ? &frames[*steps[step].server] : nullptr;
}

std::optional<std::size_t> WireExchange::stepOf(std::uint64_t frameId) const
{
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const store::WireEntry* client = clientOf(i);
        const store::WireEntry* server = serverOf(i);
        if ((client != nullptr && client->id == frameId) || (server != nullptr && server->id == frameId))
            return i;
    }
    return std::nullopt;
}

WireExchange pairFrames(std::vector<store::WireEntry> frames)
{
    WireExchange exchange;
    exchange.frames = std::move(frames);
    Pairing(exchange).run();
    return exchange;
}

} // namespace oriel::ui
