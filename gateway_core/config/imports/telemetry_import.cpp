// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/imports/telemetry_import.h"

#include "base/json.h"
#include "config/imports/observability_import.h"

#include <QUrl>

namespace oriel::config {

namespace {

/// `plugins.telemetry` and what stands beside it in an enkrypt_mcp_config.json.
class EnkryptImport {
public:
    EnkryptImport(Config& configuration, ForeignTelemetry& foreign) : m_config(configuration), m_foreign(foreign) {}

    void read(const json::Value& root)
    {
        const json::Value plugin = root.find("plugins").find("telemetry");
        if (plugin.exists())
            readTelemetry(plugin);
        for (const json::Member& member : root.find("plugins").members()) {
            if (!member.key.equals("telemetry"))
                leave(QStringLiteral("plugins.") + member.key.asString(), "Oriel has no plugins of that system");
        }
        for (const json::Member& member : root.find("common_mcp_gateway_config").members())
            leaveCommon(member);
        for (const json::Member& member : root.members()) {
            const QString key = member.key.asString();
            if (key == QLatin1String("projects") || key == QLatin1String("users") || key == QLatin1String("apikeys"))
                leave(key, "Oriel's clients have tokens of their own: oriel token add NAME --project PROJECT");
            else if (key != QLatin1String("plugins") && key != QLatin1String("common_mcp_gateway_config") &&
                     key != QLatin1String("mcp_configs"))
                leave(key, "it has no counterpart");
        }
    }

private:
    void take(const QString& from, const QString& to) { m_foreign.taken.append(from + QStringLiteral(": ") + to); }
    void leave(const QString& from, const char* why) { m_foreign.left.append(from + QStringLiteral(": ") + QLatin1String(why)); }

    void leaveCommon(const json::Member& member)
    {
        const QString key = member.key.asString();
        const bool isLevel = key == QLatin1String("enkrypt_log_level");
        leave(QStringLiteral("common_mcp_gateway_config.") + key,
              isLevel ? "Oriel's own messages follow --log-level" : "it has no counterpart");
    }

    void readTelemetry(const json::Value& plugin)
    {
        const QString prefix = QStringLiteral("plugins.telemetry.config.");
        Destination destination;
        destination.name = QStringLiteral("enkrypt");
        destination.endpoint = QStringLiteral("http://localhost:4317");
        destination.aliases = {QStringLiteral("enkrypt")};
        bool insecure = false;
        for (const json::Member& member : plugin.find("config").members()) {
            const QString key = member.key.asString();
            const QString value = member.value.asString();
            if (key == QLatin1String("enabled") && member.value.isBool())
                destination.enabled = *member.value.asBool();
            else if (key == QLatin1String("url") && member.value.isString())
                destination.endpoint = value;
            else if (key == QLatin1String("insecure") && member.value.isBool())
                insecure = *member.value.asBool();
            else if (key == QLatin1String("service_name") && member.value.isString())
                takeText(prefix + key, QStringLiteral("telemetry.serviceName"), m_config.telemetry.serviceName, value);
            else if (key == QLatin1String("job_name") && member.value.isString())
                takeText(prefix + key, QStringLiteral("telemetry.resourceAttributes.job"),
                         m_config.telemetry.resourceAttributes[QStringLiteral("job")], value);
            else
                leave(prefix + key, "it has no counterpart, or another form than expected");
        }
        if (const json::Value provider = plugin.find("provider"); provider.isString() && !provider.equals("opentelemetry"))
            leave(QStringLiteral("plugins.telemetry.provider"), "only opentelemetry is known; the rest was read as such");
        addDestination(destination, prefix, insecure);
        leave(QStringLiteral("names of metrics"),
              "they begin with mcp_gateway; set metrics.namespace to \"enkrypt\" to keep dashboards and alerts of that system");
    }

    void takeText(const QString& from, const QString& to, QString& target, const QString& value)
    {
        target = value;
        take(from, QStringLiteral("%1 = \"%2\"").arg(to, value));
    }

    void addDestination(Destination& destination, const QString& prefix, bool insecure)
    {
        constexpr int kGrpcPort = 4317;
        const QUrl url(destination.endpoint, QUrl::StrictMode);
        const bool http = url.scheme() == QLatin1String("http") || url.scheme() == QLatin1String("https");
        if (!url.isValid() || url.host().isEmpty() || !http) {
            leave(prefix + QStringLiteral("url"), "it is no URL that begins with http:// or https://; no destination was made");
            return;
        }
        destination.protocol = url.port() == kGrpcPort ? ExportProtocol::Grpc : ExportProtocol::HttpProtobuf;
        if (insecure && url.scheme() == QLatin1String("https"))
            leave(prefix + QStringLiteral("insecure"),
                  "certificates are always checked; name a private authority with caFile of the destination");
        else
            take(prefix + QStringLiteral("insecure"), QStringLiteral("%1:// decides it").arg(url.scheme()));
        if (findDestination(m_config, destination.name) != nullptr) {
            leave(prefix + QStringLiteral("url"), "there is a destination \"enkrypt\" already, which stays as it is");
            return;
        }
        take(prefix + QStringLiteral("url"),
             QStringLiteral("destination \"%1\", %2, to %3%4")
                 .arg(destination.name,
                      destination.protocol == ExportProtocol::Grpc ? QStringLiteral("grpc") : QStringLiteral("http/protobuf"),
                      destination.endpoint, destination.enabled ? QString() : QStringLiteral(", switched off")));
        m_config.telemetry.destinations.append(destination);
    }

    Config& m_config;
    ForeignTelemetry& m_foreign;
};

} // namespace

Result<ForeignTelemetry> importTelemetry(const QByteArray& text, const QString& path, const QMap<QString, QString>& environment,
                                         Config& configuration)
{
    ForeignTelemetry foreign;
    const bool isYaml =
        path.endsWith(QLatin1String(".yaml"), Qt::CaseInsensitive) || path.endsWith(QLatin1String(".yml"), Qt::CaseInsensitive);
    if (isYaml) {
        if (const Status read = importObservability(text, path, environment, configuration, foreign); !read)
            return fail(read.error());
        return foreign;
    }
    json::ParseOptions options;
    options.allowComments = true;
    json::Document document;
    if (!document.parse(text, options))
        return foreign;
    const json::Value root = document.root();
    if (root.find("plugins").isObject() || root.find("common_mcp_gateway_config").isObject() ||
        root.find("mcp_configs").isObject()) {
        foreign.format = QStringLiteral("enkrypt_mcp_config.json");
        EnkryptImport(configuration, foreign).read(root);
    }
    return foreign;
}

} // namespace oriel::config
