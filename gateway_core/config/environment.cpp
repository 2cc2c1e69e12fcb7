// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/environment.h"

#include <QUrl>

#include <array>

namespace oriel::config {

namespace {

constexpr std::array kVariables{
    VariableRow{"OTEL_SDK_DISABLED", "telemetry.exportDisabled", "true stops all export; the local store goes on."},
    VariableRow{"OTEL_ENABLE_OBSERVABILITY", "telemetry.exportDisabled", "false stops all export (seed systems)."},
    VariableRow{"OTEL_SERVICE_NAME", "telemetry.serviceName", "Wins over service.name in OTEL_RESOURCE_ATTRIBUTES."},
    VariableRow{"OTEL_SERVICE_VERSION", "telemetry.resourceAttributes", "service.version (seed systems)."},
    VariableRow{"OTEL_DEPLOYMENT_ENVIRONMENT", "telemetry.resourceAttributes", "deployment.environment.name and its old name (seed systems)."},
    VariableRow{"OTEL_RESOURCE_ATTRIBUTES", "telemetry.resourceAttributes", "key=value,key=value, percent-encoded."},
    VariableRow{"OTEL_PROPAGATORS", "telemetry.propagators", "tracecontext, baggage, b3, b3multi, none."},
    VariableRow{"OTEL_TRACES_SAMPLER", "telemetry.sampler", "Which traces are exported."},
    VariableRow{"OTEL_TRACES_SAMPLER_ARG", "telemetry.samplerArg", "Share of the ratio samplers."},
    VariableRow{"OTEL_ATTRIBUTE_COUNT_LIMIT", "telemetry.limits.attributeCount", "For all signals."},
    VariableRow{"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "telemetry.limits.attributeCount", "For spans; wins over the general one."},
    VariableRow{"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "telemetry.limits.attributeLength", "For all signals."},
    VariableRow{"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "telemetry.limits.attributeLength", "For spans; wins over the general one."},
    VariableRow{"OTEL_SPAN_EVENT_COUNT_LIMIT", "telemetry.limits.eventCount", "Events of a span."},
    VariableRow{"OTEL_SPAN_LINK_COUNT_LIMIT", "telemetry.limits.linkCount", "Links of a span."},
    VariableRow{"OTEL_BSP_SCHEDULE_DELAY", "telemetry.spanInterval", "Milliseconds until spans leave."},
    VariableRow{"OTEL_METRIC_EXPORT_INTERVAL", "telemetry.metricInterval", "Milliseconds between metric exports."},
    VariableRow{"OTEL_TRACES_EXPORTER", "destination env", "otlp, console or none; for traces."},
    VariableRow{"OTEL_METRICS_EXPORTER", "destination env", "otlp, console or none; for metrics."},
    VariableRow{"OTEL_LOGS_EXPORTER", "destination env", "otlp, console or none; for logs."},
    VariableRow{"OTEL_EXPORTER_OTLP_ENDPOINT", "destination env", "Base URL; schemes http, https, rpc (gRPC without TLS)."},
    VariableRow{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "destination env", "URL for traces, used as it is."},
    VariableRow{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "destination env", "URL for metrics, used as it is."},
    VariableRow{"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "destination env", "URL for logs, used as it is."},
    VariableRow{"OTEL_EXPORTER_OTLP_PROTOCOL", "destination env", "grpc, http/protobuf, http/json; by the port when absent (4317: gRPC)."},
    VariableRow{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "destination env-traces", "When traces go another way than the rest."},
    VariableRow{"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "destination env-metrics", "When metrics go another way than the rest."},
    VariableRow{"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "destination env-logs", "When logs go another way than the rest."},
    VariableRow{"OTEL_EXPORTER_OTLP_HEADERS", "destination env", "key=value,key=value, percent-encoded; …_TRACES_HEADERS and so on for one signal."},
    VariableRow{"OTEL_EXPORTER_OTLP_TIMEOUT", "destination env", "Milliseconds of one request."},
    VariableRow{"OTEL_EXPORTER_OTLP_COMPRESSION", "destination env", "gzip or none."},
    VariableRow{"OTEL_EXPORTER_OTLP_CERTIFICATE", "destination env", "Certificate authorities (PEM)."},
    VariableRow{"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "destination env", "Client certificate (PEM)."},
    VariableRow{"OTEL_EXPORTER_OTLP_CLIENT_KEY", "destination env", "Its private key (PEM)."},
    VariableRow{"OTEL_EXPORTER_OTLP_INSECURE", "destination env", "true: gRPC targets without a scheme use no TLS."},
    VariableRow{"OTEL_SANITIZE_PII", "masking.piiTypes", "true: mask e-mail addresses, phone and card numbers as well (seed systems)."},
};

class EnvironmentReader {
public:
    EnvironmentReader(Config& configuration, const QMap<QString, QString>& variables) : m_config(configuration), m_variables(variables) {}

    QList<Problem> apply()
    {
        applySdk();
        applyResource();
        applyLimits();
        applyDestination();
        return m_problems;
    }

private:
    [[nodiscard]] QString get(const QString& name) const { return m_variables.value(name).trimmed(); }
    [[nodiscard]] QString get(const char* name) const { return get(QLatin1String(name)); }

    void warn(const char* name, const QString& message)
    {
        m_problems.append({Problem::Severity::Warning, QStringLiteral("environment"), 0, 0, QLatin1String(name), message});
    }

    std::optional<qint64> number(const char* name, qint64 minimum)
    {
        const QString text = get(name);
        if (text.isEmpty())
            return std::nullopt;
        bool ok = false;
        const qint64 value = text.toLongLong(&ok);
        if (ok && value >= minimum)
            return value;
        warn(name, QStringLiteral("expected an integer of at least %1, found \"%2\"; ignored").arg(minimum).arg(text));
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
                warn(name.toLatin1().constData(), QStringLiteral("expected key=value,key=value with percent-encoding; the whole variable is ignored"));
                return std::nullopt;
            }
            list.append({key, QString::fromUtf8(QByteArray::fromPercentEncoding(raw))});
        }
        return list;
    }

    static bool hasBrokenEscape(const QByteArray& text)
    {
        for (qsizetype i = text.indexOf('%'); i >= 0; i = text.indexOf('%', i + 1)) {
            bool ok = false;
            (void)text.mid(i + 1, 2).toInt(&ok, 16);
            if (!ok || i + 2 >= text.size())
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
        if (const QString list = get("OTEL_PROPAGATORS"); !list.isEmpty()) {
            QStringList propagators;
            for (const QString& part : list.split(QLatin1Char(','), Qt::SkipEmptyParts)) {
                const QString name = part.trimmed().toLower();
                if (!QStringList{QStringLiteral("tracecontext"), QStringLiteral("baggage"), QStringLiteral("b3"), QStringLiteral("b3multi"), QStringLiteral("none")}.contains(name))
                    warn("OTEL_PROPAGATORS", QStringLiteral("\"%1\" is not known; ignored").arg(name));
                else if (name != QLatin1String("none") && !propagators.contains(name))
                    propagators.append(name);
            }
            m_config.telemetry.propagators = propagators;
        }
        applySampler();
    }

    void applySampler()
    {
        const QString sampler = get("OTEL_TRACES_SAMPLER").toLower();
        if (sampler.isEmpty())
            return;
        static const QStringList known{QStringLiteral("always_on"), QStringLiteral("always_off"), QStringLiteral("traceidratio"),
                                       QStringLiteral("parentbased_always_on"), QStringLiteral("parentbased_always_off"), QStringLiteral("parentbased_traceidratio")};
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
            for (const auto& [key, value] : *given)
                attributes.insert(key, value);
            if (attributes.contains(QStringLiteral("service.name")))
                m_config.telemetry.serviceName = attributes.value(QStringLiteral("service.name"));
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
            if (const auto limit = number(name, 0))
                telemetry.attributeCountLimit = static_cast<int>(*limit);
        }
        for (const char* name : {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT"}) {
            if (const auto limit = number(name, 0))
                telemetry.attributeLengthLimit = static_cast<int>(*limit);
        }
        if (const auto limit = number("OTEL_SPAN_EVENT_COUNT_LIMIT", 0))
            telemetry.eventCountLimit = static_cast<int>(*limit);
        if (const auto limit = number("OTEL_SPAN_LINK_COUNT_LIMIT", 0))
            telemetry.linkCountLimit = static_cast<int>(*limit);
        if (const auto delay = number("OTEL_BSP_SCHEDULE_DELAY", 0))
            telemetry.spanInterval = milliseconds(*delay);
        if (const auto interval = number("OTEL_METRIC_EXPORT_INTERVAL", 1))
            telemetry.metricInterval = milliseconds(*interval);
    }

    /// The scheme `rpc` of the seed systems means gRPC without TLS.
    static QString withoutRpc(const QString& endpoint, bool* rpc)
    {
        *rpc = endpoint.startsWith(QLatin1String("rpc://"), Qt::CaseInsensitive);
        return *rpc ? QStringLiteral("http://") + endpoint.mid(6) : endpoint;
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

    static ExportProtocol protocolByPort(const QString& endpoint, bool rpc)
    {
        return rpc || QUrl(endpoint).port() == 4317 ? ExportProtocol::Grpc : ExportProtocol::HttpProtobuf;
    }

    static bool& signalFlag(Destination& destination, const QString& signal)
    {
        return signal == QLatin1String("traces") ? destination.traces : signal == QLatin1String("metrics") ? destination.metrics : destination.logs;
    }

    void applyDestination()
    {
        static const QStringList kSignals{QStringLiteral("traces"), QStringLiteral("metrics"), QStringLiteral("logs")};
        const QString base = get("OTEL_EXPORTER_OTLP_ENDPOINT");
        Destination common;
        common.name = QStringLiteral("env");
        common.fromEnvironment = true;
        bool rpc = false;
        common.endpoint = withoutRpc(base, &rpc);
        const auto given = protocol("OTEL_EXPORTER_OTLP_PROTOCOL");
        common.protocol = given.value_or(protocolByPort(common.endpoint, rpc));
        common.insecure = flag("OTEL_EXPORTER_OTLP_INSECURE").value_or(false);
        common.headers = pairs(QStringLiteral("OTEL_EXPORTER_OTLP_HEADERS")).value_or(QList<std::pair<QString, QString>>());
        common.caFile = get("OTEL_EXPORTER_OTLP_CERTIFICATE");
        common.certFile = get("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE");
        common.keyFile = get("OTEL_EXPORTER_OTLP_CLIENT_KEY");
        if (get("OTEL_EXPORTER_OTLP_COMPRESSION").compare(QLatin1String("gzip"), Qt::CaseInsensitive) == 0)
            common.compression = QStringLiteral("gzip");
        if (const auto timeout = number("OTEL_EXPORTER_OTLP_TIMEOUT", 0))
            common.timeout = milliseconds(*timeout);

        Destination shared = common;
        shared.traces = shared.metrics = shared.logs = false;
        Destination console = common;
        console.name = QStringLiteral("env-console");
        console.protocol = ExportProtocol::Console;
        console.traces = console.metrics = console.logs = false;
        QList<Destination> own;
        for (const QString& signal : kSignals) {
            const QString exporter = get(QStringLiteral("OTEL_%1_EXPORTER").arg(signal.toUpper())).toLower();
            if (exporter.contains(QLatin1String("console")))
                signalFlag(console, signal) = true;
            const bool wanted = exporter.isEmpty() ? true : exporter.split(QLatin1Char(',')).contains(QLatin1String("otlp"));
            const QString prefix = QStringLiteral("OTEL_EXPORTER_OTLP_%1_").arg(signal.toUpper());
            bool signalRpc = false;
            const QString endpoint = withoutRpc(get(prefix + QStringLiteral("ENDPOINT")), &signalRpc);
            if (!wanted || (endpoint.isEmpty() && base.isEmpty() && exporter.isEmpty()))
                continue;
            const auto ownProtocol = protocol((prefix + QStringLiteral("PROTOCOL")).toLatin1().constData());
            const auto ownHeaders = pairs(prefix + QStringLiteral("HEADERS"));
            const bool hasOwnHeaders = ownHeaders && !ownHeaders->isEmpty();
            const ExportProtocol effective = ownProtocol ? *ownProtocol : given ? *given : endpoint.isEmpty() ? common.protocol : protocolByPort(endpoint, signalRpc);
            if (effective == common.protocol && !hasOwnHeaders) {
                signalFlag(shared, signal) = true;
                if (!endpoint.isEmpty())
                    shared.signalEndpoints.insert(signal, endpoint);
                continue;
            }
            Destination alone = common;
            alone.name = QStringLiteral("env-") + signal;
            alone.protocol = effective;
            alone.traces = alone.metrics = alone.logs = false;
            signalFlag(alone, signal) = true;
            if (!endpoint.isEmpty())
                alone.signalEndpoints.insert(signal, endpoint);
            if (hasOwnHeaders)
                alone.headers = *ownHeaders;
            own.append(alone);
        }
        if ((shared.traces || shared.metrics || shared.logs) && shared.endpoint.isEmpty() && shared.signalEndpoints.isEmpty())
            shared.endpoint = shared.protocol == ExportProtocol::Grpc ? QStringLiteral("http://localhost:4317") : QStringLiteral("http://localhost:4318");
        for (const Destination& destination : QList<Destination>{shared, console} + own) {
            if (destination.traces || destination.metrics || destination.logs)
                m_config.telemetry.destinations.append(destination);
        }
    }

    Config& m_config;
    const QMap<QString, QString>& m_variables;
    QList<Problem> m_problems;
};

} // namespace

std::span<const VariableRow> variableTable() { return kVariables; }

QList<Problem> applyEnvironment(Config& configuration, const QMap<QString, QString>& environment)
{
    return EnvironmentReader(configuration, environment).apply();
}

} // namespace oriel::config
