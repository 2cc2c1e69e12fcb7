// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "base/json.h"

#include <QMap>
#include <QStringList>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <vector>

/// Internal to presets/.
namespace oriel::otlp {

inline const QStringList kSignalNames{QStringLiteral("traces"), QStringLiteral("metrics"), QStringLiteral("logs")};

/// A value and how it is written.
template <class Enum> struct Word {
    const char* text;
    Enum value;
};

/// Reads the members of objects and keeps the first thing that is wrong.
class PresetReader {
public:
    explicit PresetReader(const json::Document& document) : m_document(document) {}

    [[nodiscard]] const std::optional<Error>& error() const { return m_error; }

    void breach(const json::Value& at, const QString& what)
    {
        if (!m_error)
            m_error = Error{ErrorCode::Parse, what, json::pathOf(m_document, at), {}};
    }

    void onlyKeys(const json::Value& object, const std::vector<const char*>& known)
    {
        if (!object.isObject())
            return breach(object, QStringLiteral("expected an object"));
        for (const json::Member& member : object.members()) {
            if (std::none_of(known.begin(), known.end(), [&](const char* key) { return member.key.equals(key); }))
                breach(object, QStringLiteral("unknown key \"%1\"").arg(member.key.asString()));
        }
    }

    QString text(const json::Value& value)
    {
        if (value.exists() && (!value.isString() || value.asUtf8().isEmpty()))
            breach(value, QStringLiteral("expected a text"));
        return value.asString();
    }

    QString requiredText(const json::Value& object, const char* key)
    {
        const json::Value value = object.find(key);
        if (!value.exists())
            breach(object, QStringLiteral("\"%1\" is missing").arg(QLatin1StringView(key)));
        return text(value);
    }

    bool flag(const json::Value& value)
    {
        if (value.exists() && !value.isBool())
            breach(value, QStringLiteral("expected true or false"));
        return value.asBool().value_or(false);
    }

    qint64 natural(const json::Value& value)
    {
        const auto number = value.asInt64();
        if (value.exists() && (!number || *number < 1))
            breach(value, QStringLiteral("expected an integer of at least 1"));
        return number.value_or(0);
    }

    int count(const json::Value& value)
    {
        const qint64 number = natural(value);
        if (number > std::numeric_limits<int>::max())
            breach(value, QStringLiteral("is too large"));
        return static_cast<int>(number);
    }

    QStringList texts(const json::Value& value, const QStringList& choices = {})
    {
        QStringList list;
        if (value.exists() && !value.isArray())
            breach(value, QStringLiteral("expected a list"));
        for (const json::Value& element : value.elements()) {
            const QString item = text(element);
            if (!choices.isEmpty() && !choices.contains(item))
                breach(element, QStringLiteral("expected one of %1").arg(choices.join(QStringLiteral(", "))));
            if (list.contains(item))
                breach(element, QStringLiteral("is there twice"));
            list.append(item);
        }
        return list;
    }

    QMap<QString, QString> textMap(const json::Value& value, bool bySignal = false)
    {
        QMap<QString, QString> map;
        for (const json::Member& member : membersOf(value, bySignal))
            map.insert(member.key.asString(), text(member.value));
        return map;
    }

    json::MemberRange membersOf(const json::Value& value, bool bySignal)
    {
        if (value.exists() && !value.isObject())
            breach(value, QStringLiteral("expected an object"));
        for (const json::Member& member : value.members()) {
            if (bySignal && !kSignalNames.contains(member.key.asString()))
                breach(value, QStringLiteral("\"%1\" is no signal").arg(member.key.asString()));
        }
        return value.members();
    }

    template <class Enum, std::size_t N> Enum word(const json::Value& value, const std::array<Word<Enum>, N>& words, Enum absent)
    {
        if (!value.exists())
            return absent;
        for (const Word<Enum>& known : words) {
            if (value.equals(known.text))
                return known.value;
        }
        breach(value, QStringLiteral("is not a word that is known here"));
        return absent;
    }

private:
    const json::Document& m_document;
    std::optional<Error> m_error;
};

} // namespace oriel::otlp
