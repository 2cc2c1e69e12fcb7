// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/servers/wire_text.h"

namespace oriel::ui {

using telemetry::WireDirection;
using telemetry::WireKind;

bool isOutgoing(WireDirection direction)
{
    return direction == WireDirection::GatewayToClient || direction == WireDirection::GatewayToServer;
}

bool isClientSide(WireDirection direction)
{
    return direction == WireDirection::ClientToGateway || direction == WireDirection::GatewayToClient;
}

QString peerText(const telemetry::WireFrame& frame)
{
    const QByteArray& name = isClientSide(frame.direction) ? frame.client : frame.server;
    const QString peer = name.isEmpty() ? (isClientSide(frame.direction) ? QStringLiteral("client") : QStringLiteral("server"))
                                        : QString::fromUtf8(name);
    return (isOutgoing(frame.direction) ? QStringLiteral("→ ") : QStringLiteral("← ")) + peer;
}

QString kindWord(WireKind kind)
{
    switch (kind) {
    case WireKind::Request:
        return QStringLiteral("request");
    case WireKind::Response:
        return QStringLiteral("result");
    case WireKind::Error:
        return QStringLiteral("error");
    case WireKind::Notification:
        return QStringLiteral("notification");
    case WireKind::StrayOutput:
        return QStringLiteral("stray stdout");
    case WireKind::Stderr:
        return QStringLiteral("stderr");
    case WireKind::Lifecycle:
        return QStringLiteral("lifecycle");
    }
    return {};
}

Tone kindTone(WireKind kind)
{
    switch (kind) {
    case WireKind::Error:
        return Tone::Error;
    case WireKind::StrayOutput:
        return Tone::Warning;
    case WireKind::Lifecycle:
        return Tone::Accent;
    case WireKind::Request:
    case WireKind::Response:
    case WireKind::Notification:
    case WireKind::Stderr:
        break;
    }
    return Tone::Neutral;
}

QString eraWord(telemetry::WireEra era)
{
    switch (era) {
    case telemetry::WireEra::Legacy:
        return QStringLiteral("legacy");
    case telemetry::WireEra::Modern:
        return QStringLiteral("modern");
    case telemetry::WireEra::Unknown:
        break;
    }
    return {};
}

QString transportWord(telemetry::Transport transport)
{
    switch (transport) {
    case telemetry::Transport::Stdio:
        return QStringLiteral("stdio");
    case telemetry::Transport::Http:
        return QStringLiteral("HTTP");
    case telemetry::Transport::Sse:
        return QStringLiteral("HTTP+SSE");
    }
    return {};
}

QString carrierText(const store::WireEntry& entry)
{
    const telemetry::WireFrame& frame = entry.frame;
    if (frame.kind > WireKind::Notification)
        return {};
    if (frame.carrier != telemetry::WireCarrier::Plain) {
        QString words = frame.carrier == telemetry::WireCarrier::OwnEvent ? QStringLiteral("own event") : QStringLiteral("event");
        if (!frame.eventId.isEmpty())
            words += QLatin1Char(' ') + QString::fromUtf8(frame.eventId.left(24));
        return words;
    }
    if (entry.transport == telemetry::Transport::Stdio)
        return QStringLiteral("line");
    const bool request = frame.direction == WireDirection::ClientToGateway || frame.direction == WireDirection::GatewayToServer;
    return request ? QStringLiteral("POST") : QStringLiteral("answer");
}

QString previewOf(const QByteArray& payload, qsizetype characters)
{
    QString text = QString::fromUtf8(payload.left(characters * 4)).left(characters).simplified();
    if (payload.size() > characters * 4 || QString::fromUtf8(payload.left(characters * 4)).size() > characters)
        text += QStringLiteral(" …");
    return text;
}

QString spanTarget(const telemetry::WireFrame& frame)
{
    if (!frame.traceId.isValid())
        return {};
    const QString trace = QString::fromLatin1(frame.traceId.toHex());
    return frame.spanId.isValid() ? trace + QLatin1Char('/') + QString::fromLatin1(frame.spanId.toHex()) : trace;
}

QString kindGroupWord(KindGroup group)
{
    switch (group) {
    case KindGroup::Calls:
        return QStringLiteral("Calls");
    case KindGroup::Notifications:
        return QStringLiteral("Notifications");
    case KindGroup::Output:
        return QStringLiteral("stderr, stdout");
    case KindGroup::Lifecycle:
        return QStringLiteral("Lifecycle");
    }
    return {};
}

std::vector<WireKind> kindsOf(KindGroup group)
{
    switch (group) {
    case KindGroup::Calls:
        return {WireKind::Request, WireKind::Response, WireKind::Error};
    case KindGroup::Notifications:
        return {WireKind::Notification};
    case KindGroup::Output:
        return {WireKind::StrayOutput, WireKind::Stderr};
    case KindGroup::Lifecycle:
        return {WireKind::Lifecycle};
    }
    return {};
}

} // namespace oriel::ui
