// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/auth/request_authorizer.h"
#include "otlp/exporters/answer_text.h"
#include "otlp/exporters/exporter.h"

#include <QObject>

#include <memory>

class QTimer;

namespace oriel::otlp {

/// OTLP/gRPC over generic stubs, no generated code. Requests are started on the exporter thread and completed by one thread of
/// its own that sleeps until gRPC has something to say. Channels and thread end when nothing was sent for a while, and are opened
/// again for the next request. They end with a failure that is worth another try, too: gRPC would refuse by itself for up to two
/// minutes, and who tries again decides when. An answer above 4 MiB is not read; its request counts as taken. Exporter thread.
class GrpcExporter final : public Exporter {
public:
    static Result<std::unique_ptr<Exporter>> create(const config::Destination& destination, const ExporterContext& context);
    ~GrpcExporter() override;

    void exportBatch(Signal signal, const QByteArray& request, Done done) override;
    [[nodiscard]] Encoding encoding() const override { return Encoding::Protobuf; }

private:
    class Worker;
    /// One request until its outcome; a refused token is tried again once.
    struct Attempt {
        Signal signal = Signal::Traces;
        QByteArray request;
        RequestHeaders headers;
        Done done;
        bool isSecond = false;
    };
    GrpcExporter(const config::Destination& destination, const ExporterContext& context);
    Status openChannels();
    void authorize(std::shared_ptr<Attempt> attempt);
    void send(const std::shared_ptr<Attempt>& attempt, const RequestHeaders& authorization);
    void answered(ExportOutcome::Kind kind);
    void finish(Done done, const ExportOutcome& outcome);

    config::Destination m_destination;
    ExporterContext m_context;
    std::unique_ptr<QObject> m_home;  ///< results are posted to it; its end is the end of all call-backs
    QTimer* m_idleTimer;              ///< of m_home; runs while channels are open and nothing is under way
    std::unique_ptr<Worker> m_worker; ///< null: no channel is open
    int m_inFlight = 0;
    AnswerText m_answerText;
    std::unique_ptr<RequestAuthorizer> m_authorizer; ///< null: the headers are all there is
};

} // namespace oriel::otlp
