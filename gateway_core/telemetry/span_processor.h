// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "telemetry/log_record.h"
#include "telemetry/span_data.h"

#include <QStringList>

#include <memory>
#include <span>
#include <vector>

namespace oriel::telemetry {

/// One step of the chain; each rule of a configuration makes one.
class SpanProcessor;

struct ProcessorRow {
    const char* verb;
    const char* form; ///< what follows the verb
    const char* description;
};
/// The verbs of rules: enrich, filter, remove, hash, rename.
std::span<const ProcessorRow> processorTable();

/// What is done to spans and logs on their way out, in order; the local store is not touched. Immutable after parse(); any
/// thread.
///
/// A rule is one line: `enrich team=payments`, `filter name=resources/*`, `filter kind=client duration<1ms`, `remove user.*`,
/// `hash client.address`, `rename tenant.id customer`. Texts with spaces stand in double quotes; `*` and `?` stand for any text
/// and any character. Keys are those of attributes of spans, events, links and logs. The conditions of a filter must all hold:
/// `name`, `kind`, `status`, `duration`, `severity`, `body`, keys of attributes, and with `resource.` before them keys of the
/// resource's (`filter resource.service.name=notes`), each with `=`, `!=`, `<` or `>`.
class ProcessorChain {
public:
    static Result<ProcessorChain> parse(const QStringList& rules);

    [[nodiscard]] bool isEmpty() const { return m_steps.empty(); }
    /// The spans of one call, the SERVER span first, which are spans[first …]. A filter that meets the SERVER span drops the
    /// call; one that meets another drops only that one, and what was below it goes to its parent.
    void applyToCall(std::vector<SpanData>& spans, std::size_t first) const;
    /// False: dropped.
    [[nodiscard]] bool apply(SpanData& span) const;
    [[nodiscard]] bool apply(LogRecord& log) const;

private:
    std::vector<std::shared_ptr<const SpanProcessor>> m_steps;
};

/// `*` any text, `?` any one byte; everything else is itself.
bool matchesPattern(QByteArrayView text, QByteArrayView pattern);

} // namespace oriel::telemetry
