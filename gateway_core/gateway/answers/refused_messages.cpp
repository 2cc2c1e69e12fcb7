// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/answers/refused_messages.h"

namespace oriel::gateway {

namespace {

/// What a refusal went out on: one plain answer.
class PlainAnswer final : public downstream::Reply {
public:
    void notify(const QByteArray& /*frame*/) override {}
    void finish(const QByteArray& /*frame*/, int /*httpStatus*/) override {}
    [[nodiscard]] bool isOpen() const override { return false; }
    [[nodiscard]] bool isHttp() const override { return true; }
};

} // namespace

void recordRefused(const GatewayContext& context, ClientWire& wire, const downstream::Incoming& incoming,
                   const downstream::Refusal& refusal)
{
    telemetry::CallRecord record = beginRecord(incoming, context.policy, context.random);
    // A call that was not understood called no tool.
    record.targetKind = telemetry::TargetKind::None;
    if (record.method.isEmpty())
        record.method = QByteArrayLiteral("_OTHER");
    record.overHttp = refusal.httpStatus != 0;
    record.httpStatus = refusal.httpStatus;
    record.responseBytes = refusal.answer.size();
    record.durationNs = context.now() - incoming.startNs;
    recordError(record, telemetry::Outcome::Rejected, QByteArray::number(refusal.code), refusal.code, refusal.reason);
    const auto kind = incoming.message.isNotification() ? telemetry::WireKind::Notification
                      : incoming.message.isAnswer()     ? telemetry::WireKind::Response
                                                        : telemetry::WireKind::Request;
    wire.record(*incoming.session, telemetry::WireDirection::ClientToGateway, kind, &incoming.message, incoming.message.raw,
                &record);
    const PlainAnswer answer;
    if (!refusal.answer.isEmpty())
        wire.record(*incoming.session, telemetry::WireDirection::GatewayToClient, telemetry::WireKind::Error, nullptr,
                    refusal.answer, &record, &answer);
    context.recorder.recordCall(std::move(record));
}

} // namespace oriel::gateway
