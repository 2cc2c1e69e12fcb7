// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/exporter.h"

#include <QNetworkAccessManager>
#include <QSslConfiguration>
#include <QUrl>

#include <array>

class QNetworkReply;

namespace oriel::otlp {

/// OTLP/HTTP with protobuf or JSON (opentelemetry-proto specification.md, §OTLP/HTTP). Redirects are refused, since they would
/// carry headers with secrets elsewhere; answers above 4 MiB are refused too. Exporter thread.
class HttpExporter final : public Exporter {
public:
    static Result<std::unique_ptr<Exporter>> create(const config::Destination& destination, const ExporterContext& context);
    ~HttpExporter() override;

    void exportBatch(Signal signal, const QByteArray& request, Done done) override;
    [[nodiscard]] Encoding encoding() const override { return m_encoding; }

private:
    HttpExporter(const config::Destination& destination, const ExporterContext& context);
    Status loadTls();
    [[nodiscard]] Result<QNetworkRequest> makeRequest(Signal signal) const;
    [[nodiscard]] ExportOutcome judge(QNetworkReply& reply, const QByteArray& body, const QString& abortReason) const;
    [[nodiscard]] ExportOutcome judgeError(QNetworkReply& reply, int status, const QByteArray& body) const;

    config::Destination m_destination;
    ExporterContext m_context;
    Encoding m_encoding;
    std::array<QUrl, kSignalCount> m_urls;
    QSslConfiguration m_tls;
    QNetworkAccessManager m_network;
};

} // namespace oriel::otlp
