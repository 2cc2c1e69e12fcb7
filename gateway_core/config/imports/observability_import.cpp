// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/imports/observability_import.h"

#include "config/environment/substitution.h"
#include "config/environment/variable_reader.h"
#include "config/imports/yaml_section.h"
#include "config/settings/settings_table.h"

#include <QRegularExpression>
#include <QUrl>

namespace oriel::config {

namespace {

/// "60s", "500ms", "1m", "2h" or seconds.
std::optional<milliseconds> duration(const QString& text)
{
    static const QRegularExpression form(QStringLiteral("\\A(\\d{1,9}(?:\\.\\d{1,3})?)\\s*(ms|s|m|h)?\\z"));
    const QRegularExpressionMatch match = form.match(text);
    if (!match.hasMatch())
        return std::nullopt;
    const QString unit = match.captured(2);
    const double factor = unit == QLatin1String("ms")  ? 1
                          : unit == QLatin1String("m") ? 6e4
                          : unit == QLatin1String("h") ? 3.6e6
                                                       : 1e3;
    return milliseconds(static_cast<qint64>(match.captured(1).toDouble() * factor));
}

/// The features that RE2 does not have.
bool needsBacktracking(const QString& pattern)
{
    static const QRegularExpression features(QStringLiteral("\\(\\?(?:[=!>]|<[=!])|\\\\[1-9]"));
    return features.match(pattern).hasMatch();
}

class ObservabilityImport {
public:
    ObservabilityImport(const QMap<QString, QString>& environment, Config& configuration, ForeignTelemetry& foreign)
        : m_environment(environment),
          m_config(configuration),
          m_foreign(foreign)
    {}

    void read(YamlSection root)
    {
        YamlSection all = root.section("observability");
        if (const auto enabled = all.flag("enabled")) {
            m_config.telemetry.exportDisabled = !*enabled;
            take(all.keyOf("enabled"), QStringLiteral("telemetry.exportDisabled = ") + word(!*enabled));
        }
        m_destination.name = QStringLiteral("observability");
        readTracing(all.section("tracing"));
        readMetrics(all.section("metrics"));
        m_destination.logs = all.section("logs").flag("enabled").value_or(false);
        readPrivacy(all.section("data_privacy"));
        addDestination();
        all.reportOthers();
        root.reportOthers();
    }

private:
    static QString word(bool value) { return value ? QStringLiteral("true") : QStringLiteral("false"); }
    void take(const QString& from, const QString& to) { m_foreign.taken.append(from + QStringLiteral(": ") + to); }
    void leave(const QString& from, const QString& why) { m_foreign.left.append(from + QStringLiteral(": ") + why); }

    void readTracing(YamlSection tracing)
    {
        m_destination.traces = tracing.exists() && tracing.flag("enabled").value_or(true);
        readExporter(tracing.section("exporter"));
        readSampling(tracing.section("sampling"));
        if (const auto names = tracing.texts("propagators")) {
            QStringList chosen;
            for (const QString& name : *names) {
                if (settingChoices("telemetry.propagators").contains(name))
                    chosen.append(name);
                else
                    leave(tracing.keyOf("propagators"), QStringLiteral("Oriel has no propagator \"%1\"").arg(name));
            }
            m_config.telemetry.propagators = chosen;
            take(tracing.keyOf("propagators"), QStringLiteral("telemetry.propagators = ") + chosen.join(QStringLiteral(", ")));
        }
        tracing.reportOthers();
    }

    void readExporter(YamlSection exporter)
    {
        if (!exporter.exists())
            return;
        m_type = resolved(exporter, "type").value_or(QStringLiteral("otlp"));
        m_exporterKey = exporter.key();
        m_destination.endpoint = resolved(exporter, "endpoint").value_or(QString());
        YamlSection headers = exporter.section("headers");
        if (headers.exists()) {
            for (const auto& [name, value] : headers.node()->members)
                readHeader(headers, name);
        }
        exporter.reportOthers();
    }

    /// The text with its ${…} put in; nothing, and a line that says so, when a variable is missing.
    std::optional<QString> resolved(YamlSection& section, const char* name)
    {
        const auto text = section.text(name);
        if (!text)
            return std::nullopt;
        const auto value = substitute(*text, m_environment);
        if (value && !value->isEmpty())
            return *value;
        leave(section.keyOf(name), value ? QStringLiteral("%1 gives nothing here").arg(*text) : value.error());
        return std::nullopt;
    }

    void readHeader(YamlSection& headers, const QString& name)
    {
        const QByteArray key = name.toUtf8();
        static const QRegularExpression other(QStringLiteral("[^A-Za-z0-9]+"));
        QString secret = QStringLiteral("observability.") + QString(name).replace(other, QStringLiteral("-"));
        while (secret.endsWith(QLatin1Char('-')))
            secret.chop(1);
        const auto value = resolved(headers, key.constData());
        if (hasControlCharacter(name) || (value && hasControlCharacter(*value))) {
            leave(headers.key(), QStringLiteral("a header has no control characters"));
            return;
        }
        m_destination.headers.append({name, QStringLiteral("${vault:%1}").arg(secret)});
        if (value) {
            m_foreign.secrets.insert(secret, value->toUtf8());
            take(headers.keyOf(key.constData()),
                 QStringLiteral("a header, its value the secret \"%1\" of the vault").arg(secret));
        } else {
            leave(headers.keyOf(key.constData()),
                  QStringLiteral("put its value into the vault under the name \"%1\"").arg(secret));
        }
    }

