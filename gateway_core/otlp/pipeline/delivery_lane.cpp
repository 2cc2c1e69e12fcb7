// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/pipeline/delivery_lane.h"

#include "base/clock.h"
#include "base/random.h"
#include "otlp/pipeline/clock_window.h"
#include "otlp/pipeline/export_counters.h"

#include <QDateTime>

#include <algorithm>

namespace oriel::otlp {

using std::chrono::milliseconds;

namespace {

/// A record is halved for malformed items this often; what is left then stands or falls as it is.
constexpr int kMaxBisections = 48;
/// OTLP lets nobody send more (specification, OTLP/HTTP request).
constexpr qsizetype kMaxOtlpRequestBytes = 64LL * 1024 * 1024;
constexpr int kMaxDoublings = 20;

/// gRPC says RESOURCE_EXHAUSTED of a message that is too large and of a quota that is used up. No backend's limit is below this
/// size, and so many halvings in a row bring any request there.
constexpr qsizetype kNeverTooLargeBytes = 64LL * 1024;
constexpr int kMaxSizeHalvings = 12;
/// So many single items that are too large are sent all the same: what was remembered might be wrong.
constexpr int kLargeItemsSent = 4;

// HTTP statuses and gRPC codes do not overlap.
constexpr int kGrpcResourceExhausted = 8;
bool isTooLarge(int code)
{
    constexpr int kHttpContentTooLarge = 413;
    return code == kHttpContentTooLarge || code == kGrpcResourceExhausted;
}
bool isMalformed(int code)
{
    constexpr int kHttpBadRequest = 400;
    constexpr int kHttpUnprocessable = 422;
    constexpr int kGrpcInvalidArgument = 3;
    return code == kHttpBadRequest || code == kHttpUnprocessable || code == kGrpcInvalidArgument;
}

QString itemsAre(std::uint32_t items)
{
    return items == 1 ? QStringLiteral("1 item is") : QStringLiteral("%1 items are").arg(items);
}

} // namespace

DeliveryLane::DeliveryLane(Signal signal, LaneHome& home, const RetryPolicy& policy, const Clock& clock, Random& random)
    : m_signal(signal),
      m_home(home),
      m_policy(policy),
      m_clock(clock),
      m_random(random),
      m_sizes(clock)
{
    m_timer.setSingleShot(true);
    QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] {
        pump();
        m_home.laneChanged();
    });
}

bool DeliveryLane::isBusy() const
{
    return m_carrier != nullptr || (m_home.carrier() != nullptr && !m_isMisaddressed && !m_timer.isActive() &&
                                    (m_fetching || m_mayWait || !m_pieces.empty()));
}

void DeliveryLane::pump()
{
    if (m_isMisaddressed || m_timer.isActive() || m_carrier || m_fetching || m_home.carrier() == nullptr)
        return;
    if (!m_pieces.empty())
        return send();
    if (m_mayWait) {
        m_mayWait = false;
        m_fetching = true;
        m_home.fetch(m_signal);
    }
}

void DeliveryLane::fetched(std::optional<Batch> batch)
{
    m_fetching = false;
    if (batch) {
        m_mayWait = true;
        m_pieces.push_back(std::move(*batch));
        m_whole = true;
        if (m_isMisaddressed || m_home.carrier() == nullptr)
            letGo();
    }
    pump();
    m_home.laneChanged();
}

void DeliveryLane::letGo()
{
    if (!m_whole)
        return;
    m_pieces.clear();
    m_mayWait = true;
    m_home.release(m_signal);
}

void DeliveryLane::retryNow()
{
    m_timer.stop();
    m_isOutdated = m_carrier != nullptr;
    m_isMisaddressed = false;
    m_sizes.forget();
    m_failures = 0;
    m_probe = milliseconds(0);
    pump();
}

