// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/gateway_service.h"
#include "ui/widgets/form.h"

#include <QWidget>

class QCheckBox;
class QComboBox;
class QLineEdit;
class QPlainTextEdit;
class QSpinBox;

namespace oriel::ui {

class PairList;
class ProgramLine;
class Segmented;

/// Every setting of one server as fields. Knows nothing about saving but the vault: a secret typed in plain can be moved there,
/// which stores it at once and leaves a reference. GUI thread.
class ServerForm : public QWidget {
    Q_OBJECT
public:
    explicit ServerForm(service::GatewayService& service, QWidget* parent = nullptr);

    /// `otherNames` are taken. A new server's command line has to be approved; an existing one's only when it changes.
    void load(const config::Server& server, const QStringList& otherNames, bool isNew);
    /// Puts a draft of the loaded server into the fields, as if typed.
    void edit(const config::Server& draft);
    /// What the fields say now; fields that this form does not show keep what was loaded.
    [[nodiscard]] config::Server server() const;
    [[nodiscard]] const config::Server& loaded() const { return m_loaded; }
    [[nodiscard]] bool isChanged() const { return server() != m_loaded; }
    /// Shows what is wrong at its field and moves the cursor there; true when nothing is.
    bool validate();
    [[nodiscard]] Form* form() const { return m_form; }
    [[nodiscard]] ProgramLine* programLine() const { return m_line; }

Q_SIGNALS:
    void changed();
    /// The vault refused.
    void failed(const QString& headline, const QString& sentence);

private:
    void buildFields();
    void buildLimits();
    void connectFields();
    void fill(const config::Server& server);
    void onChanged();
    void showTransport();
    void showLine();
    void moveToVault(PairList* list, int row);
    [[nodiscard]] QList<FieldError> timeoutErrors() const;

    service::GatewayService& m_service;
    config::Server m_loaded;
    QStringList m_otherNames;
    bool m_loading = false;
    Form* m_form;
    QLineEdit* m_name;
    Segmented* m_transport;
    QLineEdit* m_command;
    QPlainTextEdit* m_arguments;
    PairList* m_environment;
    QLineEdit* m_folder;
    QLineEdit* m_url;
    PairList* m_headers;
    ProgramLine* m_line;
    QComboBox* m_start;
    QCheckBox* m_enabled;
    QComboBox* m_connection;
    QSpinBox* m_concurrency;
    QSpinBox* m_restarts;
    QLineEdit* m_connect;
    QLineEdit* m_discovery;
    QLineEdit* m_call;
};

} // namespace oriel::ui
