// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/segmented.h"

#include "ui/theme/oriel_style.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace oriel::ui {
namespace {

/// A tab bar without the frame under it; the page's own line runs beneath.
class QuietTabBar final : public QTabBar {
public:
    using QTabBar::QTabBar;

protected:
    [[nodiscard]] QSize tabSizeHint(int index) const override
    {
        return {fontMetrics().horizontalAdvance(tabText(index)) + 22, metrics::cardHeaderHeight};
    }
};

/// The line under the tabs, over the whole width.
class TabRow final : public QWidget {
public:
    using QWidget::QWidget;

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        painter.setLayoutDirection(Qt::LayoutDirectionAuto);
        painter.fillRect(QRect(0, height() - 1, width(), 1), themeOf(this).line);
    }
};

} // namespace

Segmented::Segmented(const QStringList& labels, QWidget* parent) : QWidget(parent), m_labels(labels)
{
    setFocusPolicy(Qt::TabFocus);
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

void Segmented::setCurrentIndex(int index)
{
    if (index < 0 || index >= m_labels.size() || index == m_current)
        return;
    m_current = index;
    update();
    Q_EMIT currentChanged(index);
}

QSize Segmented::sizeHint() const
{
    const QFontMetrics metrics(fonts::caption());
    int width = 2;
    for (const QString& label : m_labels)
        width += metrics.horizontalAdvance(label) + 22;
    return {width, 26};
}

QRect Segmented::segmentRect(int index) const
{
    const QFontMetrics metrics(fonts::caption());
    int x = 1;
    for (int i = 0; i < index; ++i)
        x += metrics.horizontalAdvance(m_labels[i]) + 22;
    return QStyle::visualRect(layoutDirection(), rect(),
                              QRect(x, 1, metrics.horizontalAdvance(m_labels[index]) + 22, height() - 2));
}

int Segmented::segmentAt(const QPoint& point) const
{
    for (int i = 0; i < m_labels.size(); ++i) {
        if (segmentRect(i).contains(point))
            return i;
    }
    return -1;
}

void Segmented::paintEvent(QPaintEvent*)
{
    const Theme& theme = themeOf(this);
    QPainter painter(this);
    painter.setLayoutDirection(Qt::LayoutDirectionAuto);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(theme.line);
    painter.setBrush(theme.window);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), metrics::radiusControl, metrics::radiusControl);
    painter.setFont(fonts::caption());
    for (int i = 0; i < m_labels.size(); ++i) {
        const QRect segment = segmentRect(i);
        if (i == m_current || i == m_hovered) {
            painter.setPen(Qt::NoPen);
            painter.setBrush(i == m_current ? theme.selection : theme.hover);
            painter.drawRoundedRect(QRectF(segment).adjusted(1, 1, -1, -1), metrics::radiusChip, metrics::radiusChip);
        }
        painter.setPen(i == m_current ? theme.text : theme.dim);
        painter.drawText(segment, Qt::AlignCenter | Qt::TextSingleLine, m_labels[i]);
    }
    if (hasFocus())
        paintFocusRing(painter, rect(), metrics::radiusControl, theme);
}

void Segmented::mousePressEvent(QMouseEvent* event)
{
    setCurrentIndex(segmentAt(event->position().toPoint()));
}

void Segmented::mouseMoveEvent(QMouseEvent* event)
{
    m_hovered = segmentAt(event->position().toPoint());
    update();
}

void Segmented::leaveEvent(QEvent* event)
{
    m_hovered = -1;
    update();
    QWidget::leaveEvent(event);
}

void Segmented::keyPressEvent(QKeyEvent* event)
{
    const int forward = layoutDirection() == Qt::RightToLeft ? -1 : 1;
    if (event->key() == Qt::Key_Right)
        setCurrentIndex(m_current + forward);
    else if (event->key() == Qt::Key_Left)
        setCurrentIndex(m_current - forward);
    else
        QWidget::keyPressEvent(event);
}

TabPages::TabPages(QWidget* parent) : QWidget(parent)
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    auto* row = new TabRow(this);
    row->setFixedHeight(metrics::cardHeaderHeight);
    m_row = new QHBoxLayout(row);
    m_row->setContentsMargins(metrics::space2, 0, metrics::space3, 0);
    m_row->setSpacing(metrics::space2);
    m_bar = new QuietTabBar(row);
    m_bar->setDrawBase(false);
    m_bar->setExpanding(false);
    m_bar->setUsesScrollButtons(true);
    m_bar->setElideMode(Qt::ElideNone);
    m_bar->setFocusPolicy(Qt::TabFocus);
    m_row->addWidget(m_bar);
    m_row->addStretch(1);
    column->addWidget(row);
    m_stack = new QStackedWidget(this);
    column->addWidget(m_stack, 1);
    connect(m_bar, &QTabBar::currentChanged, this, [this](int index) {
        m_stack->setCurrentIndex(index);
        Q_EMIT currentChanged(index);
    });
}

int TabPages::addPage(QWidget* page, const QString& title)
{
    m_stack->addWidget(page);
    return m_bar->addTab(title);
}

void TabPages::setPageTitle(int index, const QString& title)
{
    if (m_bar->tabText(index) != title)
        m_bar->setTabText(index, title);
}

void TabPages::setPageVisible(int index, bool visible)
{
    m_bar->setTabVisible(index, visible);
}

int TabPages::currentIndex() const
{
    return m_bar->currentIndex();
}

void TabPages::setCurrentIndex(int index)
{
    m_bar->setCurrentIndex(index);
}

QWidget* TabPages::page(int index) const
{
    return m_stack->widget(index);
}

void TabPages::addCornerWidget(QWidget* widget)
{
    m_row->addWidget(widget);
}

} // namespace oriel::ui
