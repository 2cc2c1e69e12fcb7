// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/traces/trace_document.h"
#include "ui/traces/waterfall_geometry.h"

#include <QImage>
#include <QWidget>

#include <memory>

namespace oriel::ui {

/// A whole trace on a strip, and the window into it. Drag across to choose a window, inside the window to move it; double click
/// shows the whole. The picture is made once for each trace, size and theme. GUI thread.
class WaterfallMinimap : public QWidget {
    Q_OBJECT
public:
    static constexpr int height = 38;

    explicit WaterfallMinimap(QWidget* parent = nullptr);
    void setDocument(std::shared_ptr<const TraceDocument> document);
    void setWindow(const TimeWindow& window);
    [[nodiscard]] QSize sizeHint() const override { return {400, height}; }

Q_SIGNALS:
    void windowRequested(qint64 fromNs, qint64 toNs);
    void wholeRequested();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;

private:
    [[nodiscard]] QRectF inside() const;
    [[nodiscard]] TimeWindow whole() const;
    [[nodiscard]] double xOf(std::int64_t ns) const;
    [[nodiscard]] std::int64_t nsOf(double x) const;
    void render();

    std::shared_ptr<const TraceDocument> m_document;
    TimeWindow m_window;
    QImage m_picture;
    bool m_dragging = false;
    bool m_moving = false; ///< the window as it is, not a new one
    double m_pressed = 0;
    TimeWindow m_pressedWindow;
};

} // namespace oriel::ui
