// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/masking_page.h"

#include "privacy/detector_table.h"
#include "ui/settings/mask_previewer.h"
#include "ui/settings/settings_text.h"
#include "ui/widgets/card.h"
#include "ui/widgets/cells.h"
#include "ui/widgets/code_view.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/pair_list.h"
#include "ui/widgets/text_label.h"

#include <QCheckBox>
#include <QGridLayout>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTimer>
#include <QVBoxLayout>

namespace oriel::ui {
namespace {

using privacy::MaskHit;

constexpr int pauseMs = 200;

QString detectorTitle(const QByteArray& rule)
{
    const privacy::DetectorRule* row = privacy::findDetector(rule);
    if (row != nullptr)
        return QString::fromUtf8(row->title.data(), qsizetype(row->title.size()));
    if (rule == QByteArrayView(privacy::kKeyNameRule.data(), qsizetype(privacy::kKeyNameRule.size())))
        return QStringLiteral("A value under a secret's name");
    return QStringLiteral("A pattern of your own");
}

RowModel<MaskHit>* makeHits(QObject* parent)
{
    std::vector<RowModel<MaskHit>::Column> columns;
    columns.push_back(
        {QStringLiteral("rule"), [](const MaskHit& hit, int role) -> QVariant {
             if (role == Qt::DisplayRole)
                 return QString::fromUtf8(hit.rule);
             return role == CellRole::Mono ? QVariant(true) : role == CellRole::Tone ? QVariant(int(Tone::Warning)) : QVariant();
         }});
    columns.push_back({QStringLiteral("what it is"), [](const MaskHit& hit, int role) -> QVariant {
                           return role == Qt::DisplayRole ? QVariant(detectorTitle(hit.rule)) : QVariant();
                       }});
    columns.push_back({QStringLiteral("where"), [](const MaskHit& hit, int role) -> QVariant {
                           if (role == Qt::DisplayRole)
                               return hit.path.isEmpty() ? QStringLiteral("at byte %1").arg(hit.offset)
                                                         : QString::fromUtf8(hit.path);
                           return role == CellRole::Mono || role == CellRole::Dim ? QVariant(true) : QVariant();
                       }});
    return new RowModel<MaskHit>(
        std::move(columns),
        [](const MaskHit& hit) { return QStringLiteral("%1@%2").arg(QString::fromUtf8(hit.rule)).arg(hit.offset); }, parent);
}

/// Harmless, and put together here so that no scanner takes this file for a leak.
QString sampleText()
{
    const QString token = QStringLiteral("ghp") + QStringLiteral("_") + QStringLiteral("ExampleNotARealToken0123456789abcdef");
    return QStringLiteral("{\"tool\": \"create_issue\", \"token\": \"%1\",\n \"password\": \"correct horse\", \"mail\": "
                          "\"ada@example.com\",\n \"card\": \"4111 1111 1111 1111\"}")
        .arg(token);
}

} // namespace

MaskingPage::MaskingPage(service::GatewayService& service, QWidget* parent)
    : ConfigPage(service,
                 {QStringLiteral("masking"), QStringLiteral("Masking"), IconName::Shield,
                  QStringLiteral("What is replaced by [masked:RULE] before it reaches disk, an exporter, a log or the screen.")},
                 parent)
{
    m_previewer = new MaskPreviewer(this);
    m_pause = new QTimer(this);
    m_pause->setSingleShot(true);
    m_pause->setInterval(pauseMs);
    buildFields();
    body()->addWidget(buildPreview());
    body()->addStretch(1);
    connect(m_pause, &QTimer::timeout, this, &MaskingPage::preview);
    connect(m_previewer, &MaskPreviewer::masked, this, &MaskingPage::showResult);
    connect(m_previewer, &MaskPreviewer::failed, this, [this](const Error& error) {
        m_patternError = error.context.isEmpty() ? error.message : QStringLiteral("%1: %2").arg(error.context, error.message);
        form()->setErrors(check());
    });
}

void MaskingPage::buildFields()
{
    m_keys = addCheck(QStringLiteral("keys"), QStringLiteral("Values under a secret's name"),
                      QStringLiteral("token, password, Authorization … in JSON, headers, environment and name=value text."));
    m_secrets = addCheck(QStringLiteral("secrets"), QStringLiteral("Texts in the form of known tokens and keys"),
                         QStringLiteral("GitHub, AWS, OpenAI, Slack, private keys and the other formats of the detector table."));
    auto* boxes = new QWidget(form());
    auto* grid = new QGridLayout(boxes);
    grid->setContentsMargins(0, 4, 0, 0);
    grid->setHorizontalSpacing(metrics::space6);
    for (const privacy::DetectorRule& rule : privacy::detectorTable()) {
        if (rule.category != privacy::DetectorCategory::Pii)
            continue;
        auto* box = new QCheckBox(QString::fromUtf8(rule.title.data(), qsizetype(rule.title.size())), boxes);
        const int at = int(m_pii.size());
        grid->addWidget(box, at / 3, at % 3);
        m_pii.append({QString::fromUtf8(rule.id.data(), qsizetype(rule.id.size())), box});
        connect(box, &QCheckBox::toggled, this, &MaskingPage::onEdited);
    }
    grid->setColumnStretch(3, 1);
    if (!m_pii.isEmpty())
        boxes->setFocusProxy(m_pii.first().second);
    form()->addField(QStringLiteral("piiTypes"), QStringLiteral("Personal data"), boxes);
    m_patterns = new PairList(QStringLiteral("rule-name"), QStringLiteral("RE2 pattern; the first group is what is masked"),
                              QStringLiteral("Add a pattern"), form());
    form()->addField(QStringLiteral("patterns"), QStringLiteral("Your patterns"), m_patterns);
    connect(m_patterns, &PairList::changed, this, &MaskingPage::onEdited);
    m_exceptions = addLines(
        QStringLiteral("exceptions"), QStringLiteral("Not secrets"), QStringLiteral("$.params.arguments.token"),
        QStringLiteral("One a line: a path that begins with $, or the hash of a value, which \"Not a secret\" below adds."));
}

QWidget* MaskingPage::buildPreview()
{
    auto* card = new Card(QStringLiteral("Try it"), this);
    m_count = new TextLabel(QString(), TextLabel::Role::Caption, card);
    m_except = new QPushButton(QStringLiteral("Not a secret"), card);
    m_except->setFixedHeight(26);
    m_except->setToolTip(QStringLiteral("Stop masking the chosen value; only its hash is kept"));
    card->addHeaderWidget(m_count);
    card->addHeaderWidget(m_except);
    auto* host = new QWidget(card);
    auto* grid = new QGridLayout(host);
    grid->setContentsMargins(metrics::space3, 0, metrics::space3, metrics::space3);
    grid->setSpacing(metrics::space2);
    grid->addWidget(new TextLabel(QStringLiteral("Paste what a call might hold"), TextLabel::Role::Caption, host), 0, 0);
    grid->addWidget(new TextLabel(QStringLiteral("This is what is kept and sent"), TextLabel::Role::Caption, host), 0, 1);
    m_sample = new QPlainTextEdit(sampleText(), host);
    m_sample->setFont(fonts::mono());
    m_sample->setTabChangesFocus(true);
    m_sample->setFixedHeight(150);
    m_sample->setAccessibleName(QStringLiteral("Text to mask"));
    m_result = new CodeView(host);
    m_result->setFixedHeight(150);
    grid->addWidget(m_sample, 1, 0);
    grid->addWidget(m_result, 1, 1);
    grid->setColumnStretch(0, 1);
    grid->setColumnStretch(1, 1);
    m_hits = makeHits(this);
    m_hitTable = new DataTable(host);
    m_hitTable->setModel(m_hits);
    m_hitTable->setColumnWidths({170, 260, 0});
    m_hitTable->setSelectionMode(QAbstractItemView::SingleSelection);
    m_hitTable->setFixedHeight(metrics::headerHeight + 5 * metrics::rowHeight + 4);
    grid->addWidget(m_hitTable, 2, 0, 1, 2);
    card->setBody(host);
    connect(m_sample, &QPlainTextEdit::textChanged, m_pause, QOverload<>::of(&QTimer::start));
    connect(m_except, &QPushButton::clicked, this, [this] { except(m_hitTable->currentIndex().row()); });
    connect(m_hitTable, &DataTable::currentRowChanged, this, [this](int row) { m_except->setEnabled(row >= 0); });
    m_except->setEnabled(false);
    return card;
}

void MaskingPage::load(const config::Config& configuration)
{
    const config::Masking& masking = configuration.masking;
    m_keys->setChecked(masking.keys);
    m_secrets->setChecked(masking.secrets);
    for (const auto& [id, box] : std::as_const(m_pii))
        box->setChecked(masking.piiTypes.contains(id));
    QList<PairList::Pair> patterns;
    for (auto it = masking.patterns.cbegin(); it != masking.patterns.cend(); ++it)
        patterns.append({it.key(), it.value()});
    m_patterns->setPairs(patterns);
    m_exceptions->setPlainText(masking.exceptions.join(QLatin1Char('\n')));
}

void MaskingPage::store(config::Config& configuration) const
{
    config::Masking& masking = configuration.masking;
    masking.keys = m_keys->isChecked();
    masking.secrets = m_secrets->isChecked();
    for (const auto& [id, box] : m_pii) {
        if (box->isChecked() && !masking.piiTypes.contains(id))
            masking.piiTypes.append(id);
        else if (!box->isChecked())
            masking.piiTypes.removeAll(id);
    }
    masking.patterns.clear();
    for (const auto& [name, pattern] : m_patterns->pairs())
        masking.patterns.insert(name, pattern);
    masking.exceptions = linesOf(m_exceptions->toPlainText());
}

QList<FieldError> MaskingPage::check() const
{
    QList<FieldError> errors = validatePatterns(m_patterns->pairs()) + validateExceptions(linesOf(m_exceptions->toPlainText()));
    if (!m_patternError.isEmpty())
        errors.append({QStringLiteral("patterns"), m_patternError});
    return errors;
}

void MaskingPage::edited()
{
    if (isVisible())
        m_pause->start();
}

void MaskingPage::showEvent(QShowEvent* event)
{
    ConfigPage::showEvent(event);
    preview();
}

void MaskingPage::preview()
{
    m_masked = m_sample->toPlainText().toUtf8();
    m_previewer->preview(current().masking, m_sample->toPlainText());
}

void MaskingPage::showResult(const privacy::MaskResult& result)
{
    if (!m_patternError.isEmpty()) {
        m_patternError.clear();
        form()->setErrors(check());
    }
    const bool json = result.bytes.trimmed().startsWith('{') || result.bytes.trimmed().startsWith('[');
    m_result->setText(QString::fromUtf8(result.bytes), json ? CodeView::Language::Json : CodeView::Language::Plain);
    m_hits->setRows(QList<MaskHit>(result.hits.cbegin(), result.hits.cend()));
    m_count->setText(result.redactions == 0   ? QStringLiteral("nothing masked")
                     : result.redactions == 1 ? QStringLiteral("1 value masked")
                                              : QStringLiteral("%1 values masked").arg(result.redactions));
    m_except->setEnabled(m_hitTable->currentIndex().isValid());
}

void MaskingPage::except(int hit)
{
    const MaskHit* row = m_hits->rowAt(hit);
    if (row == nullptr || row->offset < 0 || row->offset + row->length > m_masked.size())
        return;
    const QString hash = privacy::Masker::notSecretHash(QByteArrayView(m_masked).sliced(row->offset, row->length));
    QStringList lines = linesOf(m_exceptions->toPlainText());
    if (!lines.contains(hash))
        m_exceptions->setPlainText((lines << hash).join(QLatin1Char('\n')));
}

} // namespace oriel::ui
