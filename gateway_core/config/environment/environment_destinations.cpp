// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/environment/environment_destinations.h"

#include "config/settings/settings_table.h"

#include <QUrl>

namespace oriel::config {

namespace {

constexpr int kGrpcPort = 4317;
constexpr qint64 kMostItems = 100'000; // of `maxItems`
const QString kGeneral = QStringLiteral("OTEL_EXPORTER_OTLP_");

bool isHttp(const QString& endpoint)
{
    return endpoint.startsWith(QLatin1String("http://"), Qt::CaseInsensitive) ||
           endpoint.startsWith(QLatin1String("https://"), Qt::CaseInsensitive);
}

/// Where no variable says it: by scheme and port.
ExportProtocol protocolOf(const QString& endpoint)
{
    const bool http = endpoint.isEmpty() || (isHttp(endpoint) && QUrl(endpoint).port() != kGrpcPort);
    return http ? ExportProtocol::HttpProtobuf : ExportProtocol::Grpc;
}

QString localEndpoint(ExportProtocol protocol)
{
    return protocol == ExportProtocol::Grpc ? QStringLiteral("http://localhost:4317") : QStringLiteral("http://localhost:4318");
}

bool& signalFlag(Destination& destination, const QString& signal)
{
    return signal == QLatin1String("traces")    ? destination.traces
           : signal == QLatin1String("metrics") ? destination.metrics
                                                : destination.logs;
}

Destination withoutSignals(Destination destination, const QString& name)
{
    destination.name = name;
    destination.traces = destination.metrics = destination.logs = false;
    destination.fromEnvironment = true;
    return destination;
}

/// There is no preset whose compression would be used where none is said.
bool isCompressedAlike(const Destination& a, const Destination& b)
{
    const auto said = [](const Destination& d) { return d.compression == QLatin1String("none") ? QString() : d.compression; };
    return said(a) == said(b);
}

bool goTheSameWay(const Destination& a, const Destination& b)
{
    return a.protocol == b.protocol && a.headers == b.headers && isCompressedAlike(a, b) && a.timeout == b.timeout &&
           a.maxItems == b.maxItems && a.insecure == b.insecure && a.caFile == b.caFile && a.certFile == b.certFile &&
           a.keyFile == b.keyFile;
}

class ExporterVariables {
public:
    explicit ExporterVariables(VariableReader& reader) : m_reader(reader) {}

    QList<Destination> read()
    {
        const Destination general = generalWay();
        Destination shared = withoutSignals(general, QStringLiteral("env"));
        Destination console = withoutSignals({}, QStringLiteral("env-console"));
        console.protocol = ExportProtocol::Console;
        for (const QString& signal : {QStringLiteral("traces"), QStringLiteral("metrics"), QStringLiteral("logs")}) {
            const auto wanted = exporters(signal);
            const auto asks = [&](const char* exporter) { return wanted && wanted->contains(QLatin1String(exporter)); };
            if (asks("console"))
                signalFlag(console, signal) = true;
            const QString target = m_reader.endpoint(prefixOf(signal) + QStringLiteral("ENDPOINT"));
            const bool hasTarget = !target.isEmpty() || !general.endpoint.isEmpty();
            // Jaeger takes OTLP, so an OTLP endpoint beside it is Jaeger's.
            const bool viaOtlp = asks("jaeger") && hasTarget;
            if (asks("jaeger") && !viaOtlp)
                addJaeger();
            if (asks("zipkin"))
                addZipkin();
            if (wanted ? asks("otlp") || viaOtlp : hasTarget)
                addSignal(general, shared, signal, target);
        }
        return QList<Destination>{shared, console} + m_own;
    }

private:
    static QString prefixOf(const QString& signal) { return kGeneral + signal.toUpper() + QLatin1Char('_'); }

    /// Puts over `way` what the variables with this prefix say.
    void readWay(const QString& prefix, Destination& way)
    {
        if (const auto headers = m_reader.pairs(prefix + QStringLiteral("HEADERS")))
            way.headers = *headers;
        if (const auto compression = m_reader.choice(prefix + QStringLiteral("COMPRESSION")))
            way.compression = *compression;
        if (const auto timeout = m_reader.number(prefix + QStringLiteral("TIMEOUT")))
            way.timeout = milliseconds(*timeout);
        if (const auto insecure = m_reader.flag(prefix + QStringLiteral("INSECURE")))
            way.insecure = *insecure;
        for (const auto& [name, target] : {std::pair{QStringLiteral("CERTIFICATE"), &way.caFile},
                                           std::pair{QStringLiteral("CLIENT_CERTIFICATE"), &way.certFile},
                                           std::pair{QStringLiteral("CLIENT_KEY"), &way.keyFile}}) {
            if (const QString path = m_reader.text(prefix + name); !path.isEmpty())
                *target = path;
        }
    }

