// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/form.h"

#include "ui/theme/theme.h"
#include "ui/widgets/text_label.h"

#include <QGridLayout>

namespace oriel::ui {

Form::Form(QWidget* parent) : QWidget(parent)
{
    m_grid = new QGridLayout(this);
    m_grid->setContentsMargins(0, 0, 0, 0);
    m_grid->setHorizontalSpacing(metrics::space4);
    m_grid->setVerticalSpacing(2);
    m_grid->setColumnMinimumWidth(0, 132);
    m_grid->setColumnStretch(1, 1);
    // Else a form of small editors only would be as narrow as they are and stand in the middle.
    m_grid->addItem(new QSpacerItem(0, 0, QSizePolicy::Expanding), 0, 1);
}

void Form::addHeading(const QString& text, const QString& sentence)
{
    if (m_row > 0)
        m_grid->setRowMinimumHeight(m_row++, metrics::space3);
    m_grid->addWidget(new TextLabel(text, TextLabel::Role::Strong, this), m_row++, 0, 1, 2);
    if (!sentence.isEmpty()) {
        auto* words = new TextLabel(sentence, TextLabel::Role::Caption, this);
        words->setWordWrap(true);
        m_grid->addWidget(words, m_row++, 0, 1, 2);
    }
    m_grid->setRowMinimumHeight(m_row++, metrics::space1);
}

void Form::addField(const QString& key, const QString& label, QWidget* editor, const QString& hint)
{
    Field field;
    auto* words = new TextLabel(label, TextLabel::Role::Dim, this);
    words->setBuddy(editor);
    words->setMinimumHeight(metrics::controlHeight);
    words->setAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    field.label = words;
    field.editor = editor;
    if (editor->accessibleName().isEmpty())
        editor->setAccessibleName(label);
    m_grid->addWidget(words, m_row, 0, Qt::AlignTop);
    m_grid->addWidget(editor, m_row++, 1);
    field.hint = new TextLabel(hint, TextLabel::Role::Caption, this);
    field.hint->setWordWrap(true);
    m_grid->addWidget(field.hint, m_row++, 1);
    field.error = new TextLabel(QString(), TextLabel::Role::Error, this);
    field.error->setWordWrap(true);
    m_grid->addWidget(field.error, m_row++, 1);
    m_grid->setRowMinimumHeight(m_row++, 6);
    m_fields.insert(key, field);
    m_order.append(key);
    showField(field);
}

void Form::addWide(QWidget* widget, const QString& key)
{
    m_grid->addWidget(widget, m_row++, 0, 1, 2);
    m_grid->setRowMinimumHeight(m_row++, 6);
    if (!key.isEmpty()) {
        Field field;
        field.editor = widget;
        m_fields.insert(key, field);
        m_order.append(key);
    }
}

void Form::setHint(const QString& key, const QString& hint)
{
    const Field field = m_fields.value(key);
    if (field.hint == nullptr)
        return;
    field.hint->setText(hint);
    showField(field);
}

void Form::setFieldVisible(const QString& key, bool visible)
{
    const auto it = m_fields.find(key);
    if (it == m_fields.end())
        return;
    it->visible = visible;
    showField(*it);
}

QWidget* Form::editor(const QString& key) const
{
    return m_fields.value(key).editor;
}

QList<FieldError> Form::setErrors(const QList<FieldError>& errors, bool focusFirst)
{
    QHash<QString, QStringList> byField;
    QList<FieldError> left;
    for (const FieldError& error : errors) {
        if (m_fields.contains(error.field) && m_fields[error.field].error != nullptr)
            byField[error.field].append(error.message);
        else
            left.append(error);
    }
    bool focused = !focusFirst;
    for (const QString& key : std::as_const(m_order)) {
        const Field& field = m_fields[key];
        if (field.error == nullptr)
            continue;
        field.error->setText(byField.value(key).join(QLatin1Char('\n')));
        showField(field);
        if (!focused && byField.contains(key)) {
            field.editor->setFocus(Qt::OtherFocusReason);
            focused = true;
        }
    }
    return left;
}

QString Form::errorOf(const QString& key) const
{
    const Field field = m_fields.value(key);
    return field.error != nullptr ? field.error->text() : QString();
}

void Form::showField(const Field& field)
{
    field.editor->setVisible(field.visible);
    if (field.label != nullptr)
        field.label->setVisible(field.visible);
    if (field.hint != nullptr)
        field.hint->setVisible(field.visible && !field.hint->text().isEmpty());
    if (field.error != nullptr)
        field.error->setVisible(field.visible && !field.error->text().isEmpty());
}

} // namespace oriel::ui
