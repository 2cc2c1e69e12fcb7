// SPDX-License-Identifier: GPL-3.0-or-later
#include "headless_browser.h"

namespace oriel::conformance {

namespace {

constexpr int kMaxHops = 5;

} // namespace

bool HeadlessBrowser::open(const QUrl& url)
{
    visit(url, 0);
    return true;
}

void HeadlessBrowser::visit(const QUrl& url, int hops)
{
    const Result<http::Endpoint> endpoint = http::Endpoint::fromUrl(url);
    if (!endpoint || hops > kMaxHops)
        return;
    http::ClientRequest request;
    request.method = "GET";
    request.endpoint = *endpoint;
    http::ResponseHandler handler;
    handler.onHead = [this, url, hops](const http::ResponseHead& head) {
        const QByteArrayView location = head.headers.value("Location");
        if (head.status / 100 == 3 && !location.isEmpty())
            visit(url.resolved(QUrl::fromEncoded(location.toByteArray())), hops + 1);
        return http::BodyMode::Collect;
    };
    m_client.send(std::move(request), std::move(handler));
}

} // namespace oriel::conformance
