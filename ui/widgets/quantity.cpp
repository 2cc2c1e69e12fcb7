// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/quantity.h"

#include <array>
#include <cmath>
#include <iterator>

namespace oriel::ui {
namespace {

struct Split {
    double number = 0;
    QString unit;
};

std::optional<Split> split(const QString& text)
{
    const QString trimmed = text.trimmed();
    qsizetype end = 0;
    while (end < trimmed.size() && (trimmed[end].isDigit() || trimmed[end] == QLatin1Char('.')))
        ++end;
    bool ok = false;
    const double number = trimmed.first(end).toDouble(&ok);
    if (!ok || !std::isfinite(number))
        return std::nullopt;
    return Split{number, trimmed.mid(end).trimmed().toLower()};
}

} // namespace

std::optional<std::chrono::milliseconds> parseDuration(const QString& text)
{
    const std::optional<Split> parts = split(text);
    if (!parts)
        return std::nullopt;
    constexpr double year = 366.0 * 24 * 3600 * 1000;
    struct Unit {
        const char16_t* names;
        double milliseconds;
    };
    static constexpr std::array units{Unit{u"|s|sec|second|seconds|", 1000}, Unit{u"ms|millisecond|milliseconds|", 1},
                                      Unit{u"min|m|minute|minutes|", 60'000}, Unit{u"h|hour|hours|", 3'600'000},
                                      Unit{u"d|day|days|", 24.0 * 3600 * 1000}};
    for (const Unit& unit : units) {
        if (!QStringView(unit.names).toString().split(QLatin1Char('|')).contains(parts->unit) ||
            (parts->unit.isEmpty() && unit.milliseconds != 1000))
            continue;
        const double total = parts->number * unit.milliseconds;
        if (total > year)
            return std::nullopt;
        return std::chrono::milliseconds(std::llround(total));
    }
    return std::nullopt;
}

QString durationText(std::chrono::milliseconds duration)
{
    const qint64 ms = duration.count();
    if (ms != 0 && ms % 3'600'000 == 0)
        return QStringLiteral("%1 h").arg(ms / 3'600'000);
    if (ms != 0 && ms % 60'000 == 0)
        return QStringLiteral("%1 min").arg(ms / 60'000);
    if (ms % 1000 == 0)
        return QStringLiteral("%1 s").arg(ms / 1000);
    return QStringLiteral("%1 ms").arg(ms);
}

std::optional<std::int64_t> parseBytes(const QString& text)
{
    const std::optional<Split> parts = split(text);
    if (!parts)
        return std::nullopt;
    QString unit = parts->unit;
    if (unit.endsWith(QLatin1String("ib")))
        unit.chop(2);
    else if (unit.endsWith(QLatin1Char('b')))
        unit.chop(1);
    static const QString letters = QStringLiteral("kmgt");
    const qsizetype power = unit.isEmpty() ? 0 : unit.size() == 1 ? letters.indexOf(unit) + 1 : 0;
    if (!unit.isEmpty() && power == 0)
        return std::nullopt;
    const double total = parts->number * std::pow(1024.0, double(power));
    if (total > 9e15)
        return std::nullopt;
    return std::llround(total);
}

QString bytesText(std::int64_t bytes)
{
    static constexpr std::array<const char*, 5> units{"B", "KiB", "MiB", "GiB", "TiB"};
    std::size_t unit = 0;
    while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < units.size()) {
        bytes /= 1024;
        ++unit;
    }
    return QStringLiteral("%1 %2").arg(bytes).arg(QLatin1String(units[unit]));
}

} // namespace oriel::ui
