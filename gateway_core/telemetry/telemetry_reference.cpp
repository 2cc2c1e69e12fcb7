// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/telemetry_reference.h"

#include "telemetry/sampler.h"
#include "telemetry/semconv.h"
#include "telemetry/span_processor.h"

namespace oriel::telemetry {

namespace {

template <class Names> QByteArray coded(const Names& names)
{
    QByteArray out;
    for (const auto* name : names)
        out += (out.isEmpty() ? "`" : ", `") + QByteArray(name) + '`';
    return out;
}

void appendStages(QByteArray& out)
{
    out += "\n## Spans\n\nA request is a SERVER span named after its method and target, and a CLIENT span for each server asked. "
           "Between them stand INTERNAL spans: ";
    for (std::size_t i = 0; i < kStageCount; ++i)
        out += (i == 0 ? "`" : ", `") + stageName(static_cast<Stage>(i)).toByteArray() + '`';
    out += ", and `guardrail.<check>` for each check. The start of a server is a trace of its own: `server.start` with "
           "`server.spawn`, `server.first_byte`, `server.handshake`, `server.list`, and `server.exit`; below them stand CLIENT "
           "spans "
           "of what Oriel asks the server (`initialize`, `tools/list` …).\n";
}

} // namespace

QByteArray telemetryReference()
{
    QByteArray out =
        "# Spans and attributes\n\nThis page is made from the tables in the code. Spans of MCP follow the OpenTelemetry "
        "conventions.\n";
    appendStages(out);
    out += "\n## Attributes of spans and logs\n\n| attribute | type | meaning |\n|---|---|---|\n";
    for (const AttributeRow& row : attributeTable())
        out += "| `" + QByteArray(row.name) + "` | " + row.type + " | " + row.description + " |\n";
    out += "\n### Other names\n\nA destination gets these as well when its `aliases` name the set.\n\n"
           "| set | attributes |\n|---|---|\n";
    for (const AliasSetRow& row : aliasSetTable())
        out += "| `" + QByteArray(row.name) + "` | " + coded(row.attributes) + " |\n";
    out += "\n## Samplers\n\n| `sampler` | `samplerArg` |\n|---|---|\n";
    for (const SamplerRow& row : samplerTable())
        out += "| `" + QByteArray(row.name) + "` | " + row.argument + " |\n";
    out += "\n## Rules of `processors`\n\n| rule | meaning |\n|---|---|\n";
    for (const ProcessorRow& row : processorTable())
        out += "| `" + QByteArray(row.verb) + ' ' + row.form + "` | " + row.description + " |\n";
    return out;
}

} // namespace oriel::telemetry