    void readSampling(YamlSection sampling)
    {
        const auto strategy = sampling.text("strategy");
        const auto rate = sampling.number("rate", 0, 1);
        const auto perSecond = sampling.number("max_per_second", 0, 1e6);
        sampling.reportOthers();
        if (!strategy)
            return;
        const bool probabilistic = *strategy == QLatin1String("probabilistic");
        const QString sampler = *strategy == QLatin1String("always") ? QStringLiteral("parentbased_always_on")
                                : probabilistic                      ? QStringLiteral("parentbased_traceidratio")
                                                                     : *strategy;
        if (!settingChoices("telemetry.sampler").contains(sampler)) {
            leave(sampling.keyOf("strategy"),
                  QStringLiteral("Oriel has no sampler \"%1\"; it stays %2").arg(*strategy, m_config.telemetry.sampler));
        } else {
            m_config.telemetry.sampler = sampler;
            take(sampling.keyOf("strategy"), QStringLiteral("telemetry.sampler = ") + sampler);
        }
        if (rate && probabilistic) {
            m_config.telemetry.samplerArg = *rate;
            take(sampling.keyOf("rate"), QStringLiteral("telemetry.samplerArg = %1").arg(*rate));
        } else if (rate) {
            leave(sampling.keyOf("rate"), QStringLiteral("it counts for the strategy probabilistic only"));
        }
        if (perSecond && m_config.telemetry.sampler == QLatin1String("rate_limited")) {
            m_config.telemetry.samplerArg = *perSecond;
            take(sampling.keyOf("max_per_second"), QStringLiteral("telemetry.samplerArg = %1").arg(*perSecond));
        } else if (perSecond) {
            leave(sampling.keyOf("max_per_second"), QStringLiteral("it counts for the strategy rate_limited only"));
        }
    }

    void readMetrics(YamlSection metrics)
    {
        m_destination.metrics = metrics.exists() && metrics.flag("enabled").value_or(true);
        if (const auto text = metrics.text("export_interval")) {
            constexpr milliseconds kShortest(100);
            const auto interval = duration(*text);
            if (interval && *interval >= kShortest && *interval <= std::chrono::hours(24)) {
                m_config.telemetry.metricInterval = *interval;
                take(metrics.keyOf("export_interval"), QStringLiteral("telemetry.metricInterval = %1 ms").arg(interval->count()));
            } else {
                leave(metrics.keyOf("export_interval"), QStringLiteral("expected a duration such as 60s, up to a day"));
            }
        }
        for (YamlSection& collector : metrics.sections("collectors")) {
            const QString name = collector.text("name").value_or(QString());
            for (const char* known : {"enabled", "interval"})
                (void)collector.take(known);
            leave(collector.key(), name == QLatin1String("system") || name == QLatin1String("http")
                                       ? QStringLiteral("Oriel's metrics of \"%1\" are always on").arg(name)
                                       : QStringLiteral("Oriel has no collector \"%1\"").arg(name));
            collector.reportOthers();
        }
        metrics.reportOthers();
    }

    void addPiiType(const QString& from, const QString& type)
    {
        if (!m_config.masking.piiTypes.contains(type))
            m_config.masking.piiTypes.append(type);
        take(from, QStringLiteral("masking.piiTypes has ") + type);
    }

    void readPrivacy(YamlSection privacy)
    {
        if (privacy.flag("sanitize_pii").value_or(false)) {
            for (const char* type : {"email", "phone", "credit-card"})
                addPiiType(privacy.keyOf("sanitize_pii"), QLatin1String(type));
        }
        static const QStringList secrets{QStringLiteral("password"), QStringLiteral("api_key"), QStringLiteral("token"),
                                         QStringLiteral("secret"), QStringLiteral("authorization")};
        const QString fields = privacy.keyOf("sensitive_fields");
        for (const QString& field : privacy.texts("sensitive_fields").value_or(QStringList())) {
            if (field == QLatin1String("ssn"))
                addPiiType(fields, QStringLiteral("us-ssn"));
            else if (field == QLatin1String("credit_card"))
                addPiiType(fields, QStringLiteral("credit-card"));
            else if (secrets.contains(field))
                take(fields, QStringLiteral("values under \"%1\" are masked already (masking.keys)").arg(field));
            else
                leave(fields, QStringLiteral("\"%1\" is no name of a secret that Oriel knows; use a pattern of masking.patterns")
                                  .arg(field));
        }
        for (YamlSection& pattern : privacy.sections("mask_patterns"))
            readPattern(pattern);
        privacy.reportOthers();
    }

