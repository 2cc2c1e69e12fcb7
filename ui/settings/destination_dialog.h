// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/gateway_service.h"
#include "ui/widgets/dialog.h"
#include "ui/widgets/form.h"

class QCheckBox;
class QComboBox;
class QLineEdit;

namespace oriel::ui {

class PairList;

/// Adds or edits a destination. Closes only when it was saved. GUI thread.
class DestinationDialog : public Dialog {
    Q_OBJECT
public:
    /// `existing` empty: a new one, with what `destination` proposes.
    DestinationDialog(service::GatewayService& service, const config::Destination& destination, const QString& existing,
                      const QStringList& otherNames, QWidget* parent = nullptr);
    /// What the fields say now.
    [[nodiscard]] config::Destination destination() const;
    [[nodiscard]] Form* form() const { return m_form; }
    [[nodiscard]] PairList* headers() const { return m_headers; }
    void accept() override;

Q_SIGNALS:
    void saved(const QString& name);

private:
    void buildFields();
    void buildTransport();
    void buildContent();
    void load(const config::Destination& destination);
    void showProtocol();
    void moveToVault(int row);
    QLineEdit* addFile(const QString& key, const QString& label);

    service::GatewayService& m_service;
    config::Destination m_loaded;
    QString m_existing;
    QStringList m_otherNames;
    Form* m_form;
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
