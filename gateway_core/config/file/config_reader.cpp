// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/file/config_reader.h"

#include "config/file/edit_distance.h"

#include <QSet>

namespace oriel::config {

namespace {

/// Top-level keys that later versions read; they are no mistake.
const QStringList kReservedKeys{QStringLiteral("clients"), QStringLiteral("guardrails"), QStringLiteral("alerts"),
                                QStringLiteral("$schema"), QStringLiteral("inputs")};

/// Keys that clients write into an entry and that mean nothing here.
const QStringList kForeignServerKeys{QStringLiteral("serverUrl"), QStringLiteral("description"), QStringLiteral("envFile"),
                                     QStringLiteral("alwaysLoad")};

QString found(const json::Value& value)
{
    constexpr qsizetype kShown = 40;
    const QString text = QString::fromUtf8(value.raw()).simplified();
    return text.size() <= kShown ? text : text.left(kShown) + QChar(0x2026);
}

QString suggestion(const QString& key, const QStringList& known)
{
    const auto nearest = std::min_element(known.cbegin(), known.cend(), [&](const QString& a, const QString& b) {
        return editDistance(key, a) < editDistance(key, b);
    });
    if (nearest == known.cend() || editDistance(key, *nearest) > std::max<qsizetype>(1, key.size() / 3))
        return {};
    return QStringLiteral("; did you mean \"%1\"?").arg(*nearest);
}

json::Value findPath(const json::Value& object, const char* key)
{
    json::Value value = object;
    for (const QByteArray& part : QByteArray(key).split('.'))
        value = value.find(part);
    return value;
}

bool isHttpUrl(const QString& url)
{
    return url.startsWith(QLatin1String("http://"), Qt::CaseInsensitive) ||
           url.startsWith(QLatin1String("https://"), Qt::CaseInsensitive) || url.contains(QLatin1String("${"));
}

bool hasOnly(const QString& text, QLatin1StringView others)
{
    return std::all_of(text.cbegin(), text.cend(),
                       [&](QChar c) { return (c.unicode() < 128 && c.isLetterOrNumber()) || others.contains(c); });
}

bool isPortable(const QString& name)
{
    return !name.isEmpty() && name.size() <= 64 && hasOnly(name, QLatin1StringView("_-."));
}

template <class Subject> QString boundsOf(const SettingRow<Subject>& row)
{
    if (row.minimum == row.maximum)
        return {};
    const int decimals = row.type == SettingType::Number ? 1 : 0;
    return QStringLiteral(" from %1 to %2").arg(row.minimum, 0, 'f', decimals).arg(row.maximum, 0, 'f', decimals);
}

template <class Subject> bool inBounds(const SettingRow<Subject>& row, double number)
{
    return row.minimum == row.maximum || (number >= row.minimum && number <= row.maximum);
}

template <class Subject> QStringList choicesOf(const SettingRow<Subject>& row)
{
    QStringList choices;
    for (const char* choice : row.choices)
        choices.append(QLatin1String(choice));
    return choices;
}

} // namespace

bool isLoopbackHost(const QString& host)
{
    if (host == QLatin1String("localhost") || host == QLatin1String("::1") || host == QLatin1String("[::1]"))
        return true;
    const QStringList parts = host.split(QLatin1Char('.'));
    const bool numbers = std::all_of(parts.cbegin(), parts.cend(), [](const QString& part) {
        const bool digits =
            std::all_of(part.cbegin(), part.cend(), [](QChar c) { return c >= QLatin1Char('0') && c <= QLatin1Char('9'); });
        return digits && !part.isEmpty() && part.size() <= 3 && part.toInt() <= 255;
    });
    return parts.size() == 4 && numbers && parts.first() == QLatin1String("127");
}

QString Problem::toString() const
{
    QString text = path;
    if (line != 0)
        text += QStringLiteral(":%1:%2").arg(line).arg(column);
    if (!key.isEmpty())
        text += QStringLiteral(": ") + key;
    return text + QStringLiteral(": ") + message;
}

QString Problem::toLine() const
{
    return severity == Severity::Error ? toString() : QStringLiteral("warning: ") + toString();
}

qsizetype ConfigReader::errorCount() const
{
    return std::count_if(m_problems.cbegin(), m_problems.cend(),
                         [](const Problem& problem) { return problem.severity == Problem::Severity::Error; });
}

void ConfigReader::add(Problem::Severity severity, const json::Value& at, const QString& key, const QString& message)
{
    const json::Position place = json::positionOf(m_document.text(), at.span().begin);
    m_problems.append({severity, m_path, place.line, place.column, key, message});
}

std::nullopt_t ConfigReader::expected(const json::Value& value, const QString& key, const QString& what)
{
    error(value, key, QStringLiteral("expected %1, found %2").arg(what, found(value)));
    return std::nullopt;
}

std::optional<qint64> ConfigReader::readDuration(const json::Value& value)
{
    if (value.isInteger())
        return value.asInt64();
    if (!value.isString())
        return std::nullopt;
    const QString text = value.asString().trimmed();
    static constexpr std::array<std::pair<const char*, double>, 5> kUnits{
        {{"ms", 1}, {"s", 1e3}, {"min", 6e4}, {"m", 6e4}, {"h", 3.6e6}}};
    constexpr double kLongest = 1e15;
    for (const auto& [unit, factor] : kUnits) {
        if (!text.endsWith(QLatin1String(unit)))
            continue;
        bool ok = false;
        const double number = text.left(text.size() - static_cast<qsizetype>(qstrlen(unit))).trimmed().toDouble(&ok);
        if (ok && number >= 0 && number * factor <= kLongest)
            return static_cast<qint64>(number * factor);
    }
    return std::nullopt;
}

template <class Subject>
std::optional<SettingValue> ConfigReader::readValue(const json::Value& value, const SettingRow<Subject>& row, const QString& key)
{
    switch (row.type) {
    case SettingType::Bool:
        if (const auto flag = value.asBool())
            return SettingValue(*flag);
        return expected(value, key, QStringLiteral("true or false"));
    case SettingType::Integer:
        if (const auto number = value.asInt64(); number && inBounds(row, static_cast<double>(*number)))
            return SettingValue(qint64(*number));
        return expected(value, key, QStringLiteral("an integer") + boundsOf(row));
    case SettingType::Number:
        if (const auto number = value.asDouble(); number && inBounds(row, *number))
            return SettingValue(*number);
        return expected(value, key, QStringLiteral("a number") + boundsOf(row));
    case SettingType::Duration:
        if (const auto duration = readDuration(value); duration && inBounds(row, static_cast<double>(*duration)))
            return SettingValue(*duration);
        return expected(value, key, QStringLiteral("milliseconds%1, or a text such as \"30s\"").arg(boundsOf(row)));
    case SettingType::Text:
        if (value.isString())
            return SettingValue(value.asString());
        return expected(value, key, QStringLiteral("a text"));
    case SettingType::Choice:
        if (value.isString() && choicesOf(row).contains(value.asString()))
            return SettingValue(value.asString());
        return expected(value, key, QStringLiteral("one of ") + choicesOf(row).join(QStringLiteral(", ")));
    case SettingType::TextList:
        return readList(value, row, key);
    case SettingType::TextMap:
    case SettingType::Headers:
        return readPairs(value, row, key);
    }
    return std::nullopt;
}

template <class Subject>
std::optional<SettingValue> ConfigReader::readList(const json::Value& value, const SettingRow<Subject>& row, const QString& key)
{
    if (!value.isArray())
        return expected(value, key, QStringLiteral("a list of texts"));
    const QStringList choices = choicesOf(row);
    const qsizetype before = errorCount();
    QStringList list;
    for (const json::Value& element : value.elements()) {
        const QString place = QStringLiteral("%1[%2]").arg(key).arg(list.size());
        if (!element.isString())
            (void)expected(element, place, QStringLiteral("a text"));
        else if (!choices.isEmpty() && !choices.contains(element.asString()))
            (void)expected(element, place, QStringLiteral("one of ") + choices.join(QStringLiteral(", ")));
        list.append(element.asString());
    }
    if (errorCount() != before)
        return std::nullopt;
    return SettingValue(list);
}

template <class Subject>
std::optional<SettingValue> ConfigReader::readPairs(const json::Value& value, const SettingRow<Subject>& row, const QString& key)
{
    if (!value.isObject())
        return expected(value, key, QStringLiteral("an object of texts"));
    const qsizetype before = errorCount();
    HeaderList pairs;
    for (const json::Member& member : value.members()) {
        // VS Code allows numbers and null (which unsets) for environment variables.
        if (member.value.isNull())
            continue;
        if (!member.value.isString() && !member.value.isNumber())
            (void)expected(member.value, key + QLatin1Char('.') + member.key.asString(), QStringLiteral("a text"));
        pairs.append(
            {member.key.asString(), member.value.isString() ? member.value.asString() : QString::fromUtf8(member.value.raw())});
    }
    if (errorCount() != before)
        return std::nullopt;
    if (row.type == SettingType::Headers)
        return SettingValue(pairs);
    QMap<QString, QString> map;
    for (const auto& [name, text] : pairs)
        map.insert(name, text);
    return SettingValue(map);
}

template <class Subject>
void ConfigReader::readRows(const json::Value& object, std::span<const SettingRow<Subject>> rows, Subject& subject,
                            const QString& prefix, const QStringList& others)
{
    for (const SettingRow<Subject>& row : rows) {
        const json::Value value = findPath(object, row.key);
        if (!value.exists())
            continue;
        if (const auto read = readValue(value, row, prefix + QLatin1String(row.key)))
            row.write(subject, *read);
    }
    checkKeys(object, rows, prefix, others);
}

template <class Subject>
void ConfigReader::checkKeys(const json::Value& object, std::span<const SettingRow<Subject>> rows, const QString& prefix,
                             const QStringList& others)
{
    QStringList known = others;
    QSet<QString> groups;
    for (const SettingRow<Subject>& row : rows) {
        const QString key = QLatin1String(row.key);
        known.append(key);
        for (qsizetype dot = key.indexOf(QLatin1Char('.')); dot > 0; dot = key.indexOf(QLatin1Char('.'), dot + 1))
            groups.insert(key.left(dot));
    }
    const std::function<void(const json::Value&, const QString&)> checkLevel = [&](const json::Value& level,
                                                                                   const QString& path) {
        for (const json::Member& member : level.members()) {
            const QString key = path + member.key.asString();
            if (groups.contains(key)) {
                if (member.value.isObject())
                    checkLevel(member.value, key + QLatin1Char('.'));
                else
                    (void)expected(member.value, prefix + key, QStringLiteral("an object"));
            } else if (!known.contains(key)) {
                warning(member.key, prefix + key, QStringLiteral("unknown key%1").arg(suggestion(key, known + groups.values())));
            }
        }
    };
    checkLevel(object, {});
}

void ConfigReader::readServers(const json::Value& servers, Config& configuration)
{
    if (!servers.exists())
        return;
    if (!servers.isObject()) {
        (void)expected(servers, QStringLiteral("mcpServers"), QStringLiteral("an object of servers by name"));
        return;
    }
    for (const json::Member& member : servers.members())
        readServer(member, configuration);
}

void ConfigReader::readServer(const json::Member& member, Config& configuration)
{
    Server server;
    server.name = member.key.asString();
    const QString key = QStringLiteral("mcpServers.") + server.name;
    if (!isPortable(server.name)) {
        error(member.key, key, QStringLiteral("a server's name has 1 to 64 letters, digits, '_', '-' or '.'"));
        return;
    }
    if (!member.value.isObject()) {
        (void)expected(member.value, key, QStringLiteral("an object with command or url"));
        return;
    }
    const qsizetype before = errorCount();
    readRows(member.value, serverTable(), server, key + QLatin1Char('.'), kForeignServerKeys);
    if (const json::Value serverUrl = member.value.find("serverUrl"); server.url.isEmpty() && serverUrl.isString())
        server.url = serverUrl.asString();
    if (!member.value.find("type").exists() && !server.url.isEmpty() && server.command.isEmpty())
        server.transport = ServerTransport::StreamableHttp;
    if (errorCount() == before)
        checkServer(member.value, key, server);
    configuration.servers.append(std::move(server));
}

void ConfigReader::checkServer(const json::Value& entry, const QString& key, const Server& server)
{
    if (server.transport == ServerTransport::Stdio) {
        if (server.command.isEmpty())
            error(entry, key, QStringLiteral("expected a command, or a url"));
        return;
    }
    const json::Value url = entry.find("url").exists() ? entry.find("url") : entry.find("serverUrl");
    if (server.url.isEmpty())
        error(entry, key + QStringLiteral(".url"), QStringLiteral("expected the server's URL"));
    else if (!isHttpUrl(server.url))
        (void)expected(url, key + QStringLiteral(".url"), QStringLiteral("a URL that begins with http:// or https://"));
}

void ConfigReader::readDestinations(const json::Value& destinations, Config& configuration)
{
    const QString list = QStringLiteral("telemetry.destinations");
    if (!destinations.exists())
        return;
    if (!destinations.isArray()) {
        (void)expected(destinations, list, QStringLiteral("a list of destinations"));
        return;
    }
    int index = 0;
    for (const json::Value& entry : destinations.elements()) {
        const QString key = QStringLiteral("%1[%2]").arg(list).arg(index++);
        if (!entry.isObject()) {
            (void)expected(entry, key, QStringLiteral("an object"));
            continue;
        }
        const qsizetype before = errorCount();
        Destination destination;
        readRows(entry, destinationTable(), destination, key + QLatin1Char('.'), {});
        if (errorCount() == before)
            checkDestination(entry, key, destination, configuration);
        configuration.telemetry.destinations.append(std::move(destination));
    }
}

void ConfigReader::checkDestination(const json::Value& entry, const QString& key, const Destination& destination,
                                    const Config& configuration)
{
    // The preset gives the endpoint; Jaeger and Zipkin are expected on this machine.
    const bool needsEndpoint =
        destination.preset.isEmpty() &&
        (destination.protocol == ExportProtocol::Grpc || destination.protocol == ExportProtocol::File ||
         destination.protocol == ExportProtocol::HttpProtobuf || destination.protocol == ExportProtocol::HttpJson);
    if (destination.name.isEmpty())
        error(entry, key + QStringLiteral(".name"), QStringLiteral("expected a name"));
    else if (findDestination(configuration, destination.name) != nullptr)
        error(entry.find("name"), key + QStringLiteral(".name"),
              QStringLiteral("there is a destination \"%1\" already").arg(destination.name));
    if (needsEndpoint && destination.endpoint.isEmpty() && destination.signalEndpoints.isEmpty())
        error(entry, key + QStringLiteral(".endpoint"), QStringLiteral("expected where to send to, or a preset"));
    if (!destination.fields.isEmpty() && destination.preset.isEmpty())
        warning(entry.findKey("fields"), key + QStringLiteral(".fields"), QStringLiteral("has no meaning without a preset"));
    for (const QString& code : destination.successCodes) {
        if (code.size() != 3 || !code.startsWith(QLatin1Char('2')) || !hasOnly(code, {}) || code.toInt() < 200)
            (void)expected(entry.find("successCodes"), key + QStringLiteral(".successCodes"),
                           QStringLiteral("statuses from 200 to 299, as texts"));
    }
}

void ConfigReader::readLimits(const json::Value& limits, Config& configuration)
{
    if (!limits.exists())
        return;
    if (!limits.isArray()) {
        (void)expected(limits, QStringLiteral("limits"), QStringLiteral("a list of limits"));
        return;
    }
    int index = 0;
    for (const json::Value& entry : limits.elements()) {
        const QString key = QStringLiteral("limits[%1]").arg(index++);
        if (!entry.isObject()) {
            (void)expected(entry, key, QStringLiteral("an object"));
            continue;
        }
        const qsizetype before = errorCount();
        Limit limit;
        readRows(entry, limitTable(), limit, key + QLatin1Char('.'), {});
        if (errorCount() == before)
            checkLimit(entry, key, limit, configuration);
        configuration.limits.append(std::move(limit));
    }
}

void ConfigReader::checkLimit(const json::Value& entry, const QString& key, const Limit& limit, const Config& configuration)
{
    const auto isSame = [&](const Limit& other) { return other.scope == limit.scope && other.name == limit.name; };
    const bool isEmpty = limit.callsPerSecond == 0 && limit.concurrency == 0 && limit.callsPerHour == 0 &&
                         limit.callsPerDay == 0 && limit.tokensPerHour == 0 && limit.tokensPerDay == 0;
    if (!entry.find("for").exists())
        error(entry, key + QStringLiteral(".for"),
              QStringLiteral("expected whose calls it counts: client, project, tenant, "
                             "server or tool"));
    else if (limit.name.isEmpty())
        (void)expected(entry.find("name"), key + QStringLiteral(".name"), QStringLiteral("a name, or *"));
    else if (std::any_of(configuration.limits.cbegin(), configuration.limits.cend(), isSame))
        error(entry, key,
              QStringLiteral("there is a limit for this %1 already; write all of it into one entry")
                  .arg(entry.find("for").asString()));
    else if (isEmpty)
        error(entry, key, QStringLiteral("limits nothing; give callsPerSecond, concurrency, or calls or tokens per hour or day"));
    else if (limit.burst > 0 && limit.callsPerSecond == 0)
        error(entry.find("burst"), key + QStringLiteral(".burst"), QStringLiteral("has no meaning without callsPerSecond"));
    else if (limit.scope == LimitScope::Server && limit.name != QLatin1String("*") &&
             findServer(configuration, limit.name) == nullptr)
        warning(entry.find("name"), key + QStringLiteral(".name"), QStringLiteral("there is no server \"%1\"").arg(limit.name));
}

void ConfigReader::checkGateway(const json::Value& root, const Config& configuration)
{
    if (!isLoopbackHost(configuration.gateway.host))
        (void)expected(findPath(root, "gateway.host"), QStringLiteral("gateway.host"),
                       QStringLiteral("a loopback address (127.0.0.1, localhost, ::1)"));
    const QString separator = configuration.gateway.separator;
    if (separator.isEmpty() || separator.size() > 8 || !hasOnly(separator, QLatin1StringView("_-./")))
        (void)expected(findPath(root, "gateway.separator"), QStringLiteral("gateway.separator"),
                       QStringLiteral("1 to 8 letters, digits, '_', '-', '.' or '/'"));
    const QString prefix = configuration.metrics.nameSpace;
    if (prefix.isEmpty() || !hasOnly(prefix, QLatin1StringView("_:")) || prefix.front().isDigit())
        (void)expected(findPath(root, "metrics.namespace"), QStringLiteral("metrics.namespace"),
                       QStringLiteral("letters, digits, '_' or ':', and no digit first"));
}

Config ConfigReader::readRoot()
{
    Config configuration;
    const json::Value root = m_document.root();
    if (!root.isObject()) {
        (void)expected(root, {}, QStringLiteral("an object"));
        return configuration;
    }
    readRows(root, settingsTable(), configuration, {},
             kReservedKeys + QStringList{QStringLiteral("mcpServers"), QStringLiteral("telemetry.destinations"),
                                         QStringLiteral("servers"), QStringLiteral("limits")});
    const json::Value servers = root.find("mcpServers");
    if (servers.exists() && root.find("servers").exists())
        warning(root.findKey("servers"), QStringLiteral("servers"),
                QStringLiteral("not read, because mcpServers is there as well"));
    readServers(servers.exists() ? servers : root.find("servers"), configuration);
    readDestinations(root.find("telemetry").find("destinations"), configuration);
    readLimits(root.find("limits"), configuration);
    checkGateway(root, configuration);
    return configuration;
}

} // namespace oriel::config
