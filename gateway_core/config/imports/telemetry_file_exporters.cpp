// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/imports/telemetry_file_exporters.h"

#include "config/environment/key_values.h"
#include "config/environment/variable_reader.h"
#include "config/settings/settings_table.h"

#include <QUrl>

namespace oriel::config {

namespace {

constexpr qint64 kDay = 24LL * 3600 * 1000;

bool& signalFlag(Destination& destination, const QString& signal)
{
    return signal == QLatin1String("traces")    ? destination.traces
           : signal == QLatin1String("metrics") ? destination.metrics
                                                : destination.logs;
}

bool isOneDestination(const Destination& a, const Destination& b)
{
    return a.protocol == b.protocol && a.endpoint == b.endpoint && a.headers == b.headers && a.compression == b.compression &&
           a.timeout == b.timeout && a.insecure == b.insecure && a.caFile == b.caFile && a.certFile == b.certFile &&
           a.keyFile == b.keyFile;
}

/// Endpoints of OTLP/HTTP are whole URLs in such a file. One that ends as the base URL would make it is kept as the base, so that
/// exporters of several signals to one place are one destination.
void setHttpEndpoint(Destination& destination, const QString& url, const QString& signal)
{
    const QString suffix = QStringLiteral("/v1/") + signal;
    if (url.endsWith(suffix))
        destination.endpoint = url.chopped(suffix.size());
    else
        destination.signalEndpoints.insert(signal, url);
}

bool isUrlFor(const QString& text, bool grpc)
{
    if (grpc && isGrpcTarget(text))
        return true;
    const bool hasScheme = text.contains(QLatin1String("://"));
    const QUrl url(hasScheme ? text : QStringLiteral("rpc://") + text, QUrl::StrictMode);
    const bool http = url.scheme() == QLatin1String("http") || url.scheme() == QLatin1String("https");
    return url.isValid() && !url.host().isEmpty() && (http || (grpc && url.scheme() == QLatin1String("rpc")));
}

} // namespace

/// Several processors may wait for different times; Oriel has one interval, and the shortest keeps every promise.
void ExporterSections::readInterval(YamlSection& section, const char* name, milliseconds& target, bool& isFirst, qint64 minimum)
{
    const auto given = section.integer(name, minimum, kDay);
    if (!given)
        return;
    const milliseconds interval(*given);
    if (!isFirst && interval != target)
        section.warning(*section.take(name), name, QStringLiteral("differs from an earlier one; the shorter counts for both"));
    target = isFirst ? interval : std::min(interval, target);
    isFirst = false;
}

void ExporterSections::readBatch(YamlSection batch, const QString& signal, Telemetry& telemetry)
{
    readInterval(batch, "schedule_delay", telemetry.spanInterval, m_isFirstDelay, 0);
    batch.withoutEffect("export_timeout", 30'000, QStringLiteral("the exporter's timeout ends a request"));
    batch.withoutEffect("max_queue_size", 2048, QStringLiteral("what waits is bounded by its size in bytes"));
    batch.withoutEffect("max_export_batch_size", 512, QStringLiteral("requests are cut by their size in bytes"));
    readExporter(batch, signal);
    batch.reportOthers();
}

void ExporterSections::readProcessors(YamlSection& provider, const QString& signal, Telemetry& telemetry)
{
    for (YamlSection& processor : provider.sections("processors")) {
        for (const char* kind : {"simple", "batch"}) {
            if (processor.has(kind) && processor.take(kind) == nullptr)
                processor.error(*processor.node(), kind, QStringLiteral("expected an exporter"));
        }
        if (const YamlNode* simple = processor.take("simple")) {
            processor.warning(*simple, "simple", QStringLiteral("is taken for batch: Oriel always sends batches"));
            readBatch(processor.section("simple"), signal, telemetry);
        }
        if (processor.take("batch") != nullptr)
            readBatch(processor.section("batch"), signal, telemetry);
        processor.reportOthers();
    }
}

void ExporterSections::readReaders(YamlSection& provider, Telemetry& telemetry)
{
    for (YamlSection& reader : provider.sections("readers")) {
        reader.withoutEffect("pull", QStringLiteral("/metrics is always there, on the gateway's port"));
        if (reader.has("periodic") && reader.take("periodic") == nullptr)
            reader.error(*reader.node(), "periodic", QStringLiteral("expected an exporter"));
        if (reader.take("periodic") != nullptr) {
            YamlSection periodic = reader.section("periodic");
            readInterval(periodic, "interval", telemetry.metricInterval, m_isFirstInterval, 1);
            periodic.withoutEffect("timeout", 30'000, QStringLiteral("the exporter's timeout ends a request"));
            periodic.withoutEffect("producers", QStringLiteral("its metrics are its own"));
            periodic.withoutEffect("cardinality_limits",
                                   QStringLiteral("it has 2,000 points for each metric, or what a view says"));
            readExporter(periodic, QStringLiteral("metrics"));
            periodic.reportOthers();
        }
        reader.reportOthers();
    }
}

void ExporterSections::readExporter(YamlSection& owner, const QString& signal)
{
    if (!owner.exists())
        return;
    YamlSection exporter = owner.section("exporter");
    if (owner.take("exporter") == nullptr)
        owner.error(*owner.node(), "exporter", QStringLiteral("expected an exporter"));
    if (!exporter.exists())
        return;
    if (exporter.has("otlp_http"))
        readOtlp(exporter.section("otlp_http"), signal, false);
    if (exporter.has("otlp_grpc"))
        readOtlp(exporter.section("otlp_grpc"), signal, true);
    for (const char* file : {"otlp_file", "otlp_file/development"}) {
        if (exporter.has(file))
            readFile(exporter.section(file), signal);
    }
    if (exporter.has("console")) {
        Destination console;
        console.protocol = ExportProtocol::Console;
        YamlSection options = exporter.section("console");
        for (const char* form : {"temporality_preference", "default_histogram_aggregation"})
            options.withoutEffect(form, QStringLiteral("the console shows what is counted from the start"));
        options.reportOthers();
        add(console, signal);
    }
    if (exporter.has("zipkin"))
        readZipkin(exporter.section("zipkin"), exporter, signal);
    exporter.reportOthers();
}

void ExporterSections::readHeaders(YamlSection& otlp, Destination& destination)
{
    QMap<QString, QString> values;
    QStringList order;
    const auto put = [&](const QString& name, const QString& value) {
        if (!values.contains(name))
            order.append(name);
        values.insert(name, value);
    };
    if (const auto list = otlp.text("headers_list")) {
        const auto pairs = readKeyValues(*list);
        if (!pairs)
            otlp.error(*otlp.take("headers_list"), "headers_list",
                       QStringLiteral("expected key=value,key=value; ") + pairs.error().message);
        for (const auto& [name, value] : pairs.value_or(KeyValues()))
            put(name, value);
    }
    for (YamlSection& header : otlp.sections("headers")) {
        const auto name = header.text("name");
        const auto value = header.text("value");
        if (header.exists() && (!name || name->isEmpty()))
            header.error(*header.node(), "name", QStringLiteral("expected the header's name"));
        else if (name && value && (hasControlCharacter(*name) || hasControlCharacter(*value)))
            header.error(*header.node(), "value", QStringLiteral("expected a header without control characters"));
        else if (name && value)
            put(*name, *value);
        header.reportOthers();
    }
    for (const QString& name : order)
        destination.headers.append({name, values.value(name)});
}

void ExporterSections::readTls(YamlSection tls, Destination& destination)
{
    // The second names are those of the release candidates.
    const auto path = [&](const char* name, const char* older, QString& target) {
        for (const char* key : {older, name}) {
            if (const auto given = tls.text(key))
                target = *given;
        }
    };
    path("ca_file", "certificate_file", destination.caFile);
    path("cert_file", "client_certificate_file", destination.certFile);
    path("key_file", "client_key_file", destination.keyFile);
    destination.insecure = tls.flag("insecure").value_or(false);
    tls.reportOthers();
}

void ExporterSections::readMetricForm(YamlSection& otlp, Destination& destination)
{
    const auto temporality = otlp.choice("temporality_preference",
                                         {QStringLiteral("cumulative"), QStringLiteral("delta"), QStringLiteral("low_memory")});
    if (temporality)
        destination.temporality = *temporality == QLatin1String("delta")        ? MetricTemporality::Delta
                                  : *temporality == QLatin1String("low_memory") ? MetricTemporality::LowMemory
                                                                                : MetricTemporality::Cumulative;
    const auto histograms = otlp.choice("default_histogram_aggregation", {QStringLiteral("explicit_bucket_histogram"),
                                                                          QStringLiteral("base2_exponential_bucket_histogram")});
    if (histograms)
        destination.histograms =
            histograms->startsWith(QLatin1String("base2")) ? HistogramKind::Exponential : HistogramKind::Explicit;
}

void ExporterSections::readOtlp(YamlSection otlp, const QString& signal, bool grpc)
{
    Destination destination;
    destination.protocol = grpc ? ExportProtocol::Grpc : ExportProtocol::HttpProtobuf;
    if (!grpc && otlp.choice("encoding", {QStringLiteral("protobuf"), QStringLiteral("json")}) == QStringLiteral("json"))
        destination.protocol = ExportProtocol::HttpJson;
    const QString local = grpc ? QStringLiteral("http://localhost:4317") : QStringLiteral("http://localhost:4318/v1/") + signal;
    const QString endpoint = otlp.text("endpoint").value_or(local);
    if (!isUrlFor(endpoint, grpc))
        otlp.error(*otlp.take("endpoint"), "endpoint",
                   grpc ? QStringLiteral("expected a URL or a gRPC target such as host:4317")
                        : QStringLiteral("expected a URL that begins with http:// or https://"));
    if (grpc)
        destination.endpoint = endpoint;
    else
        setHttpEndpoint(destination, endpoint, signal);
    readTls(otlp.section("tls"), destination);
    readHeaders(otlp, destination);
    if (const auto compression = otlp.choice("compression", {QStringLiteral("gzip"), QStringLiteral("none")}))
        destination.compression = *compression == QLatin1String("none") ? QString() : *compression;
    if (const auto timeout = otlp.integer("timeout", 0, kDay))
        destination.timeout = milliseconds(*timeout);
    if (signal == QLatin1String("metrics"))
        readMetricForm(otlp, destination);
    otlp.reportOthers();
    add(destination, signal);
}

void ExporterSections::readZipkin(YamlSection zipkin, YamlSection& exporter, const QString& signal)
{
    Destination destination;
    if (!setProtocol(destination, QStringLiteral("zipkin")) || signal != QLatin1String("traces")) {
        exporter.withoutEffect("zipkin", QStringLiteral("it does not send this in Zipkin's form; use an OTLP exporter"));
        return;
    }
    const QString endpoint = zipkin.text("endpoint").value_or(QStringLiteral("http://localhost:9411/api/v2/spans"));
    destination.signalEndpoints.insert(signal, endpoint);
    if (!isUrlFor(endpoint, false))
        zipkin.error(*zipkin.take("endpoint"), "endpoint", QStringLiteral("expected a URL that begins with http:// or https://"));
    if (const auto timeout = zipkin.integer("timeout", 0, kDay))
        destination.timeout = milliseconds(*timeout);
    zipkin.reportOthers();
    add(destination, signal);
}

void ExporterSections::readFile(YamlSection file, const QString& signal)
{
    Destination destination;
    const QString stream = file.text("output_stream").value_or(QStringLiteral("stdout"));
    if (stream == QLatin1String("stdout")) {
        destination.protocol = ExportProtocol::Console;
    } else if (const QUrl url(stream); url.isLocalFile() && !url.toLocalFile().isEmpty()) {
        destination.protocol = ExportProtocol::File;
        destination.endpoint = url.toLocalFile();
    } else {
        file.error(*file.take("output_stream"), "output_stream", QStringLiteral("expected stdout or file:///path"));
    }
    file.reportOthers();
    add(destination, signal);
}

void ExporterSections::add(Destination destination, const QString& signal)
{
    destination.fromEnvironment = true;
    destination.sourceFile = m_path;
    destination.traces = destination.metrics = destination.logs = false;
    signalFlag(destination, signal) = true;
    for (Destination& other : m_destinations) {
        if (signalFlag(other, signal) || !isOneDestination(other, destination))
            continue;
        signalFlag(other, signal) = true;
        other.signalEndpoints.insert(destination.signalEndpoints);
        if (signal == QLatin1String("metrics")) {
            other.temporality = destination.temporality;
            other.histograms = destination.histograms;
        }
        return;
    }
    m_destinations.append(destination);
}

void ExporterSections::addTo(QList<Destination>& destinations) const
{
    for (Destination destination : m_destinations) {
        const auto isTaken = [&](const Destination& other) { return other.name == destination.name; };
        destination.name = QStringLiteral("otel");
        for (int number = 2; std::any_of(destinations.cbegin(), destinations.cend(), isTaken); ++number)
            destination.name = QStringLiteral("otel-%1").arg(number);
        destinations.append(destination);
    }
}

} // namespace oriel::config
