// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/head_writer.h"

#include "http/message.h"

#include <QDateTime>
#include <QLocale>

#include <charconv>
#include <cstring>

namespace oriel::http {

namespace {

/// Appends through a pointer into room made once: QByteArray::append looks at its sharing and capacity each time, and a head has
/// forty pieces.
class Writer {
public:
    Writer(QByteArray& out, qsizetype atMost) : m_out(out)
    {
        const qsizetype have = out.size();
        out.resize(have + atMost);
        m_at = out.data() + have;
    }
    ~Writer() { m_out.resize(m_at - m_out.constData()); }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    Writer& operator<<(QByteArrayView text)
    {
        std::memcpy(m_at, text.data(), static_cast<std::size_t>(text.size()));
        m_at += text.size();
        return *this;
    }
    template <std::size_t size> Writer& operator<<(const char (&text)[size]) { return *this << QByteArrayView(text, size - 1); }
    void number(qsizetype number, int base = 10)
    {
        m_at = std::to_chars(m_at, m_at + maxDigits, static_cast<long long>(number), base).ptr;
    }
    void field(Headers::Field field) { *this << field.name << ": " << field.value << "\r\n"; }

    static constexpr qsizetype maxDigits = 24;

private:
    QByteArray& m_out;
    char* m_at;
};

/// Status line or version, framing fields, Date, Connection.
constexpr qsizetype maxOwnText = 512;

/// Fields that say how the message is delimited: only the writer knows.
bool isFramingField(QByteArrayView name, bool keepLength)
{
    switch (name.size()) {
    case 10:
        return equalsIgnoringCase(name, "Connection") || equalsIgnoringCase(name, "Keep-Alive");
    case 14:
        return !keepLength && equalsIgnoringCase(name, "Content-Length");
    case 17:
        return equalsIgnoringCase(name, "Transfer-Encoding");
    default:
        return false;
    }
}

} // namespace

void appendResponseHead(QByteArray& out, int status, const Headers& headers, const ResponseFraming& framing, QByteArrayView date)
{
    Writer writer(out, maxOwnText + date.size() + headers.serializedSize());
    if (status == 200) {
        writer << "HTTP/1.1 200 OK\r\n";
    } else {
        writer << "HTTP/1.1 ";
        writer.number(status);
        writer << " " << reasonPhrase(status) << "\r\n";
    }
    switch (framing.kind) {
    case ResponseFraming::Kind::Length:
        writer << "Content-Length: ";
        writer.number(framing.length);
        writer << "\r\n";
        break;
    case ResponseFraming::Kind::Chunked:
        writer << "Transfer-Encoding: chunked\r\n";
        break;
    case ResponseFraming::Kind::AsGiven:
    case ResponseFraming::Kind::UntilClose:
    case ResponseFraming::Kind::None:
        break;
    }
    writer << "Date: " << date << "\r\n";
    if (framing.close)
        writer << "Connection: close\r\n";
    const bool keepLength = framing.kind == ResponseFraming::Kind::AsGiven;
    for (const Headers::Field field : headers) {
        if (!isFramingField(field.name, keepLength) && !equalsIgnoringCase(field.name, "Date"))
            writer.field(field);
    }
    writer << "\r\n";
}

void appendRequestHead(QByteArray& out, QByteArrayView method, QByteArrayView target, QByteArrayView host, const Headers& headers,
                       qsizetype bodySize)
{
    Writer writer(out, maxOwnText + method.size() + target.size() + host.size() + headers.serializedSize());
    writer << method << " " << target << " HTTP/1.1\r\nHost: " << host << "\r\n";
    if (bodySize > 0 || method == "POST" || method == "PUT" || method == "PATCH") {
        writer << "Content-Length: ";
        writer.number(bodySize);
        writer << "\r\n";
    }
    for (const Headers::Field field : headers) {
        if (!isFramingField(field.name, false) && !equalsIgnoringCase(field.name, "Host"))
            writer.field(field);
    }
    writer << "\r\n";
}

QByteArray httpDate(std::int64_t unixSeconds)
{
    return QLocale::c()
        .toString(QDateTime::fromSecsSinceEpoch(unixSeconds, Qt::UTC), QStringLiteral("ddd, dd MMM yyyy HH:mm:ss 'GMT'"))
        .toLatin1();
}

void appendChunkHead(QByteArray& out, qsizetype size)
{
    Writer writer(out, Writer::maxDigits + 2);
    writer.number(size, 16);
    writer << "\r\n";
}

} // namespace oriel::http
