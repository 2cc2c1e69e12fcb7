// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"
#include "base/json_writer.h"
#include "commands.h"
#include "otlp/codec/encode.h"
#include "service/control/local_control.h"
#include "store/trace_store.h"
#include "terminal.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>

#include <future>

namespace oriel::app {

namespace {

/// A running Oriel writes the file itself: its newest traces may not be on disk yet.
Result<quint64> exportByOwner(const Options& options, const QString& path)
{
    json::Writer arguments;
    arguments.beginObject().member("path", path).member("filter", options.filter).member("limit", options.limit).endObject();
    const auto answer = service::sendCommand(options.dataDir, "traces.export", arguments.take(), 120'000);
    if (!answer)
        return fail(answer.error());
    return answer->toULongLong();
}

Result<quint64> exportFromDisk(const Options& options, const std::function<bool(QByteArrayView)>& sink)
{
    const auto filter = store::Filter::parse(options.filter.toUtf8());
    if (!filter)
        return fail(filter.error().toError());
    SystemClock clock;
    store::TraceStoreOptions storeOptions;
    storeOptions.directory = options.dataDir + QStringLiteral("/traces");
    storeOptions.budgetBytes = 1024LL * 1024 * 1024;
    store::TraceStore traces(storeOptions, clock);
    std::promise<void> loaded;
    if (const Status opened = traces.open([&loaded] { loaded.set_value(); }); !opened)
        return fail(opened.error());
    loaded.get_future().wait();
    store::TraceQuery query;
    query.filter = *filter;
    query.newestFirst = false;
    quint64 written = 0;
    for (;;) {
        const store::TracePage page = traces.query(query);
        for (const store::TraceSummary& trace : page.rows) {
            if (options.limit > 0 && written >= static_cast<quint64>(options.limit))
                return written;
            if (!sink(otlp::encodeTraces(traces.trace(trace.traceId).spans, otlp::Encoding::Json) + '\n'))
                return written;
            ++written;
        }
        if (!page.next)
            return written;
        query.after = page.next;
    }
}

} // namespace

int tracesExport(const Options& options)
{
    if (service::readRuntime(options.dataDir)) {
        const QTemporaryDir scratch;
        // The owner has a folder of its own.
        const QString path = options.output.isEmpty() ? scratch.filePath(QStringLiteral("traces.jsonl"))
                                                      : QDir::current().absoluteFilePath(options.output);
        if (const auto written = exportByOwner(options, path); !written)
            return reportError(written.error());
        QFile file(path);
        if (options.output.isEmpty() && file.open(QIODevice::ReadOnly)) {
            while (!file.atEnd() && writeOut(file.read(1024 * 1024))) {
            }
        }
        return Success;
    }
    QFile file(options.output);
    const auto unwritable = [&] {
        return reportError({ErrorCode::Io, QStringLiteral("the file cannot be written: %1").arg(file.errorString()),
                            options.output, QStringLiteral("Check free space and that the folder belongs to you.")});
    };
    if (!options.output.isEmpty() && !file.open(QIODevice::WriteOnly))
        return unwritable();
    const auto written = exportFromDisk(options, [&](QByteArrayView line) {
        return options.output.isEmpty() ? writeOut(line) : file.write(line.data(), line.size()) == line.size();
    });
    if (!written)
        return reportError(written.error());
    if (file.isOpen() && (!file.flush() || file.error() != QFileDevice::NoError))
        return unwritable();
    return Success;
}

} // namespace oriel::app
