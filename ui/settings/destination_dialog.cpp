// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/destination_dialog.h"

#include "privacy/key_names.h"
#include "ui/settings/settings_text.h"
#include "ui/widgets/async.h"
#include "ui/widgets/icon_button.h"
#include "ui/widgets/pair_list.h"
#include "ui/widgets/quantity.h"

#include <QCheckBox>
#include <QComboBox>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QPushButton>
#include <QRegularExpression>
#include <QScrollArea>
#include <QVBoxLayout>

#include <algorithm>

namespace oriel::ui {
namespace {

using config::ExportProtocol;

bool isPlainSecret(const QString& name, const QString& value)
{
    const QByteArray key = name.toUtf8();
    const auto verdict = privacy::judgeKeyName({key.constData(), std::size_t(key.size())});
    return !value.isEmpty() && !value.contains(QLatin1String("${")) && verdict != privacy::KeyVerdict::Plain;
}

QWidget* row(const QList<QWidget*>& widgets, QWidget* parent)
{
    auto* host = new QWidget(parent);
    auto* line = new QHBoxLayout(host);
    line->setContentsMargins(0, 0, 0, 0);
    line->setSpacing(metrics::space4);
    for (QWidget* widget : widgets)
        line->addWidget(widget);
    line->addStretch(1);
    host->setFocusProxy(widgets.first());
    return host;
}

} // namespace

DestinationDialog::DestinationDialog(service::GatewayService& service, const config::Destination& destination,
                                     const QString& existing, const QStringList& otherNames, QWidget* parent)
    : Dialog(existing.isEmpty() ? QStringLiteral("Add a destination") : QStringLiteral("Edit %1").arg(existing), parent),
      m_service(service),
      m_loaded(destination),
      m_existing(existing),
      m_otherNames(otherNames)
{
    setSentence(QStringLiteral(
        "The same spans, metrics and logs leave Oriel over OTLP. Changes take effect at once; nothing waiting is lost."));
    setAcceptButton(existing.isEmpty() ? QStringLiteral("Add destination") : QStringLiteral("Save"));
    auto* scroll = new QScrollArea(this);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->viewport()->setAutoFillBackground(false);
    auto* page = new QWidget(scroll);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, metrics::space3, 0);
    m_form = new Form(page);
    column->addWidget(m_form);
    column->addStretch(1);
    scroll->setWidget(page);
    page->setAutoFillBackground(false); // which setWidget() switches on; the card shows through
    body()->addWidget(scroll, 1);
    buildFields();
    buildTransport();
    buildContent();
    load(destination);
    resize(660, 680);
    connect(m_protocol, &QComboBox::currentIndexChanged, this, &DestinationDialog::showProtocol);
    connect(m_headers, &PairList::moveToVaultRequested, this, &DestinationDialog::moveToVault);
}

void DestinationDialog::buildFields()
{
    m_name = new QLineEdit(m_form);
    m_form->addField(QStringLiteral("name"), QStringLiteral("Name"), m_name);
    m_protocol = new QComboBox(m_form);
    for (int protocol = 0; protocol <= int(ExportProtocol::Jaeger); ++protocol)
        m_protocol->addItem(protocolWord(static_cast<ExportProtocol>(protocol)));
    m_protocol->setMaximumWidth(260);
    m_form->addField(QStringLiteral("protocol"), QStringLiteral("Protocol"), m_protocol);
    m_endpoint = new QLineEdit(m_form);
    m_endpoint->setFont(fonts::mono());
    m_form->addField(QStringLiteral("endpoint"), QStringLiteral("Endpoint"), m_endpoint);
    m_traces = new QCheckBox(QStringLiteral("Traces"), m_form);
    m_metrics = new QCheckBox(QStringLiteral("Metrics"), m_form);
    m_logs = new QCheckBox(QStringLiteral("Logs"), m_form);
    m_form->addField(QStringLiteral("signals"), QStringLiteral("Signals"), row({m_traces, m_metrics, m_logs}, m_form));
    m_headers = new PairList(QStringLiteral("Header"), QStringLiteral("value or Bearer ${vault:name}"),
                             QStringLiteral("Add a header"), m_form);
    m_headers->setSecretTest(isPlainSecret);
    m_headers->setVaultOffered(true);
    m_form->addField(QStringLiteral("headers"), QStringLiteral("Headers"), m_headers,
                     QStringLiteral("Keys belong into the vault; the key beside a value moves it there."));
}

