// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/appearance_page.h"

#include "ui/widgets/segmented.h"

#include <QVBoxLayout>

namespace oriel::ui {
namespace {

const QStringList& themeNames()
{
    static const QStringList names{QStringLiteral("system"), QStringLiteral("light"), QStringLiteral("dark")};
    return names;
}

} // namespace

AppearancePage::AppearancePage(service::GatewayService& service, QWidget* parent)
    : ConfigPage(service,
                 {QStringLiteral("appearance"), QStringLiteral("Appearance"), IconName::Fit,
                  QStringLiteral("How the window looks. Text and bars keep their contrast in both themes.")},
                 parent)
{
    m_theme = new Segmented({QStringLiteral("As the system"), QStringLiteral("Light"), QStringLiteral("Dark")}, form());
    form()->addField(QStringLiteral("theme"), QStringLiteral("Colours"), m_theme,
                     QStringLiteral("Shown at once; Save keeps it."));
    body()->addStretch(1);
    connect(m_theme, &Segmented::currentChanged, this, &AppearancePage::onEdited);
}

void AppearancePage::load(const config::Config& configuration)
{
    const auto index = int(themeNames().indexOf(configuration.ui.theme));
    m_theme->setCurrentIndex(std::max(0, index));
    if (m_shown.isEmpty()) // what the window has begun with
        m_shown = themeNames()[m_theme->currentIndex()];
}

void AppearancePage::store(config::Config& configuration) const
{
    configuration.ui.theme = themeNames()[m_theme->currentIndex()];
}

void AppearancePage::edited()
{
    const QString& theme = themeNames()[m_theme->currentIndex()];
    if (theme == m_shown)
        return;
    m_shown = theme;
    Q_EMIT themeChosen(theme);
}

} // namespace oriel::ui
