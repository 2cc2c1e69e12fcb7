// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/file/config_file.h"

#include <QMap>

#include <span>

namespace oriel::config {

/// Puts the OTEL_* variables of the OpenTelemetry specification (and those of other gateways) over a configuration: endpoint
/// variables define one destination named `env` beside those of the file; the rest overrides. An empty variable counts as unset;
/// what cannot be read is reported and ignored. With OTEL_CONFIG_FILE that file is read instead, and every other variable is
/// ignored but for what the file refers to (specification, configuration/sdk-environment-variables).
///
/// Gives what is odd, with the variable's name as `key`; never a value that may be a secret. An Error among them means that the
/// file of OTEL_CONFIG_FILE cannot be used; the configuration is as if no variable was set then.
QList<Problem> applyEnvironment(Config& configuration, const QMap<QString, QString>& environment);

/// The variables of this process.
QMap<QString, QString> processEnvironment();

/// How the text of a variable is read.
enum class VariableKind : quint8 {
    Boolean,
    Integer,
    Milliseconds,
    Ratio,
    Choice,
    ChoiceList,
    Pairs,
    Entities,
    Endpoint,
    Path,
    Text
};

/// One environment variable: the one truth for reading it and for its line in docs/reference/environment.md.
struct VariableRow {
    const char* name;
    VariableKind kind;
    const char* setting; ///< the key or the destination that it sets; empty: it has no effect, and `description` says why
    const char* description;
    qint64 minimum = 0; ///< Integer, Milliseconds
    qint64 maximum = 0;
    std::span<const char* const> choices = {}; ///< Choice, ChoiceList; empty for those that a setting's row lists
};
std::span<const VariableRow> variableTable();
/// The row of that name, or null.
const VariableRow* findVariable(QStringView name);
/// False for what sets nothing: neither a setting of the table nor a destination of a protocol that Oriel has.
bool hasEffect(const VariableRow& row);
/// Why it sets nothing, as a sentence.
QString withoutEffect(const VariableRow& row);
/// What the variable may hold: those of the row, else those of the setting that it sets.
QStringList variableChoices(const VariableRow& row);

/// The reference page, in Markdown.
QByteArray environmentReference();

} // namespace oriel::config