void DestinationDialog::buildTransport()
{
    m_form->addHeading(QStringLiteral("Transport"));
    m_compression = new QComboBox(m_form);
    m_compression->addItems({QStringLiteral("none"), QStringLiteral("gzip")});
    m_compression->setMaximumWidth(160);
    m_form->addField(QStringLiteral("compression"), QStringLiteral("Compression"), m_compression);
    m_timeout = new QLineEdit(m_form);
    m_timeout->setMaximumWidth(160);
    m_form->addField(QStringLiteral("timeout"), QStringLiteral("Time for a request"), m_timeout);
    m_insecure = new QCheckBox(QStringLiteral("No TLS where the endpoint has no scheme"), m_form);
    m_form->addField(QStringLiteral("insecure"), QString(), m_insecure);
    m_ca = addFile(QStringLiteral("caFile"), QStringLiteral("Authorities (PEM)"));
    m_certificate = addFile(QStringLiteral("certFile"), QStringLiteral("Client certificate"));
    m_key = addFile(QStringLiteral("keyFile"), QStringLiteral("Its private key"));
}

void DestinationDialog::buildContent()
{
    m_form->addHeading(QStringLiteral("Content"));
    m_payloads = new QCheckBox(QStringLiteral("Send arguments and results as span attributes"), m_form);
    m_form->addField(QStringLiteral("includePayloads"), QString(), m_payloads,
                     QStringLiteral("Masked as everywhere, and off unless you want it: they may hold what your users wrote."));
    QList<QWidget*> boxes;
    for (const char* name : {"enkrypt", "kuadrant", "decorator", "contextforge"}) {
        auto* box = new QCheckBox(QLatin1String(name), m_form);
        m_aliases.append({QLatin1String(name), box});
        boxes.append(box);
    }
    m_form->addField(QStringLiteral("aliases"), QStringLiteral("Also emit as"), row(boxes, m_form),
                     QStringLiteral("Attribute names of other gateways, beside OpenTelemetry's."));
}

QLineEdit* DestinationDialog::addFile(const QString& key, const QString& label)
{
    auto* host = new QWidget(m_form);
    auto* line = new QHBoxLayout(host);
    line->setContentsMargins(0, 0, 0, 0);
    line->setSpacing(metrics::space1);
    auto* edit = new QLineEdit(host);
    edit->setFont(fonts::mono());
    edit->setAccessibleName(label);
    auto* browse = new IconButton(IconName::Folder, QStringLiteral("Choose a file"), host);
    line->addWidget(edit, 1);
    line->addWidget(browse);
    host->setFocusProxy(edit);
    m_form->addField(key, label, host);
    connect(browse, &IconButton::clicked, this, [this, edit, label] {
        auto* chooser = new QFileDialog(this, label);
        chooser->setAttribute(Qt::WA_DeleteOnClose);
        chooser->setFileMode(QFileDialog::ExistingFile);
        connect(chooser, &QFileDialog::fileSelected, edit, &QLineEdit::setText);
        chooser->open();
    });
    return edit;
}

void DestinationDialog::load(const config::Destination& destination)
{
    m_name->setText(destination.name);
    m_protocol->setCurrentIndex(int(destination.protocol));
    m_endpoint->setText(destination.endpoint);
    m_traces->setChecked(destination.traces);
    m_metrics->setChecked(destination.metrics);
    m_logs->setChecked(destination.logs);
    m_headers->setPairs(destination.headers);
    m_compression->setCurrentIndex(destination.compression.isEmpty() ? 0 : 1);
    m_timeout->setText(durationText(destination.timeout));
    m_insecure->setChecked(destination.insecure);
    m_ca->setText(destination.caFile);
    m_certificate->setText(destination.certFile);
    m_key->setText(destination.keyFile);
    m_payloads->setChecked(destination.includePayloads);
    for (const auto& [name, box] : std::as_const(m_aliases))
        box->setChecked(destination.aliases.contains(name));
    showProtocol();
}

