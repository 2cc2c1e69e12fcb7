// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mcp/lists.h"
#include "upstream/server_connection.h"

#include <QSet>

#include <functional>

namespace oriel::upstream {

/// Reads one list over all its pages, with a guard against cursors that go round and limits on pages and entries. A method that
/// the server does not know reads as an empty list. Owned by the connection whose calls it makes.
class ListReader final : public ReplyHandler {
public:
    struct Limits {
        int pages = 1'000;
        qsizetype items = 20'000;
    };
    /// Sends one request of the gateway's own.
    using Call = std::function<CallToken(QByteArrayView method, QByteArrayView params, ReplyHandler& handler)>;
    using Done = std::function<void(mcp::ListKind kind, Result<std::vector<mcp::ListEntry>> entries)>;

    ListReader(mcp::ListKind kind, Limits limits, Call call, Done done);

    /// Begins, or begins again once the pages under way are through: the list has changed meanwhile.
    void start();
    /// Forgets what is under way; nothing is reported. The caller cancels the call.
    void abandon();
    [[nodiscard]] bool isRunning() const { return m_token.isValid(); }
    /// How long the last list holds by its server's word (2026-07-28): the least of its pages; 0 when nothing was said.
    [[nodiscard]] std::int64_t ttlMs() const { return m_ttlMs.value_or(0); }

    void onReply(CallToken token, quint64 cookie, Reply& reply) override;

private:
    void readPage(const std::optional<QByteArray>& cursor);
    void takePage(mcp::ListPage page);
    void finish(Result<std::vector<mcp::ListEntry>> entries);
    [[nodiscard]] QString what() const;

    mcp::ListKind m_kind;
    Limits m_limits;
    Call m_call;
    Done m_done;
    CallToken m_token;
    bool m_again = false;
    int m_pages = 0;
    std::optional<std::int64_t> m_ttlMs;
    QSet<QByteArray> m_cursors;
    std::vector<mcp::ListEntry> m_entries;
    json::Document m_document;
};

} // namespace oriel::upstream
