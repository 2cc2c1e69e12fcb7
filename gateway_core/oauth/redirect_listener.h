// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/server.h"

#include <QObject>

#include <functional>
#include <memory>

namespace oriel::oauth {

/// Where the browser comes back to after signing in: http://127.0.0.1:<port>/callback, for one sign-in (RFC 8252 §7.3). Requests
/// with another path, method, Host or state are answered and otherwise ignored, so another program or page cannot end the
/// sign-in. Owned by a flow, on its thread; destroying it closes the port as soon as the browser has its page.
class RedirectListener : public QObject {
    Q_OBJECT
public:
    /// The query of the redirect that carries the state; once, later.
    using Done = std::function<void(const QByteArray& query)>;

    /// `owner` outlives the last answer, if it can.
    RedirectListener(const Clock& clock, QObject* owner);
    ~RedirectListener() override;

    /// `preferred` when it is free (0: no preference), else any free port.
    [[nodiscard]] Status listen(quint16 preferred);
    [[nodiscard]] QByteArray redirectUri() const;
    void expect(const QByteArray& state, Done done);

    static constexpr const char* kPath = "/callback";

private:
    struct Waiting;
    static void answer(const std::shared_ptr<Waiting>& waiting, const http::Request& request, http::Exchange exchange);

    std::shared_ptr<Waiting> m_waiting;
    http::Server* m_server; // child of the owner
};

/// The port of a loopback redirect address; 0 when it has none.
[[nodiscard]] quint16 redirectPort(const QByteArray& redirectUri);

} // namespace oriel::oauth
