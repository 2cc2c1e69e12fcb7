// SPDX-License-Identifier: GPL-3.0-or-later
// The gateway thread's objects alone, with a recorder that drops everything: what telemetry costs is the difference to Oriel
// itself. bare_gateway CONFIG PORT TOKENS
#include "base/clock.h"
#include "base/random.h"
#include "config/file/config_file.h"
#include "service/gateway_host.h"

#include <QCoreApplication>

#include <cstdio>
#include <cstdlib>

namespace {

class NullRecorder final : public oriel::telemetry::Recorder {
public:
    void recordCall(oriel::telemetry::CallRecord&&) override {}
    void recordCallDurably(oriel::telemetry::CallRecord&&, oriel::telemetry::Durable durable) override { durable({}); }
    void recordSpan(oriel::telemetry::SpanData&&) override {}
    void recordLog(oriel::telemetry::LogRecord&&) override {}
    void recordWire(oriel::telemetry::WireFrame&&) override {}
    void recordMetric(oriel::telemetry::MetricId, oriel::telemetry::LabelValues, double) override {}
};

} // namespace

int main(int argc, char** argv)
{
    QCoreApplication application(argc, argv);
    if (argc != 4) {
        std::fputs("usage: bench_bare_gateway CONFIG PORT TOKENS\n", stderr);
        return 2;
    }
    auto loaded = oriel::config::loadConfig(QString::fromLocal8Bit(argv[1]));
    if (!loaded) {
        std::fputs("bench_bare_gateway: the configuration cannot be read\n", stderr);
        return 1;
    }
    loaded->config.gateway.auth = false;
    oriel::SystemClock clock;
    oriel::SystemRandom random;
    NullRecorder recorder;
    const QString tokens = QString::fromLocal8Bit(argv[3]);
    oriel::service::GatewayHost host({clock, random, recorder, tokens, tokens + QStringLiteral(".eras"), "bench",
                                      [](const QString& text) -> oriel::Result<QString> { return text; }},
                                     loaded->config);
    host.endpoint().setApiHandler([](const oriel::http::Request&, const oriel::downstream::HttpEndpoint::ApiAnswer& answer) {
        answer(oriel::http::Response::text(200, "ok\n"));
    });
    if (!host.listen(QStringLiteral("127.0.0.1"), static_cast<quint16>(std::atoi(argv[2]))) || !host.apply(loaded->config)) {
        std::fputs("bench_bare_gateway: cannot start\n", stderr);
        return 1;
    }
    return application.exec();
}
