// SPDX-License-Identifier: GPL-3.0-or-later
#include "mcp/rewrite.h"

#include "base/json_splice.h"
#include "base/json_writer.h"

#include <charconv>

namespace oriel::mcp {

namespace {

bool isMeta(Field field)
{
    return field >= Field::MetaProgressToken && field <= Field::MetaRelatedTask;
}

} // namespace

Rewrite::Change& Rewrite::changeOf(Field field)
{
    for (Change& change : m_changes) {
        if (change.field == field) {
            change = Change{field};
            return change;
        }
    }
    m_changes.append(Change{field});
    return m_changes.back();
}

QByteArrayView Rewrite::textOf(const Change& change) const
{
    return change.ownLength == 0 ? change.json : QByteArrayView(m_own.constData() + change.ownBegin, change.ownLength);
}

void Rewrite::own(Change& change, QByteArrayView text)
{
    if (change.ownLength == 0) {
        change.ownBegin = m_own.size();
    }
    m_own.append(text.data(), text.size());
    change.ownLength += text.size();
}

void Rewrite::ownQuoted(Change& change, QByteArrayView text)
{
    if (!json::needsNoEscape(text)) {
        own(change, json::quote(text));
        return;
    }
    own(change, "\"");
    own(change, text);
    own(change, "\"");
}

void Rewrite::ownId(Change& change, const RequestId& id)
{
    if (!id.isInteger()) {
        own(change, id.toJson());
        return;
    }
    char digits[24];
    const char* const end = std::to_chars(digits, digits + sizeof digits, id.number()).ptr;
    own(change, QByteArrayView(digits, end - digits));
}

Rewrite& Rewrite::setId(const RequestId& id)
{
    ownId(changeOf(Field::Id), id);
    return *this;
}

Rewrite& Rewrite::setTarget(QByteArrayView text)
{
    const std::optional<Field> target = m_message.targetField();
    return target ? setText(*target, text) : *this;
}

Rewrite& Rewrite::setText(Field field, QByteArrayView text)
{
    ownQuoted(changeOf(field), text);
    return *this;
}

Rewrite& Rewrite::setRaw(Field field, QByteArrayView json)
{
    changeOf(field).json = json;
    return *this;
}

Rewrite& Rewrite::setMeta(Field field, QByteArrayView text)
{
    Q_ASSERT(isMeta(field));
    return setText(field, text);
}

Rewrite& Rewrite::setMetaRaw(Field field, QByteArrayView json)
{
    Q_ASSERT(isMeta(field));
    return setRaw(field, json);
}

Rewrite& Rewrite::setProgressToken(const RequestId& token)
{
    const bool isNotification = m_message.methodId == MethodId::NotificationProgress;
    ownId(changeOf(isNotification ? Field::ParamsProgressToken : Field::MetaProgressToken), token);
    return *this;
}

Rewrite& Rewrite::removeMeta(Field field)
{
    Q_ASSERT(isMeta(field));
    changeOf(field).removes = true;
    return *this;
}

void Rewrite::composeMeta(Composed& out) const
{
    const auto append = [&out](QByteArrayView text) { out.append(text.data(), text.size()); };
    append("{");
    for (const Change& change : m_changes) {
        if (isMeta(change.field) && !change.removes) {
            append(out.size() > 1 ? "," : "");
            append(quotedKey(change.field));
            append(":");
            append(textOf(change));
        }
    }
    append("}");
}

Rewrite& Rewrite::completeResult(bool cacheable)
{
    if (m_message.kind == Message::Kind::Response && m_message.kindOf(Field::Result) == json::Kind::Object &&
        !m_message.has(Field::ResultType))
        m_completion = cacheable ? Completion::TypeAndCache : Completion::Type;
    return *this;
}

QByteArray Rewrite::apply() const
{
    json::Splicer splicer(m_message.raw);
    if (m_completion != Completion::None)
        splicer.insertMember(m_message.span(Field::Result), quotedKey(Field::ResultType), "\"complete\"");
    if (m_completion == Completion::TypeAndCache && !m_message.has(Field::ResultTtlMs))
        splicer.insertMember(m_message.span(Field::Result), quotedKey(Field::ResultTtlMs), "0");
    if (m_completion == Completion::TypeAndCache && !m_message.has(Field::ResultCacheScope))
        splicer.insertMember(m_message.span(Field::Result), quotedKey(Field::ResultCacheScope), "\"private\"");
    const bool hasMeta = m_message.kindOf(Field::ParamsMeta) == json::Kind::Object;
    bool missesMeta = false;
    for (const Change& change : m_changes) {
        if (change.removes) {
            if (m_message.has(change.field)) {
                splicer.removeMember(m_message.span(Field::ParamsMeta), m_message.memberSpan(change.field));
            }
        } else if (m_message.has(change.field)) {
            splicer.replace(m_message.span(change.field), textOf(change));
        } else if (isMeta(change.field)) {
            missesMeta = missesMeta || !hasMeta;
            if (hasMeta) {
                splicer.insertMember(m_message.span(Field::ParamsMeta), quotedKey(change.field), textOf(change));
            }
        }
    }
    Composed meta;
    if (missesMeta && (m_message.isRequest() || m_message.isNotification())) {
        composeMeta(meta);
        const QByteArrayView object(meta.constData(), meta.size());
        if (m_message.has(Field::ParamsMeta)) {
            splicer.replace(m_message.span(Field::ParamsMeta), object);
        } else if (m_message.kindOf(Field::Params) == json::Kind::Object) {
            splicer.insertMember(m_message.span(Field::Params), quotedKey(Field::ParamsMeta), object);
        } else {
            return applyWithParams(splicer, object);
        }
    }
    return splicer.apply();
}

QByteArray Rewrite::applyWithParams(json::Splicer& splicer, QByteArrayView meta) const
{
    Composed params;
    for (const QByteArrayView part :
         {QByteArrayView("{"), quotedKey(Field::ParamsMeta), QByteArrayView(":"), meta, QByteArrayView("}")}) {
        params.append(part.data(), part.size());
    }
    const QByteArrayView object(params.constData(), params.size());
    if (m_message.has(Field::Params)) {
        splicer.replace(m_message.span(Field::Params), object);
    } else {
        const auto begin = static_cast<std::uint32_t>(m_message.raw.indexOf('{'));
        const auto end = static_cast<std::uint32_t>(m_message.raw.lastIndexOf('}')) + 1;
        splicer.insertMember(json::Span{begin, end - begin}, quotedKey(Field::Params), object);
    }
    return splicer.apply();
}

} // namespace oriel::mcp
