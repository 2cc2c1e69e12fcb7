// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/message_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <cstring>
#include <limits>
#include <optional>

namespace oriel::http {

namespace beast = boost::beast;

namespace {

/// Of a chunk's header with its extensions, and of the trailer section.
constexpr qsizetype maxChunkHeaderBytes = 4 * 1024;
/// What a body has left between two chunks is never shorter ("0", CRLF, CRLF), and Beast takes that for granted.
constexpr qsizetype minBetweenChunks = 5;
constexpr int maxLeadingBlankLines = 4;
/// Method, version and blanks of a request line.
constexpr qsizetype maxBesideTarget = 64;

QByteArrayView view(beast::string_view text)
{
    return {text.data(), static_cast<qsizetype>(text.size())};
}

/// What Beast's callbacks fill in.
struct Sink {
    MessageParser::Limits limits;
    QByteArray method;
    QByteArray target;
    QByteArray reason;
    Headers headers;
    int status = 0;
    int version = 11;
    bool headDone = false;
    bool hasLength = false;
    bool hasTransferEncoding = false;
    qsizetype trailerCount = 0;
    qint64 bodySeen = 0;
    qint64 chunkLeft = 0; ///< of the chunk that is being read
    QByteArrayView piece;
    int errorStatus = 0;
    const char* errorMessage = nullptr;

    void refuse(int refusal, const char* message, beast::error_code& ec)
    {
        errorStatus = refusal;
        errorMessage = message;
        ec = beast::http::error::bad_value;
    }
    void takeMethod(beast::http::verb verb, beast::string_view text);
    void takeField(beast::http::field field, beast::string_view name, beast::string_view value, beast::error_code& ec);
    void takeChunk(std::uint64_t size, beast::error_code& ec);
};

void Sink::takeMethod(beast::http::verb verb, beast::string_view text)
{
    switch (verb) {
    case beast::http::verb::post:
        method = QByteArrayLiteral("POST");
        break;
    case beast::http::verb::get:
        method = QByteArrayLiteral("GET");
        break;
    case beast::http::verb::delete_:
        method = QByteArrayLiteral("DELETE");
        break;
    default:
        method = view(text).toByteArray();
    }
}

void Sink::takeField(beast::http::field field, beast::string_view name, beast::string_view value, beast::error_code& ec)
{
    if (headDone) {
        // Trailer fields are read for their grammar and dropped: merged into the head they could undo what has been checked
        // there.
        if (++trailerCount > limits.maxHeaderCount)
            refuse(431, "Too many trailer fields", ec);
        return;
    }
    if (headers.size() >= limits.maxHeaderCount)
        return refuse(431, "Too many header fields", ec);
    if (field == beast::http::field::content_length) {
        const bool digits =
            !value.empty() && std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
        if (hasLength || !digits)
            return refuse(400, "Content-Length must be one number, given once", ec);
        hasLength = true;
    } else if (field == beast::http::field::transfer_encoding) {
        if (hasTransferEncoding)
            return refuse(400, "Transfer-Encoding must be given once", ec);
        if (!equalsIgnoringCase(view(value), "chunked"))
            return refuse(501, "The only transfer coding understood is \"chunked\"", ec);
        hasTransferEncoding = true;
    }
    headers.addValidated(view(name), view(value));
}

void Sink::takeChunk(std::uint64_t size, beast::error_code& ec)
{
    if (size > static_cast<std::uint64_t>(std::numeric_limits<qint64>::max() / 2))
        return refuse(400, "A chunk's size is not believable", ec);
    if (limits.maxBodyBytes >= 0 && bodySeen + static_cast<qint64>(size) > limits.maxBodyBytes)
        refuse(413, "The body is larger than allowed", ec);
    chunkLeft = static_cast<qint64>(size);
}

/// The line of a chunk, or of the last one with its trailers, is there: Beast waits for more only where an extension's quotes are
/// not closed.
bool isWholeChunkHeader(QByteArrayView input)
{
    const QByteArrayView line = input.startsWith("\r\n") ? input.sliced(2) : input;
    const qsizetype end = line.indexOf("\r\n");
    if (end < 0)
        return false;
    const auto isSizeDigit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
    const auto digitsEnd = std::find_if_not(line.begin(), line.begin() + end, isSizeDigit);
    const bool isLast = std::all_of(line.begin(), digitsEnd, [](char c) { return c == '0'; });
    return !isLast || line.sliced(end).indexOf("\r\n\r\n") >= 0;
}

template <bool isRequest> class Grammar final : public beast::http::basic_parser<isRequest> {
public:
    explicit Grammar(Sink& sink) : m_sink(sink)
    {
        // Limits are ours: the head is whole before Beast sees it, and bodies are counted in Sink.
        this->header_limit(std::numeric_limits<std::uint32_t>::max());
        // Not boost::none: Beast 1.74 compares a length with it and finds every one too long.
        this->body_limit(std::numeric_limits<std::uint64_t>::max());
    }

private:
    using Error = beast::error_code;
    using Text = beast::string_view;

    void on_request_impl(beast::http::verb verb, Text method, Text target, int version, Error& ec) override
    {
        m_sink.takeMethod(verb, method);
        m_sink.version = version;
        if (static_cast<qsizetype>(target.size()) > m_sink.limits.maxTargetBytes)
            return m_sink.refuse(414, "The request target is too long", ec);
        m_sink.target = view(target).toByteArray();
    }
    void on_response_impl(int status, Text reason, int version, Error&) override
    {
        m_sink.status = status;
        m_sink.version = version;
        m_sink.reason = view(reason).toByteArray();
    }
    void on_field_impl(beast::http::field field, Text name, Text value, Error& ec) override
    {
        m_sink.takeField(field, name, value, ec);
    }
    void on_header_impl(Error& ec) override
    {
        m_sink.headDone = true;
        if (m_sink.hasTransferEncoding && m_sink.version < 11)
            m_sink.refuse(400, "HTTP/1.0 has no transfer codings", ec);
    }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
    std::size_t on_body_impl(Text, Error&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t size, Text, Error& ec) override { m_sink.takeChunk(size, ec); }
    std::size_t on_chunk_body_impl(std::uint64_t, Text body, Error&) override
    {
        m_sink.piece = view(body);
        m_sink.bodySeen += m_sink.piece.size();
        m_sink.chunkLeft -= m_sink.piece.size();
        return body.size();
    }
    void on_finish_impl(Error&) override {}

    Sink& m_sink;
};

} // namespace

struct MessageParser::Impl {
    enum class State : quint8 { Idle, Head, Body, Complete, Failed };

