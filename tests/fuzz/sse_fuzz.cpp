// SPDX-License-Identifier: GPL-3.0-or-later
// An event stream must yield the same events whole and in pieces, and every event must survive being written and read again.
#include "http/sse.h"

#include <cstdlib>

using namespace oriel::http;

namespace {

std::vector<SseEvent> events(QByteArrayView stream, qsizetype piece)
{
    SseParser parser({1024, 64});
    std::vector<SseEvent> all;
    while (!stream.isEmpty()) {
        const QByteArrayView next = stream.first(std::min(piece, stream.size()));
        stream = stream.sliced(next.size());
        const bool ok = parser.feed(next).has_value();
        while (auto event = parser.next())
            all.push_back(std::move(*event));
        if (!ok)
            break;
    }
    return all;
}

bool same(const SseEvent& a, const SseEvent& b)
{
    return a.id == b.id && a.event == b.event && a.data == b.data;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 1)
        return 0;
    const QByteArrayView stream(data + 1, static_cast<qsizetype>(size - 1));
    const std::vector<SseEvent> whole = events(stream, stream.size() + 1);
    const std::vector<SseEvent> pieces = events(stream, data[0] + 1);
    if (!std::equal(whole.begin(), whole.end(), pieces.begin(), pieces.end(), same))
        std::abort();
    for (const SseEvent& event : whole) {
        const std::vector<SseEvent> again = events(sseEvent(event.data, event.id, event.event), 4096);
        if (!event.data.contains('\n') && (again.size() != 1 || !same(again.front(), event)))
            std::abort();
    }
    return 0;
}
