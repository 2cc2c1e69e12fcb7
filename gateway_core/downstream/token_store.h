// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"

#include <QHash>
#include <QList>
#include <QString>
#include <QStringList>

#include <cstdint>
#include <optional>

namespace oriel::downstream {

/// One client's right to use the gateway. The token's text is known only to the client; its SHA-256 is kept.
struct Token {
    QByteArray name;
    QByteArray hash;       ///< SHA-256 of the token's text
    bool mcpScope = true;  ///< may use /mcp
    bool apiScope = false; ///< may use /api/v1 and /metrics
    QByteArray project = QByteArrayLiteral("default");
    QByteArray user;
    QByteArray tenant;
    std::int64_t createdUnixNs = 0;
    std::int64_t lastUsedUnixNs = 0; ///< kept in memory only
    bool transient = false;          ///< for this process only, never written
};

enum class Scope : quint8 { Mcp, Api };

/// The gateway tokens, in a file of mode 0600 in the data directory. A token has 256 random bits, so an unsalted hash cannot be
/// guessed back. Not thread-safe: owned by the gateway thread; the command line uses its own instance while no Oriel runs.
class TokenStore {
public:
    TokenStore(QString path, const Clock& clock, Random& random);

    /// A missing file is an empty store; a broken one is an error and is left as it is: until it loads, nothing is added or
    /// revoked.
    Status load();

    /// Makes a token and gives its text, which cannot be had again. AlreadyExists when the name is taken, InvalidArgument when it
    /// is not 1–64 characters of [A-Za-z0-9_.-] or no scope is given.
    Result<QByteArray> add(const QByteArray& name, bool mcpScope, bool apiScope, const QByteArray& project = {});
    /// A token for /mcp that ends with the process; gives its text.
    QByteArray addTransient(const QByteArray& name);
    Status revoke(const QByteArray& name);
    [[nodiscard]] const QList<Token>& tokens() const { return m_tokens; }

    /// The token of that text when it has the scope. Every stored token is compared, each in constant time.
    const Token* verify(QByteArrayView text, Scope scope);
    /// True if the text is a known token, whatever its scope: tells 403 from 401.
    [[nodiscard]] bool isKnown(QByteArrayView text) const;

private:
    Status read();
    Status save() const;

    QString m_path;
    const Clock& m_clock;
    Random& m_random;
    QList<Token> m_tokens;
    Status m_loaded;
};

} // namespace oriel::downstream
