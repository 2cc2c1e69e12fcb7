// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/presets/presets.h"
#include "service/gateway_service.h"
#include "ui/widgets/dialog.h"
#include "ui/widgets/form.h"

class QCheckBox;
class QComboBox;
class QLineEdit;
class QPushButton;

namespace oriel::ui {

class PairList;
class PresetFields;

/// Adds or edits a destination. One of a preset shows what the preset asks for, with all the rest folded away under "Advanced".
/// Secrets that were typed go to the vault first. Closes only when all was saved. GUI thread.
class DestinationDialog : public Dialog {
    Q_OBJECT
public:
    /// `existing` empty: a new one, with what `destination` proposes.
    DestinationDialog(service::GatewayService& service, const config::Destination& destination, const QString& existing,
                      const QStringList& otherNames, QWidget* parent = nullptr);
    /// What the fields say now.
    [[nodiscard]] config::Destination destination() const;
    /// The name, what the preset asks for and, without a preset, all the rest.
    [[nodiscard]] Form* form() const { return m_form; }
    /// What is folded away; form() without a preset.
    [[nodiscard]] Form* advanced() const { return m_advanced; }
    /// Opens and folds the rest; null without a preset.
    [[nodiscard]] QPushButton* advancedButton() const { return m_unfold; }
    [[nodiscard]] PairList* headers() const { return m_headers; }
    void accept() override;

Q_SIGNALS:
    void saved(const QString& name);

private:
    void buildFrame(bool isPreset);
    void buildPreset(const otlp::Preset& preset);
    void buildFields();
    void buildTransport();
    void buildContent();
    void load(const config::Destination& destination);
    void addChoices();
    void showProtocol();
    void followFields();
    void showErrors(QList<FieldError> errors);
    [[nodiscard]] QList<FieldError> errorsOf(const config::Destination& wanted) const;
    void keepSecretsThenSave();
    void save();
    void moveToVault(int row);
    QLineEdit* addFile(const QString& key, const QString& label);

    service::GatewayService& m_service;
    config::Destination m_loaded;
    QString m_existing;
    QStringList m_otherNames;
    const otlp::Preset* m_preset; ///< null: none
    Form* m_form;
    Form* m_advanced;
    PresetFields* m_fields = nullptr;
    QPushButton* m_unfold = nullptr;
    QLineEdit* m_name;
    QComboBox* m_protocol;
    QLineEdit* m_endpoint;
    QCheckBox* m_traces;
    QCheckBox* m_metrics;
    QCheckBox* m_logs;
    PairList* m_headers;
    QComboBox* m_compression;
    QLineEdit* m_timeout;
    QCheckBox* m_insecure;
    QLineEdit* m_ca;
    QLineEdit* m_certificate;
    QLineEdit* m_key;
    QCheckBox* m_payloads;
    QList<std::pair<QString, QCheckBox*>> m_aliases;
};

} // namespace oriel::ui
