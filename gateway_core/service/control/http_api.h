// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "downstream/http_endpoint.h"
#include "service/pipeline/stores.h"
#include "service/pipeline/telemetry_pipeline.h"

#include <QObject>
#include <QThreadPool>

#include <functional>

namespace oriel::service {

/// A command of `/api/v1/export`.
struct ExportRequest {
    using Respond = std::function<void(int status, const QByteArray& json)>;
    QString destination; ///< empty: tell of all
    QByteArray action;   ///< "pause", "resume", "retry", "clear", "test"
};

/// The routes beside /mcp: `/healthz`, `/metrics`, and `/api/v1/` with metrics, series, status, traces, logs, audit and export.
/// Token and scope were checked by the endpoint. All are read with GET; `POST /api/v1/export/<destination>/<action>` changes
/// something. Lives on the gateway thread and never blocks it: queries run on the readers' pool and come back.
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
        /// Carries out a command and answers, now or later, on any thread; never after the API is gone.
        std::function<void(const ExportRequest&, const ExportRequest::Respond&)> exports = {};
    };
    explicit HttpApi(Dependencies dependencies, QObject* parent = nullptr);

    using Answer = downstream::HttpEndpoint::ApiAnswer;
    void handle(const http::Request& request, Answer answer);

private:
    /// Runs `work` on the pool and answers with what it gives.
    void answerLater(Answer answer, std::function<http::Response()> work);
    void metrics(const http::Request& request, Answer answer);
    void exports(const http::Request& request, Answer answer);

    Dependencies m_deps;
};

} // namespace oriel::service
