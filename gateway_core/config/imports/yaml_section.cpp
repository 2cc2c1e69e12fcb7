// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/imports/yaml_section.h"

#include <algorithm>

namespace oriel::config {

namespace {

/// What stands there; texts may be secrets that a variable put in, so only their kind is told.
QString found(const YamlNode& node)
{
    switch (node.kind) {
    case YamlNode::Kind::Sequence:
        return QStringLiteral("a list");
    case YamlNode::Kind::Mapping:
        return QStringLiteral("a mapping");
    case YamlNode::Kind::Scalar:
        break;
    }
    if (node.isNull())
        return QStringLiteral("nothing");
    return node.asBool() || node.asNumber() ? node.text.left(40) : QStringLiteral("a text");
}

} // namespace

bool YamlReport::hasErrors() const
{
    return std::any_of(m_problems.cbegin(), m_problems.cend(),
                       [](const Problem& problem) { return problem.severity == Problem::Severity::Error; });
}

YamlSection::YamlSection(YamlReport& report, const YamlNode* node, QString key)
    : m_report(report),
      m_node(node),
      m_key(std::move(key))
{
    if (m_node != nullptr && m_node->kind != YamlNode::Kind::Mapping) {
        m_report.error(*m_node, m_key, QStringLiteral("expected a mapping, found %1").arg(found(*m_node)));
        m_node = nullptr;
    }
}

QString YamlSection::keyOf(const char* name) const
{
    return m_key.isEmpty() ? QString::fromLatin1(name) : m_key + QLatin1Char('.') + QLatin1String(name);
}

std::nullopt_t YamlSection::expected(const YamlNode& at, const char* name, const QString& what)
{
    error(at, name, QStringLiteral("expected %1, found %2").arg(what, found(at)));
    return std::nullopt;
}

bool YamlSection::has(const char* name)
{
    m_known.insert(QString::fromLatin1(name));
    return m_node != nullptr && m_node->find(QString::fromLatin1(name)) != nullptr;
}

const YamlNode* YamlSection::take(const char* name)
{
    if (!has(name))
        return nullptr;
    const YamlNode* member = m_node->find(QString::fromLatin1(name));
    return member->isNull() ? nullptr : member;
}

std::vector<YamlSection> YamlSection::sections(const char* name)
{
    std::vector<YamlSection> list;
    const YamlNode* member = take(name);
    if (member == nullptr)
        return list;
    if (member->kind != YamlNode::Kind::Sequence) {
        (void)expected(*member, name, QStringLiteral("a list"));
        return list;
    }
    int index = 0;
    for (const YamlPtr& item : member->items)
        list.emplace_back(m_report, item.get(), QStringLiteral("%1[%2]").arg(keyOf(name)).arg(index++));
    return list;
}

std::optional<bool> YamlSection::flag(const char* name)
{
    const YamlNode* member = take(name);
    if (member == nullptr)
        return std::nullopt;
    if (const auto value = member->asBool())
        return value;
    return expected(*member, name, QStringLiteral("true or false"));
}

std::optional<qint64> YamlSection::integer(const char* name, qint64 minimum, qint64 maximum)
{
    const YamlNode* member = take(name);
    if (member == nullptr)
        return std::nullopt;
    if (const auto value = member->asInteger(); value && *value >= minimum && *value <= maximum)
        return value;
    return expected(*member, name, QStringLiteral("an integer from %1 to %2").arg(minimum).arg(maximum));
}

std::optional<double> YamlSection::number(const char* name, double minimum, double maximum)
{
    const YamlNode* member = take(name);
    if (member == nullptr)
        return std::nullopt;
    if (const auto value = member->asNumber(); value && *value >= minimum && *value <= maximum)
        return value;
    return expected(*member, name, QStringLiteral("a number from %1 to %2").arg(minimum).arg(maximum));
}

std::optional<QString> YamlSection::text(const char* name)
{
    const YamlNode* member = take(name);
    if (member == nullptr)
        return std::nullopt;
    if (member->kind == YamlNode::Kind::Scalar)
        return member->text;
    return expected(*member, name, QStringLiteral("a text"));
}

std::optional<QString> YamlSection::choice(const char* name, const QStringList& known)
{
    const auto value = text(name);
    if (!value || known.contains(*value))
        return value;
    return expected(*take(name), name, QStringLiteral("one of ") + known.join(QStringLiteral(", ")));
}

std::optional<QStringList> YamlSection::texts(const char* name)
{
    const YamlNode* member = take(name);
    if (member == nullptr)
        return std::nullopt;
    const bool ofTexts = member->kind == YamlNode::Kind::Sequence &&
                         std::all_of(member->items.cbegin(), member->items.cend(),
                                     [](const YamlPtr& item) { return item->kind == YamlNode::Kind::Scalar && !item->isNull(); });
    if (!ofTexts)
        return expected(*member, name, QStringLiteral("a list of texts"));
    QStringList list;
    for (const YamlPtr& item : member->items)
        list.append(item->text);
    return list;
}

void YamlSection::withoutEffect(const char* name, const QString& why)
{
    if (const YamlNode* member = take(name))
        warning(*member, name, QStringLiteral("has no effect in Oriel: ") + why);
}

void YamlSection::withoutEffect(const char* name, qint64 standard, const QString& why)
{
    const YamlNode* member = take(name);
    if (member == nullptr)
        return;
    const auto value = member->asInteger();
    if (!value || *value < 0)
        (void)expected(*member, name, QStringLiteral("an integer from 0"));
    else if (*value != standard)
        warning(*member, name, QStringLiteral("has no effect in Oriel: ") + why);
}

void YamlSection::reportOthers()
{
    if (m_node == nullptr)
        return;
    for (const auto& [name, value] : m_node->members) {
        if (!m_known.contains(name))
            m_report.warning(*value, m_key.isEmpty() ? name : m_key + QLatin1Char('.') + name,
                             QStringLiteral("is not known to Oriel and was not read"));
    }
}

} // namespace oriel::config
