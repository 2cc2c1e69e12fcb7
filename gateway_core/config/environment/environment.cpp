// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/environment/environment.h"

#include "config/environment/entities.h"
#include "config/environment/environment_destinations.h"
#include "config/environment/log_level.h"
#include "config/environment/variable_reader.h"
#include "config/file/edit_distance.h"
#include "config/imports/telemetry_file.h"
#include "config/settings/settings_table.h"

#include <QProcessEnvironment>

#include <limits>

namespace oriel::config {

namespace {

QString variable(const char* name)
{
    return QString::fromLatin1(name);
}

void applySwitches(VariableReader& reader, Config& configuration)
{
    if (const auto disabled = reader.flag(variable("OTEL_SDK_DISABLED")))
        configuration.telemetry.exportDisabled = *disabled;
    if (const auto enabled = reader.flag(variable("OTEL_ENABLE_OBSERVABILITY")); enabled && !*enabled)
        configuration.telemetry.exportDisabled = true;
    if (const auto level = reader.choice(variable("OTEL_LOG_LEVEL")))
        configuration.telemetry.logLevel = ownLogLevel(*level).value_or(QString());
    if (!reader.flag(variable("OTEL_SANITIZE_PII")).value_or(false))
        return;
    for (const char* type : {"email", "phone", "credit-card"}) {
        if (!configuration.masking.piiTypes.contains(QLatin1String(type)))
            configuration.masking.piiTypes.append(QLatin1String(type));
    }
}

void setResource(Telemetry& telemetry, const KeyValues& attributes)
{
    for (const auto& [key, value] : attributes) {
        telemetry.resourceAttributes.insert(key, value);
        if (key == QLatin1String("service.name"))
            telemetry.serviceName = value;
    }
}

void applyEntities(VariableReader& reader, Telemetry& telemetry)
{
    const QString name = variable("OTEL_ENTITIES");
    QStringList broken;
    for (const NamedEntity& read : readEntities(reader.text(name), broken)) {
        telemetry.entities.append(read.entity);
        setResource(telemetry, read.attributes);
    }
    for (const QString& why : broken)
        reader.warn(name, why);
}

void applyResource(VariableReader& reader, Telemetry& telemetry)
{
    applyEntities(reader, telemetry);
    setResource(telemetry, reader.pairs(variable("OTEL_RESOURCE_ATTRIBUTES"), Semicolon::Plain).value_or(KeyValues()));
    if (const QString name = reader.text(variable("OTEL_SERVICE_NAME")); !name.isEmpty())
        telemetry.serviceName = name;
    if (const QString version = reader.text(variable("OTEL_SERVICE_VERSION")); !version.isEmpty())
        telemetry.resourceAttributes.insert(QStringLiteral("service.version"), version);
    if (const QString environment = reader.text(variable("OTEL_DEPLOYMENT_ENVIRONMENT")); !environment.isEmpty())
        telemetry.resourceAttributes.insert(QStringLiteral("deployment.environment.name"), environment);
}

/// The ratio samplers take a share; Oriel's own take what their setting does.
double maximumOf(const QString& sampler)
{
    if (sampler.endsWith(QLatin1String("ratio")))
        return 1;
    for (const SettingRow<Config>& row : settingsTable()) {
        if (qstrcmp(row.key, "telemetry.samplerArg") == 0)
            return row.maximum;
    }
    return 1;
}

void applyContext(VariableReader& reader, Telemetry& telemetry)
{
    if (auto propagators = reader.choices(variable("OTEL_PROPAGATORS"))) {
        propagators->removeAll(QStringLiteral("none"));
        telemetry.propagators = *propagators;
    }
    const QString argument = variable("OTEL_TRACES_SAMPLER_ARG");
    if (const auto sampler = reader.choice(variable("OTEL_TRACES_SAMPLER"))) {
        telemetry.sampler = *sampler;
        telemetry.samplerArg = reader.decimal(argument, maximumOf(*sampler)).value_or(1.0);
    } else if (reader.isSet(argument) && !reader.isSet(variable("OTEL_TRACES_SAMPLER"))) {
        reader.warn(argument, QStringLiteral("has no effect without OTEL_TRACES_SAMPLER"));
    }
}

void applyLimits(VariableReader& reader, Config& configuration)
{
    // Where two set the same, the one for a single signal comes after the general one.
    constexpr std::array kLimits{
        std::pair{"OTEL_ATTRIBUTE_COUNT_LIMIT", "telemetry.limits.attributeCount"},
        std::pair{"OTEL_ATTRIBUTE_COUNT_LIMIT", "telemetry.limits.logAttributeCount"},
        std::pair{"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "telemetry.limits.attributeCount"},
        std::pair{"OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "telemetry.limits.eventAttributeCount"},
        std::pair{"OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "telemetry.limits.linkAttributeCount"},
        std::pair{"OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "telemetry.limits.logAttributeCount"},
        std::pair{"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "telemetry.limits.attributeLength"},
        std::pair{"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "telemetry.limits.logAttributeLength"},
        std::pair{"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "telemetry.limits.attributeLength"},
        std::pair{"OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", "telemetry.limits.logAttributeLength"},
        std::pair{"OTEL_SPAN_EVENT_COUNT_LIMIT", "telemetry.limits.eventCount"},
        std::pair{"OTEL_SPAN_LINK_COUNT_LIMIT", "telemetry.limits.linkCount"},
    };
    for (const auto& [name, setting] : kLimits) {
        if (const auto limit = reader.number(variable(name)))
            (void)setSetting(configuration, setting, SettingValue(*limit));
    }
    if (const auto filter = reader.choice(variable("OTEL_METRICS_EXEMPLAR_FILTER")))
        (void)setSetting(configuration, "metrics.exemplars", SettingValue(*filter));
}

void applyIntervals(VariableReader& reader, Telemetry& telemetry)
{
    const auto spans = reader.number(variable("OTEL_BSP_SCHEDULE_DELAY"));
    const auto logs = reader.number(variable("OTEL_BLRP_SCHEDULE_DELAY"));
    if (spans || logs) {
        constexpr qint64 kNone = std::numeric_limits<qint64>::max();
        telemetry.spanInterval = milliseconds(std::min(spans.value_or(kNone), logs.value_or(kNone)));
    }
    if (const auto interval = reader.number(variable("OTEL_METRIC_EXPORT_INTERVAL")))
        telemetry.metricInterval = milliseconds(*interval);
}

/// The exporter of OTEL_METRICS_EXPORTER that is no destination.
void applyPrometheus(VariableReader& reader, Telemetry& telemetry)
{
    const QString hostName = variable("OTEL_EXPORTER_PROMETHEUS_HOST");
    const QString portName = variable("OTEL_EXPORTER_PROMETHEUS_PORT");
    const auto exporters = reader.choices(variable("OTEL_METRICS_EXPORTER"));
    if (!exporters || !exporters->contains(QLatin1String("prometheus"))) {
        for (const QString& name : {hostName, portName}) {
            if (reader.isSet(name))
                reader.warn(name, QStringLiteral("has no effect without OTEL_METRICS_EXPORTER=prometheus"));
        }
        return;
    }
    PrometheusListener listener{QStringLiteral("localhost")};
    if (const QString host = reader.text(hostName); isLoopbackHost(host))
        listener.host = host;
    else if (!host.isEmpty())
        reader.warn(hostName,
                    QStringLiteral("expected localhost, an address that begins with 127. or ::1, found \"%1\"; taken as "
                                   "localhost, because Oriel serves this machine only")
                        .arg(host.left(60)));
    if (const auto port = reader.number(portName))
        listener.port = static_cast<quint16>(*port);
    telemetry.prometheus = listener;
}

/// What has no effect is read all the same, so that a mistake in it is not taken for the reason.
void reportWithoutEffect(VariableReader& reader)
{
    for (const VariableRow& row : variableTable()) {
        const QString name = variable(row.name);
        if (hasEffect(row) || !reader.isSet(name))
            continue;
        if (row.kind == VariableKind::Integer || row.kind == VariableKind::Milliseconds)
            (void)reader.number(name);
        reader.warn(name, QStringLiteral("has no effect in Oriel: %1").arg(withoutEffect(row)));
    }
}

/// Variables that are a slip away from a known one. Others that begin with OTEL_ are another program's.
void reportMisspelt(VariableReader& reader, const QMap<QString, QString>& environment)
{
    constexpr int kSlip = 2;
    for (auto it = environment.cbegin(); it != environment.cend(); ++it) {
        if (!it.key().startsWith(QLatin1String("OTEL_")) || findVariable(it.key()) != nullptr || !reader.isSet(it.key()))
            continue;
        for (const VariableRow& row : variableTable()) {
            if (editDistance(it.key(), variable(row.name)) > kSlip)
                continue;
            reader.warn(it.key(), QStringLiteral("is not known; did you mean %1?").arg(variable(row.name)));
            break;
        }
    }
}

/// The path that OTEL_CONFIG_FILE or its old name gives.
QString configurationFile(VariableReader& reader)
{
    const QString old = variable("OTEL_EXPERIMENTAL_CONFIG_FILE");
    if (const QString path = reader.text(variable("OTEL_CONFIG_FILE")); !path.isEmpty()) {
        if (reader.isSet(old))
            reader.warn(old, QStringLiteral("has no effect beside OTEL_CONFIG_FILE"));
        return path;
    }
    if (reader.isSet(old))
        reader.warn(old, QStringLiteral("is an old name; use OTEL_CONFIG_FILE"));
    return reader.text(old);
}

QList<Problem> applyFile(VariableReader& reader, const QString& path, Config& configuration,
                         const QMap<QString, QString>& environment)
{
    QStringList ignored;
    for (const VariableRow& row : variableTable()) {
        const QString name = variable(row.name);
        if (reader.isSet(name) && !name.endsWith(QLatin1String("CONFIG_FILE")))
            ignored.append(name);
    }
    if (!ignored.isEmpty())
        reader.warn(variable("OTEL_CONFIG_FILE"),
                    QStringLiteral("is set, so these are ignored: %1").arg(ignored.join(QStringLiteral(", "))));
    const auto read = loadTelemetryFile(path, environment, configuration);
    if (!read)
        return reader.problems() + read.error();
    configuration = read->config;
    return reader.problems() + read->warnings;
}

} // namespace

QMap<QString, QString> processEnvironment()
{
    QMap<QString, QString> variables;
    const QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    for (const QString& name : environment.keys())
        variables.insert(name, environment.value(name));
    return variables;
}

QList<Problem> applyEnvironment(Config& configuration, const QMap<QString, QString>& environment)
{
    VariableReader reader(environment);
    reportMisspelt(reader, environment);
    if (const QString path = configurationFile(reader); !path.isEmpty())
        return applyFile(reader, path, configuration, environment);
    applySwitches(reader, configuration);
    applyContext(reader, configuration.telemetry);
    applyResource(reader, configuration.telemetry);
    applyLimits(reader, configuration);
    applyIntervals(reader, configuration.telemetry);
    applyPrometheus(reader, configuration.telemetry);
    applyEnvironmentDestinations(reader, configuration.telemetry.destinations);
    reportWithoutEffect(reader);
    return reader.problems();
}

} // namespace oriel::config
