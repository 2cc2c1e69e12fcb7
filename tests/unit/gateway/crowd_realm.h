// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "../upstream/upstream_fixture.h"
#include "crowd_client.h"
#include "downstream/http_endpoint.h"
#include "downstream/line_endpoint.h"
#include "gateway/gateway.h"

#include <QLocalServer>
#include <QProcess>
#include <QTemporaryDir>

#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace oriel::gateway::test {

/// A server of the crowd that listens on HTTP: a child that is started again on its port whenever it ends.
class HttpChild {
public:
    explicit HttpChild(QString era) : m_era(std::move(era)) {}
    ~HttpChild();

    /// Waits until it listens.
    [[nodiscard]] bool start();
    void kill() { m_process.kill(); }
    /// Kills it and waits until its next life listens.
    [[nodiscard]] bool restart();
    [[nodiscard]] QString url() const { return QStringLiteral("http://127.0.0.1:%1/mcp").arg(m_port); }

private:
    void launch();

    QString m_era;
    int m_port = 0;
    bool m_isEnding = false;
    QProcess m_process;
};

/// The gateway with its doors, and behind it real servers of both eras over both transports. Lives on the thread that made it.
class Realm {
public:
    Realm();
    ~Realm();

    /// An empty text when all of it stands.
    [[nodiscard]] QByteArray open();
    [[nodiscard]] const Doors& doors() const { return m_doors; }
    /// One server is restarted, or dies.
    void disturb(int choice);
    /// What is held for anybody; `withSessions`: those count as well.
    [[nodiscard]] QByteArray holdings() const;
    /// Sessions that nobody says goodbye to end with their tokens.
    void revokeAll();
    [[nodiscard]] QByteArray sessionsLeft() const;
    /// The orderly end; what is left of it, for messages.
    [[nodiscard]] QByteArray close();

    [[nodiscard]] static const std::vector<Stage>& stages();

private:
    upstream::test::RecordingRecorder m_recorder;
    SystemClock m_clock;
    SystemRandom m_random;
    QTemporaryDir m_folder;
    Doors m_doors;
    HttpChild m_legacy{QStringLiteral("2025-11-25")};
    HttpChild m_modern{QStringLiteral("2026-07-28")};
    std::unique_ptr<http::Client> m_client;
    std::unique_ptr<Gateway> m_gateway;
    std::unique_ptr<downstream::TokenStore> m_tokens;
    std::unique_ptr<downstream::HttpEndpoint> m_http;
    std::unique_ptr<downstream::LineEndpoint> m_lines;
    QLocalServer m_listener;
};

/// Runs a realm on this thread or on one of its own. There the two threads share a queue under a mutex and nothing of Qt, so a
/// race detector that cannot see into Qt sees all that they share.
class RealmHost {
public:
    enum class Where { Here, OwnThread };
    explicit RealmHost(Where where);
    ~RealmHost();

    /// Does `work` with the realm on its thread and waits for it.
    void with(const std::function<void(Realm&)>& work);

private:
    void run();

    std::unique_ptr<Realm> m_here;
    std::mutex m_mutex;
    std::deque<std::function<void(Realm&)>> m_work;
    bool m_isEnding = false;
    std::thread m_thread;
};

} // namespace oriel::gateway::test
