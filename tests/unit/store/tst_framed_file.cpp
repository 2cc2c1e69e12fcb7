// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/byte_io.h"
#include "base/crc32c.h"
#include "base/random.h"
#include "store/disk_thread.h"
#include "store/framed_file.h"

#include <QTemporaryDir>
#include <QTest>

using namespace oriel;
using namespace oriel::store;

namespace {

struct Frame {
    std::uint8_t type = 0;
    QByteArray payload;
    bool operator==(const Frame&) const = default;
};

std::vector<Frame> framesOf(const QString& path, FrameReadResult* result = nullptr)
{
    std::vector<Frame> out;
    const auto read = readFrames(path, FrameFileKind::Logs, [&](std::uint8_t type, QByteArrayView payload) {
        out.push_back({type, payload.toByteArray()});
        return true;
    });
    if (read && result != nullptr)
        *result = *read;
    return out;
}

QByteArray contentOf(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

void writeContent(const QString& path, const QByteArray& content)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    QCOMPARE(file.write(content), content.size());
}

} // namespace

class FramedFileTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_dir;
    std::vector<Frame> m_frames;

    QString writeSome(const QString& name, bool finished)
    {
        const QString path = m_dir.filePath(name);
        QFile::remove(path);
        FrameFileWriter writer;
        [&] {
            QVERIFY(writer.create(path, FrameFileKind::Logs).has_value());
            for (const Frame& frame : m_frames)
                QVERIFY(writer.append(frame.type, frame.payload).has_value());
            if (finished)
                QVERIFY(writer.finish({7, 100, 200}).has_value());
            else
                QVERIFY(writer.sync().has_value());
        }();
        return path;
    }

