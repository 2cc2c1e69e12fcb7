// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/servers/server_list.h"

#include "ui/servers/server_text.h"
#include "ui/widgets/cells.h"
#include "ui/widgets/format.h"

#include <QPainter>

namespace oriel::ui {
namespace {

constexpr int side = 12;

Tone noteTone(const service::ServerSnapshot& server)
{
    switch (lampOf(server)) {
    case Lamp::Error:
        return Tone::Error;
    case Lamp::Warning:
        return Tone::Warning;
    default:
        return Tone::Neutral;
    }
}

QString spoken(const service::ServerSnapshot& server)
{
    return QStringLiteral("%1, %2, %3, %4 calls, %5 errors")
        .arg(server.config.name, lampWord(lampOf(server)), stateWords(server))
        .arg(server.calls)
        .arg(server.errors);
}

QVariant serverData(const service::ServerSnapshot& server, int role)
{
    switch (role) {
    case Qt::DisplayRole:
        return server.config.name;
    case Qt::AccessibleTextRole:
    case Qt::ToolTipRole:
        return spoken(server);
    case CellRole::Lamp:
        return int(lampOf(server));
    case CellRole::Note:
        return transportWord(server.config.transport) + QStringLiteral(" · ") +
               (server.refusesCalls() ? server.circuit.text : server.stateText);
    case CellRole::Tone:
        return int(noteTone(server));
    case CellRole::Dim:
        return server.state == service::ServerState::Disabled;
    case ServerListModel::CallsRole:
        return server.calls;
    case ServerListModel::ErrorsRole:
        return server.errors;
    default:
        return {};
    }
}

} // namespace

ServerListModel::ServerListModel(QObject* parent)
    : RowModel(
          {{QStringLiteral("name"), serverData}}, [](const service::ServerSnapshot& server) { return server.config.name; },
          parent)
{}

void ServerRow::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    QStyleOptionViewItem item = option;
    initStyleOption(&item, index);
    const Theme& theme = themeOf(option.widget);
    painter->save();
    painter->setLayoutDirection(Qt::LayoutDirectionAuto);
    paintCellBackground(*painter, item);
    painter->fillRect(QRect(option.rect.left(), option.rect.bottom(), option.rect.width(), 1), theme.line);
    const QRect box = option.rect.adjusted(side, 6, -side, -7);
    const int half = box.height() / 2;
    const auto placed = [&](const QRect& part) { return QStyle::visualRect(option.direction, box, part); };
    const auto text = [&](const QRect& part, const QFont& font, const QColor& color, Qt::Alignment alignment,
                          const QString& words) {
        painter->setFont(font);
        painter->setPen(color);
        painter->drawText(placed(part),
                          int(QStyle::visualAlignment(option.direction, alignment) | Qt::AlignVCenter) | Qt::TextSingleLine,
                          QFontMetrics(font).elidedText(words, Qt::ElideRight, part.width()));
    };
    paintLamp(*painter, placed(QRect(box.left(), box.top() + (half - 12) / 2, 12, 12)),
              static_cast<Lamp>(index.data(CellRole::Lamp).toInt()), theme);
    const auto calls = index.data(ServerListModel::CallsRole).toULongLong();
    const auto errors = index.data(ServerListModel::ErrorsRole).toULongLong();
    const QString callText = calls == 0 ? QString() : formatCompact(std::int64_t(calls)) + QStringLiteral(" calls");
    const QString errorText = errors == 0 ? QString() : QStringLiteral("✕ ") + formatCompact(std::int64_t(errors));
    const QFontMetrics numbers(fonts::caption());
    const int callRoom = callText.isEmpty() ? 0 : numbers.horizontalAdvance(callText) + 2;
    const int errorRoom = errorText.isEmpty() ? 0 : numbers.horizontalAdvance(errorText) + 2;
    const int left = box.left() + 20;
    const int width = box.right() - left + 1;
    const bool dim = index.data(CellRole::Dim).toBool();
    text({left, box.top(), width - callRoom - 8, half}, fonts::bodyMedium(), dim ? theme.dim : theme.text, Qt::AlignLeft,
         item.text);
    text({left + width - callRoom, box.top(), callRoom, half}, fonts::caption(), theme.dim, Qt::AlignRight, callText);
    const auto tone = static_cast<Tone>(index.data(CellRole::Tone).toInt());
    text({left, box.top() + half, width - errorRoom - 8, half}, fonts::caption(),
         tone == Tone::Neutral ? theme.dim : theme.toneText(tone), Qt::AlignLeft, index.data(CellRole::Note).toString());
    text({left + width - errorRoom, box.top() + half, errorRoom, half}, fonts::caption(), theme.toneText(Tone::Error),
         Qt::AlignRight, errorText);
    painter->restore();
}

QSize ServerRow::sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const
{
    return {240, height};
}

} // namespace oriel::ui
