// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QStringView>

namespace oriel::ui {

/// A coloured stretch of a line of JSON.
struct JsonToken {
    enum class Kind { Key, String, Number, Literal, Masked };
    qsizetype start = 0;
    qsizetype length = 0;
    Kind kind = Kind::String;

    bool operator==(const JsonToken&) const = default;
};

/// The stretches of one line to colour, in order; a `[masked:rule]` lies on top of the string that holds it and comes after it.
/// Lines of pretty-printed JSON never break a string, so each can be scanned alone; anything that is not JSON yields only masks.
[[nodiscard]] QList<JsonToken> tokenizeJsonLine(QStringView line);
/// The `[masked:…]` stretches only.
[[nodiscard]] QList<JsonToken> findMasks(QStringView line);

/// Indents JSON by two spaces without changing numbers, order or strings; text that is not JSON comes back as it is.
[[nodiscard]] QString prettyJson(const QString& text);

} // namespace oriel::ui
