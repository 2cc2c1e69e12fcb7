// SPDX-License-Identifier: GPL-3.0-or-later
#include "report.h"

#include <cstdio>

namespace oriel::bench {

double Comparison::cpuUsPerCall(const std::string& threadPrefix) const
{
    double seconds = 0;
    for (const auto& [threadName, thread] : usage) {
        if (threadName.compare(0, threadPrefix.size(), threadPrefix) == 0)
            seconds += thread.cpuSeconds;
    }
    const std::size_t calls = through.calls();
    return calls == 0 ? 0 : seconds * 1e6 / static_cast<double>(calls);
}

void Report::print()
{
    std::printf("%-34s | %15s | %15s | %15s | %8s | %5s | %s\n", "case (latencies in us)", "direct p50/p99", "Oriel p50/p99",
                "added p50/p99", "calls/s", "ratio", "us cpu/call: gateway, telemetry, all");
    for (Comparison& each : comparisons) {
        const double d50 = each.direct.percentileUs(0.5);
        const double d99 = each.direct.percentileUs(0.99);
        const double t50 = each.through.percentileUs(0.5);
        const double t99 = each.through.percentileUs(0.99);
        std::printf("%-34s | %7.0f %7.0f | %7.0f %7.0f | %7.0f %7.0f | %8.0f | %5.2f | %5.1f %5.1f %5.1f\n", each.name.c_str(),
                    d50, d99, t50, t99, t50 - d50, t99 - d99, each.through.perSecond(),
                    each.through.perSecond() / each.direct.perSecond(), each.cpuUsPerCall("oriel-gateway"),
                    each.cpuUsPerCall("oriel-telemetry"), each.cpuUsPerCall(""));
    }
    for (const Figure& figure : figures)
        std::printf("%-58s | %10.2f %-8s %s%s\n", figure.name.c_str(), figure.value, figure.unit.c_str(),
                    figure.target.empty() ? "" : "target ", figure.target.c_str());
}

bool Report::writeJson(const std::string& path)
{
    std::FILE* file = std::fopen(path.c_str(), "w");
    if (file == nullptr)
        return false;
    std::fputs("{\"cases\":[", file);
    for (Comparison& each : comparisons) {
        std::fprintf(file,
                     "%s{\"name\":\"%s\",\"directP50Us\":%.1f,\"directP99Us\":%.1f,\"orielP50Us\":%.1f,\"orielP99Us\":%.1f,"
                     "\"directPerSecond\":%.0f,\"orielPerSecond\":%.0f,\"calls\":%zu,\"gatewayCpuUs\":%.2f,\"telemetryCpuUs\":%."
                     "2f,\"cpuUs\":%.2f}",
                     &each == &comparisons.front() ? "" : ",", each.name.c_str(), each.direct.percentileUs(0.5),
                     each.direct.percentileUs(0.99), each.through.percentileUs(0.5), each.through.percentileUs(0.99),
                     each.direct.perSecond(), each.through.perSecond(), each.through.calls(), each.cpuUsPerCall("oriel-gateway"),
                     each.cpuUsPerCall("oriel-telemetry"), each.cpuUsPerCall(""));
    }
    std::fputs("],\"figures\":[", file);
    for (const Figure& figure : figures)
        std::fprintf(file, "%s{\"name\":\"%s\",\"value\":%.3f,\"unit\":\"%s\"}", &figure == &figures.front() ? "" : ",",
                     figure.name.c_str(), figure.value, figure.unit.c_str());
    std::fputs("]}\n", file);
    return std::fclose(file) == 0;
}

} // namespace oriel::bench
