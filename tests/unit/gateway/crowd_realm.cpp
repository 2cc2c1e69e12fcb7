// SPDX-License-Identifier: GPL-3.0-or-later
#include "crowd_realm.h"

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QEventLoop>
#include <QLocalSocket>
#include <QRegularExpression>
#include <QTimer>

#include <future>

#ifdef Q_OS_LINUX
#include <csignal>
#include <sys/prctl.h>
#endif

namespace oriel::gateway::test {

using upstream::test::builtProgram;

namespace {

const QString kServer = QStringLiteral("oriel-conformance-server");

/// Runs this thread's events until `condition` holds; false after `ms`.
template <class Condition> bool waitUntil(Condition condition, int ms)
{
    const QDeadlineTimer deadline(ms);
    while (!condition()) {
        if (deadline.hasExpired())
            return false;
        QCoreApplication::processEvents(QEventLoop::AllEvents, 20);
    }
    return true;
}

config::Server stdioServer(const QString& name, const QString& era)
{
    config::Server server;
    server.name = name;
    server.command = builtProgram(kServer);
    server.args = {QStringLiteral("--era"), era};
    server.era = era == QStringLiteral("2026-07-28") ? config::Era::Modern : config::Era::Legacy;
    return server;
}

/// Every client has it for itself, as long as there are not more of them than it may have connections.
config::Server ownServer(const QString& name)
{
    config::Server server = stdioServer(name, QStringLiteral("2025-11-25"));
    server.connection = config::ConnectionMode::PerClient;
    server.maxConnections = 8;
    return server;
}

config::Server httpServer(const QString& name, const HttpChild& child, config::Era era)
{
    config::Server server;
    server.name = name;
    server.transport = config::ServerTransport::StreamableHttp;
    server.url = child.url();
    server.era = era;
    return server;
}

} // namespace

HttpChild::~HttpChild()
{
    m_isEnding = true;
    m_process.kill();
    m_process.waitForFinished();
}

void HttpChild::launch()
{
    m_process.start(builtProgram(kServer), {QStringLiteral("--era"), m_era, QStringLiteral("--http"), QString::number(m_port)});
}

bool HttpChild::start()
{
#ifdef Q_OS_LINUX
    // A test that crashes leaves nobody behind.
    m_process.setChildProcessModifier([] { ::prctl(PR_SET_PDEATHSIG, SIGKILL); });
#endif
    QObject::connect(&m_process, &QProcess::finished, &m_process, [this] {
        if (!m_isEnding)
            launch();
    });
    m_process.setReadChannel(QProcess::StandardError);
    launch();
    if (!waitUntil([this] { return m_process.canReadLine(); }, 20'000))
        return false;
    const QString line = QString::fromUtf8(m_process.readLine());
    m_port = QRegularExpression(QStringLiteral("127\\.0\\.0\\.1:(\\d+)/")).match(line).captured(1).toInt();
    return m_port != 0;
}

bool HttpChild::restart()
{
    const qint64 life = m_process.processId();
    m_process.kill();
    return waitUntil(
        [this, life] { return m_process.processId() != life && m_process.processId() != 0 && m_process.canReadLine(); }, 20'000);
}

const std::vector<Stage>& Realm::stages()
{
    // What a server on stdio asks or logs in the handshake revisions has no mark of the call that it belongs to. Nor has it over
    // a client's own connection when the client has several calls under way, or is one of many that say the same of themselves.
    static const std::vector<Stage> kStages{
        {"pipe", false, false}, {"pipe2026", true, false}, {"web", true, true}, {"web2026", true, true}, {"own", false, false}};
    return kStages;
}

Realm::Realm() = default;

Realm::~Realm()
{
    m_listener.close();
    m_lines.reset();
    m_http.reset();
    m_gateway.reset();
}

QByteArray Realm::open()
{
    if (!m_legacy.start() || !m_modern.start())
        return "the HTTP servers do not start";
    m_client = std::make_unique<http::Client>(http::ClientSettings{}, m_clock);
    upstream::ConnectionContext context = upstream::test::quickContext(m_recorder);
    context.httpClient = m_client.get();
    m_gateway = std::make_unique<Gateway>(Gateway::Dependencies{m_clock, m_random, m_recorder, context});
    config::Config configuration;
    configuration.servers = {stdioServer(QStringLiteral("pipe"), QStringLiteral("2025-11-25")),
                             stdioServer(QStringLiteral("pipe2026"), QStringLiteral("2026-07-28")),
                             httpServer(QStringLiteral("web"), m_legacy, config::Era::Legacy),
                             httpServer(QStringLiteral("web2026"), m_modern, config::Era::Modern),
                             ownServer(QStringLiteral("own"))};
    if (const Status applied = m_gateway->apply(configuration); !applied)
        return applied.error().toString().toUtf8();
    m_tokens = std::make_unique<downstream::TokenStore>(m_folder.filePath(QStringLiteral("tokens.json")), m_clock, m_random);
    for (const char* name : {"one", "two", "three"})
        m_doors.tokens.append(m_tokens->add(name, true, false).value_or(QByteArray()));
    m_http = std::make_unique<downstream::HttpEndpoint>(
        downstream::HttpEndpoint::Dependencies{m_clock, m_random, *m_tokens, m_recorder, *m_gateway},
        downstream::HttpEndpoint::Options{});
    m_doors.port = m_http->listen(QHostAddress(QHostAddress::LocalHost), 0).value_or(0);
    m_lines = std::make_unique<downstream::LineEndpoint>(downstream::LineEndpoint::Dependencies{m_clock, m_random, *m_gateway});
    QObject::connect(&m_listener, &QLocalServer::newConnection, &m_listener, [this] {
        while (QLocalSocket* socket = m_listener.nextPendingConnection())
            m_lines->serve(socket, {});
    });
    if (m_doors.port == 0 || !m_listener.listen(m_folder.filePath(QStringLiteral("door"))))
        return "the doors do not open";
    m_doors.socket = m_listener.fullServerName();
    const auto isReady = [](const upstream::ServerStatus& status) { return status.state == upstream::ServerState::Ready; };
    const bool allReady = waitUntil(
        [&] {
            const auto statuses = m_gateway->serverStatuses();
            return std::all_of(statuses.cbegin(), statuses.cend(), isReady);
        },
        20'000);
    return allReady ? "" : "the servers do not become ready";
}

void Realm::disturb(int choice)
{
    const auto& all = stages();
    if (choice == 0)
        m_legacy.kill();
    else if (choice == 1)
        m_modern.kill();
    else
        m_gateway->restartServer(all[static_cast<std::size_t>(choice) % all.size()].name);
}

QByteArray Realm::holdings() const
{
    return m_gateway->holdings().toText();
}

void Realm::revokeAll()
{
    for (const char* name : {"one", "two", "three"})
        m_http->closeSessionsOf(name);
    m_lines->stop();
}

QByteArray Realm::sessionsLeft() const
{
    QByteArray left = m_http->holdings().toText();
    if (!m_lines->sessions().isEmpty())
        left += " lines " + QByteArray::number(m_lines->sessions().size());
    return left;
}

QByteArray Realm::close()
{
    bool stopped = false;
    QObject::connect(m_gateway.get(), &Gateway::stopped, m_gateway.get(), [&stopped] { stopped = true; });
    m_gateway->shutDown();
    if (!waitUntil([&stopped] { return stopped; }, 20'000))
        return "the gateway does not stop";
    return m_gateway->holdings().toText();
}

RealmHost::RealmHost(Where where)
{
    if (where == Where::Here)
        m_here = std::make_unique<Realm>();
    else
        m_thread = std::thread([this] { run(); });
}

RealmHost::~RealmHost()
{
    {
        const std::scoped_lock lock(m_mutex);
        m_isEnding = true;
    }
    if (m_thread.joinable())
        m_thread.join();
}

void RealmHost::run()
{
    QEventLoop loop;
    Realm realm;
    QTimer look;
    QObject::connect(&look, &QTimer::timeout, &loop, [&] {
        std::deque<std::function<void(Realm&)>> work;
        {
            const std::scoped_lock lock(m_mutex);
            work.swap(m_work);
            if (m_isEnding)
                loop.quit();
        }
        for (const auto& one : work)
            one(realm);
    });
    look.start(1);
    loop.exec();
}

void RealmHost::with(const std::function<void(Realm&)>& work)
{
    if (m_here) {
        work(*m_here);
        return;
    }
    std::promise<void> done;
    {
        const std::scoped_lock lock(m_mutex);
        m_work.emplace_back([&](Realm& realm) {
            work(realm);
            done.set_value();
        });
    }
    done.get_future().wait();
}

} // namespace oriel::gateway::test
