// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "service/gateway_service.h"

#include <QObject>
#include <QTimer>

#include <memory>
#include <vector>

namespace oriel::http {
class Client;
}

namespace oriel::app {

/// The scripted traffic of --demo: three clients that speak real MCP over HTTP to the gateway and use the tools of the bundled
/// demo server. Answers what the server asks (sampling, elicitation). Lives on the thread of the service; ends when destroyed.
class DemoTraffic final : public QObject {
    Q_OBJECT
public:
    explicit DemoTraffic(service::GatewayService& service, QObject* parent = nullptr);
    ~DemoTraffic() override;

private:
    class DemoClient;
    void begin(const QByteArray& token);

    service::GatewayService& m_service;
    SystemClock m_clock;
    SystemRandom m_random;
    std::unique_ptr<http::Client> m_http;
    std::vector<std::unique_ptr<DemoClient>> m_clients;
};

} // namespace oriel::app
