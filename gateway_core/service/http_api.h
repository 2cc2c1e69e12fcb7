// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/exchange.h"
#include "service/stores.h"
#include "service/telemetry_pipeline.h"

#include <QObject>
#include <QThreadPool>

#include <functional>

namespace oriel::service {

/// The routes beside /mcp: `/healthz`, `/metrics`, and `/api/v1/` with metrics, status, traces, logs and audit. Token and scope
/// were checked by the endpoint. Lives on the gateway thread and never blocks it: queries run on the readers' pool and come back.
class HttpApi final : public QObject {
    Q_OBJECT
public:
    struct Dependencies {
        Stores& stores;
        TelemetryPipeline& pipeline;
        QThreadPool& readers;
        std::shared_ptr<const telemetry::Resource> resource;
        std::function<QByteArray()> status; ///< any thread: the JSON of /api/v1/status
    };
    explicit HttpApi(Dependencies dependencies, QObject* parent = nullptr);

    void handle(http::Request&& request, http::Exchange exchange, const QByteArray& requestId);

private:
    /// Runs `work` on the pool and answers with what it gives.
    void answerLater(http::Exchange exchange, const QByteArray& requestId, std::function<http::Response()> work);
    void metrics(const http::Request& request, http::Exchange exchange, const QByteArray& requestId);

    Dependencies m_deps;
};

} // namespace oriel::service
