// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/about_page.h"

#include "oriel_build_info.h"
#include "ui/widgets/card.h"
#include "ui/widgets/key_value_table.h"
#include "ui/widgets/text_label.h"

#include <QDir>
#include <QFontDatabase>
#include <QSysInfo>
#include <QVBoxLayout>

namespace oriel::ui {
namespace {

KeyValue prose(const QString& key, const QString& value)
{
    return {key, value, Tone::Neutral, {}, false, {}};
}
KeyValue code(const QString& key, const QString& value)
{
    return {key, value, Tone::Neutral, {}, true, {}};
}

QList<KeyValue> licences()
{
    QList<KeyValue> rows{
        prose(
            QStringLiteral("Oriel"),
            QStringLiteral("GNU General Public License, version 3 or later (GPL-3.0-or-later). It comes without any warranty.")),
        prose(QStringLiteral("Qt"), QStringLiteral("LGPL-3.0; Qt Charts GPL-3.0. © The Qt Company Ltd. and other contributors")),
        prose(QStringLiteral("gRPC"), QStringLiteral("Apache-2.0")),
        prose(QStringLiteral("SQLite"), QStringLiteral("public domain")),
        prose(QStringLiteral("RE2, zstd, QtKeychain"), QStringLiteral("BSD-3-Clause")),
        prose(QStringLiteral("protozero"), QStringLiteral("BSD-2-Clause")),
        prose(QStringLiteral("OpenSSL"), QStringLiteral("Apache-2.0"))};
    const QStringList families = QFontDatabase::families();
    for (const char* family : {"Inter", "JetBrains Mono"}) {
        if (families.contains(QLatin1String(family)))
            rows.append(prose(QLatin1String(family), QStringLiteral("SIL Open Font License 1.1")));
    }
    return rows;
}

KeyValueTable* addCard(QVBoxLayout* body, const QString& title, QWidget* parent)
{
    auto* card = new Card(title, parent);
    auto* table = new KeyValueTable(card);
    table->setFitToContents(true);
    table->setKeyWidth(170);
    card->setBodyMargins(1, 0, 1, metrics::space2);
    card->setBody(table);
    body->addWidget(card);
    return table;
}

} // namespace

AboutPage::AboutPage(service::GatewayService& service, QWidget* parent)
    : SettingsPage(
          service,
          {QStringLiteral("about"), QStringLiteral("About"), IconName::Info,
           QStringLiteral(
               "Oriel: the bay window built over a gatehouse. An observability console with a gateway for MCP servers.")},
          parent)
{
    m_build = addCard(body(), QStringLiteral("This program"), this);
    m_places = addCard(body(), QStringLiteral("Where things are"), this);
    addCard(body(), QStringLiteral("Licences"), this)->setRows(licences());
    body()->addStretch(1);
    const QString revision = QString::fromLatin1(build_info::gitRevision);
    m_build->setRows({prose(QStringLiteral("version"), QString::fromLatin1(build_info::version)),
                      code(QStringLiteral("revision"), revision),
                      prose(QStringLiteral("built with"),
                            QStringLiteral("%1, Qt %2, %3")
                                .arg(QString::fromLatin1(build_info::compiler), QString::fromLatin1(build_info::qtVersion),
                                     QString::fromLatin1(build_info::buildType))),
                      prose(QStringLiteral("runs with"),
                            QStringLiteral("Qt %1 on %2").arg(QString::fromLatin1(qVersion()), QSysInfo::prettyProductName()))});
}

void AboutPage::refresh()
{
    const service::GatewayStatus status = service().status();
    const QString folder = service().dataDirectory();
    const QList<KeyValue> rows{code(QStringLiteral("configuration"), QDir::toNativeSeparators(status.configPath)),
                               code(QStringLiteral("data"), QDir::toNativeSeparators(folder)),
                               code(QStringLiteral("endpoint"), status.endpoint)};
    if (rows != m_places->rows())
        m_places->setRows(rows);
}

} // namespace oriel::ui
