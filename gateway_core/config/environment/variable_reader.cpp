// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/environment/variable_reader.h"

#include <QUrl>

namespace oriel::config {

namespace {

QString shown(const QString& value)
{
    constexpr qsizetype kShown = 60;
    const QString one = value.simplified();
    return one.size() <= kShown ? one : one.left(kShown) + QChar(0x2026);
}

} // namespace

bool isGrpcTarget(const QString& text)
{
    static const QStringList schemes{QStringLiteral("dns:"), QStringLiteral("unix:"), QStringLiteral("unix-abstract:"),
                                     QStringLiteral("ipv4:"), QStringLiteral("ipv6:")};
    return std::any_of(schemes.cbegin(), schemes.cend(), [&](const QString& scheme) {
        return text.startsWith(scheme, Qt::CaseInsensitive) && text.size() > scheme.size();
    });
}

void VariableReader::warn(const QString& name, const QString& message)
{
    const Problem problem{Problem::Severity::Warning, QStringLiteral("environment"), 0, 0, name, message};
    const bool said = std::any_of(m_problems.cbegin(), m_problems.cend(), [&](const Problem& other) {
        return other.key == problem.key && other.message == problem.message;
    });
    if (!said)
        m_problems.append(problem);
}

bool VariableReader::hasProblem(const QString& name) const
{
    return std::any_of(m_problems.cbegin(), m_problems.cend(), [&](const Problem& problem) { return problem.key == name; });
}

std::optional<bool> VariableReader::flag(const QString& name)
{
    const QString value = text(name);
    if (value.isEmpty())
        return std::nullopt;
    const bool isTrue = value.compare(QLatin1String("true"), Qt::CaseInsensitive) == 0;
    if (!isTrue && value.compare(QLatin1String("false"), Qt::CaseInsensitive) != 0)
        warn(name, QStringLiteral("expected true or false, found \"%1\"; taken as false").arg(shown(value)));
    return isTrue;
}

std::optional<qint64> VariableReader::number(const QString& name)
{
    const VariableRow* row = findVariable(name);
    const QString value = text(name);
    if (value.isEmpty() || row == nullptr)
        return std::nullopt;
    bool ok = false;
    const qint64 found = value.toLongLong(&ok);
    if (ok && found >= row->minimum && found <= row->maximum)
        return found;
    const QString unit = row->kind == VariableKind::Milliseconds ? QStringLiteral("milliseconds") : QStringLiteral("an integer");
    warn(name, QStringLiteral("expected %1 from %2 to %3, found \"%4\"; ignored")
                   .arg(unit)
                   .arg(row->minimum)
                   .arg(row->maximum)
                   .arg(shown(value)));
    return std::nullopt;
}

std::optional<double> VariableReader::decimal(const QString& name, double maximum)
{
    const QString value = text(name);
    if (value.isEmpty())
        return std::nullopt;
    bool ok = false;
    const double found = value.toDouble(&ok);
    if (ok && found >= 0 && found <= maximum)
        return found;
    warn(name, QStringLiteral("expected a number from 0 to %1, found \"%2\"; ignored").arg(maximum).arg(shown(value)));
    return std::nullopt;
}

std::optional<QString> VariableReader::choice(const QString& name)
{
    const VariableRow* row = findVariable(name);
    const QString value = text(name).toLower();
    if (value.isEmpty() || row == nullptr)
        return std::nullopt;
    const QStringList known = variableChoices(*row);
    if (known.contains(value))
        return value;
    warn(name, QStringLiteral("expected one of %1, found \"%2\"; ignored").arg(known.join(QStringLiteral(", ")), shown(value)));
    return std::nullopt;
}

std::optional<QStringList> VariableReader::choices(const QString& name)
{
    const VariableRow* row = findVariable(name);
    if (!isSet(name) || row == nullptr)
        return std::nullopt;
    const QStringList known = variableChoices(*row);
    QStringList list;
    bool hasUnknown = false;
    for (const QString& part : text(name).toLower().split(QLatin1Char(','))) {
        const QString value = part.trimmed();
        if (value.isEmpty() || list.contains(value))
            continue;
        if (known.contains(value)) {
            list.append(value);
            continue;
        }
        hasUnknown = true;
        warn(name, QStringLiteral("expected a list of %1, found \"%2\"; that one is ignored")
                       .arg(known.join(QStringLiteral(", ")), shown(value)));
    }
    // Nothing but unknown values must not switch off what the default has on.
    if (list.isEmpty() && hasUnknown)
        return std::nullopt;
    return list;
}

std::optional<KeyValues> VariableReader::pairs(const QString& name, Semicolon semicolon)
{
    if (!isSet(name))
        return std::nullopt;
    const auto read = readKeyValues(text(name), semicolon);
    if (read)
        return *read;
    warn(name, QStringLiteral("expected key=value,key=value with percent-encoding; %1, so the whole variable is ignored")
                   .arg(read.error().message));
    return std::nullopt;
}

QString VariableReader::endpoint(const QString& name)
{
    const QString value = text(name);
    if (value.isEmpty() || isGrpcTarget(value))
        return value;
    const bool hasScheme = value.contains(QLatin1String("://"));
    const QUrl url(hasScheme ? value : QStringLiteral("rpc://") + value, QUrl::StrictMode);
    const QString scheme = url.scheme();
    const bool known = scheme == QLatin1String("http") || scheme == QLatin1String("https") || scheme == QLatin1String("rpc");
    if (url.isValid() && !url.host().isEmpty() && known && (hasScheme || url.port() > 0))
        return value;
    warn(name, QStringLiteral("expected a URL that begins with http://, https:// or rpc://, or a gRPC target such as host:4317, "
                              "found \"%1\"; ignored")
                   .arg(shown(withoutSecrets(value))));
    return {};
}

} // namespace oriel::config
