// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/client.h"

#include <QUrl>

namespace oriel::conformance {

/// Follows a sign-in as a browser would whose user agrees to everything at once.
class HeadlessBrowser {
public:
    explicit HeadlessBrowser(const Clock& clock) : m_client({}, clock) {}
    bool open(const QUrl& url);

private:
    void visit(const QUrl& url, int hops);

    http::Client m_client;
};

} // namespace oriel::conformance
