// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "config/model.h"
#include "store/audit_row.h"
#include "store/retention.h"

#include <functional>
#include <memory>
#include <stop_token>

struct sqlite3;

namespace oriel::store {

/// Whether audit rows reach the disk at this moment.
struct AuditState {
    enum class Health : quint8 { Ok, Retrying, Failed };
    Health health = Health::Ok;
    Error error;                  ///< of Retrying and Failed
    std::uint64_t committed = 0;  ///< rows since the start
    std::uint64_t pending = 0;    ///< accepted, not yet committed
    std::uint64_t refused = 0;    ///< strict rows refused and group rows that no longer fitted into memory
    std::uint64_t duplicates = 0; ///< rows whose id was there already
    std::int64_t fileBytes = 0;
};

struct AuditOptions {
    QString file; ///< `<data>/audit.db`
    config::AuditMode mode = config::AuditMode::Group;
    QByteArray chainKey;                           ///< key of the chain (32 bytes); empty: rows are written without a hash
    std::int64_t groupIntervalNs = 20'000'000;     ///< a row is committed at most this long after it came
    int groupRows = 512;                           ///< or when this many wait
    std::int64_t memoryBytes = 64LL * 1024 * 1024; ///< rows held while the database cannot be written
    std::int64_t ballastBytes = 4LL * 1024 * 1024; ///< kept beside the database and freed when the disk is full; 0: none
};

/// Writes the audit log: the only connection that writes and checkpoints `audit.db`, on a thread of its own that sleeps when
/// nothing comes (A2). append() may be called from any thread.
///
/// Group mode: rows are committed together within groupIntervalNs. Strict mode: as soon as possible, and `done` tells when a row
/// is durable (synchronous=FULL). When the disk is full or the database locked, group rows wait in memory and are tried again;
/// strict rows are refused at once, with the reason, and so is every strict row until writing works again.
class AuditWriter final : public RetentionTarget {
public:
    /// Called on the writer thread after the commit, or with the error when the row was refused. Never called twice.
    using Done = std::function<void(const Status&)>;

    AuditWriter(AuditOptions options, const Clock& clock, Random& random);
    ~AuditWriter() override;

    /// Opens or makes the database and starts the thread. A database that is not one, or is corrupt, is moved aside
    /// (`audit.db.corrupt-…`) and a new one begun; the state then says so. The log of a newer Oriel (Unsupported) is left alone
    /// and the writer stays closed. After any other error the thread runs all the same: rows are accepted as while the database
    /// cannot be written, and opening is tried again until it succeeds.
    Status open();
    /// Commits what is pending (waiting at most `deadlineNs`), checkpoints and joins. Rows that could not be written are told to
    /// their `done`.
    Status close(std::int64_t deadlineNs = 3'000'000'000);

    /// An empty id is given one. Without `done` in strict mode the row is still committed at once.
    void append(AuditRow&& row, Done done = {});
    /// Returns when everything appended before is committed, or the error.
    Status flush();
    /// Returns at once: what the database's cache and the whole process hold without need goes back to the system.
    void releaseMemory();
    void setMode(config::AuditMode mode);
    [[nodiscard]] config::AuditMode mode() const;
    [[nodiscard]] AuditState state() const;
    /// Called on the writer thread when `health` changes. Set before open().
    std::function<void(const AuditState&)> onStateChanged;
    /// Called on the writer thread after a commit with the last sequence. Set before open().
    std::function<void(std::int64_t lastSequence)> onCommitted;

    [[nodiscard]] QString retentionName() const override;
    /// Rows and approximate bytes that would go.
    [[nodiscard]] Result<RetentionPreview> previewRetention(const RetentionLimits& limits) const override;
    /// Deletes in batches on the writer thread and returns when done; a row of kind Retention records it, and the chain's anchor
    /// moves on.
    Result<RetentionPreview> applyRetention(const RetentionLimits& limits, std::stop_token stop = {}) override;

private:
    class Private;
    std::unique_ptr<Private> d;
};

/// Reads the audit log over a connection that cannot write, also when no Oriel runs. One thread at a time; cancellable from
/// another.
class AuditReader {
public:
    AuditReader();
    ~AuditReader();
    AuditReader(AuditReader&&) noexcept;
    AuditReader& operator=(AuditReader&&) noexcept;

    [[nodiscard]] static Result<AuditReader> open(const QString& file);

    [[nodiscard]] Result<AuditPage> page(const AuditQuery& query, std::stop_token stop = {}) const;
    /// Rows that match, counted up to `bound`.
    struct Count {
        std::uint64_t rows = 0;
        bool atLeast = false; ///< the bound was reached
    };
    [[nodiscard]] Result<Count> count(const AuditQuery& query, std::uint64_t bound = 100'000, std::stop_token stop = {}) const;
    [[nodiscard]] Result<std::optional<AuditRow>> row(const QByteArray& id) const;
    [[nodiscard]] Result<std::optional<AuditRow>> rowForTrace(const TraceId& traceId, SpanId spanId = {}) const;
    [[nodiscard]] Result<std::int64_t> lastSequence() const;
    /// Distinct values for the filter's menus, bounded.
    [[nodiscard]] Result<std::vector<QByteArray>> servers(int limit = 200) const;
    [[nodiscard]] Result<std::vector<QByteArray>> tools(const QByteArray& server = {}, int limit = 500) const;
    [[nodiscard]] Result<std::vector<QByteArray>> clients(int limit = 200) const;

    /// Recomputes the chain (A3). `progress` is called with the rows checked so far; return false from it to stop.
    [[nodiscard]] AuditVerification verify(const QByteArray& chainKey,
                                           const std::function<bool(std::uint64_t)>& progress = {}) const;

    [[nodiscard]] Result<RetentionPreview> previewRetention(const RetentionLimits& limits) const;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

/// Takes one piece of an export; false: stop (cancelled, or the target cannot be written).
using ExportSink = std::function<bool(QByteArrayView chunk)>;

enum class AuditFormat : quint8 { JsonLines, Csv };

/// One row as one line of JSON, without the line feed.
QByteArray toJsonLine(const AuditRow& row);
/// One row as one line of CSV (RFC 4180); cells that a spreadsheet would run as a formula begin with an apostrophe.
QByteArray toCsvLine(const AuditRow& row);
QByteArray csvHeader();

/// Streams all rows that match, oldest first (whatever the query's limit and order), in pages. Returns the number of rows
/// written.
Result<std::uint64_t> exportAudit(const AuditReader& reader, AuditQuery query, AuditFormat format, const ExportSink& sink,
                                  std::stop_token stop = {});

} // namespace oriel::store
