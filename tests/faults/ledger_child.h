// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QString>

namespace ledger {

/// The attribute that carries a record's number, and the text that must arrive with it.
inline constexpr char kNumber[] = "ledger.number";
inline constexpr char kPayload[] = "ledger.payload";
QByteArray payloadOf(quint64 number);
/// The number in the trace id of the record.
inline constexpr quint64 kTraceHigh = 0x1ed6e2;

/// The process that is killed: the real pipeline with its spool in `directory`. It reads commands from stdin, a line each, and
/// carries them out in their order:
///   destinations NAME=PORT[,json][,paused] …   puts a configuration in force
///   put FIRST COUNT                            records with these numbers; odd ones are log records
///   wall SECONDS                               the system's clock jumps
///   limit BYTES                                no file grows beyond this, as on a full disk; 0: none
///   status                                     answers "status NAME QUEUED SENT LOST…" for each, then "status.", and " unread"
///   while a segment is resume                                     tries everything at once quit ends as Oriel does
/// It prints "ack N …" for records that are on the disk: those are promises.
int runChild(const QString& directory, quint64 seed);

} // namespace ledger