private Q_SLOTS:
    void initTestCase()
    {
        SeededRandom random(3);
        for (int i = 0; i < 20; ++i) {
            QByteArray payload;
            for (std::uint64_t n = random.next64() % 300; n > 0; --n)
                payload.append(static_cast<char>(random.next64()));
            m_frames.push_back({static_cast<std::uint8_t>(1 + i % 3), payload});
        }
    }

    void theChecksumIsTheOneOfTheStandard()
    {
        QCOMPARE(crc32c("123456789"), 0xE3069283U);
        QCOMPARE(crc32c(QByteArray(32, '\0')), 0x8A9136AAU);
        QCOMPARE(crc32c("6789", crc32c("12345")), 0xE3069283U);
    }

    void numbersSurviveTheCompactForm()
    {
        SeededRandom random(9);
        ByteWriter out;
        std::vector<std::int64_t> numbers{0, -1, std::numeric_limits<std::int64_t>::min(),
                                          std::numeric_limits<std::int64_t>::max()};
        for (int i = 0; i < 1000; ++i)
            numbers.push_back(static_cast<std::int64_t>(random.next64() >> (random.next64() % 64)));
        for (const std::int64_t number : numbers) {
            out.zigzag(number);
            out.varint(static_cast<std::uint64_t>(number));
        }
        ByteReader in(out.view());
        for (const std::int64_t number : numbers) {
            QCOMPARE(in.zigzag(), number);
            QCOMPARE(in.varint(), static_cast<std::uint64_t>(number));
        }
        QVERIFY(in.atEnd() && !in.failed());
        QCOMPARE(in.byte(), 0);
        QVERIFY(in.failed());
    }

    void framesComeBackInOrderWithTheSummary()
    {
        const QString path = writeSome(QStringLiteral("whole.seg"), true);
        FrameReadResult result;
        QCOMPARE(framesOf(path, &result), m_frames);
        QCOMPARE(result.damagedFrames, 0U);
        QVERIFY(!result.tornTail);
        QVERIFY(result.summary.has_value());
        QCOMPARE(result.summary->rows, 7U);
        QCOMPARE(readFrameSummary(path)->newestUnixNs, 200);
        QVERIFY(!(QFile::permissions(path) & (QFileDevice::ReadOther | QFileDevice::ReadGroup)));
    }

    void aTornEndCostsOnlyTheTornFrame()
    {
        const QByteArray whole = contentOf(writeSome(QStringLiteral("torn.seg"), false));
        const QString path = m_dir.filePath(QStringLiteral("cut.seg"));
        std::size_t before = 0;
        for (qsizetype size = 8; size <= whole.size(); ++size) {
            writeContent(path, whole.first(size));
            FrameReadResult result;
            const std::vector<Frame> frames = framesOf(path, &result);
            QVERIFY(frames.size() >= before && frames.size() <= m_frames.size());
            QVERIFY(std::equal(frames.begin(), frames.end(), m_frames.begin()));
            QCOMPARE(result.tornTail, result.goodBytes != size);
            QCOMPARE(result.damagedFrames, result.tornTail ? 1U : 0U);
            before = frames.size();
        }
        QCOMPARE(before, m_frames.size());
        QVERIFY(!readFrameSummary(path).has_value());
    }

    void anyFlippedByteCostsAtMostOneFrameAndIsCounted()
    {
        const QByteArray whole = contentOf(writeSome(QStringLiteral("flip.seg"), false));
        const QString path = m_dir.filePath(QStringLiteral("flipped.seg"));
        for (qsizetype at = 8; at < whole.size(); at += 3) {
            QByteArray damaged = whole;
            damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
            writeContent(path, damaged);
            FrameReadResult result;
            const std::vector<Frame> frames = framesOf(path, &result);
            QCOMPARE(frames.size(), m_frames.size() - 1);
            QCOMPARE(result.damagedFrames, 1U);
        }
    }

    void aForeignFileIsRefused()
    {
        const QString path = m_dir.filePath(QStringLiteral("foreign.seg"));
        for (const QByteArray& content : {QByteArray(), QByteArray("short"), QByteArray("SQLite format 3, or so it says")}) {
            writeContent(path, content);
            const auto read = readFrames(path, FrameFileKind::Logs, [](std::uint8_t, QByteArrayView) { return true; });
            QVERIFY(!read.has_value());
            QCOMPARE(read.error().code, ErrorCode::DataLoss);
        }
        const auto other = readFrames(writeSome(QStringLiteral("logs.seg"), true), FrameFileKind::Traces,
                                      [](std::uint8_t, QByteArrayView) { return true; });
        QVERIFY(!other.has_value());
    }

    void theDiskThreadWritesOnceForManyMarksAndSleepsWithoutWork()
    {
        std::atomic<int> writes{0};
        DiskThread disk(1'000'000, [&]() -> Status {
            ++writes;
            return {};
        });
        disk.start();
        for (int i = 0; i < 1000; ++i)
            disk.markDirty();
        QTRY_VERIFY(writes > 0);
        QVERIFY(disk.flush().has_value());
        const int after = writes;
        QVERIFY(after < 1000);
        disk.stop();
        QCOMPARE(writes.load(), after + 1);
        QVERIFY(!disk.flush().has_value());
    }

    void aFailedWriteIsReportedAndTriedAgain()
    {
        std::atomic<bool> broken{true};
        DiskThread disk(1'000'000, [&]() -> Status {
            if (broken)
                return fail(ErrorCode::ResourceExhausted, QStringLiteral("no space"));
            return {};
        });
        disk.start();
        disk.markDirty();
        const Status status = disk.flush();
        QVERIFY(!status.has_value());
        QCOMPARE(status.error().code, ErrorCode::ResourceExhausted);
        QVERIFY(disk.lastError().contains(QStringLiteral("no space")));
        broken = false;
        QTRY_VERIFY_WITH_TIMEOUT(disk.lastError().isEmpty(), 10'000);
    }
};

QTEST_GUILESS_MAIN(FramedFileTest)
#include "tst_framed_file.moc"
