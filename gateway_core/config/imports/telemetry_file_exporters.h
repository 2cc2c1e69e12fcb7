// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/imports/yaml_section.h"

namespace oriel::config {

/// Collects the exporters of a declarative configuration's providers. Exporters that differ only in the signal and its URL become
/// one destination. Internal to config/.
class ExporterSections {
public:
    explicit ExporterSections(QString path) : m_path(std::move(path)) {}

    /// `provider`: tracer_provider or logger_provider; `signal`: traces or logs.
    void readProcessors(YamlSection& provider, const QString& signal, Telemetry& telemetry);
    void readReaders(YamlSection& provider, Telemetry& telemetry);
    /// Adds the destinations under names that are free.
    void addTo(QList<Destination>& destinations) const;

private:
    void readBatch(YamlSection batch, const QString& signal, Telemetry& telemetry);
    void readExporter(YamlSection& owner, const QString& signal);
    void readOtlp(YamlSection otlp, const QString& signal, bool grpc);
    void readZipkin(YamlSection zipkin, YamlSection& exporter, const QString& signal);
    void readMetricForm(YamlSection& otlp, Destination& destination);
    void readFile(YamlSection file, const QString& signal);
    void readTls(YamlSection tls, Destination& destination);
    void readHeaders(YamlSection& otlp, Destination& destination);
    void readInterval(YamlSection& section, const char* name, milliseconds& target, bool& isFirst, qint64 minimum);
    void add(Destination destination, const QString& signal);

    QString m_path;
    QList<Destination> m_destinations;
    bool m_isFirstDelay = true;
    bool m_isFirstInterval = true;
};

} // namespace oriel::config
