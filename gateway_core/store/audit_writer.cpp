// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/background_thread.h"
#include "base/free_memory.h"
#include "base/json_writer.h"
#include "store/audit_database.h"
#include "store/audit_log.h"
#include "store/audit_schema.h"

#include <QDateTime>
#include <QFile>
#include <QFileInfo>
#include <QStorageInfo>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#ifdef Q_OS_LINUX
#include <fcntl.h>
#endif

namespace oriel::store {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

namespace {

constexpr int kBusyTimeoutMs = 100;
constexpr int kDeleteBatch = 5'000;
constexpr std::size_t kLargestBatch = 4'096;
constexpr milliseconds kFirstPause{50};
constexpr milliseconds kLongestPause{2'000};

std::int64_t costOf(const AuditRow& row)
{
    return 400 + row.arguments.size() + row.response.size() + row.errorMessage.size() + row.guardrails.size() +
           row.requestId.size();
}

struct Entry {
    AuditRow row;
    AuditWriter::Done done;
    bool isStrict = false;
};

} // namespace

class AuditWriter::Private {
public:
    Private(AuditOptions writerOptions, const Clock& writerClock, Random& writerRandom)
        : options(std::move(writerOptions)),
          clock(writerClock),
          random(writerRandom),
          mode(options.mode)
    {}

    void run();
    bool commitPending();
    bool commit(std::vector<Entry*>& batch);
    void failed(const Error& error);
    void succeeded();
    void setHealth(AuditState::Health health, const Error& error);
    bool recover(const Error& error);
    void refuseStrict(const Error& error);
    [[nodiscard]] Status openDatabase();
    [[nodiscard]] Status moveAside();
    void freeBallast();
    void makeBallast();
    [[nodiscard]] QString ballastFile() const { return options.file + QStringLiteral(".reserve"); }

    const AuditOptions options;
    const Clock& clock;
    Random& random;
    AuditWriter* owner = nullptr;

    mutable std::mutex mutex;
    std::condition_variable wake;
    std::condition_variable flushed;
    config::AuditMode mode;
    std::deque<Entry> queue; ///< accepted, not looked at by the thread
    steady_clock::time_point firstQueued;
    std::size_t strictQueued = 0;
    std::int64_t bytes = 0; ///< of queue and backlog
    std::deque<std::function<void()>> tasks;
    std::uint64_t flushAsked = 0;
    std::uint64_t flushDone = 0;
    Status flushStatus;
    AuditState state;
    bool stop = false;
    bool running = false;
    steady_clock::time_point stopDeadline;

