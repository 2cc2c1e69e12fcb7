// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/client.h"
#include "oauth/url_rules.h"

#include <QObject>
#include <QSslConfiguration>
#include <QTimer>
#include <QUrl>

#include <chrono>
#include <functional>

namespace oriel::oauth {

struct FetchLimits {
    qsizetype maxBytes = 256 * 1024;
    int maxHops = 3;                         ///< redirects of a GET; a POST follows none
    std::chrono::milliseconds total{15'000}; ///< one request with its redirects, to the last byte
};

struct FetchAnswer {
    int status = 0;
    QByteArray body;
};

/// One request at a time to the authorization side of a server. Every address is checked by url_rules, redirects included, and
/// once more when the connection stands, so that a name that resolves into a private network gets nothing (behind a proxy, which
/// resolves names itself, only the former).
///
/// Lives on one thread with an event loop; destroying it cancels silently. `done` runs once, later, and may destroy the fetcher.
class Fetcher : public QObject {
    Q_OBJECT
public:
    using Done = std::function<void(Result<FetchAnswer>)>;

    Fetcher(Reach reach, FetchLimits limits, const QSslConfiguration& tls, const Clock& clock, QObject* parent = nullptr);
    ~Fetcher() override;

    /// `what` names the thing in messages: "the protected resource metadata".
    void get(const QUrl& url, const QString& what, Done done);
    void post(const QUrl& url, const http::Headers& headers, const QByteArray& body, const QString& what, Done done);
    /// Cancels what runs; no callback follows.
    void abandon();
    [[nodiscard]] Reach reach() const { return m_reach; }

private:
    void begin(const QString& what, Done done);
    void send(const QUrl& url, const QByteArray& method, const http::Headers& headers, const QByteArray& body);
    void redirected(const QByteArray& location);
    void finish(Result<FetchAnswer> result);
    [[nodiscard]] tl::unexpected<Error> failure(ErrorCode code, const QString& why) const;

    const Reach m_reach;
    const FetchLimits m_limits;
    http::Client m_client;
    QTimer m_deadline;
    http::RequestHandle m_request;
    QString m_what;
    QUrl m_url;
    bool m_get = true;
    int m_hops = 0;
    int m_status = 0;
    QByteArray m_location;
    Done m_done;
};

} // namespace oriel::oauth