void DeliveryLane::send()
{
    while (!m_pieces.empty()) {
        const RequestForm form = m_home.form(m_signal);
        if (form.maxAhead.count() > 0 && putAsideByClock(form.maxAhead)) {
            if (m_timer.isActive())
                return;
            continue;
        }
        const Batch& piece = m_pieces.front();
        const config::RequestLimits limits = m_home.limits(m_signal);
        if (piece.items > static_cast<std::uint32_t>(limits.items) && split())
            continue;
        const auto request = deriveRequest(piece, form);
        if (!request) {
            const bool isTooLarge = request.error().code == ErrorCode::TooLarge;
            if (isTooLarge && split())
                continue;
            giveUp(request.error().toString(), isTooLarge ? QByteArrayLiteral("too_large") : QByteArrayLiteral("unreadable"));
            continue;
        }
        if (request->size() > limits.rawBytes && split())
            continue;
        if (request->size() > kMaxOtlpRequestBytes) {
            giveUp(QStringLiteral("a single item of %1 bytes is more than OTLP lets anybody send").arg(request->size()),
                   QByteArrayLiteral("too_large"));
            continue;
        }
        if (m_sizes.isTooLarge(request->size())) {
            if (split())
                continue;
            if (m_largeItems >= kLargeItemsSent) {
                giveUp(QStringLiteral("a single item of %1 bytes was not sent: the backend refused smaller ones as too large")
                           .arg(request->size()),
                       QByteArrayLiteral("too_large"));
                continue;
            }
        }
        m_sentBytes = request->size();
        m_carrier = m_home.carrier();
        m_isOutdated = false;
        m_home.requestBegan(m_signal, piece.items);
        m_carrier->exportBatch(m_signal, *request, [this](const ExportOutcome& outcome) { finished(outcome); });
        return;
    }
    pump();
}

bool DeliveryLane::putAsideByClock(std::chrono::hours ahead)
{
    ClockParts parts = byClock(m_pieces.front(), ahead, m_clock.unixNs());
    if (parts.early.empty() && parts.wrong.empty())
        return false;
    if (parts.due.empty() && parts.wrong.empty()) {
        waitForClock(parts.early.front(), ahead, parts.dueUnixNs);
        return true;
    }
    m_pieces.pop_front();
    m_pieces.insert(m_pieces.end(), parts.early.begin(), parts.early.end());
    m_pieces.insert(m_pieces.begin(), parts.due.begin(), parts.due.end());
    if (!parts.wrong.empty()) {
        m_pieces.push_front(std::move(parts.wrong.front()));
        giveUp(QStringLiteral("%1 more than %2 h ahead of this machine's clock and the backend takes %3 h; set the clock of the "
                              "program that sent it")
                   .arg(itemsAre(m_pieces.front().items))
                   .arg((ahead + ClockParts::kPatience).count())
                   .arg(ahead.count()),
               QByteArrayLiteral("clock_ahead"));
    }
    return true;
}

void DeliveryLane::waitForClock(const Batch& early, std::chrono::hours ahead, std::int64_t dueUnixNs)
{
    // A clock that is set right in the meantime is noticed.
    constexpr milliseconds kLookAgain = std::chrono::minutes(5);
    constexpr std::int64_t kNsPerMs = 1'000'000;
    const milliseconds wait((dueUnixNs - m_clock.unixNs()) / kNsPerMs + 1);
    m_nextTryUnixNs = dueUnixNs;
    m_timer.start(std::clamp(wait, milliseconds(1), kLookAgain));
    m_home.noteError(
        m_signal,
        QStringLiteral("%1 more than %2 h ahead of this machine's clock, which the backend does not take; waiting until %3")
            .arg(itemsAre(early.items))
            .arg(ahead.count())
            .arg(QDateTime::fromMSecsSinceEpoch(dueUnixNs / kNsPerMs).toString(Qt::ISODate)));
    letGo();
}

void DeliveryLane::finished(const ExportOutcome& outcome)
{
    m_home.releaseLater(std::exchange(m_carrier, nullptr));
    m_home.requestEnded(m_signal, outcome);
    using Kind = ExportOutcome::Kind;
    const Kind kind = isQuotaUsedUp(outcome) ? Kind::Retryable : outcome.kind;
    if (kind != Kind::Retryable) {
        m_failures = 0;
        m_probe = milliseconds(0);
    }
    const bool isTaken = kind == Kind::Success || kind == Kind::PartialSuccess;
    if (!isTaken)
        m_home.noteError(m_signal, outcome.message);
    if (isTaken)
        accepted(outcome);
    else if (m_isOutdated)
        letGo();
    else
        notTaken(outcome, kind);
    pump();
    m_home.laneChanged();
}

void DeliveryLane::notTaken(const ExportOutcome& outcome, ExportOutcome::Kind kind)
{
    using Kind = ExportOutcome::Kind;
    switch (kind) {
    case Kind::Success:
    case Kind::PartialSuccess:
        break;
    case Kind::Retryable:
        waitToRetry(outcome);
        break;
    case Kind::Unauthenticated:
        letGo();
        m_home.credentialsRefused();
        break;
    case Kind::Misaddressed:
        if (!m_home.wants(m_signal)) {
            refused(outcome);
            break;
        }
        letGo();
        m_isMisaddressed = true;
        break;
    case Kind::Permanent:
        refused(outcome);
        break;
    }
}

