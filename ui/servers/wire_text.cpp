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
