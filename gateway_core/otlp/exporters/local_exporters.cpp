// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/exporters/local_exporters.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>

#include <array>
#include <cstdio>
#include <optional>

#ifdef Q_OS_UNIX
#include <sys/stat.h>
#endif

namespace oriel::otlp {

namespace {

using Kind = ExportOutcome::Kind;

/// Is it the open file that has the name, or was that removed or renamed and perhaps given to another?
bool hasItsName(const QFile& file)
{
#ifdef Q_OS_UNIX
    struct stat held = {};
    struct stat named = {};
    return ::fstat(file.handle(), &held) == 0 && ::stat(QFile::encodeName(file.fileName()).constData(), &named) == 0 &&
           held.st_dev == named.st_dev && held.st_ino == named.st_ino;
#else
    return file.exists();
#endif
}

/// False when not all of it was taken; the error is the file's.
bool writeAll(QFile& file, const QByteArray& bytes)
{
    qint64 done = 0;
    while (done < bytes.size()) {
        const qint64 written = file.write(bytes.constData() + done, bytes.size() - done);
        if (written <= 0)
            return false;
        done += written;
    }
    return true;
}

} // namespace

void ConsoleExporter::exportBatch(Signal, const QByteArray& request, Done done)
{
    m_writes.post(
        [line = request + '\n'] {
            // Past the C library, whose lock a write that is stuck would keep from exit().
            constexpr int kStandardOutput = 1;
            QFile output;
            const bool written =
                output.open(kStandardOutput, QIODevice::WriteOnly | QIODevice::Unbuffered, QFileDevice::DontCloseHandle) &&
                output.write(line) == line.size();
            return written ? ExportOutcome{Kind::Success, 0, 0, QStringLiteral("written"), {}}
                           : ExportOutcome{Kind::Permanent, 0, 0, QStringLiteral("standard output cannot be written"), {}};
        },
        std::move(done));
}

class FileExporter::Files {
public:
    Files(const QString& path, qint64 maxFileBytes) : m_maxFileBytes(maxFileBytes)
    {
        for (const Signal signal : kSignals)
            m_lines[static_cast<std::size_t>(signal)].file.setFileName(pathFor(path, signal));
    }
    [[nodiscard]] ExportOutcome append(Signal signal, const QByteArray& request);

private:
    struct Lines {
        QFile file;
        std::optional<qint64> wholeBytes; ///< set: what is behind is half a line that could not be cut off
    };
    static bool open(QFile& file);
    /// Takes back half a line, which would spoil the file for every reader.
    static bool cut(Lines& lines, qint64 wholeBytes);

    qint64 m_maxFileBytes;
    std::array<Lines, kSignalCount> m_lines;
};

FileExporter::FileExporter(std::shared_ptr<Files> files) : m_files(std::move(files)) {}

Result<std::unique_ptr<Exporter>> FileExporter::create(const config::Destination& destination, qint64 maxFileBytes)
{
    if (destination.endpoint.isEmpty()) {
        return fail(ErrorCode::InvalidArgument, QStringLiteral("the destination \"%1\" names no file").arg(destination.name),
                    QStringLiteral("endpoint"), QStringLiteral("Set endpoint to a path such as telemetry.jsonl."));
    }
    const QDir folder = QFileInfo(destination.endpoint).absoluteDir();
    if (!folder.exists() && !folder.mkpath(QStringLiteral("."))) {
        return fail(ErrorCode::Io, QStringLiteral("the folder cannot be made"), folder.path(),
                    QStringLiteral("Check the path and its permissions."));
    }
    return std::unique_ptr<Exporter>(new FileExporter(std::make_shared<Files>(destination.endpoint, maxFileBytes)));
}

QString FileExporter::pathFor(const QString& configured, Signal signal)
{
    const QFileInfo info(configured);
    const QString suffix = info.suffix().isEmpty() ? QStringLiteral("jsonl") : info.suffix();
    return info.absoluteDir().filePath(
        QStringLiteral("%1-%2.%3").arg(info.completeBaseName(), QString::fromLatin1(signalName(signal)), suffix));
}

bool FileExporter::Files::open(QFile& file)
{
    // With a buffer, what a full disk did not take would be written later all the same.
    return file.open(QIODevice::WriteOnly | QIODevice::Append | QIODevice::Unbuffered);
}

bool FileExporter::Files::cut(Lines& lines, qint64 wholeBytes)
{
    // A pipe takes nothing back.
    const bool isCut = lines.file.isSequential() || lines.file.resize(wholeBytes);
    lines.wholeBytes = isCut ? std::nullopt : std::optional(wholeBytes);
    return isCut;
}

ExportOutcome FileExporter::Files::append(Signal signal, const QByteArray& request)
{
    Lines& lines = m_lines[static_cast<std::size_t>(signal)];
    QFile& file = lines.file;
    const auto failed = [&file](const QString& what) {
        return ExportOutcome{
            Kind::Retryable, 0, 0, QStringLiteral("%1: %2: %3").arg(file.fileName(), what, file.errorString()), {}};
    };
    if (file.isOpen() && !hasItsName(file)) {
        file.close();
        lines.wholeBytes.reset();
    }
    if (!file.isOpen() && !open(file))
        return failed(QStringLiteral("cannot be opened"));
    if (lines.wholeBytes && !cut(lines, *lines.wholeBytes))
        return failed(QStringLiteral("ends in half a line that cannot be cut off"));
    const qint64 before = file.size();
    if (before > 0 && before + request.size() + 1 > m_maxFileBytes) {
        const QString older = file.fileName() + QStringLiteral(".1");
        file.close();
        if (QFile::exists(older) && !QFile::remove(older))
            return failed(QStringLiteral("the older file cannot be removed"));
        if (!QFile::rename(file.fileName(), older) || !open(file))
            return failed(QStringLiteral("cannot be renamed"));
    }
    const qint64 start = file.size();
    if (!writeAll(file, request + '\n')) {
        ExportOutcome outcome = failed(QStringLiteral("cannot be written"));
        if (cut(lines, start))
            file.close();
        return outcome;
    }
    return {Kind::Success, 0, 0, QStringLiteral("written to ") + file.fileName(), {}};
}

void FileExporter::exportBatch(Signal signal, const QByteArray& request, Done done)
{
    m_writes.post([files = m_files, signal, request] { return files->append(signal, request); }, std::move(done));
}

void NoneExporter::exportBatch(Signal, const QByteArray&, Done done)
{
    QMetaObject::invokeMethod(
        &m_home,
        [done = std::move(done)] {
            done({Kind::Success, 0, 0, QStringLiteral("discarded"), {}});
        },
        Qt::QueuedConnection);
}

} // namespace oriel::otlp
