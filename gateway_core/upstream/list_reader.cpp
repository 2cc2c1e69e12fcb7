// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/list_reader.h"

#include "base/json_writer.h"

#include <algorithm>
#include <iterator>

namespace oriel::upstream {

ListReader::ListReader(mcp::ListKind kind, Limits limits, Call call, Done done)
    : m_kind(kind),
      m_limits(limits),
      m_call(std::move(call)),
      m_done(std::move(done))
{}

void ListReader::start()
{
    if (isRunning()) {
        m_again = true;
        return;
    }
    m_pages = 0;
    m_cursors.clear();
    m_entries.clear();
    m_ttlMs.reset();
    readPage(std::nullopt);
}

void ListReader::abandon()
{
    m_token = {};
    m_again = false;
}

void ListReader::readPage(const std::optional<QByteArray>& cursor)
{
    ++m_pages;
    QByteArray params;
    if (cursor) {
        params = "{\"cursor\":" + json::quote(QByteArrayView(*cursor)) + '}';
    }
    m_token = m_call(mcp::methodName(mcp::listMethod(m_kind)), params, *this);
}

void ListReader::onReply(CallToken token, quint64 cookie, Reply& reply)
{
    Q_UNUSED(cookie);
    if (token != m_token) {
        return;
    }
    m_token = {};
    if (reply.kind != Reply::Kind::Response) {
        finish(fail(reply.error));
        return;
    }
    if (reply.message.kind == mcp::Message::Kind::Error) {
        if (reply.message.errorCode == mcp::error_code::MethodNotFound) {
            finish(std::vector<mcp::ListEntry>{});
            return;
        }
        finish(fail(ErrorCode::Unavailable, QStringLiteral("The server answered %1 with error %2: %3")
                                                .arg(what(), QString::number(reply.message.errorCode),
                                                     QString::fromUtf8(reply.message.text(mcp::Field::ErrorMessage)))));
        return;
    }
    Result<mcp::ListPage> page = mcp::parseListPage(m_kind, mcp::parsedAgain(reply.message.raw, m_document).find("result"));
    m_document.clear();
    if (!page) {
        finish(fail(page.error()));
        return;
    }
    takePage(std::move(*page));
}

void ListReader::takePage(mcp::ListPage page)
{
    const std::int64_t ttlMs = std::max<std::int64_t>(0, page.ttlMs.value_or(0));
    m_ttlMs = std::min(m_ttlMs.value_or(ttlMs), ttlMs);
    m_entries.insert(m_entries.end(), std::make_move_iterator(page.entries.begin()), std::make_move_iterator(page.entries.end()));
    if (static_cast<qsizetype>(m_entries.size()) > m_limits.items) {
        finish(fail(ErrorCode::TooLarge,
                    QStringLiteral("The server's %1 has more than %2 entries.").arg(what()).arg(m_limits.items)));
        return;
    }
    if (!page.nextCursor) {
        finish(std::move(m_entries));
        return;
    }
    if (m_cursors.contains(*page.nextCursor)) {
        finish(fail(ErrorCode::DataLoss,
                    QStringLiteral("The pages of the server's %1 go round in a circle: a cursor came twice.").arg(what())));
        return;
    }
    if (m_pages >= m_limits.pages) {
        finish(
            fail(ErrorCode::TooLarge, QStringLiteral("The server's %1 has more than %2 pages.").arg(what()).arg(m_limits.pages)));
        return;
    }
    m_cursors.insert(*page.nextCursor);
    readPage(page.nextCursor);
}

void ListReader::finish(Result<std::vector<mcp::ListEntry>> entries)
{
    m_entries = {};
    if (std::exchange(m_again, false)) {
        start();
        return;
    }
    m_done(m_kind, std::move(entries));
}

QString ListReader::what() const
{
    return QString::fromLatin1(mcp::methodName(mcp::listMethod(m_kind)));
}

} // namespace oriel::upstream
