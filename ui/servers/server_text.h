// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/snapshots.h"
#include "ui/widgets/form.h"
#include "ui/widgets/status_dot.h"

#include <QString>
#include <QStringList>

namespace oriel::ui {

/// What the servers' pages say and check. Pure functions.

[[nodiscard]] Lamp lampOf(service::ServerState state);
/// The same with a warning for a server that is there and is not called, or that waits for the user to sign in.
[[nodiscard]] Lamp lampOf(const service::ServerSnapshot& server);
/// Its state and, while calls to it are refused, that.
[[nodiscard]] QString stateWords(const service::ServerSnapshot& server);
/// "312 of 1 000 calls per day, anew at 00:00".
[[nodiscard]] QString limitWords(const service::LimitSnapshot& limit);
/// "stdio", "http", "sse".
[[nodiscard]] QString transportWord(config::ServerTransport transport);
/// True for a server that has come to a state in which it stays until something happens.
[[nodiscard]] bool isSettled(service::ServerState state);

/// The command with its arguments, quoted where a shell would need it; for HTTP the URL.
[[nodiscard]] QString commandLineOf(const config::Server& server);
/// The same broken into lines of one argument each when it is longer than `width`, so that nothing is hidden at an edge; a shell
/// reads it as one command.
[[nodiscard]] QString brokenCommandLine(const config::Server& server, qsizetype width = 96);

/// Arguments as text, one a line, and back. Empty lines at the end are dropped; others are empty arguments.
[[nodiscard]] QString textFromArguments(const QStringList& arguments);
[[nodiscard]] QStringList argumentsFromText(const QString& text);

/// True when `value` is a secret in plain text: its name says so, and it is not empty and no ${reference}.
[[nodiscard]] bool isPlainSecret(const QString& name, const QString& value);
/// The name under which a server's secret is kept in the vault: "notes.API_KEY".
[[nodiscard]] QString vaultNameOf(const QString& server, const QString& field);
/// A value parted into what may be read, the authentication scheme of a header such as "Bearer ", and what goes to the vault.
struct SecretParts {
    QString scheme;
    QByteArray secret;
    /// What stands in the configuration instead: "Bearer ${vault:notes.Authorization}".
    [[nodiscard]] QString reference(const QString& vaultName) const
    {
        return scheme + QStringLiteral("${vault:%1}").arg(vaultName);
    }
};
[[nodiscard]] SecretParts splitSecret(const QString& value);

/// What keeps `server` from being saved, by field: name, command, cwd, url, env, headers, concurrency. `otherNames` are the names
/// of the others.
[[nodiscard]] QList<FieldError> validateServer(const config::Server& server, const QStringList& otherNames);

/// Which era of MCP the server speaks, how that is known and since when, as a sentence.
[[nodiscard]] QString eraSentence(const service::ServerSnapshot& server);
/// Over what clients use it: "shared by all clients", "one for each client, 3 now, 16 at most".
[[nodiscard]] QString connectionText(const service::ServerSnapshot& server);

/// Whether the shared filter keeps this server: `server=` terms name it, words are looked for in name and command line; terms
/// about other things do not concern servers.
[[nodiscard]] bool matchesFilter(const service::ServerSnapshot& server, const QString& filter);

} // namespace oriel::ui
