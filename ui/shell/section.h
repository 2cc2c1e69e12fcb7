// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/icons.h"
#include "ui/widgets/time_range.h"

#include <QAction>
#include <QWidget>

namespace oriel::ui {

/// What stands at the right of a section's name in the navigation rail.
struct Badge {
    enum class Kind { Count, Alarm }; ///< quiet number, or a filled red pill
    std::int64_t count = 0;           ///< 0 shows nothing
    Kind kind = Kind::Count;

    bool operator==(const Badge&) const = default;
};

/// One page of the console. The shell owns it, puts it into its stack, and hands it the filter, the time range and Live/Paused,
/// which all sections share. A hidden section should do no work. GUI thread.
class Section : public QWidget {
    Q_OBJECT
public:
    using QWidget::QWidget;

    /// Lower-case name used by --screenshot, links and saved state: "traces".
    [[nodiscard]] virtual QString id() const = 0;
    [[nodiscard]] virtual QString title() const = 0;
    [[nodiscard]] virtual IconName icon() const = 0;
    /// What the filter bar says when it is empty and this section is shown; empty: the shell's own words.
    [[nodiscard]] virtual QString filterHint() const { return {}; }

    /// The filter language of PRODUCT T8, chips and free text together.
    virtual void setFilter(const QString& text) { Q_UNUSED(text) }
    virtual void setTimeRange(const TimeRange& range) { Q_UNUSED(range) }
    /// False: freeze what is shown; recording goes on.
    virtual void setLive(bool live) { Q_UNUSED(live) }
    /// Words the filter may continue with after `text`; the first is the best.
    [[nodiscard]] virtual QStringList completions(const QString& text) const
    {
        Q_UNUSED(text)
        return {};
    }

    /// True when the page shows what it has to show, so that a picture of it is worth taking.
    [[nodiscard]] virtual bool isReady() const = 0;
    /// Why there is nothing to show, in a sentence; empty while there is something.
    [[nodiscard]] virtual QString emptyReason() const { return {}; }

    /// Shows one thing, such as a trace id; `target` is the section's own language. False when it is not there.
    virtual bool open(const QString& target)
    {
        Q_UNUSED(target)
        return false;
    }
    /// Actions of this section in the command palette and the keyboard sheet; texts, shortcuts and icons are taken from them.
    [[nodiscard]] virtual QList<QAction*> commands() const { return actions(); }

    /// Splitter positions, columns and the like; kept by the shell between sessions.
    [[nodiscard]] virtual QByteArray saveState() const { return {}; }
    virtual void restoreState(const QByteArray& state) { Q_UNUSED(state) }

Q_SIGNALS:
    void badgeChanged(const oriel::ui::Badge& badge);
    void readyChanged();
    /// Asks the shell to show `target` in the section `sectionId`.
    void openRequested(const QString& sectionId, const QString& target);
    /// Asks the shell for a new shared filter, time range or mode, as after a brush in a chart.
    void filterRequested(const QString& text);
    void timeRangeRequested(const oriel::ui::TimeRange& range);
    void liveRequested(bool live);
    /// A short confirmation at the bottom of the window: "Copied".
    void notice(const QString& text);
};

} // namespace oriel::ui
