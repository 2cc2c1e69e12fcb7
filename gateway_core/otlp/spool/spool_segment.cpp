// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/spool/spool_segment.h"

#include <QDir>
#include <QFileInfo>

#include <algorithm>

#ifdef Q_OS_WIN
#include <io.h>
#else
#include <fcntl.h>
#include <unistd.h>
#endif

namespace oriel::otlp {

namespace {

Error ioError(const QFile& file, const QString& what)
{
    const ErrorCode code = file.error() == QFileDevice::ResourceError ? ErrorCode::ResourceExhausted : ErrorCode::Io;
    return {code, QStringLiteral("%1: %2").arg(what, file.errorString()), file.fileName(),
            QStringLiteral("Check the free space and the permissions of the data directory.")};
}

} // namespace

QString segmentPath(const QString& directory, std::uint64_t number)
{
    return QStringLiteral("%1/spool-%2.seg").arg(directory).arg(number, 10, 10, QLatin1Char('0'));
}

std::vector<std::uint64_t> listSegments(const QString& directory)
{
    std::vector<std::uint64_t> numbers;
    const QFileInfoList entries = QDir(directory).entryInfoList({QStringLiteral("spool-*.seg")}, QDir::Files);
    for (const QFileInfo& entry : entries) {
        bool good = false;
        const std::uint64_t number = entry.completeBaseName().mid(6).toULongLong(&good);
        if (good)
            numbers.push_back(number);
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

bool isSegmentGone(const QString& directory, std::uint64_t number)
{
    const QFileInfo folder(directory);
    return !QFile::exists(segmentPath(directory, number)) && folder.isReadable() && folder.isExecutable();
}

Status syncFile(QFile& file)
{
    if (!file.isOpen())
        return {};
#if defined(Q_OS_WIN)
    const bool good = _commit(file.handle()) == 0;
#elif defined(Q_OS_MACOS)
    const bool good = ::fcntl(file.handle(), F_FULLFSYNC) == 0 || ::fsync(file.handle()) == 0;
#else
    const bool good = ::fdatasync(file.handle()) == 0;
#endif
    return good ? Status() : fail(ErrorCode::Io, QStringLiteral("The disk did not confirm a write"), file.fileName());
}

Status SegmentWriter::create(const QString& directory, const SegmentHeader& header)
{
    m_file.close();
    m_file.setFileName(segmentPath(directory, header.number));
    if (!m_file.open(QIODevice::WriteOnly | QIODevice::NewOnly | QIODevice::Unbuffered))
        return fail(ioError(m_file, QStringLiteral("The spool cannot be written")));
    m_file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner);
    m_header = header;
    m_size = 0;
    if (Status written = write(encodeSegmentHeader(header)); !written) {
        m_file.close();
        m_file.remove();
        return written;
    }
#ifndef Q_OS_WIN
    // The name itself must survive a power cut too.
    const int folder = ::open(QFile::encodeName(directory).constData(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        (void)::fsync(folder);
        (void)::close(folder);
    }
#endif
    return {};
}

Status SegmentWriter::write(QByteArrayView bytes)
{
    qint64 done = 0;
    while (done < bytes.size()) {
        const qint64 written = m_file.write(bytes.data() + done, bytes.size() - done);
        if (written <= 0) {
            Error error = ioError(m_file, QStringLiteral("The spool cannot be written"));
            if (!m_file.resize(m_size) || !m_file.seek(m_size))
                m_file.close();
            return fail(std::move(error));
        }
        done += written;
    }
    m_size += bytes.size();
    return {};
}

Result<std::int64_t> SegmentWriter::append(const RecordHead& head, QByteArrayView request)
{
    const std::int64_t at = m_size;
    if (Status written = write(encodeRecord(head, request, m_header.salt)); !written)
        return fail(written.error());
    return at;
}

Status SegmentWriter::sync()
{
    return syncFile(m_file);
}

Status SegmentReader::open(const QString& directory, std::uint64_t number)
{
    m_file.close();
    m_file.setFileName(segmentPath(directory, number));
    if (!m_file.open(QIODevice::ReadOnly | QIODevice::Unbuffered))
        return fail(ioError(m_file, QStringLiteral("The spool cannot be read")));
    m_failed = false;
    const auto header = decodeSegmentHeader(read(0, kSegmentHeaderBytes));
    if (Status given = status(); !given)
        return given;
    if (!header)
        return fail(ErrorCode::DataLoss, QStringLiteral("The header of the segment is damaged"), m_file.fileName());
    if (header->version != kSpoolVersion)
        return fail(ErrorCode::Unsupported, QStringLiteral("The segment is of version %1").arg(header->version),
                    m_file.fileName(), QStringLiteral("Start the Oriel that wrote it once more, so that it is sent."));
    m_header = *header;
    return {};
}

QByteArray SegmentReader::read(std::int64_t at, std::int64_t bytes)
{
    const std::int64_t there = std::clamp<std::int64_t>(m_file.size() - at, 0, bytes);
    QByteArray content = m_file.seek(at) ? m_file.read(bytes) : QByteArray();
    m_failed = m_failed || content.size() < there;
    return content;
}

Status SegmentReader::status() const
{
    return m_failed ? fail(ioError(m_file, QStringLiteral("The spool cannot be read"))) : Status();
}

std::optional<FoundRecord> SegmentReader::find(std::int64_t at)
{
    const std::int64_t size = m_file.size();
    if (at >= size)
        return std::nullopt;
    if (const auto head = decodeHead(read(at, kRecordHeadBytes), m_header.salt)) {
        FoundRecord found;
        found.head = *head;
        found.requestAt = at + kRecordHeadBytes;
        const std::int64_t requestEnd = found.requestAt + head->bytes;
        if (requestEnd > size)
            return std::nullopt;
        found.end = std::min<std::int64_t>(requestEnd + kRecordHeadBytes, size);
        return found;
    }
    auto found = findRecord(read(at, size - at), 0, m_header.salt);
    if (!found || found->torn)
        return std::nullopt;
    found->requestAt += at;
    found->end += at;
    return found;
}

std::optional<QByteArray> SegmentReader::request(const FoundRecord& record)
{
    QByteArray request = read(record.requestAt, record.head.bytes);
    if (!isRequestWhole(record.head, request, m_header.salt))
        return std::nullopt;
    return request;
}

} // namespace oriel::otlp
