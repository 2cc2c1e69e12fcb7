// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json_splice.h"

#include <algorithm>

namespace oriel::json {

namespace {

bool isSpace(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

} // namespace

void Splicer::replace(Span value, QByteArrayView json)
{
    Q_ASSERT(value.isValid() && value.end() <= static_cast<std::size_t>(m_text.size()));
    m_edits.append({Action::Replace, false, false, value.begin, value.end(), {}, {}, json});
}

void Splicer::insertMember(Span object, QByteArrayView quotedKey, QByteArrayView json)
{
    Q_ASSERT(m_text[object.begin] == '{');
    m_edits.append({Action::Insert, false, false, object.begin + 1, object.begin + 1, object, quotedKey, json});
}

void Splicer::removeMember(Span object, Span member)
{
    Q_ASSERT(m_text[object.begin] == '{' && m_text[member.begin] == '"');
    m_edits.append({Action::Remove, false, false, member.begin, member.end(), object, {}, {}});
}

void Splicer::setMember(const Value& object, QByteArrayView key, QByteArrayView json)
{
    const Value present = object.find(key);
    if (present.exists()) {
        replace(present, json);
        return;
    }
    const Span where = object.span();
    m_edits.append({Action::Insert, true, false, where.begin + 1, where.begin + 1, where, key, json});
}

std::uint32_t Splicer::skipSpace(std::uint32_t at) const
{
    while (isSpace(m_text[at])) {
        ++at;
    }
    return at;
}

void Splicer::widenRemoval(Edit& edit, Cleared& cleared) const
{
    std::uint32_t before = edit.begin - 1;
    while (isSpace(m_text[before])) {
        --before;
    }
    auto* known =
        std::find_if(cleared.begin(), cleared.end(), [&edit](const auto& entry) { return entry.first == edit.object.begin; });
    const bool allBeforeGoes = known != cleared.end() && before < known->second;
    if (m_text[before] == ',' && !allBeforeGoes) {
        edit.begin = before;
        return;
    }
    const std::uint32_t after = skipSpace(edit.end);
    if (m_text[after] == ',') {
        edit.end = after + 1;
    }
    if (known == cleared.end()) {
        cleared.append({edit.object.begin, edit.end});
    } else {
        known->second = edit.end;
    }
}

bool Splicer::keepsMember(Span object, const Cleared& cleared) const
{
    std::uint32_t from = object.begin + 1;
    for (const auto& [begin, end] : cleared) {
        from = begin == object.begin ? end : from;
    }
    return m_text[skipSpace(from)] != '}';
}

Splicer::Edits Splicer::resolved() const
{
    Edits edits = m_edits;
    const auto byPlace = [](const Edit& a, const Edit& b) {
        if (a.begin != b.begin) {
            return a.begin < b.begin;
        }
        return a.action == Action::Insert && b.action != Action::Insert;
    };
    const auto sort = [&edits, &byPlace] {
        // A message takes a handful of edits; std::stable_sort would allocate for them.
        constexpr qsizetype Few = 32;
        if (edits.size() > Few) {
            std::stable_sort(edits.begin(), edits.end(), byPlace);
            return;
        }
        for (auto* at = edits.begin(); at != edits.end(); ++at) {
            std::rotate(std::upper_bound(edits.begin(), at, *at, byPlace), at, at + 1);
        }
    };
    sort();
    Cleared cleared;
    for (Edit& edit : edits) {
        if (edit.action == Action::Remove) {
            widenRemoval(edit, cleared);
        }
    }
    for (qsizetype i = 0; i < edits.size(); ++i) {
        Edit& edit = edits[i];
        if (edit.action == Action::Insert) {
            const bool anotherFollows =
                i + 1 < edits.size() && edits[i + 1].action == Action::Insert && edits[i + 1].begin == edit.begin;
            edit.comma = anotherFollows || keepsMember(edit.object, cleared);
        }
    }
    sort();
    return edits;
}

QByteArray Splicer::apply() const
{
    const Edits edits = resolved();
    qsizetype size = m_text.size();
    for (const Edit& edit : edits) {
        size += edit.key.size() + edit.json.size() + (edit.action == Action::Insert ? 4 : 0);
    }
    // Through a pointer: QByteArray::append looks at its sharing and capacity each time.
    QByteArray out(size, Qt::Uninitialized);
    char* to = out.data();
    const auto put = [&to](QByteArrayView text) { to = std::copy(text.begin(), text.end(), to); };
    std::uint32_t done = 0;
    for (const Edit& edit : edits) {
        if (edit.begin > done) {
            put(m_text.sliced(done, edit.begin - done));
        }
        done = std::max(done, edit.end);
        if (edit.action == Action::Insert) {
            const QByteArrayView quote = edit.quoteKey ? QByteArrayView("\"") : QByteArrayView();
            put(quote);
            put(edit.key);
            put(quote);
            put(":");
        }
        put(edit.json);
        if (edit.comma) {
            put(",");
        }
    }
    put(m_text.sliced(done));
    out.truncate(to - out.constData());
    return out;
}

} // namespace oriel::json
