// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/config_page.h"

#include "ui/theme/theme.h"
#include "ui/widgets/async.h"
#include "ui/widgets/save_bar.h"

#include <QCheckBox>
#include <QComboBox>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QSpinBox>
#include <QVBoxLayout>

namespace oriel::ui {

ConfigPage::ConfigPage(service::GatewayService& service, Category category, QWidget* parent)
    : SettingsPage(service, std::move(category), parent)
{
    m_form = new Form(this);
    m_form->setMaximumWidth(760);
    body()->addWidget(m_form);
    m_bar = new SaveBar(this);
    frame()->addWidget(m_bar);
    connect(m_bar, &SaveBar::saveRequested, this, &ConfigPage::save);
    connect(m_bar, &SaveBar::revertRequested, this, &ConfigPage::revert);
}

void ConfigPage::refresh()
{
    const config::Config now = service().configuration();
    if (m_everLoaded && (isChanged() || now == m_loaded))
        return;
    m_loaded = now;
    revert();
    m_everLoaded = true;
}

void ConfigPage::revert()
{
    m_loading = true;
    load(m_loaded);
    m_loading = false;
    m_form->clearErrors();
    m_bar->setChanged(false);
    edited();
    Q_EMIT changed();
}

config::Config ConfigPage::current() const
{
    config::Config configuration = m_loaded;
    store(configuration);
    return configuration;
}

bool ConfigPage::isChanged() const
{
    return m_everLoaded && (current() != m_loaded || m_bar->isChanged());
}

void ConfigPage::save()
{
    const QList<FieldError> errors = check();
    m_form->setErrors(errors, true);
    if (!errors.isEmpty())
        return;
    m_bar->setBusy(true);
    const config::Config wanted = current();
    whenDone(service().saveConfiguration(wanted, m_loaded), this, [this, wanted](const Status& done) {
        m_bar->setBusy(false);
        if (!done) {
            m_bar->showError(QStringLiteral("Not saved: %1").arg(done.error().message), done.error().remedy);
            return;
        }
        m_loaded = wanted;
        m_bar->setChanged(current() != m_loaded);
        refresh(); // others may have changed something meanwhile
        Q_EMIT changed();
        Q_EMIT notice(QStringLiteral("%1 saved").arg(category().title));
    });
}

void ConfigPage::onEdited()
{
    if (m_loading)
        return;
    // What cannot be read leaves the value alone, and is a change all the same.
    const QList<FieldError> errors = check();
    m_form->setErrors(errors);
    m_bar->setChanged(current() != m_loaded || !errors.isEmpty());
    edited();
    Q_EMIT changed();
}

QLineEdit* ConfigPage::addText(const QString& key, const QString& label, const QString& hint)
{
    auto* edit = new QLineEdit(m_form);
    edit->setMaximumWidth(280);
    m_form->addField(key, label, edit, hint);
    connect(edit, &QLineEdit::textChanged, this, &ConfigPage::onEdited);
    return edit;
}

QSpinBox* ConfigPage::addNumber(const QString& key, const QString& label, int minimum, int maximum, const QString& zero,
                                const QString& hint)
{
    auto* edit = new QSpinBox(m_form);
    edit->setRange(minimum, maximum);
    edit->setSpecialValueText(zero);
    edit->setMaximumWidth(160);
    m_form->addField(key, label, edit, hint);
    connect(edit, &QSpinBox::valueChanged, this, &ConfigPage::onEdited);
    return edit;
}

QCheckBox* ConfigPage::addCheck(const QString& key, const QString& text, const QString& hint)
{
    auto* edit = new QCheckBox(text, m_form);
    m_form->addField(key, QString(), edit, hint);
    connect(edit, &QCheckBox::toggled, this, &ConfigPage::onEdited);
    return edit;
}

QComboBox* ConfigPage::addChoice(const QString& key, const QString& label, const QList<std::pair<QString, int>>& choices,
                                 const QString& hint)
{
    auto* edit = new QComboBox(m_form);
    for (const auto& [text, value] : choices)
        edit->addItem(text, value);
    edit->setMaximumWidth(340);
    m_form->addField(key, label, edit, hint);
    connect(edit, &QComboBox::currentIndexChanged, this, &ConfigPage::onEdited);
    return edit;
}

QPlainTextEdit* ConfigPage::addLines(const QString& key, const QString& label, const QString& placeholder, const QString& hint)
{
    auto* edit = new QPlainTextEdit(m_form);
    edit->setFont(fonts::mono());
    edit->setPlaceholderText(placeholder);
    edit->setTabChangesFocus(true);
    edit->setFixedHeight(72);
    m_form->addField(key, label, edit, hint);
    connect(edit, &QPlainTextEdit::textChanged, this, &ConfigPage::onEdited);
    return edit;
}

} // namespace oriel::ui