    void readPattern(YamlSection& pattern)
    {
        const auto regex = pattern.text("regex");
        const QString replacement = pattern.text("replacement").value_or(QString());
        pattern.reportOthers();
        if (!regex)
            return;
        if (needsBacktracking(*regex)) {
            leave(pattern.key(),
                  QStringLiteral("look-around and back references are not RE2; write it anew for masking.patterns"));
            return;
        }
        static const QRegularExpression other(QStringLiteral("[^a-z0-9]+"));
        QString base = replacement.toLower().replace(other, QStringLiteral("-"));
        base = base.split(QLatin1Char('-'), Qt::SkipEmptyParts).join(QLatin1Char('-')).left(40);
        if (base.isEmpty())
            base = QStringLiteral("pattern");
        QString rule = base;
        for (int number = 2; m_config.masking.patterns.contains(rule) && m_config.masking.patterns.value(rule) != *regex;
             ++number)
            rule = QStringLiteral("%1-%2").arg(base).arg(number);
        m_config.masking.patterns.insert(rule, *regex);
        take(pattern.key(), QStringLiteral("masking.patterns.%1; what it finds is shown as [masked:%1]").arg(rule));
    }

    void addDestination()
    {
        if (m_exporterKey.isEmpty() || m_type == QLatin1String("none"))
            return;
        if (m_type == QLatin1String("console")) {
            m_destination.protocol = ExportProtocol::Console;
            m_destination.endpoint.clear();
        } else if (m_type != QLatin1String("otlp") && m_type != QLatin1String("jaeger")) {
            leave(m_exporterKey + QStringLiteral(".type"),
                  QStringLiteral("Oriel has no exporter \"%1\"; no destination was made").arg(m_type));
            m_foreign.secrets.clear();
            return;
        } else {
            chooseProtocol();
        }
        if (findDestination(m_config, m_destination.name) != nullptr) {
            leave(m_exporterKey,
                  QStringLiteral("there is a destination \"%1\" already, which stays as it is").arg(m_destination.name));
            m_foreign.secrets.clear();
            return;
        }
        take(m_exporterKey,
             QStringLiteral("destination \"%1\" to %2%3")
                 .arg(m_destination.name, m_destination.endpoint.isEmpty() ? m_type : withoutSecrets(m_destination.endpoint),
                      m_destination.enabled ? QString() : QStringLiteral(", switched off")));
        m_config.telemetry.destinations.append(m_destination);
    }

    void chooseProtocol()
    {
        constexpr int kGrpcPort = 4317;
        const bool isJaeger = m_type == QLatin1String("jaeger");
        QUrl url(m_destination.endpoint);
        const bool http = url.scheme() == QLatin1String("http") || url.scheme() == QLatin1String("https");
        if (!http || url.host().isEmpty()) {
            m_destination.endpoint = QStringLiteral("http://localhost:4318");
            m_destination.enabled = false;
            leave(m_exporterKey + QStringLiteral(".endpoint"),
                  QStringLiteral("no URL: the destination is switched off until its endpoint is set"));
        } else if (isJaeger && (url.port() == 14268 || url.path().startsWith(QLatin1String("/api/traces")))) {
            constexpr int kOtlpPort = 4318;
            url.setPort(kOtlpPort);
            url.setPath(QString());
            m_destination.endpoint = url.toString();
            take(m_exporterKey + QStringLiteral(".type"), QStringLiteral("OTLP to Jaeger, which takes it on port 4318"));
        }
        m_destination.protocol = url.port() == kGrpcPort ? ExportProtocol::Grpc : ExportProtocol::HttpProtobuf;
    }

    const QMap<QString, QString>& m_environment;
    Config& m_config;
    ForeignTelemetry& m_foreign;
    Destination m_destination;
    QString m_type;
    QString m_exporterKey;
};

} // namespace

Status importObservability(const QByteArray& text, const QString& path, const QMap<QString, QString>& environment,
                           Config& configuration, ForeignTelemetry& foreign)
{
    const auto tree = readYaml(text);
    if (!tree) {
        const YamlError& e = tree.error();
        return fail(ErrorCode::Parse, Problem{Problem::Severity::Error, path, e.line, e.column, {}, e.message}.toString());
    }
    if ((*tree)->find(u"file_format") != nullptr)
        return fail(ErrorCode::InvalidArgument, QStringLiteral("this is a declarative configuration of OpenTelemetry"), path,
                    QStringLiteral("Oriel reads it where it is: start it with OTEL_CONFIG_FILE=%1.").arg(path));
    if ((*tree)->find(u"observability") == nullptr)
        return fail(ErrorCode::InvalidArgument,
                    QStringLiteral("there is no key \"observability\", so Oriel does not know this file"), path);
    foreign.format = QStringLiteral("observability.yaml");
    Config changed = configuration;
    YamlReport report(path);
    ObservabilityImport(environment, changed, foreign).read(YamlSection(report, tree->get(), {}));
    for (const Problem& problem : report.problems()) {
        if (problem.severity == Problem::Severity::Error)
            return fail(ErrorCode::Parse, problem.toString());
        foreign.left.append(QStringLiteral("%1: %2").arg(problem.key, problem.message));
    }
    configuration = changed;
    return {};
}

} // namespace oriel::config
