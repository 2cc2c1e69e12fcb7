// SPDX-License-Identifier: GPL-3.0-or-later
// What a scraper sends, and names, units and labels as received telemetry may have them: the answer keeps to its grammar.
#include "fuzz_support.h"
#include "telemetry/prometheus_text.h"

using namespace oriel::telemetry;

namespace {

void requireLines(const QByteArray& text)
{
    for (const QByteArray& line : text.chopped(text.isEmpty() ? 0 : 1).split('\n'))
        oriel::fuzz::require(text.isEmpty() || !line.isEmpty());
    oriel::fuzz::require(text.isEmpty() || text.endsWith('\n'));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const QByteArray input(reinterpret_cast<const char*>(data), static_cast<qsizetype>(size));
    const ExpositionChoice choice = negotiateExposition(input);
    oriel::fuzz::require(!expositionContentType(choice).isEmpty());
    (void)acceptsGzip(input);

    const QByteArrayList words = input.split(';');
    MetricData metric;
    metric.name = words.value(0);
    metric.unit = words.value(1);
    metric.description = words.value(2);
    metric.alias = words.value(3);
    metric.kind = static_cast<InstrumentKind>(size % 4);
    metric.monotonic = metric.kind == InstrumentKind::Counter;
    metric.numbers.push_back({{{words.value(4), words.value(5)}, {words.value(5), words.value(6)}}, 1, 2, 3, false, {}});
    const QByteArray text = writeExposition({&metric, 1}, {choice, nullptr, nullptr});
    requireLines(text);
    oriel::fuzz::require(text.endsWith("# EOF\n") == choice.isOpenMetrics());
    return 0;
}
