// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/environment/substitution.h"

#include <QRegularExpression>

namespace oriel::config {

namespace {

/// `text` has no escape sequence.
tl::expected<QString, QString> replaceReferences(const QString& text, const QMap<QString, QString>& environment)
{
    static const QRegularExpression any(QStringLiteral("\\$\\{([^}]+)\\}"));
    static const QRegularExpression valid(QStringLiteral("\\A(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(:-([^\\n]*))?\\z"));
    QString out;
    qsizetype last = 0;
    for (auto it = any.globalMatch(text); it.hasNext();) {
        const QRegularExpressionMatch reference = it.next();
        const QRegularExpressionMatch parts = valid.match(reference.captured(1));
        if (!parts.hasMatch())
            return tl::unexpected(QStringLiteral("expected ${NAME}, ${env:NAME} or ${NAME:-default}, found %1; write $$ for a $")
                                      .arg(reference.captured(0).left(64)));
        out += QStringView(text).sliced(last, reference.capturedStart() - last);
        last = reference.capturedEnd();
        const QString value = environment.value(parts.captured(1));
        out += value.isEmpty() ? parts.captured(3) : value;
    }
    out += QStringView(text).sliced(last);
    return out;
}

} // namespace

tl::expected<QString, QString> substitute(const QString& text, const QMap<QString, QString>& environment)
{
    QString out;
    for (qsizetype from = 0; from <= text.size();) {
        const qsizetype escape = text.indexOf(QLatin1String("$$"), from);
        const auto part = replaceReferences(text.mid(from, escape < 0 ? -1 : escape - from), environment);
        if (!part)
            return part;
        out += *part;
        if (escape < 0)
            break;
        out += QLatin1Char('$');
        from = escape + 2;
    }
    return out;
}

} // namespace oriel::config
