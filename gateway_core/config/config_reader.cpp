// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/config_reader.h"

#include <QSet>

namespace oriel::config {

namespace {

/// Top-level keys that later versions read; they are no mistake.
const QStringList kReservedKeys{QStringLiteral("clients"), QStringLiteral("receiver"), QStringLiteral("guardrails"), QStringLiteral("alerts"),
                                QStringLiteral("$schema"), QStringLiteral("inputs")};

QString found(const json::Value& value)
{
    QString text = QString::fromUtf8(value.raw().first(std::min<qsizetype>(40, value.raw().size())));
    return text.simplified();
}

int distance(const QString& a, const QString& b)
{
    QList<int> row(b.size() + 1);
    for (qsizetype j = 0; j <= b.size(); ++j)
        row[j] = static_cast<int>(j);
    for (qsizetype i = 1; i <= a.size(); ++i) {
        int diagonal = row[0];
        row[0] = static_cast<int>(i);
        for (qsizetype j = 1; j <= b.size(); ++j) {
            const int above = row[j];
            row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1].toLower() == b[j - 1].toLower() ? 0 : 1)});
            diagonal = above;
        }
    }
    return row[b.size()];
}

QString suggestion(const QString& key, const QStringList& known)
{
    const auto nearest = std::min_element(known.cbegin(), known.cend(), [&](const QString& a, const QString& b) { return distance(key, a) < distance(key, b); });
    if (nearest == known.cend() || distance(key, *nearest) > std::max<qsizetype>(1, key.size() / 3))
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

bool isPortable(const QString& name)
{
    return !name.isEmpty() && name.size() <= 64 && std::all_of(name.cbegin(), name.cend(), [](QChar c) {
        return c.unicode() < 128 && (c.isLetterOrNumber() || c == QLatin1Char('_') || c == QLatin1Char('-') || c == QLatin1Char('.'));
    });
}

} // namespace

QString Problem::toString() const
{
    QString text = path;
    if (line != 0)
        text += QStringLiteral(":%1:%2").arg(line).arg(column);
    if (!key.isEmpty())
        text += QStringLiteral(": ") + key;
    return text + QStringLiteral(": ") + message;
}

bool ConfigReader::hasErrors() const
{
    return std::any_of(m_problems.cbegin(), m_problems.cend(), [](const Problem& problem) { return problem.severity == Problem::Severity::Error; });
}

void ConfigReader::add(Problem::Severity severity, const json::Value& at, const QString& key, const QString& message)
{
    const json::Position place = json::positionOf(m_document.text(), at.span().begin);
    m_problems.append({severity, m_path, place.line, place.column, key, message});
}

std::optional<qint64> ConfigReader::readDuration(const json::Value& value)
{
    if (value.isInteger())
        return value.asInt64();
    if (!value.isString())
        return std::nullopt;
    const QString text = value.asString().trimmed();
    static constexpr std::array<std::pair<const char*, double>, 5> kUnits{{{"ms", 1}, {"s", 1e3}, {"min", 6e4}, {"m", 6e4}, {"h", 3.6e6}}};
    for (const auto& [unit, factor] : kUnits) {
        if (!text.endsWith(QLatin1String(unit)))
            continue;
        bool ok = false;
        const double number = text.left(text.size() - static_cast<qsizetype>(qstrlen(unit))).trimmed().toDouble(&ok);
        if (ok)
            return static_cast<qint64>(number * factor);
    }
    return std::nullopt;
}

