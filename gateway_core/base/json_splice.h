// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/json.h"

#include <QVarLengthArray>

namespace oriel::json {

/// Changes a validated JSON text without parsing or printing the rest of it: edits are collected and applied in one pass with one
/// allocation. Everything that is not named stays byte for byte. The text is strict JSON (no comments). Edits must not overlap,
/// except that members may be removed from and inserted into the same object. Texts given as views must stay alive until apply().
/// Not shared between threads.
class Splicer {
public:
    explicit Splicer(QByteArrayView validated) : m_text(validated) {}

    /// The value (or any range that is a whole token) becomes `json`.
    void replace(Span value, QByteArrayView json);
    void replace(const Value& value, QByteArrayView json) { replace(value.span(), json); }

    /// A new first member of the object at `object`. `quotedKey` is JSON text with its quotes. The caller knows that the key is
    /// absent or removes it as well. Several inserts keep their order.
    void insertMember(Span object, QByteArrayView quotedKey, QByteArrayView json);
    void insertMember(const Value& object, QByteArrayView quotedKey, QByteArrayView json)
    {
        insertMember(object.span(), quotedKey, json);
    }

    /// Removes a member (from its key's first quote to its value's end) of the object at `object`, with the comma that goes with
    /// it.
    void removeMember(Span object, Span member);
    void removeMember(const Value& object, const Member& member) { removeMember(object.span(), member.span()); }

    /// Replaces the value of `key` when the object has it, else inserts it. `key` needs no escaping.
    void setMember(const Value& object, QByteArrayView key, QByteArrayView json);

    [[nodiscard]] bool isEmpty() const { return m_edits.isEmpty(); }
    [[nodiscard]] QByteArray apply() const;

private:
    enum class Action : std::uint8_t { Replace, Insert, Remove };
    struct Edit {
        Action action;
        bool quoteKey; ///< `key` is content without quotes
        bool comma;    ///< a comma follows what is inserted
        std::uint32_t begin;
        std::uint32_t end;
        Span object;
        QByteArrayView key;
        QByteArrayView json;
    };
    using Edits = QVarLengthArray<Edit, 16>;
    /// For each object whose first members go: its begin and the end of what goes.
    using Cleared = QVarLengthArray<std::pair<std::uint32_t, std::uint32_t>, 4>;
    [[nodiscard]] Edits resolved() const;
    void widenRemoval(Edit& edit, Cleared& cleared) const;
    [[nodiscard]] bool keepsMember(Span object, const Cleared& cleared) const;
    [[nodiscard]] std::uint32_t skipSpace(std::uint32_t at) const;

    QByteArrayView m_text;
    Edits m_edits;
};

} // namespace oriel::json
