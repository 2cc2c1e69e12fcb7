// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/environment/key_values.h"

#include <QStringDecoder>

#include <cctype>

namespace oriel::config {

namespace {

std::optional<QString> decoded(const QString& text)
{
    const QByteArray raw = text.toUtf8();
    for (qsizetype i = raw.indexOf('%'); i >= 0; i = raw.indexOf('%', i + 1)) {
        if (i + 2 >= raw.size() || std::isxdigit(static_cast<unsigned char>(raw[i + 1])) == 0 ||
            std::isxdigit(static_cast<unsigned char>(raw[i + 2])) == 0)
            return std::nullopt;
    }
    QStringDecoder decoder(QStringDecoder::Utf8, QStringDecoder::Flag::Stateless);
    const QString out = decoder.decode(QByteArray::fromPercentEncoding(raw));
    if (decoder.hasError() || hasControlCharacter(out))
        return std::nullopt;
    return out;
}

} // namespace

bool hasControlCharacter(QStringView text)
{
    return std::any_of(text.cbegin(), text.cend(), [](QChar c) { return c.unicode() < 0x20 || c.unicode() == 0x7F; });
}

Result<KeyValues> readKeyValues(QStringView text, Semicolon semicolon)
{
    KeyValues list;
    int number = 0;
    for (const QStringView part : text.split(QLatin1Char(','))) {
        ++number;
        const QString member = part.trimmed().toString();
        if (member.isEmpty())
            continue;
        const qsizetype equals = member.indexOf(QLatin1Char('='));
        const auto broken = [&](const char* why) {
            return fail(ErrorCode::Parse, QStringLiteral("its member %1 %2").arg(number).arg(QLatin1String(why)));
        };
        if (equals < 0)
            return broken("has no '='");
        if (semicolon == Semicolon::Refused && member.contains(QLatin1Char(';')))
            return broken("has a ';', which must be written as %3B");
        const auto key = decoded(member.left(equals).trimmed());
        const auto value = decoded(member.mid(equals + 1).trimmed());
        if (!key || !value)
            return broken("cannot be decoded");
        if (key->isEmpty())
            return broken("has no key");
        list.append({*key, *value});
    }
    return list;
}

QString withoutSecrets(const QString& url)
{
    QString shown = url;
    if (const qsizetype query = shown.indexOf(QLatin1Char('?')); query >= 0)
        shown = shown.left(query) + QStringLiteral("?\u2026");
    const qsizetype scheme = shown.indexOf(QLatin1String("://"));
    const qsizetype host = scheme < 0 ? 0 : scheme + 3;
    if (const qsizetype at = shown.lastIndexOf(QLatin1Char('@')); at >= host)
        shown = shown.left(host) + QChar(0x2026) + shown.mid(at);
    return shown;
}

} // namespace oriel::config
