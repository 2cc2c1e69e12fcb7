// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/time_range_button.h"

#include "ui/theme/icons.h"
#include "ui/theme/theme.h"
#include "ui/widgets/dialog.h"
#include "ui/widgets/text_label.h"

#include <QDateTimeEdit>
#include <QFormLayout>
#include <QMenu>
#include <QVBoxLayout>

namespace oriel::ui {

TimeRangeButton::TimeRangeButton(QWidget* parent) : QPushButton(parent)
{
    setText(m_range.label());
    setToolTip(QStringLiteral("Time range of every section"));
    auto* menu = new QMenu(this);
    setMenu(menu);
    connect(menu, &QMenu::aboutToShow, this, &TimeRangeButton::fillMenu);
    fillMenu();
}

void TimeRangeButton::setRange(const TimeRange& range)
{
    if (range == m_range)
        return;
    m_range = range;
    setText(range.label());
    Q_EMIT rangeChanged(range);
}

void TimeRangeButton::fillMenu()
{
    menu()->clear();
    for (const TimeRange& preset : TimeRange::presets()) {
        QAction* action = menu()->addAction(preset.label());
        action->setCheckable(true);
        action->setChecked(preset == m_range);
        connect(action, &QAction::triggered, this, [this, preset] { setRange(preset); });
    }
    menu()->addSeparator();
    connect(menu()->addAction(themedIcon(IconName::Clock), QStringLiteral("From … to …")), &QAction::triggered, this,
            &TimeRangeButton::askForEnds);
}

void TimeRangeButton::askForEnds()
{
    auto* dialog = new Dialog(QStringLiteral("Time range"), window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setSentence(QStringLiteral("Everything shown lies between these two times, in local time."));
    auto* form = new QFormLayout;
    form->setHorizontalSpacing(metrics::space3);
    const std::int64_t now = QDateTime::currentMSecsSinceEpoch() * 1'000'000;
    const auto field = [&](std::int64_t at) {
        auto* edit = new QDateTimeEdit(QDateTime::fromMSecsSinceEpoch(at / 1'000'000), dialog);
        edit->setDisplayFormat(QStringLiteral("yyyy-MM-dd HH:mm:ss"));
        return edit;
    };
    const bool all = m_range.kind == TimeRange::Kind::All;
    QDateTimeEdit* from = field(all ? now - 3'600'000'000'000 : m_range.beginNs(now));
    QDateTimeEdit* to = field(m_range.endNs(now));
    form->addRow(QStringLiteral("From"), from);
    form->addRow(QStringLiteral("To"), to);
    dialog->body()->addLayout(form);
    dialog->setAcceptButton(QStringLiteral("Show"));
    connect(dialog, &QDialog::accepted, this, [this, from, to] {
        const std::int64_t first = from->dateTime().toMSecsSinceEpoch() * 1'000'000;
        const std::int64_t second = to->dateTime().toMSecsSinceEpoch() * 1'000'000;
        if (first != second)
            setRange(TimeRange::fixed(first, second));
    });
    dialog->open();
}

} // namespace oriel::ui
