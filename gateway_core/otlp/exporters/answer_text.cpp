// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/exporters/answer_text.h"

#include "privacy/masker.h"

#include <QUrlQuery>

#include <algorithm>
#include <array>

namespace oriel::otlp {

namespace {

const QLatin1StringView kMask("[masked:sent]");
/// Shorter values are words like "true", or the digits of a status.
constexpr qsizetype kMinValueBytes = 6;
constexpr qsizetype kMinPartBytes = 8;
/// Detectors look at no more than this; much more than is shown.
constexpr qsizetype kMaxScannedChars = 16 * qsizetype(1024);
/// No token is this short: "HTTP 200 OK" needs no detector.
constexpr qsizetype kMinScannedChars = 20;
/// Names whose values say nothing of anybody.
constexpr std::array<const char*, 4> kPlainHeaders{"content-type", "content-encoding", "user-agent", "accept"};

bool isPlain(const QByteArray& name)
{
    return std::any_of(kPlainHeaders.begin(), kPlainHeaders.end(),
                       [&](const char* plain) { return name.compare(plain, Qt::CaseInsensitive) == 0; });
}

void addForms(QStringList& secrets, const QByteArray& value, qsizetype minBytes)
{
    if (value.size() < minBytes)
        return;
    const QString text = QString::fromUtf8(value);
    secrets.append({text, QString::fromLatin1(value.toPercentEncoding()),
                    QString(text).replace(QLatin1Char('/'), QLatin1StringView("\\/")), QString::fromLatin1(value.toBase64())});
}

/// The value, and the words and values of parameters in it: "Bearer x", "Signature=x, Credential=y".
void addHeader(QStringList& secrets, const QByteArray& value)
{
    addForms(secrets, value, kMinValueBytes);
    const QByteArray scheme("basic ");
    if (value.left(scheme.size()).toLower() == scheme) {
        const QByteArray credentials = QByteArray::fromBase64(value.mid(scheme.size()).trimmed());
        addForms(secrets, credentials, kMinValueBytes);
        const qsizetype colon = credentials.indexOf(':');
        constexpr qsizetype kMinPasswordBytes = 4;
        if (colon >= 0)
            addForms(secrets, credentials.mid(colon + 1), kMinPasswordBytes);
    }
    QByteArray part;
    for (const char c : value + ' ') {
        const bool separates = c == ' ' || c == ',' || c == ';' || c == '"';
        if (!separates) {
            part += c;
            continue;
        }
        addForms(secrets, part, kMinPartBytes);
        // Padding of base64 is no name.
        const qsizetype equals = part.indexOf('=');
        if (equals > 0 && equals + 2 < part.size())
            addForms(secrets, part.mid(equals + 1), kMinPartBytes);
        part.clear();
    }
}

void addUrl(QStringList& secrets, const QUrl& url)
{
    addForms(secrets, url.userName(QUrl::FullyDecoded).toUtf8(), kMinPartBytes);
    addForms(secrets, url.password(QUrl::FullyDecoded).toUtf8(), 1);
    for (const auto& [name, value] : QUrlQuery(url).queryItems(QUrl::FullyDecoded))
        addForms(secrets, value.toUtf8(), kMinPartBytes);
}

} // namespace

AnswerText::AnswerText() = default;
AnswerText::~AnswerText() = default;

QString AnswerText::shown(const QString& answer, const RequestHeaders& sent, const QUrl& url)
{
    if (answer.isEmpty())
        return {};
    QStringList secrets;
    for (const auto& [name, value] : sent) {
        if (!isPlain(name))
            addHeader(secrets, value);
    }
    addUrl(secrets, url);
    // The longest first: a value goes before a part of it.
    std::sort(secrets.begin(), secrets.end(), [](const QString& a, const QString& b) { return a.size() > b.size(); });
    // Before anything is cut: a half of a key is a secret too.
    QString text = answer.left(4 * kMaxScannedChars);
    for (const QString& secret : secrets)
        text.replace(secret, kMask, Qt::CaseInsensitive);
    if (answer.size() > 4 * kMaxScannedChars && !secrets.isEmpty())
        text.chop(secrets.first().size());
    text.truncate(kMaxScannedChars);
    if (!m_masker && text.size() > kMinScannedChars) {
        if (auto made = privacy::Masker::create())
            m_masker = std::move(*made);
    }
    if (m_masker && text.size() > kMinScannedChars)
        text = m_masker->maskText(text);
    for (QChar& character : text) {
        if (!character.isPrint())
            character = QLatin1Char(' ');
    }
    text = text.simplified();
    if (text.size() > kMaxChars)
        text = text.left(kMaxChars - 1) + QChar(0x2026);
    return text;
}

} // namespace oriel::otlp