    std::optional<ExportProtocol> protocol(const QString& prefix)
    {
        const auto name = m_reader.choice(prefix + QStringLiteral("PROTOCOL"));
        if (!name)
            return std::nullopt;
        return *name == QLatin1String("grpc")            ? ExportProtocol::Grpc
               : *name == QLatin1String("http/protobuf") ? ExportProtocol::HttpProtobuf
                                                         : ExportProtocol::HttpJson;
    }

    Destination generalWay()
    {
        Destination way;
        way.endpoint = m_reader.endpoint(kGeneral + QStringLiteral("ENDPOINT"));
        m_generalProtocol = protocol(kGeneral);
        way.protocol = m_generalProtocol.value_or(protocolOf(way.endpoint));
        readWay(kGeneral, way);
        checkEndpoint(kGeneral, way.endpoint, way);
        return way;
    }

    /// The names from before there was one for each signal.
    void readOldInsecure(const QString& signal, const QString& old, Destination& way)
    {
        const QString now = prefixOf(signal) + QStringLiteral("INSECURE");
        const auto value = m_reader.flag(old);
        if (!value)
            return;
        m_reader.warn(old, QStringLiteral("is an old name; use %1").arg(now));
        if (!m_reader.isSet(now))
            way.insecure = *value;
    }

    /// What the variables of the signal's batch processor or metric reader say, whatever the exporter: the time for a request
    /// where none of `timeouts` is set, and its items.
    void readProcessor(const QString& signal, const QStringList& timeouts, Destination& way)
    {
        const QString processor = signal == QLatin1String("traces") ? QStringLiteral("OTEL_BSP_")
                                  : signal == QLatin1String("logs") ? QStringLiteral("OTEL_BLRP_")
                                                                    : QStringLiteral("OTEL_METRIC_");
        const bool isTimed = std::any_of(timeouts.cbegin(), timeouts.cend(), [&](const QString& n) { return m_reader.isSet(n); });
        const auto timeout = m_reader.number(processor + QStringLiteral("EXPORT_TIMEOUT"));
        if (timeout && !isTimed)
            way.timeout = milliseconds(*timeout);
        if (const auto items = m_reader.number(processor + QStringLiteral("MAX_EXPORT_BATCH_SIZE")))
            way.maxItems = static_cast<int>(std::min(*items, kMostItems));
    }

    Destination wayOf(const QString& signal, const QString& target, const Destination& general)
    {
        Destination way = general;
        const QString prefix = prefixOf(signal);
        if (const auto own = protocol(prefix))
            way.protocol = *own;
        else if (!target.isEmpty() && !m_generalProtocol)
            way.protocol = protocolOf(target);
        if (signal == QLatin1String("traces"))
            readOldInsecure(signal, kGeneral + QStringLiteral("SPAN_INSECURE"), way);
        if (signal == QLatin1String("metrics"))
            readOldInsecure(signal, kGeneral + QStringLiteral("METRIC_INSECURE"), way);
        readWay(prefix, way);
        readProcessor(signal, {kGeneral + QStringLiteral("TIMEOUT"), prefix + QStringLiteral("TIMEOUT")}, way);
        if (!target.isEmpty())
            checkEndpoint(prefix, target, way);
        return way;
    }

    void checkEndpoint(const QString& prefix, const QString& endpoint, const Destination& way)
    {
        if (endpoint.isEmpty())
            return;
        if (way.protocol != ExportProtocol::Grpc && !isHttp(endpoint))
            m_reader.warn(
                prefix + QStringLiteral("ENDPOINT"),
                QStringLiteral("expected a URL that begins with http:// or https:// for the protocols http/protobuf and "
                               "http/json, found \"%1\"; nothing can be sent to it")
                    .arg(withoutSecrets(endpoint)));
        if (way.insecure && endpoint.startsWith(QLatin1String("https://"), Qt::CaseInsensitive))
            m_reader.warn(m_reader.isSet(prefix + QStringLiteral("INSECURE")) ? prefix + QStringLiteral("INSECURE")
                                                                              : kGeneral + QStringLiteral("INSECURE"),
                          QStringLiteral("has no effect on https://, where certificates are always checked; name a private "
                                         "authority with OTEL_EXPORTER_OTLP_CERTIFICATE"));
    }

    /// The exporters asked for in today's names; nothing when the variable is not set.
    std::optional<QStringList> exporters(const QString& signal)
    {
        const QString name = QStringLiteral("OTEL_%1_EXPORTER").arg(signal.toUpper());
        auto list = m_reader.choices(name);
        if (!list)
            return std::nullopt;
        if (list->contains(QLatin1String("logging")))
            m_reader.warn(name, QStringLiteral("logging is an old name; use console"));
        for (const char* console : {"logging", "otlp/stdout"}) {
            if (list->removeAll(QLatin1String(console)) > 0 && !list->contains(QLatin1String("console")))
                list->append(QStringLiteral("console"));
        }
        return list;
    }

