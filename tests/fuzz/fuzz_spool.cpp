// SPDX-License-Identifier: GPL-3.0-or-later
// The export spool's files as somebody else may have left them. The first byte says what the rest is: a whole segment, a cursor,
// or places and values of damage to a segment that was whole. Any bytes open; a record comes out only as it went in; reading
// ends, and new records flow.
#include "base/clock.h"
#include "base/random.h"
#include "fuzz_support.h"
#include "otlp/spool/spool_log.h"

#include <QDir>
#include <QFile>
#include <QSet>
#include <QTemporaryDir>

using namespace oriel;
using namespace oriel::otlp;
using fuzz::require;

namespace {

constexpr int kRecords = 5;
const QString kName = QStringLiteral("backend");

/// In memory where the system has such a place.
QString folderPattern()
{
    const QString memory = QStringLiteral("/dev/shm");
    return (QDir(memory).exists() ? memory : QDir::tempPath()) + QStringLiteral("/oriel-fuzz-spool-XXXXXX");
}

void put(const QString& path, QByteArrayView content)
{
    QFile file(path);
    require(file.open(QIODevice::WriteOnly) && file.write(content.data(), content.size()) == content.size());
}

QByteArray contentOf(const QString& path)
{
    QFile file(path);
    require(file.open(QIODevice::ReadOnly));
    return file.readAll();
}

QByteArray requestOf(int i)
{
    return "request " + QByteArray::number(i) + QByteArray(10 * i, 'r');
}

Batch batchOf(QByteArray request)
{
    return {Signal::Logs, std::move(request), 2, false, 0};
}

/// Five records for one destination; gives their segment.
QString writeLog(const QString& directory)
{
    const ManualClock clock;
    SeededRandom random(1);
    SpoolLog log(directory, {}, clock, random);
    (void)log.open();
    const int slot = log.attach(kName).value();
    for (int i = 0; i < kRecords; ++i)
        require(log.append(batchOf(requestOf(i)), std::uint64_t(1) << static_cast<unsigned>(slot)));
    return segmentPath(directory, 1);
}

QList<QByteArray> readLog(const QString& directory)
{
    const ManualClock clock;
    SeededRandom random(2);
    SpoolLog log(directory, {}, clock, random);
    (void)log.open();
    const auto slot = log.attach(kName);
    require(slot.has_value());
    require(log.append(batchOf("fresh"), std::uint64_t(1) << static_cast<unsigned>(*slot)));
    QList<QByteArray> all;
    for (const Signal signal : kSignals) {
        while (const auto batch = log.fetch(*slot, signal)) {
            all.append(batch->request);
            log.answer(*slot, signal, {batch->items, 0, 0});
        }
        require(log.backlog(*slot).lanes[static_cast<std::size_t>(signal)].items == 0);
    }
    return all;
}

void checkDamage(QByteArrayView damage)
{
    const QTemporaryDir folder(folderPattern());
    const QString path = writeLog(folder.path());
    QByteArray segment = contentOf(path);
    for (qsizetype at = 0; at + 3 <= damage.size(); at += 3) {
        const auto place =
            static_cast<qsizetype>(static_cast<unsigned char>(damage[at]) | static_cast<unsigned char>(damage[at + 1]) << 8U) %
            segment.size();
        segment[place] = static_cast<char>(segment[place] ^ damage[at + 2]);
    }
    put(path, segment);
    QSet<QByteArray> written{"fresh"};
    for (int i = 0; i < kRecords; ++i)
        written.insert(requestOf(i));
    bool fresh = false;
    for (const QByteArray& request : readLog(folder.path())) {
        require(written.remove(request));
        fresh = fresh || request == "fresh";
    }
    require(fresh);
}

void checkSegment(QByteArrayView bytes)
{
    qsizetype at = 0;
    while (const auto found = findRecord(bytes, at, 0)) {
        require(found->end > at && found->end <= bytes.size() && found->requestAt >= at);
        at = found->end;
    }
    const QTemporaryDir folder(folderPattern());
    put(segmentPath(folder.path(), 3), bytes);
    require(readLog(folder.path()).contains("fresh"));
}

void checkCursor(QByteArrayView bytes)
{
    const QTemporaryDir folder(folderPattern());
    (void)writeLog(folder.path());
    put(CursorFile::path(folder.path(), 0), bytes);
    require(readLog(folder.path()).contains("fresh"));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    if (size < 1)
        return 0;
    const QByteArrayView content(reinterpret_cast<const char*>(data) + 1, static_cast<qsizetype>(size - 1));
    switch (data[0] % 3) {
    case 0:
        checkSegment(content);
        break;
    case 1:
        checkCursor(content);
        break;
    default:
        checkDamage(content);
        break;
    }
    return 0;
}
