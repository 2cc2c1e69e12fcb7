// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/json_splice.h"
#include "mcp/message.h"

#include <QVarLengthArray>

namespace oriel::mcp {

/// The frame of a Message with a few members changed and everything else byte for byte: what goes upstream, and what comes back.
/// Collect the changes, then apply(): one pass, one allocation. `_meta` and `params` are created where they are absent.
/// Texts are copied; JSON given to setRaw and setMetaRaw, and the message, must stay alive until apply(). The later change of a
/// field wins. Thread: that of the message.
///
///     QByteArray out = Rewrite(message).setId(RequestId(17)).setTarget("echo").setMeta(Field::MetaTraceparent, parent).apply();
class Rewrite {
public:
    explicit Rewrite(const Message& message) : m_message(message) {}

    Rewrite& setId(const RequestId& id);
    /// Replaces the member that the method's target names: params.name, params.uri, params.ref.name … Ignored when there is none.
    Rewrite& setTarget(QByteArrayView text);
    /// Replaces a present string member by `text`. Ignored when the member is absent.
    Rewrite& setText(Field field, QByteArrayView text);
    /// Replaces a present member by JSON text. Ignored when the member is absent.
    Rewrite& setRaw(Field field, QByteArrayView json);
    /// Sets or inserts a string member of `params._meta`; `field` is one of Meta*.
    Rewrite& setMeta(Field field, QByteArrayView text);
    /// The same with JSON text as value.
    Rewrite& setMetaRaw(Field field, QByteArrayView json);
    /// The progress token upstream; ids keep their type.
    Rewrite& setProgressToken(const RequestId& token);
    /// Removes a member of `params._meta` where it stands.
    Rewrite& removeMeta(Field field);

    /// Makes a result of an older server one of 2026-07-28: `resultType` "complete" and, where the method's results are
    /// cacheable, a `ttlMs` of 0 and a private `cacheScope`. Ignored for errors and for results that say their type.
    Rewrite& completeResult(bool cacheable);

    [[nodiscard]] QByteArray apply() const;

private:
    struct Change {
        Field field = Field::Id;
        bool removes = false;
        QByteArrayView json{};  ///< the caller's text, when ownLength is 0
        qsizetype ownBegin = 0; ///< else a range of m_own
        qsizetype ownLength = 0;
    };
    using Composed = QVarLengthArray<char, 512>;
    Change& changeOf(Field field);
    [[nodiscard]] QByteArrayView textOf(const Change& change) const;
    void own(Change& change, QByteArrayView text);
    void ownQuoted(Change& change, QByteArrayView text);
    void ownId(Change& change, const RequestId& id);
    void composeMeta(Composed& out) const;
    [[nodiscard]] QByteArray applyWithParams(json::Splicer& splicer, QByteArrayView meta) const;

    const Message& m_message;
    enum class Completion : std::uint8_t { None, Type, TypeAndCache } m_completion = Completion::None;
    QVarLengthArray<Change, 12> m_changes;
    QVarLengthArray<char, 384> m_own;
};

} // namespace oriel::mcp
