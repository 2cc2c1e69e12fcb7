// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/limits_card.h"

#include "ui/theme/theme.h"
#include "ui/widgets/cells.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/format.h"

#include <QDateTime>

#include <algorithm>
#include <cmath>

namespace oriel::ui {
namespace {

using service::LimitSnapshot;
using Column = RowModel<LimitSnapshot>::Column;

/// From here on somebody should know.
constexpr double nearlyUsed = 0.8;

double share(const LimitSnapshot& limit)
{
    return limit.allowed > 0 ? limit.used / limit.allowed : 0;
}

QVariant used(const LimitSnapshot& limit, int role)
{
    switch (role) {
    case Qt::DisplayRole:
        return QStringLiteral("%1 of %2")
            .arg(formatCount(std::int64_t(std::ceil(limit.used))), formatCount(std::int64_t(std::ceil(limit.allowed))));
    case CellRole::Note:
        return formatPercent(share(limit));
    case CellRole::Tone:
        return int(share(limit) >= 1 ? Tone::Error : share(limit) >= nearlyUsed ? Tone::Warning : Tone::Neutral);
    default:
        return {};
    }
}

Column words(const QString& title, QString (*text)(const LimitSnapshot&), bool number = false)
{
    return {title, [text](const LimitSnapshot& limit, int role) { return role == Qt::DisplayRole ? text(limit) : QVariant(); },
            number};
}

QString limitWord(const LimitSnapshot& limit)
{
    static const std::pair<const char*, const char*> words[] = {
        {"callsPerSecond", "calls a second"}, {"callsPerHour", "calls an hour"}, {"callsPerDay", "calls a day"}};
    const auto known = std::find_if(std::begin(words), std::end(words),
                                    [&](const auto& word) { return limit.limit == QLatin1String(word.first); });
    return known != std::end(words) ? QLatin1String(known->second) : limit.limit;
}

QString anew(const LimitSnapshot& limit)
{
    return limit.resetsUnixNs == 0
               ? QString()
               : QDateTime::fromMSecsSinceEpoch(limit.resetsUnixNs / 1'000'000).toString(QStringLiteral("HH:mm"));
}

} // namespace

LimitsCard::LimitsCard(QWidget* parent) : Card(QStringLiteral("Limits"), parent)
{
    setHint(QStringLiteral("changed under \"limits\" in the configuration file"));
    m_limits = new RowModel<LimitSnapshot>(
        {words(QStringLiteral("name"), [](const LimitSnapshot& limit) { return limit.name; }),
         words(QStringLiteral("for"), [](const LimitSnapshot& limit) { return limit.scope; }),
         words(QStringLiteral("limit"), limitWord),
         {QStringLiteral("used"), used, false},
         words(QStringLiteral("anew at"), anew),
         words(
             QStringLiteral("refused"), [](const LimitSnapshot& limit) { return formatCount(std::int64_t(limit.refused)); },
             true)},
        [](const LimitSnapshot& limit) { return limit.scope + QLatin1Char('/') + limit.name + QLatin1Char('/') + limit.limit; },
        this);
    m_table = new DataTable(this);
    m_table->setModel(m_limits);
    m_table->setColumnWidths({0, 90, 140, 220, 90, 90});
    setBody(m_table);
    hide();
}

void LimitsCard::setLimits(const QList<LimitSnapshot>& limits)
{
    m_limits->setRows(limits);
    m_table->setFixedHeight(metrics::headerHeight + std::clamp(int(limits.size()), 1, 8) * metrics::rowHeight + 4);
    setVisible(!limits.isEmpty());
}

} // namespace oriel::ui
