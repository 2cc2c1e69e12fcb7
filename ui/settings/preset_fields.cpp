// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/preset_fields.h"

#include "ui/settings/destination_text.h"
#include "ui/settings/settings_text.h"
#include "ui/widgets/key_value_table.h"
#include "ui/widgets/text_label.h"

#include <QComboBox>
#include <QLineEdit>

namespace oriel::ui {
namespace {

QString keyOf(const otlp::PresetField& field)
{
    return QStringLiteral("fields.") + field.id;
}

bool isReference(const QString& value)
{
    return value.startsWith(QLatin1String("${")) && value.indexOf(QLatin1Char('}')) == value.size() - 1;
}

/// Hints of secrets tell how to write the reference by hand, which the form does itself.
QString hintOf(const otlp::PresetField& field)
{
    QString hint = field.hint;
    if (field.secret)
        hint.remove(QStringLiteral("Keep it in the vault and write ${vault:name} here."));
    hint = hint.trimmed();
    if (field.optional)
        hint = hint.isEmpty() ? QStringLiteral("Optional.") : QStringLiteral("Optional. ") + hint;
    return hint;
}

} // namespace

PresetFields::PresetFields(const otlp::Preset& preset, const config::Destination& given, const QStringList& vaultNames,
                           const config::Config& configuration, Form* form, QObject* parent)
    : QObject(parent),
      m_preset(preset),
      m_form(form),
      m_vaultNames(vaultNames)
{
    for (const otlp::PresetField& field : preset.fields)
        addField(field, given.fields.value(field.id), configuration);
    m_targets = new KeyValueTable(form);
    m_targets->setFitToContents(true);
    form->addField(QStringLiteral("targets"), QStringLiteral("Sends to"), m_targets);
    addNotes();
}

void PresetFields::addField(const otlp::PresetField& field, const QString& given, const config::Config& configuration)
{
    Entry entry;
    entry.field = &field;
    QWidget* editor = nullptr;
    if (field.choices.isEmpty() || given.contains(QLatin1String("${"))) {
        entry.edit = new QLineEdit(m_form);
        entry.edit->setPlaceholderText(field.example);
        editor = entry.edit;
    } else {
        entry.choice = new QComboBox(m_form);
        if (field.optional)
            entry.choice->addItem(QString());
        entry.choice->addItems(field.choices);
        if (!given.isEmpty() && !field.choices.contains(given))
            entry.choice->addItem(given);
        entry.choice->setCurrentIndex(std::max(0, entry.choice->findText(given)));
        editor = entry.choice;
    }
    if (field.secret && entry.edit != nullptr) {
        entry.edit->setEchoMode(QLineEdit::Password);
        entry.reference = given;
        // Another's secret is not overwritten: a new value gets a name of its own.
        const QString name = vaultReference(given);
        entry.isForeign = name.isEmpty() || usesOfSecret(configuration, name).size() > 1;
    } else if (entry.edit != nullptr) {
        entry.edit->setText(given);
    }
    m_form->addField(keyOf(field), field.label, editor, hintOf(field));
    if (field.secret)
        showSecret(entry);
    m_entries.push_back(entry);
    if (entry.edit != nullptr)
        connect(entry.edit, &QLineEdit::textChanged, this, &PresetFields::changed);
    else
        connect(entry.choice, &QComboBox::currentTextChanged, this, &PresetFields::changed);
}

void PresetFields::addNotes()
{
    if (m_preset.notes.isEmpty())
        return;
    m_form->addHeading(QStringLiteral("Good to know"));
    for (const QString& note : m_preset.notes) {
        auto* words = new TextLabel(note, TextLabel::Role::Caption, m_form);
        words->setWordWrap(true);
        words->setTextFormat(Qt::PlainText);
        m_form->addWide(words);
    }
}

void PresetFields::showSecret(const Entry& entry)
{
    const QString name = vaultReference(entry.reference);
    const QString hint = hintOf(*entry.field);
    QString state;
    if (entry.reference.isEmpty())
        state = QStringLiteral("Not set. It is kept in the vault.");
    else if (name.isEmpty())
        state = entry.reference.contains(QLatin1String("${"))
                    ? QStringLiteral("Set by reference in the configuration file.")
                    : QStringLiteral("Set, in plain text in the configuration file: type it again to move it to the vault.");
    else
        state = m_vaultNames.contains(name) ? QStringLiteral("Set, in the vault as \"%1\".").arg(name)
                                            : QStringLiteral("Not set: the vault has no \"%1\".").arg(name);
    const bool isSet = !entry.reference.isEmpty() && (name.isEmpty() || m_vaultNames.contains(name));
    entry.edit->setPlaceholderText(isSet ? QStringLiteral("set – type to replace") : QStringLiteral("not set"));
    m_form->setHint(keyOf(*entry.field), hint.isEmpty() ? state : hint + QLatin1Char(' ') + state);
}

QString PresetFields::typed(const Entry& entry) const
{
    return entry.choice != nullptr ? entry.choice->currentText() : entry.edit->text().trimmed();
}

QString PresetFields::keepName(const Entry& entry, const QString& destinationName) const
{
    return entry.isForeign || entry.reference.isEmpty() ? vaultNameFor(destinationName, entry.field->id, m_vaultNames)
                                                        : vaultReference(entry.reference);
}

QMap<QString, QString> PresetFields::values(const QString& destinationName) const
{
    QMap<QString, QString> values;
    for (const Entry& entry : m_entries) {
        QString value = typed(entry);
        if (!entry.isAsked && !fieldProblem(*entry.field, value).isEmpty())
            continue; // nobody sees it, nobody needs it
        if (entry.field->secret) {
            if (value.isEmpty())
                value = entry.reference;
            else if (!isReference(value))
                value = QStringLiteral("${vault:%1}").arg(keepName(entry, destinationName));
        }
        if (!value.isEmpty())
            values.insert(entry.field->id, value);
    }
    return values;
}

std::vector<PresetFields::TypedSecret> PresetFields::typedSecrets(const QString& destinationName) const
{
    std::vector<TypedSecret> secrets;
    for (const Entry& entry : m_entries) {
        if (const QString value = typed(entry); entry.field->secret && !value.isEmpty() && !isReference(value))
            secrets.push_back({entry.field->id, keepName(entry, destinationName), value.toUtf8()});
    }
    return secrets;
}

void PresetFields::noteKept(const TypedSecret& secret)
{
    m_vaultNames.append(secret.vaultName);
    for (Entry& entry : m_entries) {
        if (entry.field->id != secret.field)
            continue;
        entry.reference = QStringLiteral("${vault:%1}").arg(secret.vaultName);
        entry.isForeign = false;
        entry.edit->clear();
        showSecret(entry);
    }
}

QList<FieldError> PresetFields::problems() const
{
    QList<FieldError> errors;
    for (const Entry& entry : m_entries) {
        if (const QString problem = fieldProblem(*entry.field, typed(entry)); entry.isAsked && !problem.isEmpty())
            errors.append({keyOf(*entry.field), problem});
    }
    return errors;
}

void PresetFields::showFor(const config::Destination& destination)
{
    for (Entry& entry : m_entries) {
        entry.isAsked = isAsked(*entry.field, destination);
        m_form->setFieldVisible(keyOf(*entry.field), entry.isAsked);
    }
    QList<KeyValue> rows;
    if (const auto targets = signalTargets(destination)) {
        for (const SignalTarget& target : *targets)
            rows.append({target.signal, target.target, Tone::Neutral, {}, true, {}});
    } else {
        rows.append({QStringLiteral("not yet"), sentencesOf(targets.error()), Tone::Warning, {}, false, {}});
    }
    if (rows != m_targets->rows())
        m_targets->setRows(rows);
}

} // namespace oriel::ui
