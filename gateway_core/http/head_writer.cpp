// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/head_writer.h"

#include "http/message.h"

#include <QDateTime>
#include <QLocale>

#include <array>
#include <charconv>

namespace oriel::http {

namespace {

void appendNumber(QByteArray& out, qsizetype number, int base = 10)
{
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), static_cast<long long>(number), base).ptr;
    out.append(digits.data(), end - digits.data());
}

/// Fields that say how the message is delimited: only the writer knows.
bool isFramingField(QByteArrayView name, bool keepLength)
{
    switch (name.size()) {
    case 10: return equalsIgnoringCase(name, "Connection") || equalsIgnoringCase(name, "Keep-Alive");
    case 14: return !keepLength && equalsIgnoringCase(name, "Content-Length");
    case 17: return equalsIgnoringCase(name, "Transfer-Encoding");
    default: return false;
    }
}

void appendField(QByteArray& out, Headers::Field field)
{
    out.append(field.name);
    out.append(": ", 2);
    out.append(field.value);
    out.append("\r\n", 2);
}

void appendLength(QByteArray& out, qsizetype length)
{
    constexpr QByteArrayView name("Content-Length: ");
    out.append(name);
    appendNumber(out, length);
    out.append("\r\n", 2);
}

} // namespace

void appendResponseHead(QByteArray& out, int status, const Headers& headers, const ResponseFraming& framing, QByteArrayView date)
{
    if (status == 200) {
        constexpr QByteArrayView ok("HTTP/1.1 200 OK\r\n");
        out.append(ok);
    } else {
        constexpr QByteArrayView version("HTTP/1.1 ");
        out.append(version);
        appendNumber(out, status);
        out.append(' ');
        out.append(reasonPhrase(status));
        out.append("\r\n", 2);
    }
    switch (framing.kind) {
    case ResponseFraming::Kind::Length: appendLength(out, framing.length); break;
    case ResponseFraming::Kind::Chunked: {
        constexpr QByteArrayView chunked("Transfer-Encoding: chunked\r\n");
        out.append(chunked);
        break;
    }
    case ResponseFraming::Kind::AsGiven:
    case ResponseFraming::Kind::UntilClose:
    case ResponseFraming::Kind::None: break;
    }
    constexpr QByteArrayView dateName("Date: ");
    out.append(dateName);
    out.append(date);
    if (framing.close) {
        constexpr QByteArrayView close("\r\nConnection: close\r\n");
        out.append(close);
    } else {
        out.append("\r\n", 2);
    }
    const bool keepLength = framing.kind == ResponseFraming::Kind::AsGiven;
    for (const Headers::Field field : headers) {
        if (!isFramingField(field.name, keepLength) && !equalsIgnoringCase(field.name, "Date"))
            appendField(out, field);
    }
    out.append("\r\n", 2);
}

void appendRequestHead(QByteArray& out, QByteArrayView method, QByteArrayView target, QByteArrayView host, const Headers& headers,
                       qsizetype bodySize)
{
    out.append(method);
    out.append(' ');
    out.append(target);
    constexpr QByteArrayView versionAndHost(" HTTP/1.1\r\nHost: ");
    out.append(versionAndHost);
    out.append(host);
    out.append("\r\n", 2);
    if (bodySize > 0 || method == "POST" || method == "PUT" || method == "PATCH")
        appendLength(out, bodySize);
    for (const Headers::Field field : headers) {
        if (!isFramingField(field.name, false) && !equalsIgnoringCase(field.name, "Host"))
            appendField(out, field);
    }
    out.append("\r\n", 2);
}

QByteArray httpDate(std::int64_t unixSeconds)
{
    return QLocale::c()
        .toString(QDateTime::fromSecsSinceEpoch(unixSeconds, Qt::UTC), QStringLiteral("ddd, dd MMM yyyy HH:mm:ss 'GMT'"))
        .toLatin1();
}

void appendChunkHead(QByteArray& out, qsizetype size)
{
    appendNumber(out, size, 16);
    out.append("\r\n", 2);
}

} // namespace oriel::http
