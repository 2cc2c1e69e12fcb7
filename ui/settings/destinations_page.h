// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/settings/settings_page.h"
#include "ui/widgets/row_model.h"

#include <QTimer>

#include <optional>
#include <utility>

class QLayout;
class QPushButton;
class QStackedWidget;

namespace oriel::ui {

class Banner;
class DataTable;
class KeyValueTable;
class TextLabel;

/// Where telemetry goes: every destination with its state and counts, and for the chosen one its settings in words, a test span
/// and the backend's real answer, what it would get, why what was lost is lost, and what can be done with what waits. Their order
/// is the configuration file's.
class DestinationsPage : public SettingsPage {
    Q_OBJECT
public:
    explicit DestinationsPage(service::GatewayService& service, QWidget* parent = nullptr);
    void refresh() override;
    /// A destination's name; or a dialog: "@add", "@new:PRESET", "@edit:NAME", "@preview:NAME".
    bool open(const QString& target) override;
    [[nodiscard]] RowModel<service::DestinationSnapshot>* model() const { return m_model; }
    [[nodiscard]] DataTable* table() const { return m_table; }
    [[nodiscard]] QPushButton* testButton() const { return m_test; }
    [[nodiscard]] QPushButton* previewButton() const { return m_preview; }
    [[nodiscard]] QPushButton* pauseButton() const { return m_pause; }
    [[nodiscard]] QPushButton* retryButton() const { return m_retry; }
    [[nodiscard]] QPushButton* discardButton() const { return m_discard; }
    [[nodiscard]] QPushButton* upButton() const { return m_up; }
    [[nodiscard]] QPushButton* downButton() const { return m_down; }
    /// What became of what an earlier run left in the spool; hidden when all of it was there.
    [[nodiscard]] Banner* spoolBanner() const { return m_spool; }
    [[nodiscard]] Banner* unclaimedBanner() const { return m_unclaimed; }
    [[nodiscard]] KeyValueTable* facts() const { return m_facts; }
    /// Asks which provider, then what it needs.
    void add();

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    QWidget* buildTable();
    bool openDialog(const QString& view);
    void buildOrder(class Card* card);
    QWidget* buildDetail();
    QLayout* buildQueueButtons(QWidget* host);
    QWidget* buildEmpty();
    void fitColumns();
    [[nodiscard]] const service::DestinationSnapshot* current() const;
    void showCurrent();
    void showQueueButtons(const service::DestinationSnapshot& row);
    [[nodiscard]] QStringList names() const;
    /// The form for a new destination of this preset.
    void propose(const QString& preset);
    void edit(const config::Destination& destination, const QString& existing);
    void test();
    void preview();
    void pauseOrResume();
    void retry();
    void askToDiscard();
    void askToRemove();
    void setEnabled(const config::Destination& destination, bool enabled);
    void showSpool();
    void showUnclaimed();
    void askToDiscardUnclaimed(const QString& name);
    /// Where the chosen one stands among those of the file; −1: it is not of the file.
    [[nodiscard]] qsizetype place() const;
    void showOrder();
    void move(int steps);
    void undoMove();

    RowModel<service::DestinationSnapshot>* m_model;
    QStackedWidget* m_stack;
    DataTable* m_table;
    TextLabel* m_name;
    KeyValueTable* m_facts;
    QPushButton* m_test;
    QPushButton* m_preview;
    QPushButton* m_pause;
    QPushButton* m_retry;
    QPushButton* m_discard;
    QPushButton* m_edit;
    QPushButton* m_enable;
    QPushButton* m_remove;
    QPushButton* m_up;
    QPushButton* m_down;
    Banner* m_spool;
    Banner* m_unclaimed;
    QTimer m_ages; ///< while something waits: its age is shown
    bool m_moving = false;
    std::optional<std::pair<QString, int>> m_moved; ///< whom and how far, last
    std::optional<bool> m_isNarrow;
    QString m_current;
    QString m_wanted;
};

} // namespace oriel::ui
