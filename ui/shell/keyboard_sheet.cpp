// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/keyboard_sheet.h"

#include "ui/theme/theme.h"
#include "ui/widgets/chip.h"
#include "ui/widgets/text_label.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QPainter>
#include <QVBoxLayout>

namespace oriel::ui {

KeyboardSheet::KeyboardSheet(const QList<Group>& groups, QWidget* parent) : QDialog(parent)
{
    setWindowTitle(QStringLiteral("Keyboard"));
    auto* whole = new QVBoxLayout(this);
    whole->setContentsMargins(24, 20, 24, 22);
    whole->setSpacing(metrics::space3);
    whole->addWidget(new TextLabel(QStringLiteral("Keyboard"), TextLabel::Role::Title, this));
    auto* columns = new QHBoxLayout;
    columns->setSpacing(40);
    whole->addLayout(columns);
    for (const Group& group : groups) {
        if (group.lines.isEmpty())
            continue;
        auto* column = new QVBoxLayout;
        column->setSpacing(metrics::space2);
        column->addWidget(new TextLabel(group.title, TextLabel::Role::Caption, this));
        auto* grid = new QGridLayout;
        grid->setHorizontalSpacing(metrics::space3);
        grid->setVerticalSpacing(6);
        int row = 0;
        for (const auto& [keys, words] : group.lines) {
            grid->addWidget(new TextLabel(words, TextLabel::Role::Body, this), row, 0);
            auto* chip = new Chip(keys, Tone::Neutral, this);
            chip->setMono(true);
            grid->addWidget(chip, row, 1, Qt::AlignRight);
            ++row;
        }
        column->addLayout(grid);
        column->addStretch(1);
        columns->addLayout(column);
    }
}

KeyboardSheet::Group KeyboardSheet::groupOf(const QString& title, const QList<QAction*>& commands)
{
    Group group{title, {}};
    for (const QAction* action : commands) {
        if (!action->shortcut().isEmpty() && !action->text().isEmpty() && action->isVisible())
            group.lines.append(
                {action->shortcut().toString(QKeySequence::NativeText), QString(action->text()).remove(QLatin1Char('&'))});
    }
    return group;
}

KeyboardSheet::Group KeyboardSheet::commonKeys()
{
    return {QStringLiteral("Lists and panes"),
            {{QStringLiteral("↑ ↓  j k"), QStringLiteral("Move through a list")},
             {QStringLiteral("Enter"), QStringLiteral("Open the row")},
             {QStringLiteral("Home End"), QStringLiteral("First, last row")},
             {QStringLiteral("Ctrl+C"), QStringLiteral("Copy the chosen rows")},
             {QStringLiteral("Menu"), QStringLiteral("Filter in, filter out, copy")},
             {QStringLiteral("Tab"), QStringLiteral("Next pane")},
             {QStringLiteral("Alt+← →"), QStringLiteral("Earlier, later filter")},
             {QStringLiteral("Esc"), QStringLiteral("Clear, close")}}};
}

void KeyboardSheet::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setLayoutDirection(Qt::LayoutDirectionAuto);
    painter.fillRect(rect(), themeOf(this).panel);
}

} // namespace oriel::ui
