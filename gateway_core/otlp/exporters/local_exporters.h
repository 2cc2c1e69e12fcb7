// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/exporters/exporter.h"
#include "otlp/exporters/write_thread.h"

#include <QObject>

#include <memory>

namespace oriel::otlp {

/// OTLP JSON, one message a line, on standard output.
class ConsoleExporter final : public Exporter {
public:
    void exportBatch(Signal signal, const QByteArray& request, Done done) override;
    [[nodiscard]] Encoding encoding() const override { return Encoding::Json; }

private:
    WriteThread m_writes;
};

/// OTLP JSON lines in files, one a signal (OpenTelemetry specification, protocol/file-exporter): `<stem>-traces.jsonl` … beside
/// the configured path. A file that would grow past its bound becomes `….1` and a new one is begun, so that at most twice the
/// bound stays on disk for a signal. One that somebody else removed or renamed is begun anew too. A line is there whole or not at
/// all: what a full disk took of it is cut off, and until that can be done nothing more is written.
class FileExporter final : public Exporter {
public:
    static constexpr qint64 kMaxFileBytes = 64LL * 1024 * 1024;
    static Result<std::unique_ptr<Exporter>> create(const config::Destination& destination, qint64 maxFileBytes = kMaxFileBytes);

    void exportBatch(Signal signal, const QByteArray& request, Done done) override;
    [[nodiscard]] Encoding encoding() const override { return Encoding::Json; }
    /// Where a signal is written.
    [[nodiscard]] static QString pathFor(const QString& configured, Signal signal);

private:
    class Files;
    explicit FileExporter(std::shared_ptr<Files> files);

    std::shared_ptr<Files> m_files; ///< used by the writes alone
    WriteThread m_writes;
};

/// Takes everything and keeps nothing.
class NoneExporter final : public Exporter {
public:
    void exportBatch(Signal signal, const QByteArray& request, Done done) override;
    [[nodiscard]] Encoding encoding() const override { return Encoding::Protobuf; }

private:
    QObject m_home;
};

} // namespace oriel::otlp
