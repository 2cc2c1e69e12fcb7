// SPDX-License-Identifier: GPL-3.0-or-later
#include "oauth/fetcher.h"

namespace oriel::oauth {

namespace {

http::ClientSettings clientSettings(Reach reach, const QSslConfiguration& tls)
{
    http::ClientSettings settings;
    settings.tls = tls;
    settings.allowPeer = [reach](const QHostAddress& peer) { return reachOf(peer) <= reach; };
    return settings;
}

bool isRedirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

} // namespace

Fetcher::Fetcher(Reach reach, FetchLimits limits, const QSslConfiguration& tls, const Clock& clock, QObject* parent)
    : QObject(parent),
      m_reach(reach),
      m_limits(limits),
      m_client(clientSettings(reach, tls), clock)
{
    m_deadline.setSingleShot(true);
    connect(&m_deadline, &QTimer::timeout, this, [this] {
        m_request.cancel();
        finish(failure(ErrorCode::Timeout, QStringLiteral("no complete answer within %1 s")
                                               .arg(std::chrono::duration_cast<std::chrono::seconds>(m_limits.total).count())));
    });
}

Fetcher::~Fetcher() = default;

void Fetcher::begin(const QString& what, Done done)
{
    Q_ASSERT(!m_done);
    m_what = what;
    m_done = std::move(done);
    m_hops = 0;
    m_deadline.start(m_limits.total);
}

void Fetcher::get(const QUrl& url, const QString& what, Done done)
{
    begin(what, std::move(done));
    m_get = true;
    http::Headers headers;
    headers.add("Accept", "application/json");
    send(url, "GET", headers, {});
}

void Fetcher::post(const QUrl& url, const http::Headers& headers, const QByteArray& body, const QString& what, Done done)
{
    begin(what, std::move(done));
    m_get = false;
    send(url, "POST", headers, body);
}

void Fetcher::send(const QUrl& url, const QByteArray& method, const http::Headers& headers, const QByteArray& body)
{
    m_url = url;
    m_status = 0;
    m_location.clear();
    Result<QUrl> checked = checkedUrl(url, m_reach, m_what);
    Result<http::Endpoint> endpoint = checked ? http::Endpoint::fromUrl(*checked) : fail(checked.error());
    if (!endpoint) {
        QMetaObject::invokeMethod(
            this, [this, error = endpoint.error()] { finish(fail(error)); }, Qt::QueuedConnection);
        return;
    }
    http::ClientRequest request;
    request.method = method;
    request.endpoint = *endpoint;
    request.headers = headers;
    request.headers.set("User-Agent", "Oriel/" ORIEL_VERSION);
    request.body = body;
    request.idempotent = m_get;
    request.maxBodyBytes = m_limits.maxBytes;
    http::ResponseHandler handler;
    handler.onHead = [this](const http::ResponseHead& head) {
        m_status = head.status;
        m_location = head.headers.value("Location").toByteArray();
        return http::BodyMode::Collect;
    };
    handler.onEnd = [this](http::ResponseEnd&& end) {
        if (isRedirect(m_status))
            redirected(m_location);
        else
            finish(FetchAnswer{m_status, std::move(end.body)});
    };
    handler.onError = [this](const http::ClientError& error) {
        finish(failure(error.error.code, error.error.code == ErrorCode::TooLarge
                                             ? QStringLiteral("the answer is larger than %1 KiB").arg(m_limits.maxBytes / 1024)
                                             : error.error.message));
    };
    m_request = m_client.send(std::move(request), std::move(handler));
}

void Fetcher::redirected(const QByteArray& location)
{
    if (!m_get)
        return finish(
            failure(ErrorCode::PermissionDenied,
                    QStringLiteral("it redirects (HTTP %1); secrets are not sent on to another address").arg(m_status)));
    if (++m_hops > m_limits.maxHops)
        return finish(failure(ErrorCode::PermissionDenied, QStringLiteral("more than %1 redirects").arg(m_limits.maxHops)));
    if (location.isEmpty() || location.size() > kMaxUrlBytes)
        return finish(failure(ErrorCode::InvalidArgument, QStringLiteral("a redirect without a usable address")));
    const QUrl target = m_url.resolved(QUrl(QString::fromUtf8(location), QUrl::StrictMode));
    http::Headers headers;
    headers.add("Accept", "application/json");
    send(target, "GET", headers, {});
}

void Fetcher::abandon()
{
    m_done = {};
    m_deadline.stop();
    m_request.cancel();
}

void Fetcher::finish(Result<FetchAnswer> result)
{
    if (!m_done)
        return;
    m_deadline.stop();
    const Done done = std::exchange(m_done, {});
    done(std::move(result));
}

tl::unexpected<Error> Fetcher::failure(ErrorCode code, const QString& why) const
{
    return fail(code, QStringLiteral("%1 could not be fetched: %2").arg(m_what, why), displayUrl(m_url));
}

} // namespace oriel::oauth
