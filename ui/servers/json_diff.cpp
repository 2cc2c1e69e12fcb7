// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/servers/json_diff.h"

#include "base/json.h"

#include <QHash>

#include <algorithm>

namespace oriel::ui {
namespace {

using json::Value;

class Comparison {
public:
    Comparison(JsonDiff& diff, const JsonDiffLimits& limits) : m_diff(diff), m_limits(limits) {}

    void compare(const QByteArray& path, const Value& left, const Value& right)
    {
        if (left.raw() == right.raw()) {
            add(JsonChange::Kind::Same, path, left, right);
        } else if (left.isObject() && right.isObject()) {
            compareMembers(path, left, right);
        } else if (left.isArray() && right.isArray()) {
            compareElements(path, left, right);
        } else {
            add(JsonChange::Kind::Changed, path, left, right);
        }
    }

private:
    static QByteArray child(const QByteArray& path, const QByteArray& key) { return path.isEmpty() ? key : path + '.' + key; }

    void compareMembers(const QByteArray& path, const Value& left, const Value& right)
    {
        QHash<QByteArray, Value> others;
        for (const json::Member& member : right.members())
            others.insert(member.key.asUtf8(), member.value);
        for (const json::Member& member : left.members()) {
            const QByteArray key = member.key.asUtf8();
            const auto other = others.constFind(key);
            if (other == others.cend()) {
                add(JsonChange::Kind::Removed, child(path, key), member.value, {});
                continue;
            }
            compare(child(path, key), member.value, *other);
            others.erase(other);
        }
        for (const json::Member& member : right.members()) {
            const QByteArray key = member.key.asUtf8();
            if (others.contains(key))
                add(JsonChange::Kind::Added, child(path, key), {}, member.value);
        }
    }

    void compareElements(const QByteArray& path, const Value& left, const Value& right)
    {
        auto one = left.elements().begin();
        auto other = right.elements().begin();
        for (int i = 0; one != left.elements().end() || other != right.elements().end(); ++i) {
            const QByteArray name = path + '[' + QByteArray::number(i) + ']';
            if (one == left.elements().end()) {
                add(JsonChange::Kind::Added, name, {}, *other);
                ++other;
            } else if (other == right.elements().end()) {
                add(JsonChange::Kind::Removed, name, *one, {});
                ++one;
            } else {
                compare(name, *one, *other);
                ++one;
                ++other;
            }
        }
    }

    [[nodiscard]] QByteArray textOf(const Value& value) const
    {
        const QByteArrayView raw = value.exists() ? value.raw() : QByteArrayView();
        return raw.size() <= m_limits.valueBytes ? raw.toByteArray() : raw.first(m_limits.valueBytes).toByteArray() + " …";
    }

    void add(JsonChange::Kind kind, const QByteArray& path, const Value& left, const Value& right)
    {
        if (m_diff.changes.size() >= m_limits.rows) {
            m_diff.cut = true;
            return;
        }
        m_diff.changes.push_back({kind, path, textOf(left), textOf(right)});
    }

    JsonDiff& m_diff;
    const JsonDiffLimits& m_limits;
};

} // namespace

std::size_t JsonDiff::differences() const
{
    return static_cast<std::size_t>(std::count_if(
        changes.cbegin(), changes.cend(), [](const JsonChange& change) { return change.kind != JsonChange::Kind::Same; }));
}

JsonDiff diffJson(QByteArrayView left, QByteArrayView right, const JsonDiffLimits& limits)
{
    JsonDiff diff;
    if (left.size() > limits.textBytes || right.size() > limits.textBytes) {
        diff.state = JsonDiff::State::TooLong;
        return diff;
    }
    json::Document one;
    json::Document other;
    if (!one.parse(left) || !other.parse(right)) {
        diff.state = JsonDiff::State::NotJson;
        return diff;
    }
    Comparison(diff, limits).compare({}, one.root(), other.root());
    return diff;
}

} // namespace oriel::ui