template <class Subject>
std::optional<SettingValue> ConfigReader::readValue(const json::Value& value, const SettingRow<Subject>& row, const QString& key)
{
    const auto expected = [&](const QString& what) -> std::optional<SettingValue> {
        error(value, key, QStringLiteral("expected %1, found %2").arg(what, found(value)));
        return std::nullopt;
    };
    const auto inBounds = [&](double number) { return row.minimum == row.maximum || (number >= row.minimum && number <= row.maximum); };
    const auto bounds = [&] {
        return row.minimum == row.maximum ? QString() : QStringLiteral(" from %1 to %2").arg(row.minimum, 0, 'f', row.type == SettingType::Number ? 1 : 0).arg(row.maximum, 0, 'f', row.type == SettingType::Number ? 1 : 0);
    };
    switch (row.type) {
    case SettingType::Bool:
        if (const auto flag = value.asBool())
            return SettingValue(*flag);
        return expected(QStringLiteral("true or false"));
    case SettingType::Integer:
        if (const auto number = value.asInt64(); number && inBounds(static_cast<double>(*number)))
            return SettingValue(qint64(*number));
        return expected(QStringLiteral("an integer") + bounds());
    case SettingType::Number:
        if (const auto number = value.asDouble(); number && inBounds(*number))
            return SettingValue(*number);
        return expected(QStringLiteral("a number") + bounds());
    case SettingType::Duration:
        if (const auto duration = readDuration(value); duration && inBounds(static_cast<double>(*duration)))
            return SettingValue(*duration);
        return expected(QStringLiteral("milliseconds, or a text such as \"30s\""));
    case SettingType::Text:
        if (value.isString())
            return SettingValue(value.asString());
        return expected(QStringLiteral("a text"));
    case SettingType::Choice: {
        QStringList choices;
        for (const char* choice : row.choices)
            choices.append(QLatin1String(choice));
        if (value.isString() && choices.contains(value.asString()))
            return SettingValue(value.asString());
        return expected(QStringLiteral("one of ") + choices.join(QStringLiteral(", ")));
    }
    case SettingType::TextList: {
        QStringList list;
        for (const json::Value& element : value.elements()) {
            if (!element.isString())
                return expected(QStringLiteral("a list of texts"));
            list.append(element.asString());
        }
        if (value.isArray())
            return SettingValue(list);
        return expected(QStringLiteral("a list of texts"));
    }
    case SettingType::TextMap:
    case SettingType::Headers: {
        HeaderList pairs;
        for (const json::Member& member : value.members()) {
            // VS Code allows numbers and null (which unsets) for environment variables.
            if (member.value.isNull())
                continue;
            if (!member.value.isString() && !member.value.isNumber())
                return expected(QStringLiteral("an object of texts"));
            pairs.append({member.key.asString(), member.value.isString() ? member.value.asString() : QString::fromUtf8(member.value.raw())});
        }
        if (!value.isObject())
            return expected(QStringLiteral("an object of texts"));
        if (row.type == SettingType::Headers)
            return SettingValue(pairs);
        QMap<QString, QString> map;
        for (const auto& [name, text] : pairs)
            map.insert(name, text);
        return SettingValue(map);
    }
    }
    return std::nullopt;
}

template <class Subject>
void ConfigReader::readRows(const json::Value& object, std::span<const SettingRow<Subject>> rows, Subject& subject, const QString& prefix,
                            const QStringList& others)
{
    for (const SettingRow<Subject>& row : rows) {
        const json::Value value = findPath(object, row.key);
        if (!value.exists())
            continue;
        if (const auto read = readValue(value, row, prefix + QLatin1String(row.key)))
            row.write(subject, *read);
    }
    QStringList known = others;
    QSet<QString> groups;
    for (const SettingRow<Subject>& row : rows) {
        const QString key = QLatin1String(row.key);
        known.append(key);
        for (qsizetype dot = key.indexOf(QLatin1Char('.')); dot > 0; dot = key.indexOf(QLatin1Char('.'), dot + 1))
            groups.insert(key.left(dot));
    }
    const std::function<void(const json::Value&, const QString&)> checkKeys = [&](const json::Value& level, const QString& path) {
        for (const json::Member& member : level.members()) {
            const QString key = path + member.key.asString();
            if (groups.contains(key)) {
                if (member.value.isObject())
                    checkKeys(member.value, key + QLatin1Char('.'));
                else
                    error(member.value, prefix + key, QStringLiteral("expected an object, found %1").arg(found(member.value)));
            } else if (!known.contains(key)) {
                warning(member.key, prefix + key, QStringLiteral("unknown key%1").arg(suggestion(key, known + groups.values())));
            }
        }
    };
    checkKeys(object, {});
}

