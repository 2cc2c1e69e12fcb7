// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "downstream/http_endpoint.h"
#include "service/stores.h"
#include "service/telemetry_pipeline.h"

#include <QObject>
#include <QThreadPool>

#include <functional>

namespace oriel::service {

/// The routes beside /mcp: `/healthz`, `/metrics`, and `/api/v1/` with metrics, series, status, traces, logs and audit. Token and
/// scope were checked by the endpoint. Lives on the gateway thread and never blocks it: queries run on the readers' pool and come
/// back.
class HttpApi final : public QObject {
    Q_OBJECT
public:
    struct Dependencies {
        Stores& stores;
        TelemetryPipeline& pipeline;
        QThreadPool& readers;
        std::shared_ptr<const telemetry::Resource> resource;
        /// Gives the JSON of /api/v1/status to its argument, now or later, on any thread; never after the API is gone.
        std::function<void(std::function<void(const QByteArray&)>)> status;
    };
    explicit HttpApi(Dependencies dependencies, QObject* parent = nullptr);

    using Answer = downstream::HttpEndpoint::ApiAnswer;
    void handle(const http::Request& request, Answer answer);

private:
    /// Runs `work` on the pool and answers with what it gives.
    void answerLater(Answer answer, std::function<http::Response()> work);
    void metrics(const http::Request& request, Answer answer);

    Dependencies m_deps;
};

} // namespace oriel::service
