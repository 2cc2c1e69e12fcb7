// SPDX-License-Identifier: GPL-3.0-or-later
#include "oauth/scopes.h"

#include <algorithm>

namespace oriel::oauth {

namespace {

bool isScopeToken(const QString& text)
{
    return !text.isEmpty() && text.size() <= kMaxScopeLength && std::all_of(text.begin(), text.end(), [](QChar c) {
        return c.unicode() > 0x20 && c.unicode() < 0x7F && c != u'"' && c != u'\\';
    });
}

} // namespace

QStringList validScopes(const QStringList& scopes)
{
    QStringList valid;
    for (const QString& scope : scopes) {
        if (valid.size() < kMaxScopes && isScopeToken(scope) && !valid.contains(scope))
            valid.append(scope);
    }
    return valid;
}

QStringList splitScopes(QByteArrayView text)
{
    return validScopes(QString::fromUtf8(text).split(u' ', Qt::SkipEmptyParts));
}

QByteArray joinScopes(const QStringList& scopes)
{
    return scopes.join(u' ').toUtf8();
}

QStringList scopeUnion(const QStringList& first, const QStringList& second)
{
    return validScopes(first + second);
}

bool coversScopes(const QStringList& scopes, const QStringList& wanted)
{
    return std::all_of(wanted.begin(), wanted.end(), [&scopes](const QString& scope) { return scopes.contains(scope); });
}

QStringList selectScopes(const ScopeSources& sources)
{
    const QString offline = QStringLiteral("offline_access");
    QStringList selected = validScopes(sources.challenge.isEmpty() ? sources.resource : sources.challenge);
    if (sources.stepUp)
        selected = scopeUnion(scopeUnion(sources.held, sources.chosen), selected);
    else if (!sources.chosen.isEmpty())
        selected = sources.chosen;
    // A resource server has no say in refresh tokens; only the authorization server's own list counts.
    if (!sources.challenge.contains(offline) && !sources.chosen.contains(offline))
        selected.removeAll(offline);
    if (!selected.isEmpty() && sources.server.contains(offline) && !selected.contains(offline))
        selected.append(offline);
    return selected;
}

} // namespace oriel::oauth
