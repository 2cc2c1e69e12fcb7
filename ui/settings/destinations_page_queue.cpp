// SPDX-License-Identifier: GPL-3.0-or-later
// What can be done with the queue of the chosen destination.
#include "ui/settings/destination_text.h"
#include "ui/settings/destinations_page.h"
#include "ui/settings/export_preview_dialog.h"
#include "ui/widgets/async.h"

#include <QDateTime>
#include <QPushButton>

namespace oriel::ui {

using service::DestinationSnapshot;
using service::DestinationState;

void DestinationsPage::test()
{
    const DestinationSnapshot* row = current();
    if (row == nullptr)
        return;
    const QString name = row->config.name;
    m_test->setEnabled(false);
    say(Tone::Neutral, QStringLiteral("Sending a span to %1 …").arg(name));
    whenDone(service().testDestination(name), this, [this, name](const Result<QString>& answer) {
        showCurrent();
        if (answer)
            say(Tone::Good, QStringLiteral("%1 answered").arg(name), *answer);
        else
            say(Tone::Error, QStringLiteral("%1 did not take the span: %2").arg(name, answer.error().message),
                answer.error().remedy);
    });
}

void DestinationsPage::preview()
{
    const DestinationSnapshot* row = current();
    if (row == nullptr)
        return;
    auto* dialog = new ExportPreviewDialog(service(), row->config.name, window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->open();
}

void DestinationsPage::showQueueButtons(const DestinationSnapshot& row)
{
    const bool paused = row.config.paused;
    const bool refused = row.state == DestinationState::Paused && !paused;
    m_test->setEnabled(row.config.enabled);
    m_pause->setText(paused ? QStringLiteral("Resume") : QStringLiteral("Pause"));
    m_pause->setIcon(themedIcon(paused ? IconName::Play : IconName::Pause));
    m_retry->setEnabled(row.config.enabled &&
                        (refused || row.state == DestinationState::Retrying || row.state == DestinationState::Misaddressed));
    m_retry->setToolTip(m_retry->isEnabled() ? QString() : QStringLiteral("Nothing waits for its next try"));
    m_discard->setEnabled(row.queued > 0);
    m_discard->setToolTip(row.queued > 0 ? QString() : QStringLiteral("Nothing waits"));
}

void DestinationsPage::pauseOrResume()
{
    const DestinationSnapshot* row = current();
    if (row == nullptr)
        return;
    const QString name = row->config.name;
    whenDone(service().pauseDestination(name, !row->config.paused), this, [this, name](const Status& done) {
        report(QStringLiteral("%1 goes on as before").arg(name), done);
        refresh();
    });
}

void DestinationsPage::retry()
{
    const DestinationSnapshot* row = current();
    if (row == nullptr)
        return;
    const QString name = row->config.name;
    const Status done = service().retryDestination(name);
    report(QStringLiteral("%1 was not tried").arg(name), done);
    if (done)
        Q_EMIT notice(QStringLiteral("Trying %1 now").arg(name));
}

void DestinationsPage::askToDiscard()
{
    const DestinationSnapshot* row = current();
    if (row == nullptr || row->queued == 0)
        return;
    const QString name = row->config.name;
    auto* dialog = new Dialog(QStringLiteral("Discard what waits for %1?").arg(name), window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setSentence(discardSentence(*row, QDateTime::currentMSecsSinceEpoch() * 1'000'000));
    dialog->setAcceptButton(QStringLiteral("Discard"), Tone::Error);
    connect(dialog, &QDialog::accepted, this, [this, name] {
        const Status done = service().clearDestination(name);
        report(QStringLiteral("What waits for %1 was not discarded").arg(name), done);
        if (done)
            Q_EMIT notice(QStringLiteral("What waited for %1 is discarded").arg(name));
    });
    dialog->open();
}

} // namespace oriel::ui
