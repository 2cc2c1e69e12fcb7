// SPDX-License-Identifier: GPL-3.0-or-later
#include "request_state.h"

#include "http/loopback_guard.h"

#include <QCryptographicHash>
#include <QJsonDocument>
#include <QMessageAuthenticationCode>

namespace oriel::conformance {

namespace {

constexpr qint64 LifetimeMs = 10 * 60 * 1000;
constexpr auto Base64 = QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals;

/// What stays the same between a request and its retry.
QString digest(const QString& method, const QJsonObject& params)
{
    const QJsonObject salient{{u"method"_s, method},
                              {u"name"_s, params.value("name"_L1)},
                              {u"uri"_s, params.value("uri"_L1)},
                              {u"arguments"_s, params.value("arguments"_L1).toObject()}};
    return QString::fromLatin1(QCryptographicHash::hash(compact(salient), QCryptographicHash::Sha256).toHex());
}

} // namespace

QByteArray RequestState::code(const QByteArray& payload) const
{
    return QMessageAuthenticationCode::hash(payload, m_key, QCryptographicHash::Sha256).toBase64(Base64);
}

QString RequestState::seal(const QString& method, const QJsonObject& params, const QJsonObject& state) const
{
    const QJsonObject content{
        {u"for"_s, digest(method, params)}, {u"until"_s, m_clock.unixNs() / 1'000'000 + LifetimeMs}, {u"state"_s, state}};
    const QByteArray payload = compact(content).toBase64(Base64);
    return QString::fromLatin1(payload + '.' + code(payload));
}

std::optional<QJsonObject> RequestState::open(const QString& method, const QJsonObject& params, const QString& sealed) const
{
    const QByteArray text = sealed.toUtf8();
    const qsizetype dot = text.indexOf('.');
    if (dot < 0 || !http::constantTimeEquals(text.sliced(dot + 1), code(text.first(dot)))) {
        return std::nullopt;
    }
    const QJsonObject content = QJsonDocument::fromJson(QByteArray::fromBase64(text.first(dot), Base64)).object();
    if (content.value("for"_L1) != digest(method, params) ||
        content.value("until"_L1).toInteger() < m_clock.unixNs() / 1'000'000) {
        return std::nullopt;
    }
    return content.value("state"_L1).toObject();
}

} // namespace oriel::conformance
