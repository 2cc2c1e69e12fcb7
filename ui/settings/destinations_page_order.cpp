// SPDX-License-Identifier: GPL-3.0-or-later
// The order of the destinations, and what the spool had to tell at the start.
#include "ui/settings/destinations_page.h"
#include "ui/widgets/async.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/card.h"

#include <QPushButton>
#include <QShortcut>

namespace oriel::ui {

using service::DestinationSnapshot;

void DestinationsPage::buildOrder(Card* card)
{
    m_up = new QPushButton(themedIcon(IconName::ChevronUp), QStringLiteral("Move up"), card);
    m_down = new QPushButton(themedIcon(IconName::ChevronDown), QStringLiteral("Move down"), card);
    for (QPushButton* button : {m_up, m_down}) {
        button->setFixedHeight(26);
        card->addHeaderWidget(button);
    }
    connect(m_up, &QPushButton::clicked, this, [this] { move(-1); });
    connect(m_down, &QPushButton::clicked, this, [this] { move(1); });
    const auto onKeys = [this](const QKeySequence& keys, auto action) {
        auto* shortcut = new QShortcut(keys, this);
        shortcut->setContext(Qt::WidgetWithChildrenShortcut);
        connect(shortcut, &QShortcut::activated, this, action);
    };
    onKeys(QKeySequence(Qt::ALT | Qt::Key_Up), [this] { move(-1); });
    onKeys(QKeySequence(Qt::ALT | Qt::Key_Down), [this] { move(1); });
    onKeys(QKeySequence(QKeySequence::Undo), [this] { undoMove(); });
}

qsizetype DestinationsPage::place() const
{
    const DestinationSnapshot* row = current();
    if (row == nullptr || row->config.fromEnvironment)
        return -1;
    qsizetype place = 0;
    for (const DestinationSnapshot& other : m_model->rows()) {
        if (other.config.name == row->config.name)
            return place;
        place += other.config.fromEnvironment ? 0 : 1;
    }
    return -1;
}

void DestinationsPage::showOrder()
{
    qsizetype own = 0;
    for (const DestinationSnapshot& row : m_model->rows())
        own += row.config.fromEnvironment ? 0 : 1;
    const qsizetype at = place();
    m_up->setEnabled(at > 0);
    m_down->setEnabled(at >= 0 && at + 1 < own);
    const QString why = at < 0 ? QStringLiteral("Only destinations of the configuration file have an order") : QString();
    m_up->setToolTip(why.isEmpty() ? QStringLiteral("Alt+Up") : why);
    m_down->setToolTip(why.isEmpty() ? QStringLiteral("Alt+Down") : why);
}

void DestinationsPage::move(int steps)
{
    const DestinationSnapshot* row = current();
    if (row == nullptr || m_moving || !(steps < 0 ? m_up : m_down)->isEnabled())
        return;
    m_moving = true;
    whenDone(service().moveDestination(row->config.name, steps), this,
             [this, name = row->config.name, steps](const Status& done) {
                 m_moving = false;
                 report(QStringLiteral("%1 stays where it was").arg(name), done);
                 refresh();
                 if (!done)
                     return;
                 m_moved = std::pair(name, steps);
                 Q_EMIT notice(QStringLiteral("%1 moved %2; Ctrl+Z takes it back")
                                   .arg(name, steps < 0 ? QStringLiteral("up") : QStringLiteral("down")));
             });
}

void DestinationsPage::undoMove()
{
    if (!m_moved || m_moving)
        return;
    const auto [name, steps] = *std::exchange(m_moved, std::nullopt);
    m_moving = true;
    whenDone(service().moveDestination(name, -steps), this, [this, moved = name](const Status& done) {
        m_moving = false;
        report(QStringLiteral("%1 stays where it is").arg(moved), done);
        refresh();
    });
}

} // namespace oriel::ui
