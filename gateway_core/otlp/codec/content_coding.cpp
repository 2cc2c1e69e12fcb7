// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/codec/content_coding.h"

#include <algorithm>
#include <zlib.h>

namespace oriel::otlp {

namespace {

constexpr int kGzipWindow = 15 + 16;
constexpr qsizetype kStep = 64LL * 1024;

/// zlib's state for one body.
class Inflater {
public:
    explicit Inflater(const QByteArray& body)
    {
        // zlib does not write to its input.
        m_stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(body.constData()));
        m_stream.avail_in = static_cast<uInt>(body.size());
        m_usable = inflateInit2(&m_stream, kGzipWindow) == Z_OK;
    }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
    ~Inflater() { inflateEnd(&m_stream); }

    Result<QByteArray> run(qsizetype limit)
    {
        QByteArray out;
        while (m_usable) {
            const qsizetype before = out.size();
            out.resize(std::min(before + kStep, limit + 1));
            m_stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
            m_stream.avail_out = static_cast<uInt>(out.size() - before);
            const int result = inflate(&m_stream, Z_NO_FLUSH);
            out.resize(out.size() - static_cast<qsizetype>(m_stream.avail_out));
            if (out.size() > limit)
                return fail(ErrorCode::TooLarge, QStringLiteral("the body is larger than %1 bytes").arg(limit));
            if (result == Z_STREAM_END) {
                if (m_stream.avail_in == 0)
                    return out;
                m_usable = inflateReset(&m_stream) == Z_OK;
            } else if (result != Z_OK) {
                break;
            }
        }
        return fail(ErrorCode::Parse, QStringLiteral("the body is broken gzip, or ends too early"));
    }

private:
    z_stream m_stream{};
    bool m_usable = false;
};

} // namespace

Result<QByteArray> decodeContent(const QByteArray& body, QByteArrayView coding, qsizetype limit)
{
    const QByteArray name = coding.trimmed().toByteArray().toLower();
    if (name.isEmpty() || name == "identity" || body.isEmpty())
        return body;
    if (name != "gzip" && name != "x-gzip")
        return fail(ErrorCode::Unsupported, QStringLiteral("the body has the coding \"%1\"").arg(QString::fromUtf8(name)));
    return Inflater(body).run(limit);
}

} // namespace oriel::otlp
