// SPDX-License-Identifier: GPL-3.0-or-later
// A byte stream must mean the same to the HTTP parser whole and cut into pieces; the first byte says where to cut and which side
// speaks.
#include "http/message_parser.h"

#include <cstdlib>

using namespace oriel::http;

namespace {

struct Meaning {
    QByteArray said;
    bool failed = false;
};

Meaning meaning(MessageParser::Kind kind, QByteArrayView stream, qsizetype piece)
{
    MessageParser parser(kind, {512, 8, 64, 1024});
    QByteArray said;
    QByteArray pending;
    while (true) {
        const QByteArrayView next = stream.first(std::min(piece, stream.size()));
        stream = stream.sliced(next.size());
        pending.append(next);
        for (MessageParser::Step step = MessageParser::Step::Head; step != MessageParser::Step::NeedMore;) {
            qsizetype consumed = 0;
            step = parser.next(pending, &consumed);
            if (consumed < 0 || consumed > pending.size())
                std::abort();
            if (step == MessageParser::Step::Body)
                said.append(parser.body());
            pending.remove(0, consumed);
            if (step == MessageParser::Step::Failed)
                return {said, true};
            if (step == MessageParser::Step::Head) {
                said.append(parser.method() + parser.target() + parser.reason());
                parser.headers().appendTo(said);
            } else if (step == MessageParser::Step::Done) {
                said.append('\n');
                parser.reset();
            }
        }
        if (stream.isEmpty())
            return {said + (parser.isMidMessage() ? "cut" : "end"), false};
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 1)
        return 0;
    const auto kind = (data[0] & 1) ? MessageParser::Kind::Response : MessageParser::Kind::Request;
    const qsizetype piece = (data[0] >> 1) + 1;
    const QByteArrayView stream(data + 1, static_cast<qsizetype>(size - 1));
    const Meaning whole = meaning(kind, stream, stream.size() + 1);
    const Meaning pieces = meaning(kind, stream, piece);
    // Of a stream that breaks, more of the body may have been handed over when it came in pieces.
    if (whole.failed != pieces.failed || !(whole.failed ? pieces.said.startsWith(whole.said) : pieces.said == whole.said))
        std::abort();
    return 0;
}
