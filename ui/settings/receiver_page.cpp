// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/receiver_page.h"

#include "ui/settings/receiver_text.h"
#include "ui/settings/settings_text.h"
#include "ui/settings/snippet_view.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/card.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/key_value_table.h"
#include "ui/widgets/text_label.h"

#include <QAction>
#include <QCheckBox>
#include <QComboBox>
#include <QSpinBox>
#include <QVBoxLayout>

namespace oriel::ui {
namespace {

using config::ChildTelemetry;

constexpr int widest = 760;

} // namespace

ReceiverPage::ReceiverPage(service::GatewayService& service, QWidget* parent)
    : ConfigPage(service,
                 {QStringLiteral("receiver"), QStringLiteral("Receiver"), IconName::Download,
                  QStringLiteral("Oriel takes traces, metrics and logs of the programs on this machine over OTLP and shows them "
                                 "with the calls they belong to.")},
                 parent)
{
    m_problem = new Banner(Tone::Error, this);
    m_facts = new KeyValueTable(this);
    m_facts->setFitToContents(true);
    m_facts->setMaximumWidth(widest);
    m_lines = buildLines();
    m_off = buildOff();
    int place = 0;
    for (QWidget* piece : {static_cast<QWidget*>(m_problem), static_cast<QWidget*>(m_facts), m_lines, m_off})
        body()->insertWidget(place++, piece);
    buildFields();
    body()->addStretch(1);
}

QWidget* ReceiverPage::buildLines()
{
    auto* card = new Card(QStringLiteral("Send here"), this);
    card->setMaximumWidth(widest);
    auto* host = new QWidget(card);
    auto* column = new QVBoxLayout(host);
    column->setContentsMargins(metrics::space3, 0, metrics::space3, metrics::space3);
    column->setSpacing(metrics::space2);
    m_step = new TextLabel(QString(), TextLabel::Role::Dim, host);
    m_step->setWordWrap(true);
    m_snippets = new SnippetView(host);
    column->addWidget(m_step);
    column->addWidget(m_snippets);
    card->setBody(host);
    return card;
}

QWidget* ReceiverPage::buildOff()
{
    auto* card = new Card(QString(), this);
    card->setMaximumWidth(widest);
    auto* empty =
        new EmptyState(IconName::Download, QStringLiteral("The receiver is off"),
                       QStringLiteral("Programs that send to it are refused, and servers that Oriel starts are not told "
                                      "of it."),
                       card);
    auto* on = new QAction(QStringLiteral("Switch it on"), this);
    empty->addButton(on);
    card->setBody(empty);
    connect(on, &QAction::triggered, this, &ReceiverPage::switchOn);
    return card;
}

void ReceiverPage::buildFields()
{
    form()->addHeading(QStringLiteral("Settings"), QStringLiteral("They take effect when they are saved."));
    m_enabled = addCheck(QStringLiteral("enabled"), QStringLiteral("Take telemetry of programs on this machine"));
    const QString any = QStringLiteral("any free one");
    m_httpPort = addNumber(QStringLiteral("httpPort"), QStringLiteral("Port for HTTP"), 0, 65535, any,
                           QStringLiteral("4318 is where SDKs look unless they are told otherwise."));
    m_grpcPort = addNumber(QStringLiteral("grpcPort"), QStringLiteral("Port for gRPC"), 0, 65535, any,
                           QStringLiteral("4317 is where SDKs look unless they are told otherwise."));
    m_children = addChoice(QStringLiteral("childTelemetry"), QStringLiteral("Servers are told"),
                           {{QStringLiteral("where to send, and the trace of their start"), int(ChildTelemetry::All)},
                            {QStringLiteral("where to send"), int(ChildTelemetry::Endpoint)},
                            {QStringLiteral("the trace of their start"), int(ChildTelemetry::Context)},
                            {QStringLiteral("nothing"), int(ChildTelemetry::None)}},
                           QStringLiteral("In the environment of the servers that Oriel starts, from their next start on. What a "
                                          "server's own settings say is never replaced."));
}

void ReceiverPage::switchOn()
{
    m_enabled->setChecked(true);
    save();
}

void ReceiverPage::refresh()
{
    ConfigPage::refresh();
    const service::ReceiverSnapshot receiver = service().status().receiver;
    const ReceiverProblem problem = receiverProblem(receiver);
    m_problem->setVisible(!problem.headline.isEmpty());
    m_problem->setMessage(problem.headline, problem.remedy);
    if (const QList<KeyValue> rows = receiverFacts(receiver); rows != m_facts->rows())
        m_facts->setRows(rows);
    const QList<service::ClientSnippet> snippets = receiverSnippets(receiver);
    if (!snippets.isEmpty())
        m_snippets->setSnippets(snippets);
    m_step->setText(receiverStep(receiver));
    m_lines->setVisible(!snippets.isEmpty());
    m_off->setVisible(!receiver.enabled);
}

void ReceiverPage::load(const config::Config& configuration)
{
    const config::Receiver& receiver = configuration.receiver;
    m_enabled->setChecked(receiver.enabled);
    m_grpcPort->setValue(receiver.grpcPort);
    m_httpPort->setValue(receiver.httpPort);
    m_children->setCurrentIndex(m_children->findData(int(receiver.childTelemetry)));
}

void ReceiverPage::store(config::Config& configuration) const
{
    config::Receiver& receiver = configuration.receiver;
    receiver.enabled = m_enabled->isChecked();
    receiver.grpcPort = quint16(m_grpcPort->value());
    receiver.httpPort = quint16(m_httpPort->value());
    receiver.childTelemetry = static_cast<ChildTelemetry>(m_children->currentData().toInt());
}

QList<FieldError> ReceiverPage::check() const
{
    return validateReceiver(current().receiver, service().configuration().gateway.port);
}

} // namespace oriel::ui
