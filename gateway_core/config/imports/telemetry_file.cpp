// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/imports/telemetry_file.h"

#include "config/environment/key_values.h"
#include "config/environment/log_level.h"
#include "config/environment/substitution.h"
#include "config/imports/telemetry_file_exporters.h"
#include "config/imports/telemetry_file_views.h"
#include "config/settings/settings_table.h"

#include <QFile>

namespace oriel::config {

namespace {

constexpr qint64 kMaxBytes = 1024 * 1024;
constexpr qint64 kMaxCount = 1'000'000'000;

void readFormat(YamlSection& root)
{
    const YamlNode* node = root.take("file_format");
    if (node == nullptr) {
        if (root.exists())
            root.error(*root.node(), "file_format", QStringLiteral("expected a version such as \"1.0\""));
    } else if (node->kind != YamlNode::Kind::Scalar || !(node->text + QLatin1Char('.')).startsWith(QLatin1String("1."))) {
        root.error(*node, "file_format", QStringLiteral("expected version 1.x of the format"));
    }
}

void setResource(Telemetry& telemetry, const QString& name, const QString& value)
{
    telemetry.resourceAttributes.insert(name, value);
    if (name == QLatin1String("service.name"))
        telemetry.serviceName = value;
}

/// A scalar of the type that the attribute's `type` names.
std::optional<QVariant> readScalar(const YamlNode& node, QStringView type)
{
    if (node.kind != YamlNode::Kind::Scalar)
        return std::nullopt;
    const auto wrapped = [](const auto& value) { return value ? std::optional(QVariant::fromValue(*value)) : std::nullopt; };
    if (type == QLatin1String("bool"))
        return wrapped(node.asBool());
    if (type == QLatin1String("int"))
        return wrapped(node.asInteger());
    if (type == QLatin1String("double"))
        return wrapped(node.asNumber());
    return QVariant(node.text);
}

std::optional<QVariant> readTyped(const YamlNode& node, const QString& type)
{
    const QLatin1String array("_array");
    if (!type.endsWith(array))
        return readScalar(node, type);
    if (node.kind != YamlNode::Kind::Sequence)
        return std::nullopt;
    QVariantList list;
    for (const YamlPtr& item : node.items) {
        const auto element = readScalar(*item, QStringView(type).chopped(array.size()));
        if (!element)
            return std::nullopt;
        list.append(*element);
    }
    return QVariant(list);
}

void readResourceAttribute(YamlSection& attribute, Telemetry& telemetry)
{
    const auto name = attribute.text("name");
    const auto type =
        attribute.choice("type", {QStringLiteral("string"), QStringLiteral("bool"), QStringLiteral("int"),
                                  QStringLiteral("double"), QStringLiteral("string_array"), QStringLiteral("bool_array"),
                                  QStringLiteral("int_array"), QStringLiteral("double_array")});
    const YamlNode* value = attribute.take("value");
    if (!attribute.exists())
        return;
    if (!name || name->isEmpty()) {
        attribute.error(*attribute.node(), "name", QStringLiteral("expected the attribute's name"));
    } else if (value != nullptr && type && *type != QLatin1String("string")) {
        if (const auto typed = readTyped(*value, *type))
            telemetry.typedResourceAttributes.insert(*name, *typed);
        else
            attribute.error(*value, "value", QStringLiteral("expected a value of the type %1").arg(*type));
    } else if (value != nullptr && value->kind != YamlNode::Kind::Scalar) {
        attribute.warning(*value, "value", QStringLiteral("is not sent: a list needs its type, such as string_array"));
    } else if (value != nullptr) {
        setResource(telemetry, *name, value->text);
        telemetry.typedResourceAttributes.remove(*name);
    }
    attribute.reportOthers();
}

void readResource(YamlSection resource, Telemetry& telemetry)
{
    if (const auto list = resource.text("attributes_list")) {
        if (const auto pairs = readKeyValues(*list, Semicolon::Plain)) {
            for (const auto& [name, value] : *pairs)
                setResource(telemetry, name, value);
        } else {
            resource.error(*resource.take("attributes_list"), "attributes_list",
                           QStringLiteral("expected key=value,key=value; ") + pairs.error().message);
        }
    }
    for (YamlSection& attribute : resource.sections("attributes"))
        readResourceAttribute(attribute, telemetry);
    resource.withoutEffect("schema_url", QStringLiteral("it names the schema of its own attributes"));
    resource.withoutEffect("detection/development", QStringLiteral("service, host, process and os are always detected"));
    resource.reportOthers();
}

void readPropagator(YamlSection propagator, Telemetry& telemetry)
{
    const QStringList known = settingChoices("telemetry.propagators");
    QStringList chosen;
    const auto add = [&](const YamlNode& at, const QString& name) {
        if (name == QLatin1String("none") || chosen.contains(name))
            return;
        if (known.contains(name))
            chosen.append(name);
        else
            propagator.report().warning(
                at, propagator.key(),
                QStringLiteral("Oriel has no propagator \"%1\", only %2").arg(name.left(40), known.join(QStringLiteral(", "))));
    };
    for (const YamlSection& one : propagator.sections("composite")) {
        if (!one.exists())
            continue;
        for (const auto& [name, options] : one.node()->members)
            add(*options, name);
    }
    if (const auto list = propagator.text("composite_list")) {
        for (const QString& name : list->split(QLatin1Char(','), Qt::SkipEmptyParts))
            add(*propagator.take("composite_list"), name.trimmed());
    }
    if (propagator.exists())
        telemetry.propagators = chosen;
    propagator.reportOthers();
}

struct Sampler {
    QString name;
    double argument = 1.0;
};

/// always_on, always_off and trace_id_ratio_based, or nothing with a warning.
std::optional<Sampler> readPlainSampler(YamlSection& sampler)
{
    std::optional<Sampler> chosen;
    if (sampler.has("always_on"))
        chosen = {QStringLiteral("always_on"), 1.0};
    else if (sampler.has("always_off"))
        chosen = {QStringLiteral("always_off"), 1.0};
    for (const char* ratio : {"trace_id_ratio_based", "probability/development"}) {
        if (!sampler.has(ratio))
            continue;
        YamlSection options = sampler.section(ratio);
        chosen = {QStringLiteral("traceidratio"), options.number("ratio", 0, 1).value_or(1.0)};
        options.reportOthers();
    }
    return chosen;
}

/// The samplers for parents are fixed in Oriel: as the parent decided.
void checkDelegates(YamlSection& parent)
{
    constexpr std::array kDelegates{
        std::pair{"remote_parent_sampled", "always_on"}, std::pair{"remote_parent_not_sampled", "always_off"},
        std::pair{"local_parent_sampled", "always_on"}, std::pair{"local_parent_not_sampled", "always_off"}};
    for (const auto& [name, standard] : kDelegates) {
        YamlSection delegate = parent.section(name);
        if (delegate.exists() && !delegate.has(standard))
            parent.warning(*delegate.node(), name,
                           QStringLiteral("has no effect in Oriel: a trace with a parent is exported as the parent decided"));
    }
}

void readSampler(YamlSection sampler, Telemetry& telemetry)
{
    if (!sampler.exists())
        return;
    std::optional<Sampler> chosen = readPlainSampler(sampler);
    if (sampler.has("parent_based")) {
        YamlSection parent = sampler.section("parent_based");
        YamlSection root = parent.section("root");
        chosen = root.exists() ? readPlainSampler(root) : Sampler{QStringLiteral("always_on"), 1.0};
        root.reportOthers();
        checkDelegates(parent);
        parent.reportOthers();
        if (chosen)
            chosen->name.prepend(QLatin1String("parentbased_"));
    }
    sampler.reportOthers();
    if (!chosen) {
        sampler.report().warning(*sampler.node(), sampler.key(),
                                 QStringLiteral("has no sampler that Oriel knows; it stays %1").arg(telemetry.sampler));
        return;
    }
    telemetry.sampler = chosen->name;
    telemetry.samplerArg = chosen->argument;
}

/// One limit into each of the settings that there are; a warning when there is none.
void readLimit(YamlSection& limits, const char* name, std::initializer_list<const char*> settings, Config& configuration)
{
    const auto limit = limits.integer(name, 0, kMaxCount);
    bool isSet = false;
    for (const char* setting : settings)
        isSet = (limit && setSetting(configuration, setting, SettingValue(*limit))) || isSet;
    if (limit && !isSet)
        limits.withoutEffect(name, QStringLiteral("there is no such setting"));
}

void readAttributeLimits(YamlSection& limits, Config& configuration)
{
    readLimit(limits, "attribute_value_length_limit", {"telemetry.limits.attributeLength", "telemetry.limits.logAttributeLength"},
              configuration);
    readLimit(limits, "attribute_count_limit", {"telemetry.limits.attributeCount", "telemetry.limits.logAttributeCount"},
              configuration);
}

void readTracerProvider(YamlSection provider, ExporterSections& exporters, Config& configuration)
{
    exporters.readProcessors(provider, QStringLiteral("traces"), configuration.telemetry);
    YamlSection limits = provider.section("limits");
    readLimit(limits, "attribute_value_length_limit", {"telemetry.limits.attributeLength"}, configuration);
    readLimit(limits, "attribute_count_limit", {"telemetry.limits.attributeCount"}, configuration);
    readLimit(limits, "event_count_limit", {"telemetry.limits.eventCount"}, configuration);
    readLimit(limits, "link_count_limit", {"telemetry.limits.linkCount"}, configuration);
    readLimit(limits, "event_attribute_count_limit", {"telemetry.limits.eventAttributeCount"}, configuration);
    readLimit(limits, "link_attribute_count_limit", {"telemetry.limits.linkAttributeCount"}, configuration);
    limits.reportOthers();
    readSampler(provider.section("sampler"), configuration.telemetry);
    provider.withoutEffect("tracer_configurator/development", QStringLiteral("it has one tracer"));
    provider.withoutEffect("id_generator", QStringLiteral("its ids are random"));
    provider.reportOthers();
}

void readMeterProvider(YamlSection provider, ExporterSections& exporters, Config& configuration)
{
    exporters.readReaders(provider, configuration.telemetry);
    configuration.telemetry.views = readViews(provider);
    const auto filter = provider.choice(
        "exemplar_filter", {QStringLiteral("trace_based"), QStringLiteral("always_on"), QStringLiteral("always_off")});
    if (filter && !setSetting(configuration, "metrics.exemplars", SettingValue(*filter)) &&
        *filter != QLatin1String("trace_based"))
        provider.withoutEffect("exemplar_filter", QStringLiteral("there is no such setting"));
    provider.withoutEffect("meter_configurator/development", QStringLiteral("it has one meter"));
    provider.reportOthers();
}

void readLoggerProvider(YamlSection provider, ExporterSections& exporters, Config& configuration)
{
    exporters.readProcessors(provider, QStringLiteral("logs"), configuration.telemetry);
    YamlSection limits = provider.section("limits");
    readLimit(limits, "attribute_value_length_limit", {"telemetry.limits.logAttributeLength"}, configuration);
    readLimit(limits, "attribute_count_limit", {"telemetry.limits.logAttributeCount"}, configuration);
    limits.reportOthers();
    provider.withoutEffect("logger_configurator/development", QStringLiteral("it has one logger"));
    provider.reportOthers();
}

void readRoot(YamlSection& root, const QString& path, Config& configuration)
{
    Telemetry& telemetry = configuration.telemetry;
    readFormat(root);
    if (const auto disabled = root.flag("disabled"))
        telemetry.exportDisabled = *disabled;
    if (const auto level = root.text("log_level")) {
        if (const auto own = ownLogLevel(*level))
            telemetry.logLevel = *own;
        else
            root.error(*root.take("log_level"), "log_level", QStringLiteral("expected a severity such as info, warn or debug"));
    }
    YamlSection limits = root.section("attribute_limits");
    readAttributeLimits(limits, configuration);
    limits.reportOthers();
    readResource(root.section("resource"), telemetry);
    readPropagator(root.section("propagator"), telemetry);
    ExporterSections exporters(path);
    readTracerProvider(root.section("tracer_provider"), exporters, configuration);
    readMeterProvider(root.section("meter_provider"), exporters, configuration);
    readLoggerProvider(root.section("logger_provider"), exporters, configuration);
    exporters.addTo(telemetry.destinations);
    for (const char* part : {"instrumentation", "instrumentation/development"})
        root.withoutEffect(part, QStringLiteral("it instruments nothing but itself"));
    root.withoutEffect("distribution", QStringLiteral("it is no OpenTelemetry distribution"));
    root.reportOthers();
}

} // namespace

tl::expected<TelemetryFile, QList<Problem>> readTelemetryFile(QByteArrayView text, const QString& path,
                                                              const QMap<QString, QString>& environment, const Config& base)
{
    const auto tree = readYaml(text, [&](const QString& scalar) { return substitute(scalar, environment); });
    if (!tree) {
        const YamlError& e = tree.error();
        return tl::unexpected(QList<Problem>{{Problem::Severity::Error, path, e.line, e.column, {}, e.message}});
    }
    YamlReport report(path);
    YamlSection root(report, tree->get(), {});
    TelemetryFile file{base, {}};
    readRoot(root, path, file.config);
    if (report.hasErrors())
        return tl::unexpected(report.problems());
    file.warnings = report.problems();
    return file;
}

tl::expected<TelemetryFile, QList<Problem>> loadTelemetryFile(const QString& path, const QMap<QString, QString>& environment,
                                                              const Config& base)
{
    const auto broken = [&](const QString& message) {
        return tl::unexpected(QList<Problem>{{Problem::Severity::Error, path, 0, 0, {}, message}});
    };
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return broken(QStringLiteral("the file of OTEL_CONFIG_FILE cannot be read: %1").arg(file.errorString()));
    const QByteArray text = file.read(kMaxBytes + 1);
    if (text.size() > kMaxBytes)
        return broken(QStringLiteral("the file of OTEL_CONFIG_FILE is larger than 1 MiB"));
    return readTelemetryFile(text, path, environment, base);
}

} // namespace oriel::config
