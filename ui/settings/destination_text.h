// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/presets/presets.h"
#include "service/snapshots.h"
#include "ui/widgets/form.h"

#include <QString>
#include <QStringList>

#include <cstdint>

namespace oriel::ui {

/// What the Destinations page and its dialogs say and check. Pure functions.

/// How it is, and until when it waits: "312 waiting, next try at 16:02:11".
[[nodiscard]] QString stateSentence(const service::DestinationSnapshot& destination);
/// The same for a list that has the numbers beside it: "key refused", "next try at 16:02:11".
[[nodiscard]] QString stateWord(const service::DestinationSnapshot& destination);
/// How long the first of what waits has waited: "3 min"; empty when nothing waits.
[[nodiscard]] QString oldestWord(const service::DestinationSnapshot& destination, std::int64_t nowUnixNs);
/// What waits for a destination that is gone: "312 items of team (41 kB)".
[[nodiscard]] QString unclaimedWord(const service::UnclaimedBacklog& backlog);
/// A loss in words: for "traces/spool_full" and 12 "12 spans pushed out by newer ones".
[[nodiscard]] QString lossWord(const QString& key, quint64 count);
/// The items among the losses that a copy is kept of in the dead-letter files.
[[nodiscard]] quint64 refusedItems(const service::DestinationSnapshot& destination);
/// "dead-letter-*.jsonl in <data directory>/spool".
[[nodiscard]] QString deadLetterPlace(const QString& dataDirectory);
/// What is lost when the queue is emptied: how many items, how old they are.
[[nodiscard]] QString discardSentence(const service::DestinationSnapshot& destination, std::int64_t nowUnixNs);

/// What the preview shows: which call, how many spans, and what has to be known about it.
[[nodiscard]] QString previewSentence(const service::ExportPreview& preview);

/// Does the preset answer to what was typed: each word stands in its name, id or summary.
[[nodiscard]] bool matchesPreset(const otlp::Preset& preset, const QString& text);
/// One line for the list of providers.
[[nodiscard]] QString presetLine(const otlp::Preset& preset);
/// `wanted`, or with a number behind it when it is taken.
[[nodiscard]] QString freeName(const QString& wanted, const QStringList& taken);

/// What is wrong with a value as it is typed, in one sentence; empty: nothing. An empty value is never wrong here.
[[nodiscard]] QString fieldProblem(const otlp::PresetField& field, const QString& value);
/// Is the field asked for, given the signals that are sent?
[[nodiscard]] bool isAsked(const otlp::PresetField& field, const config::Destination& destination);
/// The first thing that hinders a preset's destination, under the field that it is about ("fields.zone", "signals" …); empty:
/// nothing.
[[nodiscard]] QList<FieldError> presetErrors(const config::Destination& destination);
/// An error as sentences for people.
[[nodiscard]] QString sentencesOf(const Error& error);

/// Signal and where it is sent to, for each signal that is sent. Values of secret fields never stand in it.
struct SignalTarget {
    QString signal;
    QString target;
    bool operator==(const SignalTarget&) const = default;
};
[[nodiscard]] Result<QList<SignalTarget>> signalTargets(const config::Destination& destination);

/// The name in "${vault:name}" when that is all of the text; empty: it is something else.
[[nodiscard]] QString vaultReference(const QString& text);
/// A name for a secret of this destination that no other secret has.
[[nodiscard]] QString vaultNameFor(const QString& destination, const QString& field, const QStringList& taken);

} // namespace oriel::ui
