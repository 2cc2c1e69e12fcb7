// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "config/model.h"

#include <QByteArray>
#include <QList>
#include <QString>

#include <functional>

namespace oriel::config {

/// One thing wrong with a configuration: where, what was found and what was expected.
struct Problem {
    enum class Severity : quint8 { Error, Warning };
    Severity severity = Severity::Error;
    QString path;     ///< of the file
    quint32 line = 0; ///< from 1; 0: not about a place in the text
    quint32 column = 0;
    QString key;     ///< "mcpServers.web.args[2]"
    QString message; ///< one sentence with what was expected
    /// "config.json:12:5: gateway.port: expected a number from 0 to 65535, found \"abc\""
    [[nodiscard]] QString toString() const;
    /// The same as a line for a terminal: a warning says that it is one.
    [[nodiscard]] QString toLine() const;
};

/// A configuration that can be used, and what is odd about its text (unknown keys, …).
struct Loaded {
    Config config;
    QList<Problem> warnings;
};

/// Reads a configuration (JSON with comments and trailing commas). All problems are reported together, not the first alone.
/// `path` is for messages.
tl::expected<Loaded, QList<Problem>> parseConfig(QByteArrayView text, const QString& path);

/// 127.0.0.0/8, ::1 and localhost; a name that merely begins like an address is none.
[[nodiscard]] bool isLoopbackHost(const QString& host);

/// Reads the file; a missing one gives the defaults.
tl::expected<Loaded, QList<Problem>> loadConfig(const QString& path);

/// `text` changed so that it reads as `after` where it read as `before`: only what differs is touched, comments and unknown keys
/// stay. Destinations stand in the order of `after`. An empty text becomes a new file.
Result<QByteArray> editConfig(QByteArrayView text, const Config& before, const Config& after);

/// Replaces the file atomically with editConfig() of what it holds, keeping its mode (0600 for a new one). Fails and changes
/// nothing when the file on disk does not parse.
Status saveConfig(const QString& path, const Config& after);
/// The same with what `change` makes of the configuration that the file holds now; what it refuses changes nothing.
Status changeConfig(const QString& path, const std::function<Status(Config&)>& change);

/// The platform's place: <AppConfig>/oriel/config.json, and the data directory <AppData>/oriel.
QString defaultConfigPath();
QString defaultDataDirectory();

/// The published JSON Schema (2020-12) of the file, made from the settings table.
QByteArray configSchema();

} // namespace oriel::config