    explicit Impl(Kind messageKind, Limits limits) : kind(messageKind) { sink.limits = limits; }

    Kind kind;
    Sink sink;
    std::optional<Grammar<true>> request;
    std::optional<Grammar<false>> response;
    State state = State::Idle;
    Framing framing = Framing::None;
    qint64 length = 0;
    qint64 remaining = 0;
    qsizetype scannedTo = 0; ///< of the head: line ends before it have been looked at
    qsizetype lineStart = 0;
    int blankLines = 0;
    bool headOnly = false;
    bool keepAlive = false;

    Step failWith(int status, const char* message)
    {
        state = State::Failed;
        sink.errorStatus = status;
        sink.errorMessage = message;
        return Step::Failed;
    }
    Step failFrom(const beast::error_code& error, QByteArrayView head);
    [[nodiscard]] bool isFirstLineTooLong(qsizetype size) const
    {
        return kind == Kind::Request && size > sink.limits.maxTargetBytes + maxBesideTarget;
    }
    Step skipBlankLines(QByteArrayView input, qsizetype* consumed);
    Step findHeadEnd(QByteArrayView input, qsizetype* headEnd);
    Step takeHead(QByteArrayView head);
    Step takeBody(QByteArrayView input, qsizetype* consumed);
    template <class Parser> void frame(const Parser& parser);
    std::size_t put(QByteArrayView input, beast::error_code& error)
    {
        const boost::asio::const_buffer buffer(input.data(), static_cast<std::size_t>(input.size()));
        return kind == Kind::Request ? request->put(buffer, error) : response->put(buffer, error);
    }
};

MessageParser::Step MessageParser::Impl::failFrom(const beast::error_code& error, QByteArrayView head)
{
    using Code = beast::http::error;
    if (sink.errorStatus != 0)
        return failWith(sink.errorStatus, sink.errorMessage);
    if (error == Code::bad_method)
        return failWith(400, "The request line has no valid method");
    if (error == Code::bad_target)
        return failWith(400, "The request target holds characters that are not allowed");
    if (error == Code::bad_version) {
        const QByteArrayView line = head.first(std::max<qsizetype>(head.indexOf('\r'), 0));
        const qsizetype at = line.size() - 8;
        const auto isDigit = [](char c) { return c >= '0' && c <= '9'; };
        if (kind == Kind::Request && at > 0 && line.sliced(at).startsWith("HTTP/") && isDigit(line[at + 5]) &&
            line[at + 6] == '.' && isDigit(line[at + 7]))
            return failWith(505, "The HTTP version is neither 1.1 nor 1.0");
        return failWith(400, "The first line does not end in an HTTP version");
    }
    if (error == Code::bad_content_length)
        return failWith(400, "Content-Length is not a number, or stands beside Transfer-Encoding");
    if (error == Code::bad_transfer_encoding)
        return failWith(400, "Transfer-Encoding stands beside Content-Length, or twice");
    if (error == Code::bad_field)
        return failWith(400, "A header field's name is not valid");
    if (error == Code::bad_value)
        return failWith(400, "A header field's value is not valid");
    if (error == Code::bad_chunk || error == Code::bad_chunk_extension)
        return failWith(400, "The chunked body is not well formed");
    return failWith(400, "The message is not well formed");
}

MessageParser::Step MessageParser::Impl::skipBlankLines(QByteArrayView input, qsizetype* consumed)
{
    // RFC 9112 §2.2: an empty line before the request line is left over from some old clients' bodies.
    while (input.size() - *consumed >= 2 && input[*consumed] == '\r' && input[*consumed + 1] == '\n') {
        if (++blankLines > maxLeadingBlankLines)
            return failWith(400, "Empty lines instead of a message");
        *consumed += 2;
    }
    return Step::NeedMore;
}

MessageParser::Step MessageParser::Impl::findHeadEnd(QByteArrayView input, qsizetype* headEnd)
{
    const QByteArrayView window = input.first(std::min(input.size(), sink.limits.maxHeaderBytes));
    while (scannedTo < window.size()) {
        const char* from = window.data() + scannedTo;
        const auto* lf = static_cast<const char*>(std::memchr(from, '\n', static_cast<std::size_t>(window.size() - scannedTo)));
        if (!lf) {
            scannedTo = window.size();
            break;
        }
        const qsizetype at = lf - window.data();
        if (at == 0 || window[at - 1] != '\r')
            return failWith(400, "A line ends without a carriage return");
        if (lineStart > 0 && at > lineStart + 1 && (window[lineStart] == ' ' || window[lineStart] == '\t'))
            return failWith(400, "Folded header lines are not accepted");
        if (lineStart == 0 && isFirstLineTooLong(at))
            return failWith(414, "The request line is too long");
        scannedTo = at + 1;
        if (at == lineStart + 1) {
            *headEnd = scannedTo;
            return Step::Head;
        }
        lineStart = scannedTo;
    }
    if (lineStart == 0 && isFirstLineTooLong(window.size()))
        return failWith(414, "The request line is too long");
    if (input.size() >= sink.limits.maxHeaderBytes)
        return failWith(431, "The header is larger than allowed");
    return Step::NeedMore;
}

template <class Parser> void MessageParser::Impl::frame(const Parser& parser)
{
    keepAlive = parser.keep_alive();
    if (parser.is_done()) {
        framing = Framing::None;
    } else if (parser.chunked()) {
        framing = Framing::Chunked;
    } else if (const auto declared = parser.content_length()) {
        framing = Framing::Length;
        length = static_cast<qint64>(std::min<std::uint64_t>(*declared, std::numeric_limits<qint64>::max()));
    } else {
        framing = Framing::UntilClose;
    }
    remaining = length;
}

MessageParser::Step MessageParser::Impl::takeHead(QByteArrayView head)
{
    sink.headers.reserve(head.size(), 16);
    if (kind == Kind::Request) {
        request.emplace(sink);
    } else {
        response.emplace(sink);
        response->skip(headOnly);
    }
    // Beast takes the start line and the fields in one go when both are there.
    beast::error_code error;
    put(head, error);
    if (error)
        return failFrom(error, head);
    if (kind == Kind::Request)
        frame(*request);
    else
        frame(*response);
    if (sink.limits.maxBodyBytes >= 0 && length > sink.limits.maxBodyBytes)
        return failWith(413, "The body is larger than allowed");
    state = framing == Framing::None ? State::Complete : State::Body;
    return Step::Head;
}

MessageParser::Step MessageParser::Impl::takeBody(QByteArrayView input, qsizetype* consumed)
{
    if (framing != Framing::Chunked) {
        if (framing == Framing::Length && remaining == 0) {
            state = State::Complete;
            return Step::Done;
        }
        if (input.isEmpty())
            return Step::NeedMore;
        sink.piece = framing == Framing::Length ? input.first(std::min<qint64>(input.size(), remaining)) : input;
        remaining -= framing == Framing::Length ? sink.piece.size() : 0;
        sink.bodySeen += sink.piece.size();
        if (sink.limits.maxBodyBytes >= 0 && sink.bodySeen > sink.limits.maxBodyBytes)
            return failWith(413, "The body is larger than allowed");
        *consumed += sink.piece.size();
        return Step::Body;
    }
    while (input.size() >= (sink.chunkLeft > 0 ? 1 : minBetweenChunks)) {
        beast::error_code error;
        sink.piece = {};
        const auto used = static_cast<qsizetype>(put(input, error));
        *consumed += used;
        input = input.sliced(used);
        if (error == beast::http::error::need_more) {
            if (isWholeChunkHeader(input))
                return failWith(400, "The chunked body is not well formed");
            return input.size() > maxChunkHeaderBytes ? failWith(400, "A chunk's header or trailer is too long") : Step::NeedMore;
        }
        if (error)
            return failFrom(error, {});
        if (kind == Kind::Request ? request->is_done() : response->is_done()) {
            state = State::Complete;
            return Step::Done;
        }
        if (!sink.piece.isEmpty())
            return Step::Body;
    }
    return Step::NeedMore;
}

MessageParser::MessageParser(Kind kind, Limits limits) : m_impl(std::make_unique<Impl>(kind, limits)) {}
MessageParser::~MessageParser() = default;

void MessageParser::reset(bool headOnly)
{
    Impl& d = *m_impl;
    const Limits limits = d.sink.limits;
    d.sink = Sink{};
    d.sink.limits = limits;
    d.state = Impl::State::Idle;
    d.framing = Framing::None;
    d.length = d.remaining = 0;
    d.scannedTo = d.lineStart = 0;
    d.blankLines = 0;
    d.headOnly = headOnly;
    d.keepAlive = false;
}

MessageParser::Step MessageParser::next(QByteArrayView input, qsizetype* consumed)
{
    Impl& d = *m_impl;
    *consumed = 0;
    switch (d.state) {
    case Impl::State::Failed:
        return Step::Failed;
    case Impl::State::Complete:
        return Step::Done;
    case Impl::State::Body:
        return d.takeBody(input, consumed);
    case Impl::State::Idle:
        if (input.isEmpty())
            return Step::NeedMore;
        if (d.kind == Kind::Request && d.skipBlankLines(input, consumed) == Step::Failed)
            return Step::Failed;
        input = input.sliced(*consumed);
        if (input.isEmpty() || input == "\r")
            return Step::NeedMore;
        d.state = Impl::State::Head;
        break;
    case Impl::State::Head:
        break;
    }
    qsizetype headEnd = 0;
    if (const Step step = d.findHeadEnd(input, &headEnd); step != Step::Head)
        return step;
    *consumed += headEnd;
    return d.takeHead(input.first(headEnd));
}

MessageParser::Step MessageParser::finish()
{
    Impl& d = *m_impl;
    if (d.state == Impl::State::Complete)
        return Step::Done;
    if (d.state == Impl::State::Body && d.framing == Framing::UntilClose) {
        d.state = Impl::State::Complete;
        return Step::Done;
    }
    if (d.state == Impl::State::Failed)
        return Step::Failed;
    return d.failWith(400, "The connection closed in the middle of a message");
}

void MessageParser::setMaxBodyBytes(qint64 bytes)
{
    m_impl->sink.limits.maxBodyBytes = bytes;
}

bool MessageParser::isMidMessage() const
{
    return m_impl->state == Impl::State::Head || m_impl->state == Impl::State::Body;
}
const QByteArray& MessageParser::method() const
{
    return m_impl->sink.method;
}
const QByteArray& MessageParser::target() const
{
    return m_impl->sink.target;
}
int MessageParser::status() const
{
    return m_impl->sink.status;
}
const QByteArray& MessageParser::reason() const
{
    return m_impl->sink.reason;
}
bool MessageParser::http11() const
{
    return m_impl->sink.version >= 11;
}
bool MessageParser::keepAlive() const
{
    return m_impl->keepAlive;
}
Headers& MessageParser::headers()
{
    return m_impl->sink.headers;
}
MessageParser::Framing MessageParser::framing() const
{
    return m_impl->framing;
}
qint64 MessageParser::contentLength() const
{
    return m_impl->length;
}
QByteArrayView MessageParser::body() const
{
    return m_impl->sink.piece;
}
qint64 MessageParser::bodyRemaining() const
{
    return m_impl->remaining;
}
void MessageParser::skipBody(qint64 bytes)
{
    m_impl->remaining -= bytes;
    m_impl->sink.bodySeen += bytes;
}
int MessageParser::errorStatus() const
{
    return m_impl->sink.errorStatus;
}
QByteArray MessageParser::errorMessage() const
{
    return QByteArray(m_impl->sink.errorMessage);
}

} // namespace oriel::http
