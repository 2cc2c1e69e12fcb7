// SPDX-License-Identifier: GPL-3.0-or-later
// The output of a child means the same lines whole and in pieces, the oversized ones included; the first byte says how long the
// pieces are.
#include "fuzz_support.h"
#include "upstream/line_splitter.h"

#include <cstring>
#include <vector>

using namespace oriel;
using namespace oriel::upstream;
using fuzz::require;

namespace {

constexpr qsizetype kMaxBytes = 48;
constexpr qsizetype kKeepBytes = 8;

std::vector<LineSplitter::Line> linesOf(QByteArrayView stream, qsizetype piece)
{
    LineSplitter splitter(kMaxBytes, kKeepBytes);
    std::vector<LineSplitter::Line> lines;
    while (!stream.isEmpty()) {
        const QByteArrayView next = stream.first(std::min(piece, stream.size()));
        stream = stream.sliced(next.size());
        std::memcpy(splitter.reserve(next.size()), next.data(), static_cast<std::size_t>(next.size()));
        splitter.commit(next.size());
        while (auto line = splitter.next()) {
            lines.push_back(std::move(*line));
        }
    }
    if (auto rest = splitter.takeRest()) {
        lines.push_back(std::move(*rest));
    }
    require(splitter.bufferedBytes() == 0);
    return lines;
}

bool same(const LineSplitter::Line& a, const LineSplitter::Line& b)
{
    return a.bytes == b.bytes && a.tail == b.tail && a.fullSize == b.fullSize && a.oversized == b.oversized;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    if (size < 1) {
        return 0;
    }
    const QByteArrayView stream(reinterpret_cast<const char*>(data) + 1, static_cast<qsizetype>(size - 1));
    const auto whole = linesOf(stream, stream.size() + 1);
    const auto pieces = linesOf(stream, data[0] + 1);
    require(std::equal(whole.begin(), whole.end(), pieces.begin(), pieces.end(), same));
    qsizetype ends = 0;
    qsizetype content = 0;
    for (const LineSplitter::Line& line : whole) {
        require(line.oversized == (line.fullSize > kMaxBytes));
        require(line.oversized ? line.bytes.size() <= kKeepBytes && line.tail.size() <= kKeepBytes
                               : line.bytes.size() == line.fullSize);
        require(!line.bytes.contains('\n'));
        content += line.fullSize;
        ++ends;
    }
    // Nothing is lost but line ends.
    require(content <= stream.size() && content + 2 * ends >= stream.size());
    return 0;
}
