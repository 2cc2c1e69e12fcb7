// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/log_record.h"
#include "ui/theme/icons.h"
#include "ui/theme/theme.h"

#include <QString>

#include <optional>

namespace oriel::ui {

/// The six ranges of OTLP's severity numbers.
enum class LogLevel { Trace, Debug, Info, Warn, Error, Fatal };

/// A record that tells no severity counts as Info.
[[nodiscard]] LogLevel logLevel(telemetry::Severity severity);
[[nodiscard]] QString logLevelWord(LogLevel level);
[[nodiscard]] IconName logLevelIcon(LogLevel level);
[[nodiscard]] IconTint logLevelTint(LogLevel level);
[[nodiscard]] Tone logLevelTone(LogLevel level);
/// The lowest severity of a level by its word in any case ("warn", "warning", "err" …).
[[nodiscard]] std::optional<telemetry::Severity> severityOfWord(QStringView word);

/// A body as one line of a list.
struct LogLine {
    QString text; ///< the first line that is not blank, without terminal colours, at most 2,000 characters; of a JSON object its
                  ///< message
    QString note; ///< what else there is: "+3 lines", or an object's other members
};
[[nodiscard]] LogLine logLine(const telemetry::LogRecord& record);
/// The whole body: its text, or the JSON of what is not text.
[[nodiscard]] QString logBody(const telemetry::LogRecord& record);
/// A value of an attribute as text.
[[nodiscard]] QString attributeText(const telemetry::AnyValue& value);
/// Text without the escape sequences by which programs colour a terminal.
[[nodiscard]] QString withoutTerminalColors(const QString& text);

/// The record as one JSON object, for the clipboard: times in RFC 3339, ids in hex.
[[nodiscard]] QByteArray logJson(const telemetry::LogRecord& record);

} // namespace oriel::ui
