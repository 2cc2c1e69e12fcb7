// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/overview/server_banners.h"

#include "ui/overview/overview_models.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/link_button.h"

#include <QVBoxLayout>

namespace oriel::ui {
namespace {

QString asSentence(const QString& text)
{
    const QString trimmed = text.trimmed();
    if (trimmed.isEmpty() || trimmed.endsWith(QLatin1Char('.')) || trimmed.endsWith(QLatin1Char('?')) ||
        trimmed.endsWith(QLatin1Char('!')))
        return trimmed;
    return trimmed + QLatin1Char('.');
}

} // namespace

QString diagnosisSentence(const service::Diagnosis& diagnosis)
{
    return QStringList{asSentence(diagnosis.cause), asSentence(diagnosis.remedy)}.join(QLatin1Char(' ')).trimmed();
}

ServerBanners::ServerBanners(QWidget* parent) : QWidget(parent)
{
    m_column = new QVBoxLayout(this);
    m_column->setContentsMargins(metrics::space3, metrics::space2, metrics::space3, metrics::space3);
    m_column->setSpacing(metrics::space2);
    m_more = new LinkButton({}, this);
    connect(m_more, &LinkButton::clicked, this, &ServerBanners::allRequested);
    m_column->addWidget(m_more, 0, Qt::AlignLeft);
    m_more->hide();
    hide();
}

QList<Banner*> ServerBanners::banners() const
{
    return m_banners.first(std::min<qsizetype>(m_banners.size(), m_shown.size()));
}

void ServerBanners::setServers(const QList<service::ServerSnapshot>& servers)
{
    QList<service::ServerSnapshot> troubled;
    for (const service::ServerSnapshot& server : servers) {
        if (needsAttention(server))
            troubled.append(server);
    }
    const qsizetype count = std::min<qsizetype>(troubled.size(), most);
    while (m_banners.size() < count)
        addBanner();
    m_shown.clear();
    for (qsizetype i = 0; i < m_banners.size(); ++i) {
        if (i < count)
            show(*m_banners[i], troubled[i]);
        m_banners[i]->setVisible(i < count);
    }
    m_more->setVisible(troubled.size() > count);
    m_more->setText(QStringLiteral("%1 more need attention").arg(troubled.size() - count));
    setVisible(count > 0);
}

void ServerBanners::addBanner()
{
    auto* banner = new Banner(Tone::Error, this);
    connect(banner, &Banner::actionTriggered, this, [this, banner](const QString& id) {
        const service::ServerSnapshot server = m_shown.value(banner);
        if (id == QLatin1StringView("trace"))
            Q_EMIT traceRequested(QString::fromLatin1(server.lifecycleTraceId));
        else if (id == QLatin1StringView("restart"))
            Q_EMIT restartRequested(server.config.name);
        else
            Q_EMIT editRequested(server.config.name);
    });
    m_column->insertWidget(static_cast<int>(m_banners.size()), banner);
    m_banners.append(banner);
}

void ServerBanners::show(Banner& banner, const service::ServerSnapshot& server)
{
    const service::Diagnosis trouble = server.trouble();
    const QString sentence = diagnosisSentence(trouble);
    if (banner.headline() != trouble.headline || banner.sentence() != sentence)
        banner.setMessage(trouble.headline, sentence);
    banner.setToolTip(trouble.details.join(QLatin1Char('\n')));
    const QVariant links =
        QStringList{server.lifecycleTraceId.isEmpty() ? QString() : QStringLiteral("trace"), server.config.name};
    if (banner.property("links") != links) { // made anew only when they change, so that a link under the pointer stays
        banner.setProperty("links", links);
        banner.clearLinks();
        if (!server.lifecycleTraceId.isEmpty())
            banner.addLink(QStringLiteral("trace"), QStringLiteral("Show the trace of this start"));
        banner.addLink(QStringLiteral("restart"), QStringLiteral("Restart"));
        banner.addLink(QStringLiteral("edit"), QStringLiteral("Edit"));
    }
    m_shown.insert(&banner, server);
}

} // namespace oriel::ui
