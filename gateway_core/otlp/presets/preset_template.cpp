// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/presets/preset_template.h"

#include <QRegularExpression>

namespace oriel::otlp {

namespace {

const QRegularExpression& placeholder()
{
    static const QRegularExpression pattern(QStringLiteral("\\$\\{([a-z][a-z0-9_]*)\\}"));
    return pattern;
}

} // namespace

QSet<QString> placeholdersOf(const QString& text)
{
    QSet<QString> fields;
    for (const QRegularExpressionMatch& match : placeholder().globalMatch(text))
        fields.insert(match.captured(1));
    return fields;
}

QString filledIn(const QString& text, const std::function<QString(const QString& field)>& valueOf)
{
    QString out;
    qsizetype end = 0;
    for (const QRegularExpressionMatch& match : placeholder().globalMatch(text)) {
        out += QStringView(text).sliced(end, match.capturedStart() - end);
        out += valueOf(match.captured(1));
        end = match.capturedEnd();
    }
    return out + text.sliced(end);
}

QStringList templatesOf(const Preset& preset)
{
    const config::DestinationAuth& auth = preset.auth;
    QStringList all{preset.base, preset.grpc, auth.user, auth.secret, auth.sessionToken, auth.region, auth.tenant, auth.scope};
    all += auth.services.values() + preset.endpoints.values() + preset.headers.values() + preset.resourceAttributes.values();
    for (const QMap<QString, QString>& headers : preset.signalHeaders)
        all += headers.values();
    return all;
}

} // namespace oriel::otlp