    // The thread's own:
    AuditDatabase database;
    std::deque<Entry> backlog; ///< taken from the queue, not committed yet
    milliseconds pause{0};
    std::thread thread;
};

AuditWriter::AuditWriter(AuditOptions options, const Clock& clock, Random& random)
    : d(std::make_unique<Private>(std::move(options), clock, random))
{
    d->owner = this;
}

AuditWriter::~AuditWriter()
{
    (void)close();
}

Status AuditWriter::Private::moveAside()
{
    database.close();
    const QString stamp =
        QDateTime::fromMSecsSinceEpoch(clock.unixNs() / 1'000'000, Qt::UTC).toString(QStringLiteral("yyyyMMdd-HHmmss-zzz"));
    const QString target = options.file + QStringLiteral(".corrupt-") + stamp;
    if (!QFile::rename(options.file, target))
        return fail(ErrorCode::Io, QStringLiteral("A damaged audit log cannot be moved aside"), options.file);
    for (const QString& suffix : {QStringLiteral("-wal"), QStringLiteral("-shm")})
        QFile::rename(options.file + suffix, target + suffix);
    return fail(ErrorCode::DataLoss,
                QStringLiteral("The audit log was damaged. It was moved to %1 and a new one begun").arg(target), options.file,
                QStringLiteral("Keep the moved file: rows may be read from it with sqlite3's .recover."));
}

Status AuditWriter::Private::openDatabase()
{
    Status opened = database.open(options.file, options.chainKey, kBusyTimeoutMs);
    if (!opened && opened.error().code == ErrorCode::DataLoss) {
        const Status moved = moveAside();
        if (moved.error().code == ErrorCode::DataLoss) {
            opened = database.open(options.file, options.chainKey, kBusyTimeoutMs);
            if (opened) {
                const std::lock_guard lock(mutex);
                state.error = moved.error();
            }
        } else {
            opened = moved;
        }
    }
    return opened;
}

void AuditWriter::Private::makeBallast()
{
    if (options.ballastBytes <= 0 || QFileInfo(ballastFile()).size() >= options.ballastBytes)
        return;
    const QStorageInfo storage(QFileInfo(options.file).absolutePath());
    if (storage.isValid() && storage.bytesAvailable() < options.ballastBytes * 4)
        return;
    QFile file(ballastFile());
    if (!file.open(QIODevice::WriteOnly))
        return;
#ifdef Q_OS_LINUX
    const bool reserved = ::posix_fallocate(file.handle(), 0, options.ballastBytes) == 0;
#else
    const bool reserved = file.resize(options.ballastBytes);
#endif
    file.close();
    if (!reserved)
        file.remove();
}

void AuditWriter::Private::freeBallast()
{
    QFile::remove(ballastFile());
}

Status AuditWriter::open()
{
    const Status opened = d->openDatabase();
    if (!opened && opened.error().code == ErrorCode::Unsupported)
        return opened;
    const std::int64_t fileBytes = opened ? d->database.database().pageBytes() : 0;
    if (opened)
        d->makeBallast();
    {
        const std::lock_guard lock(d->mutex);
        d->state.fileBytes = fileBytes;
        if (!opened) {
            d->state.health = AuditState::Health::Retrying;
            d->state.error = opened.error();
        }
        d->running = true;
    }
    d->thread = std::thread([this, isFailing = !opened] {
        enterBackground("oriel-audit");
        if (isFailing && onStateChanged)
            onStateChanged(state());
        d->run();
    });
    return opened;
}

Status AuditWriter::close(std::int64_t deadlineNs)
{
    {
        const std::lock_guard lock(d->mutex);
        if (!d->running)
            return {};
        d->stop = true;
        d->stopDeadline = steady_clock::now() + nanoseconds(deadlineNs);
    }
    d->wake.notify_all();
    d->thread.join();
    const std::lock_guard lock(d->mutex);
    d->running = false;
    if (d->state.pending > 0)
        return fail(ErrorCode::DataLoss, QStringLiteral("%1 audit rows could not be written").arg(d->state.pending),
                    d->options.file);
    return {};
}

void AuditWriter::append(AuditRow&& row, Done done)
{
    if (row.id.isEmpty())
        row.id = makeUlid(row.timeUnixNs != 0 ? row.timeUnixNs : d->clock.unixNs(), d->random);
    Status refusal;
    {
        const std::lock_guard lock(d->mutex);
        const bool isStrict = d->mode == config::AuditMode::Strict;
        if (!d->running || d->stop) {
            refusal = fail(ErrorCode::Unavailable, QStringLiteral("The audit log is not open"), d->options.file);
        } else if (d->bytes > d->options.memoryBytes) {
            refusal = fail(ErrorCode::ResourceExhausted, QStringLiteral("Too many audit rows wait to be written"),
                           d->options.file, d->state.error.remedy);
        } else {
            d->bytes += costOf(row);
            if (d->queue.empty())
                d->firstQueued = steady_clock::now();
            d->queue.push_back({std::move(row), std::move(done), isStrict});
            d->strictQueued += isStrict ? 1 : 0;
            ++d->state.pending;
            // The thread sleeps on; it is woken for the first row, for a full group and for strict rows only.
            if (d->queue.size() == 1 || isStrict || d->queue.size() == static_cast<std::size_t>(d->options.groupRows))
                d->wake.notify_all();
            return;
        }
        ++d->state.refused;
    }
    if (done)
        done(refusal);
}

void AuditWriter::Private::setHealth(AuditState::Health health, const Error& error)
{
    AuditState now;
    bool changed = false;
    {
        const std::lock_guard lock(mutex);
        changed = state.health != health;
        state.health = health;
        state.error = error;
        now = state;
    }
    if (changed && owner->onStateChanged)
        owner->onStateChanged(now);
}

void AuditWriter::Private::succeeded()
{
    pause = milliseconds(0);
    bool wasFailing = false;
    {
        const std::lock_guard lock(mutex);
        wasFailing = state.health != AuditState::Health::Ok;
    }
    if (wasFailing) {
        makeBallast();
        setHealth(AuditState::Health::Ok, {});
    }
}

/// True when writing should be tried again at once.
bool AuditWriter::Private::recover(const Error& error)
{
    if (error.code == ErrorCode::ResourceExhausted || error.code == ErrorCode::Io) {
        const bool hadBallast = QFile::exists(ballastFile());
        freeBallast();
        // The write-ahead log may be used again from its beginning once the database has taken what it holds.
        const bool emptied = pause.count() == 0 && database.isOpen() && database.checkpoint().has_value();
        return hadBallast || emptied;
    }
    if (error.code == ErrorCode::DataLoss) {
        const Status moved = moveAside();
        if (moved.error().code == ErrorCode::DataLoss && openDatabase()) {
            setHealth(AuditState::Health::Retrying, moved.error());
            return true;
        }
    }
    return false;
}

void AuditWriter::Private::failed(const Error& error)
{
    pause = pause.count() == 0 ? kFirstPause : std::min(pause * 2, kLongestPause);
    setHealth(error.code == ErrorCode::DataLoss ? AuditState::Health::Failed : AuditState::Health::Retrying, error);
    refuseStrict(error);
}

void AuditWriter::Private::refuseStrict(const Error& error)
{
    std::vector<Done> told;
    for (auto entry = backlog.begin(); entry != backlog.end();) {
        if (!entry->isStrict) {
            ++entry;
            continue;
        }
        if (entry->done)
            told.push_back(std::move(entry->done));
        const std::lock_guard lock(mutex);
        bytes -= costOf(entry->row);
        --state.pending;
        ++state.refused;
        entry = backlog.erase(entry);
    }
    for (const Done& tell : told)
        tell(fail(error));
}

bool AuditWriter::Private::commit(std::vector<Entry*>& batch)
{
    std::vector<AuditRow*> rows;
    rows.reserve(batch.size());
    for (Entry* entry : batch)
        rows.push_back(&entry->row);
    const auto attempt = [&]() -> Result<AuditDatabase::Commit> {
        if (!database.isOpen()) {
            if (const Status opened = openDatabase(); !opened)
                return fail(opened.error());
        }
        return database.write(rows);
    };
    Result<AuditDatabase::Commit> result = attempt();
    if (!result && recover(result.error()))
        result = attempt();
    if (!result) {
        failed(result.error());
        return false;
    }
    std::int64_t freed = 0;
    for (const Entry* entry : batch)
        freed += costOf(entry->row);
    {
        const std::lock_guard lock(mutex);
        bytes -= freed;
        state.pending -= batch.size();
        state.committed += result->rows;
        state.duplicates += result->duplicates;
    }
    for (Entry* entry : batch)
        if (entry->done)
            entry->done({});
    if (result->rows > 0 && owner->onCommitted)
        owner->onCommitted(result->lastSequence);
    succeeded();
    return true;
}

bool AuditWriter::Private::commitPending()
{
    {
        const std::lock_guard lock(mutex);
        for (Entry& entry : queue)
            backlog.push_back(std::move(entry));
        queue.clear();
        strictQueued = 0;
    }
    // An empty batch opens the database: the state must get well also when no row comes.
    while (!backlog.empty() || !database.isOpen()) {
        std::vector<Entry*> batch;
        const std::size_t count = std::min(backlog.size(), kLargestBatch);
        batch.reserve(count);
        for (std::size_t i = 0; i < count; ++i)
            batch.push_back(&backlog[i]);
        if (!commit(batch))
            return false;
        backlog.erase(backlog.begin(), backlog.begin() + static_cast<std::ptrdiff_t>(count));
    }
    return true;
}

void AuditWriter::Private::run()
{
    std::unique_lock lock(mutex);
    for (;;) {
        const auto urgent = [this] { return stop || !tasks.empty() || flushAsked > flushDone || strictQueued > 0; };
        if (!backlog.empty() || !database.isOpen()) {
            // Writing or opening fails: try again after a pause, or when someone waits for the answer.
            wake.wait_for(lock, pause, urgent);
        } else {
            wake.wait(lock, [&] { return urgent() || !queue.empty(); });
            if (!urgent())
                wake.wait_until(lock, firstQueued + nanoseconds(options.groupIntervalNs),
                                [&] { return urgent() || queue.size() >= static_cast<std::size_t>(options.groupRows); });
        }
        const std::uint64_t ticket = flushAsked;
        const bool stopping = stop;
        lock.unlock();
        const bool good = commitPending();
        lock.lock();
        flushStatus = good ? Status() : Status(fail(state.error));
        flushDone = std::max(flushDone, ticket);
        flushed.notify_all();
        while (!tasks.empty()) {
            const std::function<void()> task = std::move(tasks.front());
            tasks.pop_front();
            lock.unlock();
            task();
            lock.lock();
        }
        if (stopping && ((backlog.empty() && queue.empty()) || steady_clock::now() >= stopDeadline))
            break;
        if (stopping)
            wake.wait_for(lock, milliseconds(20), [] { return false; });
    }
    const Error error = state.error;
    lock.unlock();
    for (Entry& entry : backlog)
        if (entry.done)
            entry.done(fail(error));
    if (database.isOpen())
        (void)database.checkpoint();
    database.close();
}

void AuditWriter::releaseMemory()
{
    {
        const std::lock_guard lock(d->mutex);
        if (!d->running || d->stop)
            return;
        d->tasks.push_back([this] {
            if (d->database.isOpen())
                d->database.releaseMemory();
            releaseFreeMemory();
        });
    }
    d->wake.notify_all();
}

Status AuditWriter::flush()
{
    std::unique_lock lock(d->mutex);
    if (!d->running || d->stop)
        return fail(ErrorCode::Unavailable, QStringLiteral("The audit log is not open"), d->options.file);
    const std::uint64_t ticket = ++d->flushAsked;
    d->wake.notify_all();
    d->flushed.wait(lock, [&] { return d->flushDone >= ticket; });
    return d->flushStatus;
}

void AuditWriter::setMode(config::AuditMode mode)
{
    const std::lock_guard lock(d->mutex);
    d->mode = mode;
}

config::AuditMode AuditWriter::mode() const
{
    const std::lock_guard lock(d->mutex);
    return d->mode;
}

AuditState AuditWriter::state() const
{
    AuditState out;
    {
        const std::lock_guard lock(d->mutex);
        out = d->state;
    }
    out.fileBytes = QFileInfo(d->options.file).size() + QFileInfo(d->options.file + QStringLiteral("-wal")).size();
    return out;
}

QString AuditWriter::retentionName() const
{
    return QStringLiteral("audit");
}

Result<RetentionPreview> AuditWriter::previewRetention(const RetentionLimits& limits) const
{
    const Result<AuditReader> reader = AuditReader::open(d->options.file);
    if (!reader)
        return tl::unexpected(reader.error());
    return reader->previewRetention(limits);
}

namespace {

AuditRow retentionRow(const RetentionPreview& gone, const RetentionLimits& limits, std::int64_t now)
{
    AuditRow row;
    row.kind = AuditKind::Retention;
    row.timeUnixNs = now;
    row.tool = QByteArrayLiteral("retention");
    json::Writer arguments;
    arguments.beginObject()
        .member("rows", gone.rows)
        .member("bytes", gone.bytes)
        .member("oldestUnixNs", gone.oldestUnixNs)
        .member("newestUnixNs", gone.newestUnixNs)
        .member("keepAfterUnixNs", limits.keepAfterUnixNs)
        .member("maxBytes", limits.maxBytes)
        .endObject();
    row.arguments = arguments.take();
    row.argumentsBytes = row.arguments.size();
    return row;
}

/// One retention run, in pieces between which rows are written.
struct RetentionRun {
    std::mutex mutex;
    std::condition_variable finished;
    std::optional<Result<std::uint64_t>> deleted; ///< of the last piece
};

} // namespace

Result<RetentionPreview> AuditWriter::applyRetention(const RetentionLimits& limits, std::stop_token stop)
{
    Result<AuditRetentionRange> range =
        fail(ErrorCode::Unavailable, QStringLiteral("The audit log is not open"), d->options.file);
    RetentionRun run;
    // `piece` runs on the writer thread; the caller waits for it here.
    const auto onWriter = [&](const std::function<Result<std::uint64_t>()>& piece) -> Result<std::uint64_t> {
        {
            const std::lock_guard lock(d->mutex);
            if (!d->running || d->stop)
                return fail(ErrorCode::Unavailable, QStringLiteral("The audit log is not open"), d->options.file);
            d->tasks.push_back([&] {
                Result<std::uint64_t> result =
                    fail(ErrorCode::Unavailable, QStringLiteral("The audit log cannot be written now"), d->options.file);
                if (d->database.isOpen())
                    result = piece();
                const std::lock_guard runLock(run.mutex);
                run.deleted = std::move(result);
                run.finished.notify_all();
            });
        }
        d->wake.notify_all();
        std::unique_lock lock(run.mutex);
        run.finished.wait(lock, [&] { return run.deleted.has_value(); });
        Result<std::uint64_t> result = std::move(*run.deleted);
        run.deleted.reset();
        return result;
    };
    const Result<std::uint64_t> measured = onWriter([&]() -> Result<std::uint64_t> {
        range = auditRetentionRange(d->database.database(), limits);
        return 0;
    });
    if (!measured || !range)
        return tl::unexpected(!measured ? measured.error() : range.error());
    RetentionPreview gone = range->preview;
    if (range->lastSequence == 0)
        return gone;
    std::uint64_t deleted = 0;
    Status status;
    while (!stop.stop_requested()) {
        const Result<std::uint64_t> piece = onWriter([&] { return d->database.deleteOldest(range->lastSequence, kDeleteBatch); });
        if (!piece) {
            status = fail(piece.error());
            break;
        }
        if (*piece == 0)
            break;
        deleted += *piece;
    }
    gone.bytes = gone.rows > 0 ? gone.bytes / static_cast<std::int64_t>(gone.rows) * static_cast<std::int64_t>(deleted) : 0;
    gone.remainingRows += gone.rows - deleted;
    gone.rows = deleted;
    if (deleted > 0) {
        append(retentionRow(gone, limits, d->clock.unixNs()));
        const Status flushed = flush();
        if (status)
            status = flushed;
        (void)onWriter([&]() -> Result<std::uint64_t> {
            (void)d->database.checkpoint();
            return 0;
        });
    }
    if (!status)
        return tl::unexpected(status.error());
    return gone;
}

} // namespace oriel::store
