// SPDX-License-Identifier: GPL-3.0-or-later
#include "screenshots.h"

#include "terminal.h"

#include <QDialog>
#include <QPainter>

namespace oriel::app {

ScreenshotRun::ScreenshotRun(ui::MainWindow& window, std::vector<std::pair<QString, QString>> wanted, int warmUpMs)
    : m_window(window),
      m_wanted(std::move(wanted))
{
    m_deadline.setSingleShot(true);
    m_settle.setSingleShot(true);
    connect(&m_deadline, &QTimer::timeout, this, &ScreenshotRun::take);
    connect(&m_settle, &QTimer::timeout, this, &ScreenshotRun::take);
    QTimer::singleShot(warmUpMs, this, &ScreenshotRun::next);
}

void ScreenshotRun::next()
{
    disconnect(m_ready);
    if (m_index == m_wanted.size()) {
        Q_EMIT finished(m_failures);
        return;
    }
    const QString& wanted = m_wanted[m_index].first;
    const QString id = wanted.section(QLatin1Char('/'), 0, 0);
    const QString target = wanted.section(QLatin1Char('/'), 1);
    if (!m_window.showSection(id) || (!target.isEmpty() && !m_window.currentSection()->open(target))) {
        printError(target.isEmpty() ? QStringLiteral("oriel: there is no section \"%1\"").arg(id)
                                    : QStringLiteral("oriel: the section \"%1\" cannot show \"%2\"").arg(id, target));
        ++m_failures;
        ++m_index;
        next();
        return;
    }
    m_ready = connect(m_window.currentSection(), &ui::Section::readyChanged, this, &ScreenshotRun::lookAgain);
    m_deadline.start(kReadyDeadlineMs);
    lookAgain();
}

void ScreenshotRun::lookAgain()
{
    if (m_window.currentSection()->isReady() && !m_settle.isActive())
        m_settle.start(kSettleMs);
}

void ScreenshotRun::take()
{
    m_deadline.stop();
    m_settle.stop();
    const auto& [id, file] = m_wanted[m_index];
    if (!m_window.currentSection()->isReady()) {
        const QString reason = m_window.currentSection()->emptyReason();
        printError(QStringLiteral("oriel: %1 has no data: %2")
                       .arg(id, reason.isEmpty() ? QStringLiteral("nothing came in time") : reason));
        ++m_failures;
    }
    if (!picture().save(file)) {
        printError(QStringLiteral("oriel: %1 cannot be written").arg(file));
        ++m_failures;
    }
    for (QDialog* dialog : m_window.findChildren<QDialog*>())
        dialog->close();
    ++m_index;
    next();
}

QPixmap ScreenshotRun::picture() const
{
    QPixmap picture = m_window.grab();
    QPainter painter(&picture);
    for (QDialog* dialog : m_window.findChildren<QDialog*>()) {
        if (!dialog->isVisible())
            continue;
        // Where a window manager would centre it.
        QRect place = dialog->rect();
        place.moveCenter(m_window.rect().center());
        painter.fillRect(m_window.rect(), QColor(0, 0, 0, 96));
        painter.drawPixmap(place.topLeft(), dialog->grab());
    }
    return picture;
}

} // namespace oriel::app