config::Destination DestinationDialog::destination() const
{
    config::Destination destination = m_loaded;
    destination.name = m_name->text().trimmed();
    destination.protocol = static_cast<ExportProtocol>(m_protocol->currentIndex());
    destination.endpoint = m_endpoint->text().trimmed();
    destination.traces = m_traces->isChecked();
    destination.metrics = m_metrics->isChecked();
    destination.logs = m_logs->isChecked();
    destination.headers = m_headers->pairs();
    destination.compression = m_compression->currentIndex() == 0 ? QString() : QStringLiteral("gzip");
    destination.timeout = parseDuration(m_timeout->text()).value_or(std::chrono::milliseconds(0));
    destination.insecure = m_insecure->isChecked();
    destination.caFile = m_ca->text().trimmed();
    destination.certFile = m_certificate->text().trimmed();
    destination.keyFile = m_key->text().trimmed();
    destination.includePayloads = m_payloads->isChecked();
    for (const auto& [name, box] : m_aliases) {
        destination.aliases.removeAll(name);
        if (box->isChecked())
            destination.aliases.append(name);
    }
    return destination;
}

void DestinationDialog::showProtocol()
{
    const auto protocol = static_cast<ExportProtocol>(m_protocol->currentIndex());
    const bool network = needsEndpoint(protocol) && protocol != ExportProtocol::File;
    m_form->setFieldVisible(QStringLiteral("endpoint"), needsEndpoint(protocol));
    m_endpoint->setPlaceholderText(endpointExample(protocol));
    m_form->setHint(QStringLiteral("endpoint"),
                    protocol == ExportProtocol::Grpc
                        ? QStringLiteral("http:// is without TLS, https:// with it; host:port as the box below says.")
                    : protocol == ExportProtocol::File ? QStringLiteral("One OTLP JSON document a line is appended.")
                    : m_loaded.signalEndpoints.isEmpty()
                        ? QStringLiteral("The base URL; v1/traces, v1/metrics and v1/logs are appended.")
                        : QStringLiteral("The base URL; signals with a URL of their own in the file keep it."));
    for (const char* key : {"headers", "compression", "timeout", "caFile", "certFile", "keyFile"})
        m_form->setFieldVisible(QLatin1String(key), network);
    m_form->setFieldVisible(QStringLiteral("insecure"), protocol == ExportProtocol::Grpc);
}

void DestinationDialog::moveToVault(int at)
{
    if (m_headers->valueEdit(at) == nullptr)
        return;
    const QString header = m_headers->nameEdit(at)->text().trimmed();
    const QString value = m_headers->valueEdit(at)->text();
    static const QRegularExpression scheme(QStringLiteral("^(Bearer|Basic|Token|ApiKey) +(?=\\S)"),
                                           QRegularExpression::CaseInsensitiveOption);
    const QString head = scheme.match(value).captured(0);
    QString name = (m_name->text().trimmed().isEmpty() ? QStringLiteral("destination") : m_name->text().trimmed()) +
                   QLatin1Char('.') + header;
    static const QRegularExpression other(QStringLiteral("[^A-Za-z0-9_.-]"));
    name = name.replace(other, QStringLiteral("_")).left(64);
    whenDone(m_service.setSecret(name, value.mid(head.size()).toUtf8()), this,
             [this, header, value, head, name](const Status& kept) {
                 if (!kept) {
                     showError(QStringLiteral("%1 was not moved to the vault: %2").arg(header, kept.error().message),
                               kept.error().remedy);
                     return;
                 }
                 for (int i = 0; i < m_headers->rowCount(); ++i) {
                     if (m_headers->nameEdit(i)->text().trimmed() == header && m_headers->valueEdit(i)->text() == value)
                         m_headers->setValue(i, head + QStringLiteral("${vault:%1}").arg(name));
                 }
             });
}

void DestinationDialog::accept()
{
    const config::Destination wanted = destination();
    const QList<FieldError> errors = validateDestination(wanted, m_otherNames);
    m_form->setErrors(errors, true);
    if (!errors.isEmpty() || !acceptButton()->isEnabled())
        return;
    acceptButton()->setEnabled(false);
    whenDone(m_service.saveDestination(wanted, m_existing), this, [this, wanted](const Status& kept) {
        acceptButton()->setEnabled(true);
        if (!kept) {
            showError(QStringLiteral("%1 was not saved: %2").arg(wanted.name, kept.error().message), kept.error().remedy);
            return;
        }
        Q_EMIT saved(wanted.name);
        done(Accepted);
    });
}

} // namespace oriel::ui
