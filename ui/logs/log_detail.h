// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "telemetry/log_record.h"
#include "ui/widgets/card.h"
#include "ui/widgets/key_value_table.h"

#include <memory>

namespace oriel::ui {

class CodeView;
class IconButton;
class LinkButton;
class Splitter;

/// One log line in full: body, attributes, the way to its trace. GUI thread.
class LogDetail final : public Card {
    Q_OBJECT
public:
    explicit LogDetail(QWidget* parent = nullptr);

    /// Null clears.
    void setRecord(std::shared_ptr<const telemetry::LogRecord> record);
    [[nodiscard]] const std::shared_ptr<const telemetry::LogRecord>& record() const { return m_record; }
    [[nodiscard]] CodeView* bodyView() const { return m_body; }
    [[nodiscard]] KeyValueTable* attributes() const { return m_attributes; }
    [[nodiscard]] Splitter* splitter() const { return m_splitter; }

    [[nodiscard]] static QList<KeyValue> rowsOf(const telemetry::LogRecord& record);

Q_SIGNALS:
    void filterRequested(const QString& term);
    void openTraceRequested();
    void copyRequested();
    void closeRequested();

private:
    std::shared_ptr<const telemetry::LogRecord> m_record;
    CodeView* m_body;
    KeyValueTable* m_attributes;
    Splitter* m_splitter;
    LinkButton* m_openTrace;
};

} // namespace oriel::ui
