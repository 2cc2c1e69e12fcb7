// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/destination_dialog.h"

#include "privacy/key_names.h"
#include "ui/settings/preset_fields.h"
#include "ui/settings/settings_text.h"
#include "ui/theme/icons.h"
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

QString titleOf(const config::Destination& destination, const QString& existing)
{
    if (!existing.isEmpty())
        return QStringLiteral("Edit %1").arg(existing);
    const otlp::Preset* preset = destination.preset.isEmpty() ? nullptr : otlp::findPreset(destination.preset);
    return preset != nullptr ? QStringLiteral("Add %1").arg(preset->name) : QStringLiteral("Add a destination");
}

} // namespace

DestinationDialog::DestinationDialog(service::GatewayService& service, const config::Destination& destination,
                                     const QString& existing, const QStringList& otherNames, QWidget* parent)
    : Dialog(titleOf(destination, existing), parent),
      m_service(service),
      m_loaded(destination),
      m_existing(existing),
      m_otherNames(otherNames),
      m_preset(destination.preset.isEmpty() ? nullptr : otlp::findPreset(destination.preset))
{
    setSentence(m_preset != nullptr
                    ? m_preset->summary
                    : QStringLiteral("The same spans, metrics and logs leave Oriel over OTLP. Changes take effect at once; "
                                     "nothing waiting is lost."));
    setAcceptButton(existing.isEmpty() ? QStringLiteral("Add destination") : QStringLiteral("Save"));
    buildFrame(m_preset != nullptr);
    m_name = new QLineEdit(m_form);
    m_form->addField(QStringLiteral("name"), QStringLiteral("Name"), m_name);
    if (m_preset != nullptr)
        buildPreset(*m_preset);
    buildFields();
    buildTransport();
    buildContent();
    load(destination);
    resize(660, 680);
    connect(m_protocol, &QComboBox::currentIndexChanged, this, &DestinationDialog::showProtocol);
    connect(m_headers, &PairList::moveToVaultRequested, this, &DestinationDialog::moveToVault);
    if (m_preset == nullptr)
        return;
    connect(m_fields, &PresetFields::changed, this, &DestinationDialog::followFields);
    connect(m_protocol, &QComboBox::currentIndexChanged, this, &DestinationDialog::followFields);
    connect(m_endpoint, &QLineEdit::textChanged, this, &DestinationDialog::followFields);
    for (QCheckBox* box : {m_traces, m_metrics, m_logs})
        connect(box, &QCheckBox::toggled, this, &DestinationDialog::followFields);
    followFields();
}

void DestinationDialog::buildFrame(bool isPreset)
{
    auto* scroll = new QScrollArea(this);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->viewport()->setAutoFillBackground(false);
    auto* page = new QWidget(scroll);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, metrics::space3, 0);
    m_form = new Form(page);
    column->addWidget(m_form);
    m_advanced = m_form;
    if (isPreset) {
        m_unfold = new QPushButton(themedIcon(IconName::ChevronRight), QStringLiteral("Advanced"), page);
        m_unfold->setCheckable(true);
        m_unfold->setAutoDefault(false);
        m_unfold->setToolTip(QStringLiteral("Signals, protocol, endpoint, headers, transport and content; what is set here wins "
                                            "over the preset"));
        column->addSpacing(metrics::space2);
        column->addWidget(m_unfold, 0, Qt::AlignLeft);
        m_advanced = new Form(page);
        m_advanced->hide();
        column->addWidget(m_advanced);
        connect(m_unfold, &QPushButton::toggled, this, [this](bool open) {
            m_unfold->setIcon(themedIcon(open ? IconName::ChevronDown : IconName::ChevronRight));
            m_advanced->setVisible(open);
        });
    }
    column->addStretch(1);
    scroll->setWidget(page);
    page->setAutoFillBackground(false); // which setWidget() switches on; the card shows through
    body()->addWidget(scroll, 1);
}

void DestinationDialog::buildPreset(const otlp::Preset& preset)
{
    m_fields = new PresetFields(preset, m_loaded, m_service.secretNames(), m_service.configuration(), m_form, this);
}

void DestinationDialog::buildFields()
{
    m_protocol = new QComboBox(m_advanced);
    m_protocol->setMaximumWidth(260);
    m_advanced->addField(QStringLiteral("protocol"), QStringLiteral("Protocol"), m_protocol);
    m_endpoint = new QLineEdit(m_advanced);
    m_endpoint->setFont(fonts::mono());
    m_advanced->addField(QStringLiteral("endpoint"), QStringLiteral("Endpoint"), m_endpoint);
    m_traces = new QCheckBox(QStringLiteral("Traces"), m_advanced);
    m_metrics = new QCheckBox(QStringLiteral("Metrics"), m_advanced);
    m_logs = new QCheckBox(QStringLiteral("Logs"), m_advanced);
    m_advanced->addField(QStringLiteral("signals"), QStringLiteral("Signals"), row({m_traces, m_metrics, m_logs}, m_advanced));
    m_headers = new PairList(QStringLiteral("Header"), QStringLiteral("value or Bearer ${vault:name}"),
                             QStringLiteral("Add a header"), m_advanced);
    m_headers->setSecretTest(isPlainSecret);
    m_headers->setVaultOffered(true);
    m_advanced->addField(QStringLiteral("headers"), QStringLiteral("Headers"), m_headers,
                         QStringLiteral("Keys belong into the vault; the key beside a value moves it there."));
}

