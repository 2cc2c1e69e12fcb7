// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/audit_row.h"
#include "ui/widgets/card.h"

#include <optional>

class QStackedLayout;

namespace oriel::ui {

class CodeView;
class KeyValueTable;
class LinkButton;
class PayloadPage;
class TabPages;

/// One row of the audit log in full: Summary, Arguments, Response, Raw. GUI thread.
class AuditDetail final : public Card {
    Q_OBJECT
public:
    enum Tab { Summary, Arguments, Response, Raw };

    explicit AuditDetail(QWidget* parent = nullptr);

    /// A row with its payloads.
    void setRow(store::AuditRow row);
    void clear();
    [[nodiscard]] const std::optional<store::AuditRow>& row() const { return m_row; }
    [[nodiscard]] TabPages* tabs() const { return m_tabs; }
    [[nodiscard]] KeyValueTable* summary() const { return m_summary; }
    [[nodiscard]] CodeView* argumentsView() const;
    [[nodiscard]] CodeView* responseView() const;
    [[nodiscard]] CodeView* rawView() const { return m_raw; }
    /// The words under a payload: what was cut, how much is masked.
    [[nodiscard]] QString noteOf(Tab tab) const;

Q_SIGNALS:
    void filterRequested(const QString& term);
    void openTraceRequested();

private:
    std::optional<store::AuditRow> m_row;
    QStackedLayout* m_stack;
    TabPages* m_tabs;
    KeyValueTable* m_summary;
    PayloadPage* m_arguments;
    PayloadPage* m_response;
    CodeView* m_raw;
    LinkButton* m_openTrace;
};

} // namespace oriel::ui
