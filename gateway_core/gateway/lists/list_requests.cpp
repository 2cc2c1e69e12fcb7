// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/lists/list_requests.h"

#include "gateway/connections/federation.h"
#include "mcp/errors.h"
#include "telemetry/metrics.h"

namespace oriel::gateway {

using telemetry::Outcome;
using telemetry::Stage;

namespace {

constexpr std::size_t slotOf(Stage stage)
{
    return static_cast<std::size_t>(stage);
}

/// How long a list waits for servers that are starting, before it answers with what is there.
constexpr int kListWaitMs = 15'000;

QByteArrayView listMetricName(mcp::ListKind kind)
{
    return kind == mcp::ListKind::Tools ? QByteArrayView("tools") : QByteArrayView();
}

} // namespace

struct ListRequests::Waiting {
    downstream::Incoming incoming;
    telemetry::CallRecord record;
    mcp::ListKind kind;
    bool missed = false; ///< some server has not listed yet
    std::int64_t beganNs = 0;
};

ListRequests::ListRequests(const GatewayContext& context, Answers& answers, ConnectionPool& pool)
    : m_context(context),
      m_answers(answers),
      m_pool(pool)
{
    m_deadline.setSingleShot(true);
    m_deadline.callOnTimeout([this] { answerAll(); });
}

ListRequests::~ListRequests() = default;

void ListRequests::serve(downstream::Incoming&& incoming, telemetry::CallRecord&& record, mcp::ListKind kind)
{
    const int view = m_pool.viewOf(*incoming.session);
    if (view >= 0)
        record.routedServer = m_pool.shared(view).context();
    auto waiting = std::make_unique<Waiting>(Waiting{std::move(incoming), std::move(record), kind});
    waiting->beganNs = m_context.now();
    for (std::size_t i = 0; i < m_pool.shared().size(); ++i) {
        if (!ConnectionPool::isInView(view, i))
            continue;
        const auto used = m_pool.use(waiting->incoming.session, static_cast<int>(i));
        if (!used)
            continue; // the list has what the server offers everybody
        upstream::ServerConnection& connection = **used;
        if (connection.state() == upstream::ServerState::Stopped)
            connection.start();
        connection.refreshStale(kind);
        waiting->missed = waiting->missed || !connection.isListed(kind);
    }
    if (!listMetricName(kind).isEmpty())
        m_context.recorder.recordMetric(waiting->missed ? telemetry::MetricId::CacheMisses : telemetry::MetricId::CacheHits,
                                        {listMetricName(kind).toByteArray()}, 1);
    m_waiting.push_back(std::move(waiting));
    answerReady();
    if (!m_waiting.empty() && !m_deadline.isActive())
        m_deadline.start(kListWaitMs);
}

/// The server is on its way to tell what it has.
bool ListRequests::isComing(const Waiting& waiting, int server) const
{
    const upstream::ServerConnection* connection = m_pool.connectionOf(*waiting.incoming.session, server);
    if (connection == nullptr)
        return false;
    switch (connection->state()) {
    case upstream::ServerState::Starting:
    case upstream::ServerState::Handshaking:
    case upstream::ServerState::Listing:
        return !connection->isListed(waiting.kind);
    default:
        return false;
    }
}

bool ListRequests::isReady(const Waiting& waiting) const
{
    if (!m_isConfigured)
        return false;
    // Two Oriels that are each other's server would wait for each other; what comes later is announced.
    if (federation::isPeer(*waiting.incoming.session->client))
        return true;
    const int view = m_pool.viewOf(*waiting.incoming.session);
    for (std::size_t i = 0; i < m_pool.shared().size(); ++i) {
        if (ConnectionPool::isInView(view, i) && isComing(waiting, static_cast<int>(i)))
            return false;
    }
    return true;
}

void ListRequests::answer(bool overdue)
{
    std::vector<std::unique_ptr<Waiting>> ready;
    std::erase_if(m_waiting, [&](std::unique_ptr<Waiting>& waiting) {
        if (!overdue && !isReady(*waiting))
            return false;
        ready.push_back(std::move(waiting));
        return true;
    });
    for (const auto& waiting : ready)
        answerOne(*waiting);
    if (m_waiting.empty())
        m_deadline.stop();
}

void ListRequests::answerOne(Waiting& waiting)
{
    const std::int64_t before = m_context.now();
    std::optional<QByteArray> cursor;
    if (waiting.incoming.message.has(mcp::Field::ParamsCursor))
        cursor = waiting.incoming.message.text(mcp::Field::ParamsCursor);
    const downstream::Session& session = *waiting.incoming.session;
    const auto result = m_pool.catalogueOf(session).list(waiting.kind, m_pool.viewOf(session), cursor, session.revision);
    telemetry::CallRecord& record = waiting.record;
    const std::int64_t start = waiting.incoming.startNs;
    if (waiting.missed)
        record.stages[slotOf(Stage::Discover)] = {waiting.beganNs - start, before - waiting.beganNs};
    record.stages[slotOf(Stage::CacheGet)] = {before - start, m_context.now() - before};
    if (!result) {
        m_answers.sendError(waiting.incoming, record, Outcome::Rejected, mcp::error_code::InvalidParams,
                            "Invalid params: " + result.error().message.toUtf8());
        return;
    }
    m_answers.sendResult(waiting.incoming, record, *result);
}

void ListRequests::endSession(const downstream::Session& session)
{
    std::erase_if(m_waiting, [&](const auto& waiting) {
        if (waiting->incoming.session.get() != &session)
            return false;
        Answers::endUnanswered(waiting->incoming, "The session was ended.");
        return true;
    });
}

void ListRequests::drop(const downstream::Reply& reply)
{
    std::erase_if(m_waiting, [&](const auto& waiting) { return waiting->incoming.reply.get() == &reply; });
}

bool ListRequests::isWaiting(const downstream::Session& session) const
{
    return std::any_of(m_waiting.cbegin(), m_waiting.cend(),
                       [&](const auto& waiting) { return waiting->incoming.session.get() == &session; });
}

} // namespace oriel::gateway
