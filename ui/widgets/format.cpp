// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/format.h"

#include <QDateTime>
#include <QLocale>

#include <algorithm>
#include <array>
#include <cmath>

namespace oriel::ui {
namespace {

constexpr QChar thinSpace(0x2009);

/// Up to three significant digits; whole numbers above that. `trim` drops zeros after the point.
QString significant(double value, bool trim)
{
    const double size = std::abs(value);
    int decimals = 0;
    if (size < 0.9995)
        decimals = size == 0 ? 0 : std::clamp(2 - static_cast<int>(std::floor(std::log10(size))), 2, 6);
    else if (size < 9.995)
        decimals = 2;
    else if (size < 99.95)
        decimals = 1;
    QString text = QString::number(value, 'f', decimals);
    if (trim && text.contains(QLatin1Char('.'))) {
        while (text.endsWith(QLatin1Char('0')))
            text.chop(1);
        if (text.endsWith(QLatin1Char('.')))
            text.chop(1);
    }
    return text;
}

QString durationText(std::int64_t ns, bool trim)
{
    if (ns < 0)
        return QStringLiteral("-") + durationText(ns == INT64_MIN ? INT64_MAX : -ns, trim);
    const double value = static_cast<double>(ns);
    if (ns == 0)
        return trim ? QStringLiteral("0") : QStringLiteral("0 ns");
    if (ns < 1'000)
        return QStringLiteral("%1 ns").arg(ns);
    if (value < 999.5e3)
        return QStringLiteral("%1 µs").arg(std::lround(value / 1e3));
    if (value < 999.5e6)
        return QStringLiteral("%1 ms").arg(significant(value / 1e6, trim));
    if (value < 59.95e9)
        return QStringLiteral("%1 s").arg(significant(value / 1e9, trim));
    const std::int64_t seconds = std::llround(value / 1e9);
    if (seconds < 3600) {
        const QString minutes = QStringLiteral("%1 min").arg(seconds / 60);
        return trim && seconds % 60 == 0 ? minutes : minutes + QStringLiteral(" %1 s").arg(seconds % 60, 2, 10, QLatin1Char('0'));
    }
    const std::int64_t minutes = seconds / 60;
    if (minutes < 48 * 60) {
        const QString hours = QStringLiteral("%1 h").arg(minutes / 60);
        return trim && minutes % 60 == 0 ? hours : hours + QStringLiteral(" %1 min").arg(minutes % 60, 2, 10, QLatin1Char('0'));
    }
    return QStringLiteral("%1 d %2 h").arg(minutes / (24 * 60)).arg(minutes / 60 % 24);
}

QDateTime localTime(std::int64_t unixNs)
{
    // Towards the past also before 1970, so that the milliseconds never round up into the next second.
    std::int64_t ms = unixNs / 1'000'000;
    if (unixNs % 1'000'000 < 0)
        --ms;
    return QDateTime::fromMSecsSinceEpoch(ms);
}

} // namespace

QString formatDuration(std::int64_t ns)
{
    return durationText(ns, false);
}

QString formatDurationTick(std::int64_t ns)
{
    return durationText(ns, true);
}

QString formatCount(std::int64_t count)
{
    QString digits = QString::number(count);
    const qsizetype first = digits.startsWith(QLatin1Char('-')) ? 1 : 0;
    for (qsizetype at = digits.size() - 3; at > first; at -= 3)
        digits.insert(at, thinSpace);
    return digits;
}

QString formatCompact(std::int64_t count)
{
    const double value = static_cast<double>(count);
    const double size = std::abs(value);
    if (size < 1000)
        return QString::number(count);
    if (size < 999.5e3)
        return significant(value / 1e3, true) + QStringLiteral(" k");
    if (size < 999.5e6)
        return significant(value / 1e6, true) + QStringLiteral(" M");
    return significant(value / 1e9, true) + QStringLiteral(" G");
}

QString formatNumber(double value)
{
    if (std::isnan(value))
        return QStringLiteral("–");
    if (std::isinf(value))
        return value > 0 ? QStringLiteral("∞") : QStringLiteral("-∞");
    if (std::abs(value) >= 999.5 && std::abs(value) < 9e15)
        return formatCount(std::llround(value));
    return significant(value, true);
}

QString formatRate(double perSecond)
{
    return formatNumber(perSecond) + QStringLiteral("/s");
}

QString formatPercent(double share)
{
    if (!std::isfinite(share))
        return QStringLiteral("–");
    const double percent = share * 100;
    if (percent == 100)
        return QStringLiteral("100 %");
    if (percent == 0)
        return QStringLiteral("0 %");
    // Never rounded up to a whole that was not reached.
    const double shown = percent < 100 && percent > 99.9 ? std::floor(percent * 100) / 100 : percent;
    if (shown > 99.9 && shown < 100)
        return QStringLiteral("%1 %").arg(QString::number(shown, 'f', 2));
    return QStringLiteral("%1 %").arg(significant(shown, true));
}

QString formatBytes(std::uint64_t bytes)
{
    static constexpr std::array<const char*, 5> units{"KiB", "MiB", "GiB", "TiB", "PiB"};
    if (bytes < 1024)
        return QStringLiteral("%1 B").arg(bytes);
    double value = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    while (value >= 1023.5 && unit + 1 < units.size()) {
        value /= 1024;
        ++unit;
    }
    return QStringLiteral("%1 %2").arg(significant(value, true), QString::fromLatin1(units[unit]));
}

QString formatTime(std::int64_t unixNs)
{
    return localTime(unixNs).toString(QStringLiteral("HH:mm:ss.zzz"));
}

QString formatClock(std::int64_t unixNs)
{
    return localTime(unixNs).toString(QStringLiteral("HH:mm:ss"));
}

QString formatDateTime(std::int64_t unixNs)
{
    return localTime(unixNs).toString(QStringLiteral("yyyy-MM-dd HH:mm:ss.zzz"));
}

QString formatElapsed(std::int64_t ns)
{
    const std::int64_t seconds = std::max<std::int64_t>(0, ns / 1'000'000'000);
    if (seconds < 60)
        return QStringLiteral("%1 s").arg(seconds);
    if (seconds < 3600)
        return QStringLiteral("%1 min").arg(seconds / 60);
    if (seconds < 48 * 3600)
        return QStringLiteral("%1 h").arg(seconds / 3600);
    return QStringLiteral("%1 d").arg(seconds / 86400);
}

QString formatAge(std::int64_t ns)
{
    constexpr std::int64_t soon = 2'000'000'000;
    return ns < soon ? QStringLiteral("just now") : formatElapsed(ns) + QStringLiteral(" ago");
}

QString shortId(const QString& id, int characters)
{
    return id.left(std::max(1, characters));
}

} // namespace oriel::ui