void ConfigReader::readServers(const json::Value& servers, Config& configuration)
{
    if (servers.exists() && !servers.isObject()) {
        error(servers, QStringLiteral("mcpServers"), QStringLiteral("expected an object of servers by name, found %1").arg(found(servers)));
        return;
    }
    for (const json::Member& member : servers.members()) {
        Server server;
        server.name = member.key.asString();
        const QString key = QStringLiteral("mcpServers.") + server.name;
        if (!isPortable(server.name)) {
            error(member.key, key, QStringLiteral("a server's name has 1 to 64 letters, digits, '_', '-' or '.'"));
            continue;
        }
        if (!member.value.isObject()) {
            error(member.value, key, QStringLiteral("expected an object with command or url, found %1").arg(found(member.value)));
            continue;
        }
        const qsizetype before = m_problems.size();
        readRows(member.value, serverTable(), server, key + QLatin1Char('.'),
                 {QStringLiteral("serverUrl"), QStringLiteral("description"), QStringLiteral("envFile"), QStringLiteral("alwaysLoad")});
        if (server.url.isEmpty() && member.value.find("serverUrl").isString())
            server.url = member.value.find("serverUrl").asString();
        const bool failed = m_problems.size() > before && hasErrors();
        if (!member.value.find("type").exists() && !server.url.isEmpty() && server.command.isEmpty())
            server.transport = ServerTransport::StreamableHttp;
        if (server.transport == ServerTransport::Stdio && server.command.isEmpty() && !failed)
            error(member.value, key, QStringLiteral("expected a command, or a url"));
        if (server.transport != ServerTransport::Stdio && server.url.isEmpty() && !failed)
            error(member.value, key + QStringLiteral(".url"), QStringLiteral("expected the server's URL"));
        configuration.servers.append(std::move(server));
    }
}

void ConfigReader::readDestinations(const json::Value& destinations, Config& configuration)
{
    const QString list = QStringLiteral("telemetry.destinations");
    if (destinations.exists() && !destinations.isArray()) {
        error(destinations, list, QStringLiteral("expected a list of destinations, found %1").arg(found(destinations)));
        return;
    }
    int index = 0;
    for (const json::Value& entry : destinations.elements()) {
        const QString key = QStringLiteral("%1[%2]").arg(list).arg(index++);
        if (!entry.isObject()) {
            error(entry, key, QStringLiteral("expected an object, found %1").arg(found(entry)));
            continue;
        }
        Destination destination;
        readRows(entry, destinationTable(), destination, key + QLatin1Char('.'), {});
        const bool needsEndpoint = destination.protocol != ExportProtocol::Console && destination.protocol != ExportProtocol::None;
        if (destination.name.isEmpty())
            error(entry, key + QStringLiteral(".name"), QStringLiteral("expected a name"));
        else if (findDestination(configuration, destination.name) != nullptr)
            error(entry.find("name"), key + QStringLiteral(".name"), QStringLiteral("there is a destination \"%1\" already").arg(destination.name));
        if (needsEndpoint && destination.endpoint.isEmpty() && destination.signalEndpoints.isEmpty())
            error(entry, key + QStringLiteral(".endpoint"), QStringLiteral("expected where to send to"));
        configuration.telemetry.destinations.append(std::move(destination));
    }
}

Config ConfigReader::readRoot()
{
    Config configuration;
    const json::Value root = m_document.root();
    if (!root.isObject()) {
        error(root, {}, QStringLiteral("expected an object, found %1").arg(found(root)));
        return configuration;
    }
    readRows(root, settingsTable(), configuration, {},
             kReservedKeys + QStringList{QStringLiteral("mcpServers"), QStringLiteral("telemetry.destinations"), QStringLiteral("servers")});
    readServers(root.find("mcpServers").exists() ? root.find("mcpServers") : root.find("servers"), configuration);
    readDestinations(root.find("telemetry").find("destinations"), configuration);
    const QString host = configuration.gateway.host;
    if (host != QLatin1String("localhost") && host != QLatin1String("::1") && host != QLatin1String("[::1]") && !host.startsWith(QLatin1String("127.")))
        error(findPath(root, "gateway.host"), QStringLiteral("gateway.host"), QStringLiteral("expected a loopback address (127.0.0.1, localhost, ::1), found \"%1\"").arg(host));
    return configuration;
}

} // namespace oriel::config
