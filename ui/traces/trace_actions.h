// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/gateway_service.h"
#include "ui/traces/trace_words.h"

#include <QObject>

class QWidget;

namespace oriel::ui {

/// Takes a trace elsewhere: to the clipboard as id, JSON-RPC request or OTLP JSON, or to a file. Encoding happens on worker
/// threads; what came of it is told by notice(). GUI thread.
class TraceActions : public QObject {
    Q_OBJECT
public:
    TraceActions(service::GatewayService& service, QWidget* page);

    void copyTraceId(const TraceId& id);
    void copyOtlp(const TraceId& id);
    /// The request of the call that `span` belongs to; an invalid span means the first call of the trace.
    void copyRequest(const TraceTarget& target);
    /// Asks for a file name, then exports.
    void exportTrace(const TraceId& id);
    void exportTo(const TraceId& id, const QString& path);

Q_SIGNALS:
    void notice(const QString& text);

private:
    void copy(const QString& text, const QString& what);

    service::GatewayService& m_service;
    QWidget* m_page;
};

} // namespace oriel::ui