bool DeliveryLane::isQuotaUsedUp(const ExportOutcome& outcome) const
{
    return outcome.kind == ExportOutcome::Kind::Permanent && outcome.code == kGrpcResourceExhausted &&
           (m_pieces.front().request.size() <= kNeverTooLargeBytes || m_sizeHalvings >= kMaxSizeHalvings);
}

void DeliveryLane::accepted(const ExportOutcome& outcome)
{
    m_sizeHalvings = 0;
    m_largeItems = 0;
    m_sizes.accept(m_sentBytes);
    // That a smaller one is taken shows that the size was meant.
    if (const qint64 doubted = std::exchange(m_doubtedBytes, 0); doubted > m_sentBytes)
        m_sizes.refuse(doubted);
    const std::uint64_t items = m_pieces.front().items;
    const std::uint64_t rejected = std::min(items, static_cast<std::uint64_t>(std::max<std::int64_t>(outcome.rejected, 0)));
    m_answer.sent += items - rejected;
    m_answer.rejected += rejected;
    m_home.itemsEnded(m_signal, items - rejected, {});
    m_home.itemsEnded(m_signal, rejected, QByteArrayLiteral("rejected"));
    m_home.noteSuccess(m_signal);
    if (outcome.kind == ExportOutcome::Kind::PartialSuccess)
        m_home.noteError(m_signal, outcome.message);
    pieceDone();
}

void DeliveryLane::refused(const ExportOutcome& outcome)
{
    if (isTooLarge(outcome.code)) {
        if (outcome.code == kGrpcResourceExhausted)
            m_doubtedBytes = m_sentBytes;
        else
            m_sizes.refuse(m_sentBytes);
        if (split()) {
            m_whole = false;
            ++m_sizeHalvings;
            return;
        }
        ++m_largeItems;
    }
    if (isMalformed(outcome.code) && m_bisections < kMaxBisections && split()) {
        m_whole = false;
        ++m_bisections;
        return;
    }
    giveUp(outcome.message, errorTypeOf(outcome));
}

bool DeliveryLane::split()
{
    std::vector<Batch> parts = halves(m_pieces.front());
    if (parts.empty())
        return false;
    m_pieces.pop_front();
    m_pieces.insert(m_pieces.begin(), std::make_move_iterator(parts.begin()), std::make_move_iterator(parts.end()));
    return true;
}

void DeliveryLane::giveUp(const QString& reason, const QByteArray& errorType)
{
    m_answer.refused += m_pieces.front().items;
    m_home.itemsEnded(m_signal, m_pieces.front().items, errorType);
    m_home.noteError(m_signal, reason);
    m_home.keepDeadLetter(m_pieces.front(), reason);
    pieceDone();
}

void DeliveryLane::pieceDone()
{
    m_pieces.pop_front();
    m_whole = false;
    if (!m_pieces.empty())
        return;
    m_home.answer(m_signal, std::exchange(m_answer, {}));
    m_bisections = 0;
    m_sizeHalvings = 0;
    m_largeItems = 0;
    m_doubtedBytes = 0;
    m_mayWait = true;
}

void DeliveryLane::waitToRetry(const ExportOutcome& outcome)
{
    ++m_failures;
    milliseconds wait(0);
    if (m_failures >= m_policy.circuitFailures) {
        m_probe = m_probe.count() == 0 ? m_policy.probe : std::min(2 * m_probe, m_policy.maximumProbe);
        wait = m_probe;
    } else if (!outcome.retryAfter) {
        const auto doublings = static_cast<unsigned>(std::min(m_failures - 1, kMaxDoublings));
        const auto ceiling = std::max<std::int64_t>(1, std::min(m_policy.maximum.count(), m_policy.initial.count() << doublings));
        // Any moment up to the ceiling, so that many clients of one backend do not come back together.
        wait = milliseconds(1 + static_cast<std::int64_t>(m_random.next64() % static_cast<std::uint64_t>(ceiling)));
    }
    if (outcome.retryAfter)
        wait = std::max(wait, std::min(*outcome.retryAfter, m_policy.maximumRetryAfter));
    wait = std::max(wait, milliseconds(1));
    m_nextTryUnixNs = m_clock.unixNs() + wait.count() * 1'000'000;
    m_timer.start(wait);
    letGo();
}

} // namespace oriel::otlp