void DestinationDialog::buildTransport()
{
    m_advanced->addHeading(QStringLiteral("Transport"));
    m_compression = new QComboBox(m_advanced);
    addChoices();
    m_compression->setMaximumWidth(160);
    m_advanced->addField(QStringLiteral("compression"), QStringLiteral("Compression"), m_compression);
    m_timeout = new QLineEdit(m_advanced);
    m_timeout->setMaximumWidth(160);
    m_advanced->addField(QStringLiteral("timeout"), QStringLiteral("Time for a request"), m_timeout);
    m_insecure = new QCheckBox(QStringLiteral("No TLS where the endpoint has no scheme"), m_advanced);
    m_advanced->addField(QStringLiteral("insecure"), QString(), m_insecure);
    m_ca = addFile(QStringLiteral("caFile"), QStringLiteral("Authorities (PEM)"));
    m_certificate = addFile(QStringLiteral("certFile"), QStringLiteral("Client certificate"));
    m_key = addFile(QStringLiteral("keyFile"), QStringLiteral("Its private key"));
}

void DestinationDialog::buildContent()
{
    m_advanced->addHeading(QStringLiteral("Content"));
    m_payloads = new QCheckBox(QStringLiteral("Send arguments and results as span attributes"), m_advanced);
    m_advanced->addField(
        QStringLiteral("includePayloads"), QString(), m_payloads,
        QStringLiteral("Masked as everywhere, and off unless you want it: they may hold what your users wrote."));
    QList<QWidget*> boxes;
    for (const char* name : {"enkrypt", "kuadrant", "decorator", "contextforge"}) {
        auto* box = new QCheckBox(QLatin1String(name), m_advanced);
        m_aliases.append({QLatin1String(name), box});
        boxes.append(box);
    }
    m_advanced->addField(QStringLiteral("aliases"), QStringLiteral("Also emit as"), row(boxes, m_advanced),
                         QStringLiteral("Attribute names of other gateways, beside OpenTelemetry's."));
}

void DestinationDialog::addChoices()
{
    std::vector<ExportProtocol> protocols;
    QStringList compressions{QStringLiteral("gzip"), QStringLiteral("zstd")};
    QString first = QStringLiteral("none");
    QString firstValue = m_loaded.compression == first ? first : QString();
    if (m_preset != nullptr) {
        protocols = m_preset->protocols;
        compressions = m_preset->compressions;
        first = QStringLiteral("as the preset has it (%1)").arg(compressions.value(0, first));
        firstValue.clear();
    } else {
        for (int protocol = 0; protocol <= int(ExportProtocol::Jaeger); ++protocol)
            protocols.push_back(static_cast<ExportProtocol>(protocol));
    }
    for (const ExportProtocol protocol : protocols)
        m_protocol->addItem(protocolWord(protocol), int(protocol));
    m_compression->addItem(first, firstValue);
    for (const QString& compression : std::as_const(compressions))
        m_compression->addItem(compression, compression);
}

QLineEdit* DestinationDialog::addFile(const QString& key, const QString& label)
{
    auto* host = new QWidget(m_advanced);
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
    m_advanced->addField(key, label, host);
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
    m_protocol->setCurrentIndex(std::max(0, m_protocol->findData(int(destination.protocol))));
    m_endpoint->setText(destination.endpoint);
    m_traces->setChecked(destination.traces);
    m_metrics->setChecked(destination.metrics);
    m_logs->setChecked(destination.logs);
    m_headers->setPairs(destination.headers);
    if (m_compression->findData(destination.compression) < 0)
        m_compression->addItem(destination.compression, destination.compression);
    m_compression->setCurrentIndex(m_compression->findData(destination.compression));
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
    destination.protocol = static_cast<ExportProtocol>(m_protocol->currentData().toInt());
    destination.endpoint = m_endpoint->text().trimmed();
    if (m_fields != nullptr)
        destination.fields = m_fields->values(destination.name);
    destination.traces = m_traces->isChecked();
    destination.metrics = m_metrics->isChecked();
    destination.logs = m_logs->isChecked();
    destination.headers = m_headers->pairs();
    destination.compression = m_compression->currentData().toString();
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
    const auto protocol = static_cast<ExportProtocol>(m_protocol->currentData().toInt());
    const bool network = needsEndpoint(protocol) && protocol != ExportProtocol::File;
    m_advanced->setFieldVisible(QStringLiteral("endpoint"), needsEndpoint(protocol));
    m_endpoint->setPlaceholderText(m_preset != nullptr ? QStringLiteral("as the preset has it") : endpointExample(protocol));
    m_advanced->setHint(QStringLiteral("endpoint"),
                        protocol == ExportProtocol::Grpc
                            ? QStringLiteral("http:// is without TLS, https:// with it; host:port as the box below says.")
                        : protocol == ExportProtocol::File ? QStringLiteral("One OTLP JSON document a line is appended.")
                        : m_loaded.signalEndpoints.isEmpty()
                            ? QStringLiteral("The base URL; v1/traces, v1/metrics and v1/logs are appended.")
                            : QStringLiteral("The base URL; signals with a URL of their own in the file keep it."));
    for (const char* key : {"headers", "compression", "timeout", "caFile", "certFile", "keyFile"})
        m_advanced->setFieldVisible(QLatin1String(key), network);
    m_advanced->setFieldVisible(QStringLiteral("insecure"), protocol == ExportProtocol::Grpc);
}

void DestinationDialog::followFields()
{
    m_fields->showFor(destination());
    (void)m_form->setErrors(m_fields->problems());
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

} // namespace oriel::ui
