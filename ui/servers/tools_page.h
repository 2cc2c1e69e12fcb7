// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/snapshots.h"
#include "ui/widgets/row_model.h"

#include <QWidget>

class QStackedWidget;

namespace oriel::ui {

class CodeView;
class DataTable;
class EmptyState;
class SearchField;
class Splitter;
class TextLabel;

/// The tools of one server: which of them clients see, under which name, and the definition that the server gave. GUI thread.
class ToolsPage : public QWidget {
    Q_OBJECT
public:
    explicit ToolsPage(QWidget* parent = nullptr);

    void setServer(const service::ServerSnapshot& server);
    [[nodiscard]] RowModel<service::ToolInfo>* model() const { return m_model; }
    [[nodiscard]] DataTable* table() const { return m_table; }
    [[nodiscard]] CodeView* definition() const { return m_code; }
    [[nodiscard]] QByteArray saveState() const;
    void restoreState(const QByteArray& state);

Q_SIGNALS:
    void toolEnabledChanged(const QString& server, const QString& tool, bool enabled);

private:
    void showRows();
    void showTool();

    service::ServerSnapshot m_server;
    RowModel<service::ToolInfo>* m_model;
    SearchField* m_search;
    TextLabel* m_summary;
    DataTable* m_table;
    QStackedWidget* m_stack;
    EmptyState* m_empty;
    Splitter* m_splitter;
    TextLabel* m_title;
    TextLabel* m_description;
    CodeView* m_code;
};

/// The tools to show: those the server listed, and after them those that are switched off and no longer listed, so that they can
/// be switched on again. Pure.
[[nodiscard]] QList<service::ToolInfo> shownTools(const service::ServerSnapshot& server, const QString& search);

} // namespace oriel::ui
