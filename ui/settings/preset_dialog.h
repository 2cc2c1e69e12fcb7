// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/presets/presets.h"
#include "ui/widgets/dialog.h"
#include "ui/widgets/row_model.h"

class QStackedWidget;

namespace oriel::ui {

class DataTable;
class SearchField;

/// The providers that Oriel knows, to be searched and chosen from; "Custom OTLP" stands first. Down in the search field goes on
/// in the list, Enter chooses. GUI thread.
class PresetDialog : public Dialog {
    Q_OBJECT
public:
    explicit PresetDialog(QWidget* parent = nullptr);
    /// The preset that stands for the form without one.
    static constexpr const char* customId = "otlp";
    [[nodiscard]] SearchField* search() const { return m_search; }
    [[nodiscard]] DataTable* table() const { return m_table; }
    [[nodiscard]] RowModel<const otlp::Preset*>* model() const { return m_model; }
    /// Null when nothing is chosen.
    [[nodiscard]] const otlp::Preset* current() const;
    void accept() override;

Q_SIGNALS:
    void chosen(const QString& id);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void filter(const QString& text);
    void showCurrent();

    SearchField* m_search;
    RowModel<const otlp::Preset*>* m_model;
    DataTable* m_table;
    QStackedWidget* m_stack;
};

} // namespace oriel::ui
