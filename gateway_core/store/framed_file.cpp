// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/framed_file.h"

#include "base/byte_io.h"
#include "base/crc32c.h"

#include <QDateTime>
#include <QDir>
#include <QFileInfo>
#include <QtEndian>

#ifdef Q_OS_WIN
#include <io.h>
#else
#include <fcntl.h>
#include <unistd.h>
#endif

namespace oriel::store {

namespace {

constexpr std::uint32_t kFileMagic = 0x4745534FU;   // "OSEG"
constexpr std::uint32_t kFrameMarker = 0x4D52464FU; // "OFRM"
constexpr std::uint16_t kVersion = 1;
constexpr qsizetype kHeaderBytes = 8;
constexpr qsizetype kFrameHeaderBytes = 13;
constexpr std::uint8_t kSummaryType = 255;
constexpr qsizetype kSummaryBytes = 24;

Error ioError(const QFile& file, const QString& what)
{
    const bool full = file.error() == QFileDevice::ResourceError || file.errorString().contains(QLatin1StringView("space"));
    return Error{full ? ErrorCode::ResourceExhausted : ErrorCode::Io, what + QStringLiteral(": ") + file.errorString(),
                 file.fileName(), full ? QStringLiteral("Free space on the disk that holds the data directory.") : QString()};
}

std::uint32_t frameCrc(std::uint8_t type, QByteArrayView payload)
{
    const char first = static_cast<char>(type);
    return crc32c(payload, crc32c(QByteArrayView(&first, 1)));
}

void appendFrame(ByteWriter& out, std::uint8_t type, QByteArrayView payload)
{
    out.fixed32(kFrameMarker);
    out.fixed32(static_cast<std::uint32_t>(payload.size()));
    out.fixed32(frameCrc(type, payload));
    out.byte(type);
    out.raw(payload);
}

std::uint32_t word(QByteArrayView bytes, qsizetype at)
{
    return qFromLittleEndian<quint32>(bytes.data() + at);
}

/// The payload of the frame at `at`, or nothing.
std::optional<QByteArrayView> frameAt(QByteArrayView bytes, qsizetype at)
{
    if (bytes.size() - at < kFrameHeaderBytes || word(bytes, at) != kFrameMarker)
        return std::nullopt;
    const std::uint32_t length = word(bytes, at + 4);
    if (length > kMaxFrameBytes || bytes.size() - at - kFrameHeaderBytes < static_cast<qsizetype>(length))
        return std::nullopt;
    const QByteArrayView payload = bytes.sliced(at + kFrameHeaderBytes, static_cast<qsizetype>(length));
    if (frameCrc(static_cast<std::uint8_t>(bytes[at + 12]), payload) != word(bytes, at + 8))
        return std::nullopt;
    return payload;
}

FrameFileSummary decodeSummary(QByteArrayView payload)
{
    ByteReader in(payload);
    FrameFileSummary summary;
    summary.rows = in.fixed64();
    summary.oldestUnixNs = static_cast<std::int64_t>(in.fixed64());
    summary.newestUnixNs = static_cast<std::int64_t>(in.fixed64());
    return summary;
}

qsizetype nextMarker(QByteArrayView bytes, qsizetype from)
{
    static constexpr char kMarker[] = {'O', 'F', 'R', 'M'};
    const qsizetype found = bytes.indexOf(QByteArrayView(kMarker, 4), from);
    return found < 0 ? bytes.size() : found;
}

} // namespace

Status FrameFileWriter::create(const QString& path, FrameFileKind kind)
{
    m_file.close();
    m_file.setFileName(path);
    if (!m_file.open(QIODevice::WriteOnly | QIODevice::NewOnly | QIODevice::Unbuffered))
        return fail(ioError(m_file, QStringLiteral("The file cannot be made")));
    m_file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner);
    m_size = 0;
    ByteWriter header;
    header.fixed32(kFileMagic);
    header.fixed32(static_cast<std::uint32_t>(kVersion) << 16U | static_cast<std::uint32_t>(kind));
    if (const Status written = write(header.view()); !written) {
        m_file.close();
        QFile::remove(path);
        return written;
    }
#ifndef Q_OS_WIN
    // The name itself must survive a power cut too.
    const int directory =
        ::open(QFile::encodeName(QFileInfo(path).absolutePath()).constData(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory >= 0) {
        ::fsync(directory);
        ::close(directory);
    }
#endif
    return {};
}

Status FrameFileWriter::write(QByteArrayView bytes)
{
    qint64 done = 0;
    while (done < bytes.size()) {
        const qint64 written = m_file.write(bytes.data() + done, bytes.size() - done);
        if (written <= 0) {
            Error error = ioError(m_file, QStringLiteral("Writing failed"));
            m_file.resize(m_size);
            m_file.seek(m_size);
            return fail(std::move(error));
        }
        done += written;
    }
    m_size += bytes.size();
    return {};
}

Status FrameFileWriter::append(std::uint8_t type, QByteArrayView payload)
{
    if (payload.size() > static_cast<qsizetype>(kMaxFrameBytes))
        return fail(ErrorCode::TooLarge, QStringLiteral("A frame of %1 bytes is too large").arg(payload.size()),
                    m_file.fileName());
    ByteWriter frame;
    appendFrame(frame, type, payload);
    return write(frame.view());
}

Status FrameFileWriter::sync()
{
    if (!m_file.isOpen())
        return {};
#if defined(Q_OS_WIN)
    const bool good = _commit(m_file.handle()) == 0;
#elif defined(Q_OS_MACOS)
    const bool good = ::fcntl(m_file.handle(), F_FULLFSYNC) == 0 || ::fsync(m_file.handle()) == 0;
#else
    const bool good = ::fdatasync(m_file.handle()) == 0;
#endif
    if (!good)
        return fail(ErrorCode::Io, QStringLiteral("The disk did not confirm a write"), m_file.fileName());
    return {};
}

Status FrameFileWriter::finish(const FrameFileSummary& summary)
{
    ByteWriter payload;
    payload.fixed64(summary.rows);
    payload.fixed64(static_cast<std::uint64_t>(summary.oldestUnixNs));
    payload.fixed64(static_cast<std::uint64_t>(summary.newestUnixNs));
    if (const Status written = append(kSummaryType, payload.view()); !written)
        return written;
    const Status synced = sync();
    m_file.close();
    return synced;
}

Result<FrameReadResult> readFrames(const QString& path, FrameFileKind kind,
                                   const std::function<bool(std::uint8_t type, QByteArrayView payload)>& frame)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return fail(ioError(file, QStringLiteral("The file cannot be read")));
    const QByteArray content = file.readAll();
    FrameReadResult result;
    result.fileBytes = content.size();
    if (content.size() < kHeaderBytes || word(content, 0) != kFileMagic ||
        word(content, 4) != (static_cast<std::uint32_t>(kVersion) << 16U | static_cast<std::uint32_t>(kind)))
        return fail(ErrorCode::DataLoss, QStringLiteral("The file does not begin as a segment file of this version"), path);

