// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/snapshots.h"
#include "ui/widgets/key_value_table.h"

namespace oriel::ui {

/// What the Receiver page says. Pure functions.

/// Where it listens or why not, what it took, what it refused and why.
[[nodiscard]] QList<KeyValue> receiverFacts(const service::ReceiverSnapshot& receiver);
/// What does not listen though it should: a headline and what to do; both empty when nothing is wrong.
struct ReceiverProblem {
    QString headline;
    QString remedy;
};
[[nodiscard]] ReceiverProblem receiverProblem(const service::ReceiverSnapshot& receiver);
/// The lines that point a program at it: for a shell over HTTP and gRPC, for PowerShell, for the settings of a container; only
/// those that work now.
[[nodiscard]] QList<service::ClientSnippet> receiverSnippets(const service::ReceiverSnapshot& receiver);
/// The next step, over the lines.
[[nodiscard]] QString receiverStep(const service::ReceiverSnapshot& receiver);

} // namespace oriel::ui
