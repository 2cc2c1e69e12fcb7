// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "config/model.h"

#include <QMap>
#include <QStringList>

#include <span>

namespace oriel::config {

/// The clients whose configuration files Oriel reads and for which it knows how they are pointed at an endpoint.
enum class ClientKind : quint8 { ClaudeDesktop, ClaudeCode, Cursor, VsCode };

struct ClientRow {
    ClientKind kind;
    const char* name;       ///< "Claude Desktop"
    const char* serversKey; ///< "mcpServers" or "servers"
    bool stdioOnly;         ///< reaches Oriel through `oriel bridge`
};
std::span<const ClientRow> clientTable();

/// Where the files are looked for; injected so that tests have their own home.
struct ClientPlaces {
    QString home;
    QString appData;    ///< %APPDATA% or ~/Library/Application Support or $XDG_CONFIG_HOME
    QString projectDir; ///< for .mcp.json, .cursor/mcp.json, .vscode/mcp.json; empty: none
    static ClientPlaces ofThisUser(const QString& projectDir = {});
};
QStringList filesOf(ClientKind client, const ClientPlaces& places); ///< in the order in which the client reads them

/// A server found in a client's file, translated into our model. ${VAR} and ${env:VAR} forms become ${VAR}; what cannot be
/// translated is a warning.
struct FoundServer {
    ClientKind client = ClientKind::ClaudeDesktop;
    QString path;
    Server server;
    QStringList secretFields; ///< "env.GITHUB_TOKEN", "headers.Authorization": values that look like secrets
    QStringList warnings;
};
struct ImportScan {
    QList<FoundServer> servers;
    QStringList problems; ///< files that are there and cannot be read, with path, line and reason
};
ImportScan scanClients(const ClientPlaces& places);
/// Reads one file of any of the formats (by its content), as `oriel config import FILE` does.
Result<ImportScan> scanFile(const QString& path);

/// Moves the secret fields of a server into ${vault:…} references; gives the names and values to store.
QMap<QString, QByteArray> extractSecrets(FoundServer& found);

/// What to put into a client's configuration so that it uses Oriel.
struct Snippet {
    QString path;
    QString text;
    QString note;
};
Snippet snippetFor(ClientKind client, const ClientPlaces& places, quint16 port, const QString& program, const QString& token);

} // namespace oriel::config
