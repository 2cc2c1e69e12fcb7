// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/environment.h"

#include <QUrl>

#include <array>
#include <cctype>

namespace oriel::config {

namespace {

constexpr std::array kVariables{
    VariableRow{"OTEL_SDK_DISABLED", "telemetry.exportDisabled", "true stops all export; the local store goes on."},
    VariableRow{"OTEL_ENABLE_OBSERVABILITY", "telemetry.exportDisabled", "false stops all export (seed systems)."},
    VariableRow{"OTEL_SERVICE_NAME", "telemetry.serviceName", "Wins over service.name in OTEL_RESOURCE_ATTRIBUTES."},
    VariableRow{"OTEL_SERVICE_VERSION", "telemetry.resourceAttributes", "service.version (seed systems)."},
    VariableRow{"OTEL_DEPLOYMENT_ENVIRONMENT", "telemetry.resourceAttributes",
                "deployment.environment.name and its old name (seed systems)."},
    VariableRow{"OTEL_RESOURCE_ATTRIBUTES", "telemetry.resourceAttributes", "key=value,key=value, percent-encoded."},
    VariableRow{"OTEL_PROPAGATORS", "telemetry.propagators", "tracecontext, baggage, none."},
    VariableRow{"OTEL_TRACES_SAMPLER", "telemetry.sampler", "Which traces are exported."},
    VariableRow{"OTEL_TRACES_SAMPLER_ARG", "telemetry.samplerArg", "Share of the ratio samplers."},
    VariableRow{"OTEL_ATTRIBUTE_COUNT_LIMIT", "telemetry.limits.attributeCount", "For all signals."},
    VariableRow{"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "telemetry.limits.attributeCount", "For spans; wins over the general one."},
    VariableRow{"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "telemetry.limits.attributeLength", "For all signals."},
    VariableRow{"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "telemetry.limits.attributeLength",
                "For spans; wins over the general one."},
    VariableRow{"OTEL_SPAN_EVENT_COUNT_LIMIT", "telemetry.limits.eventCount", "Events of a span."},
    VariableRow{"OTEL_SPAN_LINK_COUNT_LIMIT", "telemetry.limits.linkCount", "Links of a span."},
    VariableRow{"OTEL_BSP_SCHEDULE_DELAY", "telemetry.spanInterval", "Milliseconds until spans leave."},
    VariableRow{"OTEL_METRIC_EXPORT_INTERVAL", "telemetry.metricInterval", "Milliseconds between metric exports."},
    VariableRow{"OTEL_TRACES_EXPORTER", "destination env", "otlp, console or none; for traces."},
    VariableRow{"OTEL_METRICS_EXPORTER", "destination env", "otlp, console or none; for metrics."},
    VariableRow{"OTEL_LOGS_EXPORTER", "destination env", "otlp, console or none; for logs."},
    VariableRow{"OTEL_EXPORTER_OTLP_ENDPOINT", "destination env", "Base URL; schemes http, https, and rpc for gRPC."},
    VariableRow{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "destination env", "URL for traces, used as it is."},
    VariableRow{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "destination env", "URL for metrics, used as it is."},
    VariableRow{"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "destination env", "URL for logs, used as it is."},
    VariableRow{"OTEL_EXPORTER_OTLP_PROTOCOL", "destination env",
                "grpc, http/protobuf, http/json; by the port when absent (4317: gRPC)."},
    VariableRow{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "destination env-traces", "When traces go another way than the rest."},
    VariableRow{"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "destination env-metrics", "When metrics go another way than the rest."},
    VariableRow{"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "destination env-logs", "When logs go another way than the rest."},
    VariableRow{"OTEL_EXPORTER_OTLP_HEADERS", "destination env", "key=value,key=value, percent-encoded."},
    VariableRow{"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "destination env-traces", "Instead of the general ones, for traces."},
    VariableRow{"OTEL_EXPORTER_OTLP_METRICS_HEADERS", "destination env-metrics", "Instead of the general ones, for metrics."},
    VariableRow{"OTEL_EXPORTER_OTLP_LOGS_HEADERS", "destination env-logs", "Instead of the general ones, for logs."},
    VariableRow{"OTEL_EXPORTER_OTLP_TIMEOUT", "destination env", "Milliseconds of one request."},
    VariableRow{"OTEL_EXPORTER_OTLP_COMPRESSION", "destination env", "gzip or none."},
    VariableRow{"OTEL_EXPORTER_OTLP_CERTIFICATE", "destination env", "Certificate authorities (PEM)."},
    VariableRow{"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "destination env", "Client certificate (PEM)."},
    VariableRow{"OTEL_EXPORTER_OTLP_CLIENT_KEY", "destination env", "Its private key (PEM)."},
    VariableRow{"OTEL_EXPORTER_OTLP_INSECURE", "destination env",
                "true: gRPC targets without a scheme, or with rpc, use no TLS."},
    VariableRow{"OTEL_SANITIZE_PII", "masking.piiTypes",
                "true: mask e-mail addresses, phone and card numbers as well (seed systems)."},
};

constexpr qint64 kMaxCount = 1'000'000'000;
constexpr qint64 kMaxMs = 24LL * 3600 * 1000;
constexpr int kGrpcPort = 4317;

class EnvironmentReader {
public:
    EnvironmentReader(Config& configuration, const QMap<QString, QString>& variables)
        : m_config(configuration),
          m_variables(variables)
    {}

    QList<Problem> apply()
    {
        applySdk();
        applyResource();
        applyLimits();
        applyDestinations();
        return m_problems;
    }

private:
    [[nodiscard]] QString get(const QString& name) const { return m_variables.value(name).trimmed(); }
    [[nodiscard]] QString get(const char* name) const { return get(QLatin1String(name)); }

    void warn(const char* name, const QString& message)
    {
        m_problems.append({Problem::Severity::Warning, QStringLiteral("environment"), 0, 0, QLatin1String(name), message});
    }

    std::optional<qint64> number(const char* name, qint64 minimum, qint64 maximum)
    {
        const QString text = get(name);
        if (text.isEmpty())
            return std::nullopt;
        bool ok = false;
        const qint64 value = text.toLongLong(&ok);
        if (ok && value >= minimum && value <= maximum)
            return value;
        warn(name,
             QStringLiteral("expected an integer from %1 to %2, found \"%3\"; ignored").arg(minimum).arg(maximum).arg(text));
        return std::nullopt;
    }

    std::optional<bool> flag(const char* name)
    {
        const QString text = get(name);
        if (text.isEmpty())
            return std::nullopt;
        const bool value = text.compare(QLatin1String("true"), Qt::CaseInsensitive) == 0;
        if (!value && text.compare(QLatin1String("false"), Qt::CaseInsensitive) != 0)
            warn(name, QStringLiteral("expected true or false, found \"%1\"; taken as false").arg(text));
        return value;
    }

    std::optional<QList<std::pair<QString, QString>>> pairs(const QString& name)
    {
        QList<std::pair<QString, QString>> list;
        for (const QString& member : get(name).split(QLatin1Char(','), Qt::SkipEmptyParts)) {
            const qsizetype equals = member.indexOf(QLatin1Char('='));
            const QString key = member.left(equals).trimmed();
            const QByteArray raw = member.mid(equals + 1).trimmed().toUtf8();
            if (equals <= 0 || key.isEmpty() || hasBrokenEscape(raw)) {
                warn(name.toLatin1().constData(),
                     QStringLiteral("expected key=value,key=value with percent-encoding; the whole variable is ignored"));
                return std::nullopt;
            }
            list.append({key, QString::fromUtf8(QByteArray::fromPercentEncoding(raw))});
        }
        return list;
    }

    static bool hasBrokenEscape(const QByteArray& text)
    {
        for (qsizetype i = text.indexOf('%'); i >= 0; i = text.indexOf('%', i + 1)) {
            if (i + 2 >= text.size() || std::isxdigit(static_cast<unsigned char>(text[i + 1])) == 0 ||
                std::isxdigit(static_cast<unsigned char>(text[i + 2])) == 0)
                return true;
        }
        return false;
    }

    void applySdk()
    {
        if (const auto disabled = flag("OTEL_SDK_DISABLED"))
            m_config.telemetry.exportDisabled = *disabled;
        if (const auto enabled = flag("OTEL_ENABLE_OBSERVABILITY"); enabled && !*enabled)
            m_config.telemetry.exportDisabled = true;
        if (flag("OTEL_SANITIZE_PII").value_or(false)) {
            for (const char* type : {"email", "phone", "credit-card"}) {
                if (!m_config.masking.piiTypes.contains(QLatin1String(type)))
                    m_config.masking.piiTypes.append(QLatin1String(type));
            }
        }
        applyPropagators();
        applySampler();
    }

    void applyPropagators()
    {
        const QString list = get("OTEL_PROPAGATORS");
        if (list.isEmpty())
            return;
        QStringList propagators;
        for (const QString& part : list.split(QLatin1Char(','), Qt::SkipEmptyParts)) {
            const QString name = part.trimmed().toLower();
            if (name == QLatin1String("none") || propagators.contains(name))
                continue;
            if (name == QLatin1String("tracecontext") || name == QLatin1String("baggage"))
                propagators.append(name);
            else
                warn("OTEL_PROPAGATORS",
                     QStringLiteral("expected tracecontext, baggage or none, found \"%1\"; ignored").arg(name));
        }
        m_config.telemetry.propagators = propagators;
    }

    void applySampler()
    {
        const QString sampler = get("OTEL_TRACES_SAMPLER").toLower();
        if (sampler.isEmpty())
            return;
        static const QStringList known{QStringLiteral("always_on"),
                                       QStringLiteral("always_off"),
                                       QStringLiteral("traceidratio"),
                                       QStringLiteral("parentbased_always_on"),
                                       QStringLiteral("parentbased_always_off"),
                                       QStringLiteral("parentbased_traceidratio")};
        if (!known.contains(sampler)) {
            warn("OTEL_TRACES_SAMPLER", QStringLiteral("\"%1\" is not known; ignored").arg(sampler));
            return;
        }
        m_config.telemetry.sampler = sampler;
        m_config.telemetry.samplerArg = 1.0;
        if (const QString text = get("OTEL_TRACES_SAMPLER_ARG"); !text.isEmpty()) {
            bool ok = false;
            const double ratio = text.toDouble(&ok);
            if (ok && ratio >= 0 && ratio <= 1)
                m_config.telemetry.samplerArg = ratio;
            else
                warn("OTEL_TRACES_SAMPLER_ARG", QStringLiteral("expected a number from 0 to 1, found \"%1\"; ignored").arg(text));
        }
    }

    void applyResource()
    {
        QMap<QString, QString>& attributes = m_config.telemetry.resourceAttributes;
        if (const auto given = pairs(QStringLiteral("OTEL_RESOURCE_ATTRIBUTES"))) {
            for (const auto& [key, value] : *given) {
                attributes.insert(key, value);
                if (key == QLatin1String("service.name"))
                    m_config.telemetry.serviceName = value;
            }
        }
        if (const QString name = get("OTEL_SERVICE_NAME"); !name.isEmpty())
            m_config.telemetry.serviceName = name;
        if (const QString version = get("OTEL_SERVICE_VERSION"); !version.isEmpty())
            attributes.insert(QStringLiteral("service.version"), version);
        if (const QString environment = get("OTEL_DEPLOYMENT_ENVIRONMENT"); !environment.isEmpty())
            attributes.insert(QStringLiteral("deployment.environment.name"), environment);
    }

    void applyLimits()
    {
        Telemetry& telemetry = m_config.telemetry;
        for (const char* name : {"OTEL_ATTRIBUTE_COUNT_LIMIT", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT"}) {
            if (const auto limit = number(name, 0, kMaxCount))
                telemetry.attributeCountLimit = static_cast<int>(*limit);
        }
        for (const char* name : {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT"}) {
            if (const auto limit = number(name, 0, kMaxCount))
                telemetry.attributeLengthLimit = static_cast<int>(*limit);
        }
        if (const auto limit = number("OTEL_SPAN_EVENT_COUNT_LIMIT", 0, kMaxCount))
            telemetry.eventCountLimit = static_cast<int>(*limit);
        if (const auto limit = number("OTEL_SPAN_LINK_COUNT_LIMIT", 0, kMaxCount))
            telemetry.linkCountLimit = static_cast<int>(*limit);
        if (const auto delay = number("OTEL_BSP_SCHEDULE_DELAY", 0, kMaxMs))
            telemetry.spanInterval = milliseconds(*delay);
        if (const auto interval = number("OTEL_METRIC_EXPORT_INTERVAL", 1, kMaxMs))
            telemetry.metricInterval = milliseconds(*interval);
    }

    /// A URL of the schemes http, https and rpc, or a gRPC target host:port; anything else is reported and counts as unset.
    QString endpoint(const QString& name)
    {
        const QString text = get(name);
        if (text.isEmpty())
            return {};
        const bool hasScheme = text.contains(QLatin1String("://"));
        const QUrl url(hasScheme ? text : QStringLiteral("rpc://") + text, QUrl::StrictMode);
        const QString scheme = url.scheme();
        const bool known = scheme == QLatin1String("http") || scheme == QLatin1String("https") || scheme == QLatin1String("rpc");
        if (url.isValid() && !url.host().isEmpty() && known && (hasScheme || url.port() > 0))
            return text;
        warn(name.toLatin1().constData(),
             QStringLiteral("expected a URL that begins with http://, https:// or rpc://, found \"%1\"; ignored").arg(text));
        return {};
    }

    std::optional<ExportProtocol> protocol(const char* name)
    {
        const QString text = get(name).toLower();
        if (text.isEmpty())
            return std::nullopt;
        if (text == QLatin1String("grpc"))
            return ExportProtocol::Grpc;
        if (text == QLatin1String("http/protobuf"))
            return ExportProtocol::HttpProtobuf;
        if (text == QLatin1String("http/json"))
            return ExportProtocol::HttpJson;
        warn(name, QStringLiteral("expected grpc, http/protobuf or http/json, found \"%1\"; ignored").arg(text));
        return std::nullopt;
    }

    static ExportProtocol protocolOf(const QString& endpoint)
    {
        const QUrl url(endpoint);
        const bool http = url.scheme() == QLatin1String("http") || url.scheme() == QLatin1String("https");
        return endpoint.isEmpty() || (http && url.port() != kGrpcPort) ? ExportProtocol::HttpProtobuf : ExportProtocol::Grpc;
    }

    static QString localEndpoint(ExportProtocol protocol)
    {
        return protocol == ExportProtocol::Grpc ? QStringLiteral("http://localhost:4317")
                                                : QStringLiteral("http://localhost:4318");
    }

    static bool& signalFlag(Destination& destination, const QString& signal)
    {
        return signal == QLatin1String("traces")    ? destination.traces
               : signal == QLatin1String("metrics") ? destination.metrics
                                                    : destination.logs;
    }

    static Destination withoutSignals(const Destination& from, const QString& name)
    {
        Destination destination = from;
        destination.name = name;
        destination.traces = destination.metrics = destination.logs = false;
        return destination;
    }

    Destination commonDestination()
    {
        Destination common;
        common.fromEnvironment = true;
        common.endpoint = endpoint(QStringLiteral("OTEL_EXPORTER_OTLP_ENDPOINT"));
        common.protocol = protocol("OTEL_EXPORTER_OTLP_PROTOCOL").value_or(protocolOf(common.endpoint));
        common.insecure = flag("OTEL_EXPORTER_OTLP_INSECURE").value_or(false);
        common.headers = pairs(QStringLiteral("OTEL_EXPORTER_OTLP_HEADERS")).value_or(QList<std::pair<QString, QString>>());
        common.caFile = get("OTEL_EXPORTER_OTLP_CERTIFICATE");
        common.certFile = get("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE");
        common.keyFile = get("OTEL_EXPORTER_OTLP_CLIENT_KEY");
        const QString compression = get("OTEL_EXPORTER_OTLP_COMPRESSION").toLower();
        if (compression == QLatin1String("gzip"))
            common.compression = compression;
        else if (!compression.isEmpty() && compression != QLatin1String("none"))
            warn("OTEL_EXPORTER_OTLP_COMPRESSION",
                 QStringLiteral("expected gzip or none, found \"%1\"; ignored").arg(compression));
        if (const auto timeout = number("OTEL_EXPORTER_OTLP_TIMEOUT", 0, kMaxMs))
            common.timeout = milliseconds(*timeout);
        return common;
    }

    /// The values of OTEL_<SIGNAL>_EXPORTER that Oriel has; nothing when the variable is not set.
    std::optional<QStringList> exporters(const QString& signal)
    {
        const QString name = QStringLiteral("OTEL_%1_EXPORTER").arg(signal.toUpper());
        if (get(name).isEmpty())
            return std::nullopt;
        QStringList known;
        for (const QString& part : get(name).toLower().split(QLatin1Char(','), Qt::SkipEmptyParts)) {
            const QString exporter = part.trimmed();
            if (exporter == QLatin1String("otlp") || exporter == QLatin1String("console"))
                known.append(exporter);
            else if (exporter != QLatin1String("none"))
                warn(name.toLatin1().constData(),
                     QStringLiteral("expected otlp, console or none, found \"%1\"; ignored").arg(exporter));
        }
        return known;
    }

    void applyDestinations()
    {
        const Destination common = commonDestination();
        Destination shared = withoutSignals(common, QStringLiteral("env"));
        Destination console = withoutSignals(common, QStringLiteral("env-console"));
        console.protocol = ExportProtocol::Console;
        QList<Destination> own;
        for (const QString& signal : {QStringLiteral("traces"), QStringLiteral("metrics"), QStringLiteral("logs")}) {
            const auto wanted = exporters(signal);
            if (wanted && wanted->contains(QLatin1String("console")))
                signalFlag(console, signal) = true;
            const QString prefix = QStringLiteral("OTEL_EXPORTER_OTLP_%1_").arg(signal.toUpper());
            const QString target = endpoint(prefix + QStringLiteral("ENDPOINT"));
            const bool asked = wanted ? wanted->contains(QLatin1String("otlp")) : !target.isEmpty() || !common.endpoint.isEmpty();
            if (asked)
                addSignal(shared, own, signal, prefix, target);
        }
        for (Destination& destination : QList<Destination>{shared, console} + own) {
            if (!destination.traces && !destination.metrics && !destination.logs)
                continue;
            while (findDestination(m_config, destination.name) != nullptr)
                destination.name += QStringLiteral("-env");
            m_config.telemetry.destinations.append(destination);
        }
    }

    /// A signal that goes the way of the rest joins `shared`; one with a protocol or headers of its own becomes a destination.
    void addSignal(Destination& shared, QList<Destination>& own, const QString& signal, const QString& prefix,
                   const QString& target)
    {
        const auto ownProtocol = protocol((prefix + QStringLiteral("PROTOCOL")).toLatin1().constData());
        const auto ownHeaders = pairs(prefix + QStringLiteral("HEADERS"));
        const bool byTarget = !target.isEmpty() && get("OTEL_EXPORTER_OTLP_PROTOCOL").isEmpty();
        const ExportProtocol effective = ownProtocol ? *ownProtocol : byTarget ? protocolOf(target) : shared.protocol;
        const bool alone = effective != shared.protocol || (ownHeaders && !ownHeaders->isEmpty());
        if (alone) {
            own.append(withoutSignals(shared, QStringLiteral("env-") + signal));
            own.last().protocol = effective;
            own.last().signalEndpoints.clear();
            if (ownHeaders && !ownHeaders->isEmpty())
                own.last().headers = *ownHeaders;
        }
        Destination& destination = alone ? own.last() : shared;
        signalFlag(destination, signal) = true;
        if (!target.isEmpty())
            destination.signalEndpoints.insert(signal, target);
        else if (destination.endpoint.isEmpty())
            destination.endpoint = localEndpoint(effective);
    }

    Config& m_config;
    const QMap<QString, QString>& m_variables;
    QList<Problem> m_problems;
};

} // namespace

std::span<const VariableRow> variableTable()
{
    return kVariables;
}

QList<Problem> applyEnvironment(Config& configuration, const QMap<QString, QString>& environment)
{
    return EnvironmentReader(configuration, environment).apply();
}

} // namespace oriel::config
