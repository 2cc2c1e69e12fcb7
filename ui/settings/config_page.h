// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/settings/settings_page.h"
#include "ui/widgets/form.h"

class QCheckBox;
class QComboBox;
class QLineEdit;
class QPlainTextEdit;
class QSpinBox;

namespace oriel::ui {

/// A page whose fields are a part of the configuration, with Save and Revert. What is being edited is not overwritten by changes
/// from outside; the page follows them while nothing was changed here. GUI thread.
class ConfigPage : public SettingsPage {
    Q_OBJECT
public:
    ConfigPage(service::GatewayService& service, Category category, QWidget* parent = nullptr);

    void refresh() override;
    [[nodiscard]] bool isChanged() const override;
    [[nodiscard]] SaveBar* bar() const { return m_bar; }
    [[nodiscard]] Form* form() const { return m_form; }
    /// Checks, then saves; errors stand at their fields.
    void save();
    void revert();

protected:
    /// Puts the configuration into the fields.
    virtual void load(const config::Config& configuration) = 0;
    /// Puts the fields into the configuration; what cannot be read there keeps its value and is an error of check().
    virtual void store(config::Config& configuration) const = 0;
    [[nodiscard]] virtual QList<FieldError> check() const = 0;
    /// After every change of a field, whoever made it.
    virtual void edited() {}

    [[nodiscard]] const config::Config& loaded() const { return m_loaded; }
    /// The configuration as it would be saved now.
    [[nodiscard]] config::Config current() const;

    // Fields that report their changes. Numbers and times are text fields, so that units can be written.
    QLineEdit* addText(const QString& key, const QString& label, const QString& hint = {});
    QSpinBox* addNumber(const QString& key, const QString& label, int minimum, int maximum, const QString& zero = {},
                        const QString& hint = {});
    QCheckBox* addCheck(const QString& key, const QString& text, const QString& hint = {});
    /// Texts with the number that each stands for, as currentData().
    QComboBox* addChoice(const QString& key, const QString& label, const QList<std::pair<QString, int>>& choices,
                         const QString& hint = {});
    QPlainTextEdit* addLines(const QString& key, const QString& label, const QString& placeholder, const QString& hint = {});
    void onEdited();

private:
    Form* m_form;
    SaveBar* m_bar;
    config::Config m_loaded;
    bool m_loading = false;
    bool m_everLoaded = false;
};

} // namespace oriel::ui
