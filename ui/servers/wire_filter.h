// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/wire_log.h"

#include <QString>

namespace oriel::ui {

/// What the wire page's search field asks for.
struct WireFilter {
    store::WireQuery query;  ///< text, era, client, method, id and trace; `server` only when it was named
    bool allServers = false; ///< `server=*`
    QString problem;         ///< what could not be understood, in a sentence; empty: all of it was
};

/// Conditions `era=modern|legacy`, `client=…`, `server=…` (`*`: all), `method=…`, `id=…`, `trace=…` among words to look for;
/// values with spaces stand in quotes. Everything else, and a word that begins with a quote, is text. Pure.
[[nodiscard]] WireFilter parseWireFilter(const QString& text);

/// The condition that shows one call's trace only: "trace=0af7…".
[[nodiscard]] QString traceCondition(const TraceId& trace);

} // namespace oriel::ui