    void addJaeger()
    {
        const QString name = QStringLiteral("OTEL_EXPORTER_JAEGER_ENDPOINT");
        const QString given = m_reader.endpoint(name);
        const QUrl url(given.contains(QLatin1String("://")) ? given : QStringLiteral("http://") + given);
        const QString scheme = url.scheme() == QLatin1String("https") ? url.scheme() : QStringLiteral("http");
        QString host = given.isEmpty() ? QStringLiteral("localhost") : url.host();
        if (host.contains(QLatin1Char(':')))
            host = QLatin1Char('[') + host + QLatin1Char(']');
        Destination jaeger = withoutSignals({}, QStringLiteral("env-jaeger"));
        jaeger.traces = true;
        jaeger.endpoint = QStringLiteral("%1://%2:4318").arg(scheme, host);
        readProcessor(QStringLiteral("traces"), {}, jaeger);
        m_reader.warn(QStringLiteral("OTEL_TRACES_EXPORTER"),
                      QStringLiteral("jaeger means OTLP to Jaeger, which takes it since 1.35: traces go to %1/v1/traces")
                          .arg(jaeger.endpoint));
        m_own.append(jaeger);
    }

    void addZipkin()
    {
        Destination zipkin = withoutSignals({}, QStringLiteral("env-zipkin"));
        if (!setProtocol(zipkin, QStringLiteral("zipkin")))
            return;
        zipkin.traces = true;
        const QString given = m_reader.endpoint(QStringLiteral("OTEL_EXPORTER_ZIPKIN_ENDPOINT"));
        zipkin.signalEndpoints.insert(QStringLiteral("traces"),
                                      given.isEmpty() ? QStringLiteral("http://localhost:9411/api/v2/spans") : given);
        readProcessor(QStringLiteral("traces"), {QStringLiteral("OTEL_EXPORTER_ZIPKIN_TIMEOUT")}, zipkin);
        if (const auto timeout = m_reader.number(QStringLiteral("OTEL_EXPORTER_ZIPKIN_TIMEOUT")))
            zipkin.timeout = milliseconds(*timeout);
        m_own.append(zipkin);
    }

    void addSignal(const Destination& general, Destination& shared, const QString& signal, const QString& target)
    {
        const Destination way = wayOf(signal, target, general);
        const bool alone = !goTheSameWay(way, general);
        if (alone)
            m_own.append(withoutSignals(way, QStringLiteral("env-") + signal));
        Destination& destination = alone ? m_own.last() : shared;
        signalFlag(destination, signal) = true;
        if (!target.isEmpty())
            destination.signalEndpoints.insert(signal, target);
        else if (destination.endpoint.isEmpty())
            destination.endpoint = localEndpoint(way.protocol);
        if (signal == QLatin1String("metrics"))
            readMetricForm(destination);
    }

    void readMetricForm(Destination& destination)
    {
        if (const auto temporality = m_reader.choice(kGeneral + QStringLiteral("METRICS_TEMPORALITY_PREFERENCE")))
            destination.temporality = *temporality == QLatin1String("delta")       ? MetricTemporality::Delta
                                      : *temporality == QLatin1String("lowmemory") ? MetricTemporality::LowMemory
                                                                                   : MetricTemporality::Cumulative;
        const auto histograms = m_reader.choice(kGeneral + QStringLiteral("METRICS_DEFAULT_HISTOGRAM_AGGREGATION"));
        if (histograms)
            destination.histograms =
                histograms->startsWith(QLatin1String("base2")) ? HistogramKind::Exponential : HistogramKind::Explicit;
    }

    VariableReader& m_reader;
    std::optional<ExportProtocol> m_generalProtocol;
    QList<Destination> m_own;
};

/// Variables that describe a destination which nothing defines.
void reportWithoutDestination(VariableReader& reader)
{
    for (const char* exporter : {"OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER"}) {
        if (reader.isSet(QString::fromLatin1(exporter)))
            return;
    }
    for (const VariableRow& row : variableTable()) {
        const QString name = QString::fromLatin1(row.name);
        const bool describesRequests =
            name.endsWith(QLatin1String("_EXPORT_TIMEOUT")) || name.endsWith(QLatin1String("_BATCH_SIZE"));
        if ((name.startsWith(kGeneral) || describesRequests) && reader.isSet(name) && !reader.hasProblem(name))
            reader.warn(name, QStringLiteral("has no effect without an endpoint; set OTEL_EXPORTER_OTLP_ENDPOINT, or "
                                             "OTEL_TRACES_EXPORTER=otlp to send to this machine"));
    }
}

} // namespace

void applyEnvironmentDestinations(VariableReader& reader, QList<Destination>& destinations)
{
    bool isEmpty = true;
    for (Destination& destination : ExporterVariables(reader).read()) {
        if (!destination.traces && !destination.metrics && !destination.logs)
            continue;
        isEmpty = false;
        const auto isTaken = [&](const Destination& other) { return other.name == destination.name; };
        while (std::any_of(destinations.cbegin(), destinations.cend(), isTaken))
            destination.name += QStringLiteral("-env");
        destinations.append(destination);
    }
    if (isEmpty)
        reportWithoutDestination(reader);
}

} // namespace oriel::config
