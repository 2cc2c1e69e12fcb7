// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/headers.h"

#include <QByteArray>
#include <QByteArrayView>

#include <cstdint>
#include <memory>

namespace oriel::http {

/// Takes an HTTP/1.1 byte stream apart (RFC 9112), one message after another: the grammar is Boost.Beast's, on top of it stand
/// the limits and the refusal of everything two parsers could read differently. Holds no input: unconsumed bytes are the caller's
/// to keep and to present again with what follows. Not thread-safe.
class MessageParser {
public:
    enum class Kind : quint8 { Request, Response };
    enum class Step : quint8 {
        NeedMore, ///< nothing can be done before further bytes
        Head,     ///< the head is complete; its accessors are valid until reset()
        Body,     ///< body() is the next piece, a view into the input
        Done,     ///< the message is complete; reset() before the next
        Failed,   ///< errorStatus() and errorMessage() say why; the stream cannot be read on
    };
    enum class Framing : quint8 { None, Length, Chunked, UntilClose };
    struct Limits {
        qsizetype maxHeaderBytes = 32 * 1024;
        qsizetype maxHeaderCount = 100;
        qsizetype maxTargetBytes = 8 * 1024;
        qint64 maxBodyBytes = -1; ///< -1: the caller's concern
    };

    MessageParser(Kind kind, Limits limits);
    ~MessageParser();
    MessageParser(const MessageParser&) = delete;
    MessageParser& operator=(const MessageParser&) = delete;

    /// Ready for the next message. `headOnly`: the response answers a HEAD and has no body whatever it says.
    void reset(bool headOnly = false);
    /// Holds from the next head on.
    void setMaxBodyBytes(qint64 bytes);
    /// Takes the next step in `input` and says in `consumed` how many of its bytes are done with.
    Step next(QByteArrayView input, qsizetype* consumed);
    /// The peer has closed: Done for a body that ends so, else Failed.
    Step finish();

    /// True from the first byte of a message to its end.
    [[nodiscard]] bool isMidMessage() const;

    [[nodiscard]] const QByteArray& method() const;
    [[nodiscard]] const QByteArray& target() const;
    [[nodiscard]] int status() const;
    [[nodiscard]] const QByteArray& reason() const;
    [[nodiscard]] bool http11() const;
    [[nodiscard]] bool keepAlive() const; ///< as the message allows it
    [[nodiscard]] Headers& headers();
    [[nodiscard]] Framing framing() const;
    [[nodiscard]] qint64 contentLength() const; ///< with Framing::Length

    [[nodiscard]] QByteArrayView body() const;
    /// With Framing::Length: what is still to come. The caller may take that many bytes from the stream itself and say so by
    /// skipBody.
    [[nodiscard]] qint64 bodyRemaining() const;
    void skipBody(qint64 bytes);

    [[nodiscard]] int errorStatus() const; ///< for a request, the status to answer with
    [[nodiscard]] QByteArray errorMessage() const;

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace oriel::http
