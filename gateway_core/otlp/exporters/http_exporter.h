// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/auth/request_authorizer.h"
#include "otlp/exporters/answer_text.h"
#include "otlp/exporters/exporter.h"

#include <QNetworkAccessManager>
#include <QSslConfiguration>
#include <QUrl>

#include <array>

class QNetworkReply;

namespace oriel::otlp {

/// OTLP/HTTP with protobuf or JSON (opentelemetry-proto specification.md, §OTLP/HTTP), and spans as Zipkin v2 JSON. Redirects are
/// refused, since they would carry headers with secrets elsewhere. Of an answer that cannot be read, because it is above 4 MiB or
/// its coding is broken or unknown, only the status counts: with a 2xx the data was taken. A request that is larger than the
/// backend takes fails as if it had said 413, unsent. Exporter thread.
class HttpExporter final : public Exporter {
public:
    static Result<std::unique_ptr<Exporter>> create(const config::Destination& destination, const ExporterContext& context);
    ~HttpExporter() override;

    void exportBatch(Signal signal, const QByteArray& request, Done done) override;
    [[nodiscard]] Encoding encoding() const override { return m_encoding; }

private:
    /// One request from its encoding to its outcome; a refused token is tried again once.
    struct Attempt {
        Signal signal = Signal::Traces;
        QByteArray body; ///< as it is sent
        RequestHeaders headers;
        Done done;
        bool isSecond = false;
    };
    HttpExporter(const config::Destination& destination, const ExporterContext& context, QSslConfiguration tls);
    [[nodiscard]] Result<QByteArray> bodyOf(Signal signal, const QByteArray& request) const;
    [[nodiscard]] Result<RequestHeaders> headersFor(Signal signal) const;
    [[nodiscard]] QNetworkRequest networkRequest(Signal signal, const RequestHeaders& headers) const;
    void authorize(std::shared_ptr<Attempt> attempt);
    void send(const std::shared_ptr<Attempt>& attempt, const RequestHeaders& authorization);
    void finish(Done done, const ExportOutcome& outcome);
    [[nodiscard]] ExportOutcome judge(QNetworkReply& reply, const QByteArray& received, const QString& abortReason) const;
    [[nodiscard]] ExportOutcome judgeError(QNetworkReply& reply, int status, const QByteArray& body) const;

    config::Destination m_destination;
    ExporterContext m_context;
    Encoding m_encoding;
    std::array<QUrl, kSignalCount> m_urls;
    QSslConfiguration m_tls;
    QNetworkAccessManager m_network;
    AnswerText m_answerText;
    std::unique_ptr<RequestAuthorizer> m_authorizer; ///< null: the headers are all there is
};

} // namespace oriel::otlp
