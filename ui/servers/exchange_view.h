// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/gateway_service.h"

#include <QWidget>

#include <optional>

class QStackedWidget;
class QToolButton;

namespace oriel::ui {

class ChangeModel;
class Chip;
class CodeView;
class DataTable;
class EmptyState;
class ExchangeModel;
class LinkButton;
class Segmented;
class TextLabel;

/// One call as the client and as the server saw it: the steps above, and of the chosen step what Oriel changed, or both frames
/// whole beside each other. Frames longer than 64 KiB are shown in part until they are asked for. GUI thread.
class ExchangeView : public QWidget {
    Q_OBJECT
public:
    explicit ExchangeView(service::GatewayService& service, QWidget* parent = nullptr);

    /// Asks the wire log for the frames of a call; `frameId` is chosen when it is among them. An invalid `callSpan` shows that
    /// frame alone.
    void showCall(const TraceId& trace, const SpanId& callSpan, std::uint64_t frameId = 0);
    /// The same for the call that a span of either side belongs to.
    void showSpan(const TraceId& trace, const SpanId& span);
    /// True when the frames are there, or are known to be gone.
    [[nodiscard]] bool isSettled() const { return m_settled; }
    [[nodiscard]] ExchangeModel* steps() const { return m_steps; }
    [[nodiscard]] ChangeModel* changes() const { return m_changes; }
    [[nodiscard]] DataTable* table() const { return m_table; }

public Q_SLOTS:
    void copyExchange();

Q_SIGNALS:
    void backRequested();
    void spanRequested(const QString& target);
    void copied(const QString& what);
    void settled();

private:
    QWidget* buildHeader();
    QWidget* buildStep();
    void fetch(const TraceId& trace, const SpanId& callSpan, std::uint64_t frameId, qsizetype limit);
    void take(std::vector<store::WireEntry> frames, std::uint64_t frameId);
    void showNothing();
    void showStep(int step);
    void showHeader();

    service::GatewayService& m_service;
    ExchangeModel* m_steps;
    ChangeModel* m_changes;
    QStackedWidget* m_stack;
    EmptyState* m_empty;
    TextLabel* m_title;
    Chip* m_client;
    Chip* m_server;
    LinkButton* m_copy;
    LinkButton* m_span;
    DataTable* m_table;
    Segmented* m_how;
    QToolButton* m_all;
    TextLabel* m_note;
    LinkButton* m_whole;
    QStackedWidget* m_detail;
    DataTable* m_changeTable;
    CodeView* m_left;
    CodeView* m_right;
    TraceId m_trace;
    SpanId m_callSpan;
    int m_generation = 0;
    bool m_settled = false;
};

} // namespace oriel::ui
