// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/section.h"
#include "ui/shell/shell_status.h"
#include "ui/theme/theme.h"
#include "ui/widgets/time_range.h"

#include <QHash>
#include <QList>
#include <QMainWindow>

class QStackedWidget;

namespace oriel::ui {

class Banner;
class CommandPalette;
class FilterBar;
class LiveButton;
class NavigationRail;
class StatusStrip;
class TimeRangeButton;
class Toast;
class UiSettings;

/// The frame around the sections: navigation rail, one filter, one time range, Live/Paused, command palette, status bar. Knows no
/// data: sections and the status come from the composition root. GUI thread.
class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    /// Takes the sections, in the order of the rail. `settings` must outlive the window.
    MainWindow(const QList<Section*>& sections, UiSettings& settings, QWidget* parent = nullptr);
    ~MainWindow() override;

    /// Shows a section by id; false when there is none.
    bool showSection(const QString& id);
    [[nodiscard]] Section* currentSection() const;
    [[nodiscard]] Section* section(const QString& id) const;
    [[nodiscard]] const QList<Section*>& sections() const { return m_sections; }
    /// Shows the section and hands it the target, as openRequested() does.
    bool open(const QString& sectionId, const QString& target);

    void setStatus(const ShellStatus& status);
    [[nodiscard]] const ShellStatus& status() const { return m_status; }
    /// A sentence over the sections, as for a broken configuration file; an empty headline takes it away.
    void showBanner(Tone tone, const QString& headline, const QString& sentence = {}, const QString& linkId = {},
                    const QString& linkText = {});
    void showNotice(const QString& text, Tone tone = Tone::Neutral);

    /// A command of the whole program for the palette and the keyboard sheet; the window does not own it.
    void addCommand(QAction* action);
    /// Every command the palette offers now: the window's, the current section's, and one "Go to" for each section.
    [[nodiscard]] QList<QAction*> commands() const;

    [[nodiscard]] FilterBar* filterBar() const { return m_filter; }
    [[nodiscard]] TimeRangeButton* timeRangeButton() const { return m_range; }
    [[nodiscard]] LiveButton* liveButton() const { return m_live; }
    [[nodiscard]] NavigationRail* rail() const { return m_rail; }
    [[nodiscard]] CommandPalette* commandPalette() const { return m_palette; }

    /// With a tray, closing only hides the window.
    void setCloseHides(bool hides) { m_closeHides = hides; }

    /// Writes geometry, section, range and the sections' states; done on close too.
    void saveSession();

public Q_SLOTS:
    void showCommandPalette();
    void showKeyboardSheet();

Q_SIGNALS:
    void sectionShown(const QString& id);
    void bannerLinkTriggered(const QString& linkId);
    /// A click into the status bar that the window does not answer itself: "destination:<name>", "dropped", "store".
    void statusSegmentClicked(const QString& id);
    void closing();

protected:
    void closeEvent(QCloseEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    struct Handed {
        QString filter;
        TimeRange range;
        bool live = true;

        bool operator==(const Handed&) const = default;
    };

    void buildFrame();
    QWidget* buildTopBar();
    void buildCommands();
    void connectSection(Section* section, int index);
    void restoreSession();
    void select(int index);
    /// Gives a section what it has not yet got of filter, range and mode; hidden sections get it when they are shown again.
    void handShared(Section* section);
    void onSegmentClicked(const QString& id);

    QList<Section*> m_sections;
    QHash<Section*, Handed> m_handed;
    UiSettings& m_settings;
    ShellStatus m_status;
    QStackedWidget* m_stack = nullptr;
    NavigationRail* m_rail = nullptr;
    FilterBar* m_filter = nullptr;
    TimeRangeButton* m_range = nullptr;
    LiveButton* m_live = nullptr;
    StatusStrip* m_strip = nullptr;
    CommandPalette* m_palette = nullptr;
    Toast* m_toast = nullptr;
    Banner* m_banner = nullptr;
    QList<QAction*> m_commands;
    QList<QAction*> m_goTo;
    bool m_closeHides = false;
};

} // namespace oriel::ui
