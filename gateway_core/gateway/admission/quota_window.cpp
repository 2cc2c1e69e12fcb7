// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/admission/quota_window.h"

#include <QDateTime>

#include <algorithm>

namespace oriel::gateway {

namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kHourMs = 3'600'000;

} // namespace

void QuotaWindow::roll(std::int64_t nowUnixNs)
{
    if (nowUnixNs >= m_startNs && nowUnixNs < m_endNs)
        return;
    if (nowUnixNs >= m_endNs)
        m_calls = m_tokens = 0;
    setBounds(nowUnixNs);
}

void QuotaWindow::restore(std::int64_t startUnixNs, std::int64_t calls, std::int64_t tokens, std::int64_t nowUnixNs)
{
    roll(nowUnixNs);
    if (startUnixNs < m_startNs || startUnixNs >= m_endNs)
        return;
    m_calls = std::max(m_calls, calls);
    m_tokens = std::max(m_tokens, tokens);
}

void QuotaWindow::setBounds(std::int64_t nowUnixNs)
{
    const QDateTime now = QDateTime::fromMSecsSinceEpoch(nowUnixNs / kMs);
    if (m_length == Length::Day) {
        m_startNs = now.date().startOfDay().toMSecsSinceEpoch() * kMs;
        m_endNs = now.date().addDays(1).startOfDay().toMSecsSinceEpoch() * kMs;
        return;
    }
    // Counted back from now, because the hour of a change of the clocks comes twice.
    const int intoHourMs = now.time().msecsSinceStartOfDay() % static_cast<int>(kHourMs);
    m_startNs = (nowUnixNs / kMs - intoHourMs) * kMs;
    m_endNs = m_startNs + kHourMs * kMs;
}

} // namespace oriel::gateway
