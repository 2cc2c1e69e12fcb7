// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/time_range.h"

#include "ui/widgets/format.h"

#include <QDateTime>
#include <QStringList>

namespace oriel::ui {
namespace {
constexpr std::int64_t secondNs = 1'000'000'000;
constexpr std::int64_t minuteNs = 60 * secondNs;
constexpr std::int64_t hourNs = 60 * minuteNs;
} // namespace

std::int64_t TimeRange::beginNs(std::int64_t nowNs) const
{
    switch (kind) {
    case Kind::Last:
        return nowNs - spanNs;
    case Kind::Fixed:
        return fromNs;
    case Kind::All:
        break;
    }
    return 0;
}

std::int64_t TimeRange::endNs(std::int64_t nowNs) const
{
    return kind == Kind::Fixed ? toNs : nowNs;
}

QString TimeRange::label() const
{
    switch (kind) {
    case Kind::Last:
        return QStringLiteral("Last %1").arg(formatDurationTick(spanNs));
    case Kind::All:
        return QStringLiteral("All time");
    case Kind::Fixed:
        break;
    }
    const QDateTime from = QDateTime::fromMSecsSinceEpoch(fromNs / 1'000'000);
    const QDateTime to = QDateTime::fromMSecsSinceEpoch(toNs / 1'000'000);
    const bool fine = toNs - fromNs < 2 * minuteNs;
    const QString clock = fine ? QStringLiteral("HH:mm:ss") : QStringLiteral("HH:mm");
    const QString dated = QStringLiteral("MMM d ") + clock;
    const bool sameDay = from.date() == to.date();
    const bool today = sameDay && to.date() == QDate::currentDate();
    return QStringLiteral("%1 – %2").arg(from.toString(today ? clock : dated), to.toString(sameDay ? clock : dated));
}

QString TimeRange::phrase() const
{
    switch (kind) {
    case Kind::Last:
        return QStringLiteral(" in the last %1").arg(formatDurationTick(spanNs));
    case Kind::Fixed:
        return QStringLiteral(", %1").arg(label());
    case Kind::All:
        break;
    }
    return {};
}

QString TimeRange::token() const
{
    switch (kind) {
    case Kind::Last:
        return QStringLiteral("last:%1").arg(spanNs / secondNs);
    case Kind::All:
        return QStringLiteral("all");
    case Kind::Fixed:
        break;
    }
    return QStringLiteral("fixed:%1:%2").arg(fromNs).arg(toNs);
}

TimeRange TimeRange::fromToken(const QString& token)
{
    const QStringList parts = token.split(QLatin1Char(':'));
    bool ok = false;
    if (parts.size() == 1 && parts[0] == QLatin1StringView("all"))
        return all();
    if (parts.size() == 2 && parts[0] == QLatin1StringView("last")) {
        const qint64 seconds = parts[1].toLongLong(&ok);
        if (ok && seconds > 0 && seconds <= 10LL * 366 * 86400)
            return last(seconds * secondNs);
    }
    if (parts.size() == 3 && parts[0] == QLatin1StringView("fixed")) {
        bool okTo = false;
        const qint64 from = parts[1].toLongLong(&ok);
        const qint64 to = parts[2].toLongLong(&okTo);
        if (ok && okTo && from >= 0 && to > from)
            return fixed(from, to);
    }
    return {};
}

QList<TimeRange> TimeRange::presets()
{
    return {last(5 * minuteNs), last(15 * minuteNs), last(hourNs), last(6 * hourNs), last(24 * hourNs), all()};
}

} // namespace oriel::ui
