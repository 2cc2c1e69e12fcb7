// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "config/model.h"

#include <QByteArray>
#include <QHash>
#include <QString>

#include <cstdint>
#include <optional>

namespace oriel::upstream {

/// What was found out about one configuration of one server, and when.
struct EraVerdict {
    bool modern = false;
    QByteArray serverVersion; ///< "name version" as the server said; empty: it was not asked yet
    QString foundBy;          ///< one phrase for people: "its answer to server/discover"
    std::int64_t checkedUnixNs = 0;
    bool operator==(const EraVerdict&) const = default;
};

/// Where verdicts outlive a connection. Called on the connection's thread; outlives the connection.
class EraCache {
public:
    virtual ~EraCache() = default;
    [[nodiscard]] virtual std::optional<EraVerdict> find(const QByteArray& key) const = 0;
    virtual void store(const QByteArray& key, const EraVerdict& verdict) = 0;
    virtual void remove(const QByteArray& key) = 0;
};

/// A digest of what decides which program answers: command, arguments, environment, folder, or URL and headers. Secrets cannot be
/// read from it, and texts like ${vault:name} go in as they are written.
[[nodiscard]] QByteArray eraKeyOf(const config::Server& server);

/// An EraCache in a JSON file that is replaced as a whole with each change. A file that cannot be read counts as empty; beyond
/// `limit` the oldest verdicts go. Not thread-safe.
class FileEraCache final : public EraCache {
public:
    explicit FileEraCache(QString path, qsizetype limit = 512);

    [[nodiscard]] std::optional<EraVerdict> find(const QByteArray& key) const override;
    void store(const QByteArray& key, const EraVerdict& verdict) override;
    void remove(const QByteArray& key) override;
    /// Of the last writing: verdicts are kept in memory when it failed.
    [[nodiscard]] const Status& lastWrite() const { return m_lastWrite; }

private:
    void load();
    void save();

    QString m_path;
    qsizetype m_limit;
    QHash<QByteArray, EraVerdict> m_verdicts;
    Status m_lastWrite;
};

} // namespace oriel::upstream