    qsizetype at = kHeaderBytes;
    result.goodBytes = at;
    while (at < content.size()) {
        const auto payload = frameAt(content, at);
        if (!payload) {
            ++result.damagedFrames;
            at = nextMarker(content, at + 1);
            while (at < content.size() && !frameAt(content, at))
                at = nextMarker(content, at + 1);
            result.tornTail = at >= content.size();
            continue;
        }
        const auto type = static_cast<std::uint8_t>(content[at + 12]);
        at += kFrameHeaderBytes + payload->size();
        result.goodBytes = at;
        if (type == kSummaryType && payload->size() == kSummaryBytes) {
            result.summary = decodeSummary(*payload);
            continue;
        }
        ++result.frames;
        if (!frame(type, *payload))
            return result;
    }
    return result;
}

std::optional<FrameFileSummary> readFrameSummary(const QString& path)
{
    QFile file(path);
    constexpr qsizetype kBytes = kFrameHeaderBytes + kSummaryBytes;
    if (!file.open(QIODevice::ReadOnly) || file.size() < kHeaderBytes + kBytes || !file.seek(file.size() - kBytes))
        return std::nullopt;
    const QByteArray tail = file.read(kBytes);
    const auto payload = frameAt(tail, 0);
    if (!payload || static_cast<std::uint8_t>(tail[12]) != kSummaryType)
        return std::nullopt;
    return decodeSummary(*payload);
}

std::vector<StoredFile> listStoredFiles(const QString& directory, const QString& prefix)
{
    std::vector<StoredFile> files;
    const QDir dir(directory);
    const QFileInfoList entries = dir.entryInfoList({prefix + QStringLiteral("-*.seg")}, QDir::Files, QDir::Name);
    for (const QFileInfo& entry : entries) {
        bool good = false;
        const QString digits = entry.completeBaseName().mid(prefix.size() + 1);
        const std::uint64_t sequence = digits.toULongLong(&good);
        if (good)
            files.push_back(
                {entry.absoluteFilePath(), sequence, entry.size(), entry.lastModified().toMSecsSinceEpoch() * 1'000'000});
    }
    std::sort(files.begin(), files.end(), [](const StoredFile& a, const StoredFile& b) { return a.sequence < b.sequence; });
    return files;
}

QString storedFilePath(const QString& directory, const QString& prefix, std::uint64_t sequence)
{
    return QStringLiteral("%1/%2-%3.seg").arg(directory, prefix).arg(sequence, 10, 10, QLatin1Char('0'));
}

Status makeStoreDirectory(const QString& directory)
{
    if (!QDir().mkpath(directory))
        return fail(ErrorCode::Io, QStringLiteral("The directory cannot be made"), directory,
                    QStringLiteral("Check the permissions of the data directory."));
    QFile::setPermissions(directory, QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ExeOwner);
    return {};
}

} // namespace oriel::store
