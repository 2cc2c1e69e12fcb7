// SPDX-License-Identifier: GPL-3.0-or-later
// What the page tells besides the list: what the spool lost, and what waits for destinations that are gone.
#include "ui/settings/destination_text.h"
#include "ui/settings/destinations_page.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/dialog.h"

namespace oriel::ui {

void DestinationsPage::showSpool()
{
    const service::SpoolReport report = service().spoolReport();
    if (report.damage.isEmpty() || !m_spool->headline().isEmpty())
        return;
    m_spool->setMessage(
        QStringLiteral("Not all that the last run left to be sent was whole"),
        QStringLiteral("%1 What is whole is sent (%2 requests).").arg(report.damage.join(QLatin1Char(' '))).arg(report.requests));
    m_spool->show();
}

void DestinationsPage::showUnclaimed()
{
    const QList<service::UnclaimedBacklog> backlogs = service().unclaimedBacklogs();
    m_unclaimed->clearLinks();
    m_unclaimed->setVisible(!backlogs.isEmpty());
    if (backlogs.isEmpty())
        return;
    QStringList names;
    for (const service::UnclaimedBacklog& backlog : backlogs) {
        names.append(unclaimedWord(backlog));
        m_unclaimed->addLink(backlog.destination, QStringLiteral("Discard %1 …").arg(backlog.destination));
    }
    m_unclaimed->setMessage(
        QStringLiteral("Telemetry waits for what is not here any more: %1").arg(names.join(QStringLiteral(", "))),
        QStringLiteral("A destination of that name, also a new one, gets it. Otherwise it is lost when the spool's "
                       "bounds push it out."));
}

void DestinationsPage::askToDiscardUnclaimed(const QString& name)
{
    auto* dialog = new Dialog(QStringLiteral("Discard what waits for %1?").arg(name), window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setSentence(
        QStringLiteral("It is counted as lost. The local store and other destinations keep theirs. This cannot be "
                       "undone."));
    dialog->setAcceptButton(QStringLiteral("Discard"), Tone::Error);
    connect(dialog, &QDialog::accepted, this, [this, name] {
        report(QStringLiteral("What waits for %1 was not discarded").arg(name), service().clearDestination(name));
    });
    dialog->open();
}

} // namespace oriel::ui
