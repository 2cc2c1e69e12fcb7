// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/shell_status.h"

#include <QList>
#include <QWidget>

namespace oriel::ui {

/// The line at the bottom: endpoint, servers, rate, p95 at the left; destinations, drops, store at the right. What does not fit
/// is left out from the middle, and each segment has a tool tip. Owned by MainWindow.
class StatusStrip : public QWidget {
    Q_OBJECT
public:
    /// A piece of the strip, made from the status; public for tests.
    struct Segment {
        QString id;     ///< "endpoint", "servers", "rate", "p95", "destination:<name>", "dropped", "store"
        QString before; ///< words before the lamp
        std::optional<Lamp> lamp;
        QString text;
        QString tip;
        Tone tone = Tone::Neutral;
        bool right = false;
    };

    explicit StatusStrip(QWidget* parent = nullptr);
    void setStatus(const ShellStatus& status);
    [[nodiscard]] const QList<Segment>& segments() const { return m_segments; }
    /// The segments of a status in their order; pure.
    [[nodiscard]] static QList<Segment> segmentsOf(const ShellStatus& status);

Q_SIGNALS:
    void segmentClicked(const QString& id);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    bool event(QEvent* event) override;

private:
    struct Placed {
        qsizetype index;
        QRect rect;
    };
    [[nodiscard]] QList<Placed> placed() const;
    [[nodiscard]] qsizetype segmentAt(const QPoint& point) const;

    QList<Segment> m_segments;
};

} // namespace oriel::ui
