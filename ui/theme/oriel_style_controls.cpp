// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/icons.h"
#include "ui/theme/oriel_style.h"

#include <QAbstractScrollArea>
#include <QAbstractSpinBox>
#include <QComboBox>
#include <QPainter>
#include <QPainterPath>
#include <QStyleOption>
#include <QToolButton>

namespace oriel::ui {
namespace {

bool hasRing(const QStyleOption* option)
{
    return (option->state & QStyle::State_HasFocus) && (option->state & QStyle::State_KeyboardFocusChange);
}

QRectF crisp(const QRect& rect)
{
    return QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5);
}

} // namespace

void OrielStyle::drawButtonPanel(const QStyleOption* option, QPainter* painter, const QWidget* widget) const
{
    const bool enabled = option->state & State_Enabled;
    const bool hovered = enabled && (option->state & State_MouseOver);
    const bool down = enabled && (option->state & State_Sunken);
    const bool on = option->state & State_On;
    const bool primary = widget && widget->property(primaryProperty).toBool();
    const bool danger = widget && widget->property(dangerProperty).toBool();
    const auto* toolButton = qobject_cast<const QToolButton*>(widget);
    const bool flat = (toolButton && toolButton->autoRaise()) || (widget && widget->property(flatProperty).toBool());
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const QRectF frame = crisp(option->rect);
    QColor fill = m_theme.raised;
    QColor border = m_theme.line;
    if (primary) {
        fill = enabled ? m_theme.accent : m_theme.hover;
        if (hovered)
            fill = mix(fill, m_theme.isDark() ? QColor(Qt::white) : QColor(Qt::black), 0.08);
        if (down)
            fill = mix(fill, m_theme.isDark() ? QColor(Qt::black) : QColor(Qt::white), 0.12);
        border = fill;
    } else if (flat) {
        fill = down || on ? m_theme.selection : hovered ? m_theme.hover : QColor(Qt::transparent);
        border = QColor(Qt::transparent);
    } else {
        if (danger && hovered)
            fill = m_theme.toneTint(Tone::Error);
        else if (down || on)
            fill = m_theme.selection;
        else if (hovered)
            fill = m_theme.hover;
        if (hovered)
            border = mix(m_theme.line, danger ? m_theme.error : m_theme.text, danger ? 0.5 : 0.18);
    }
    painter->setPen(border.alpha() == 0 ? QPen(Qt::NoPen) : QPen(border));
    painter->setBrush(fill);
    painter->drawRoundedRect(frame, metrics::radiusControl, metrics::radiusControl);
    if (hasRing(option))
        paintFocusRing(*painter, option->rect, metrics::radiusControl, m_theme);
    painter->restore();
}

void OrielStyle::drawFieldPanel(const QStyleOption* option, QPainter* painter, const QWidget* widget) const
{
    const auto* frame = qstyleoption_cast<const QStyleOptionFrame*>(option);
    if (frame && frame->lineWidth <= 0)
        return;
    if (widget && qobject_cast<const QAbstractSpinBox*>(widget->parentWidget()))
        return;
    if (widget && qobject_cast<const QComboBox*>(widget->parentWidget()))
        return;
    const bool focused = option->state & State_HasFocus;
    const bool hovered = (option->state & State_MouseOver) && (option->state & State_Enabled);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(hovered && !focused ? mix(m_theme.line, m_theme.text, 0.18) : m_theme.line);
    painter->setBrush(option->state & State_Enabled ? m_theme.window : m_theme.hover);
    painter->drawRoundedRect(crisp(option->rect), metrics::radiusControl, metrics::radiusControl);
    if (focused)
        paintFocusRing(*painter, option->rect, metrics::radiusControl, m_theme);
    painter->restore();
}

void OrielStyle::drawIndicator(const QStyleOption* option, QPainter* painter, bool round) const
{
    const bool enabled = option->state & State_Enabled;
    const bool hovered = enabled && (option->state & State_MouseOver);
    const bool on = option->state & State_On;
    const bool partly = option->state & State_NoChange;
    QRect box(0, 0, 16, 16);
    box.moveCenter(option->rect.center());
    const qreal radius = round ? 8 : metrics::radiusChip;
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const bool filled = on || partly;
    const QColor accent = enabled ? m_theme.accent : m_theme.faint;
    painter->setPen(filled ? accent : hovered ? m_theme.accent : mix(m_theme.line, m_theme.text, 0.25));
    painter->setBrush(filled ? accent : m_theme.window);
    painter->drawRoundedRect(crisp(box), radius, radius);
    if (on && round) {
        painter->setPen(Qt::NoPen);
        painter->setBrush(m_theme.onAccent);
        painter->drawEllipse(QRectF(box).adjusted(5, 5, -5, -5));
    } else if (partly) {
        painter->fillRect(box.adjusted(4, 7, -4, -7), m_theme.onAccent);
    } else if (on) {
        paintIcon(*painter, QRectF(box).adjusted(2, 2, -2, -2), IconName::Check, m_theme.onAccent);
    }
    if (hasRing(option)) {
        painter->setPen(QPen(m_theme.accent, 2));
        painter->setBrush(Qt::NoBrush);
        painter->drawRoundedRect(QRectF(box).adjusted(-2, -2, 2, 2), radius + 2, radius + 2);
    }
    painter->restore();
}

QRect OrielStyle::scrollBarRect(const QStyleOptionComplex* option, SubControl subControl) const
{
    const auto* bar = qstyleoption_cast<const QStyleOptionSlider*>(option);
    if (!bar)
        return {};
    const QRect whole = option->rect;
    const bool horizontal = bar->orientation == Qt::Horizontal;
    const int length = horizontal ? whole.width() : whole.height();
    int slider = length;
    if (bar->maximum > bar->minimum) {
        const qint64 all = qint64(bar->maximum) - bar->minimum + bar->pageStep;
        slider = static_cast<int>(qint64(length) * bar->pageStep / std::max<qint64>(1, all));
        slider = std::clamp(slider, std::min(28, length), length);
    }
    const int start = sliderPositionFromValue(bar->minimum, bar->maximum, bar->sliderPosition, length - slider, bar->upsideDown);
    const auto along = [&](int from, int size) {
        const QRect rect = horizontal ? QRect(whole.left() + from, whole.top(), size, whole.height())
                                      : QRect(whole.left(), whole.top() + from, whole.width(), size);
        return visualRect(bar->direction, whole, rect);
    };
    switch (subControl) {
    case SC_ScrollBarSlider:
        return along(start, slider);
    case SC_ScrollBarGroove:
        return whole;
    case SC_ScrollBarSubPage:
        return along(0, start);
    case SC_ScrollBarAddPage:
        return along(start + slider, length - start - slider);
    default:
        return {};
    }
}

QRect OrielStyle::groupBoxRect(const QStyleOptionComplex* option, SubControl subControl) const
{
    const auto* box = qstyleoption_cast<const QStyleOptionGroupBox*>(option);
    if (!box)
        return {};
    const QRect whole = option->rect;
    const bool titled = !box->text.isEmpty();
    const bool checkable = box->subControls & SC_GroupBoxCheckBox;
    const int title = titled || checkable ? 24 : 0;
    switch (subControl) {
    case SC_GroupBoxCheckBox:
        return visualRect(option->direction, whole, QRect(whole.left(), whole.top() + 2, 16, 16));
    case SC_GroupBoxLabel:
        return visualRect(
            option->direction, whole,
            QRect(whole.left() + (checkable ? 24 : 0), whole.top(), box->fontMetrics.horizontalAdvance(box->text) + 8, 20));
    case SC_GroupBoxFrame:
        return whole.adjusted(0, title, 0, 0);
    case SC_GroupBoxContents:
        return whole.adjusted(1, title + 1, -1, -1);
    default:
        return whole;
    }
}

void OrielStyle::drawFrame(const QStyleOption* option, QPainter* painter, const QWidget* widget) const
{
    const bool field = qobject_cast<const QAbstractScrollArea*>(widget);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(m_theme.line);
    painter->setBrush(field ? QBrush(m_theme.window) : QBrush(Qt::NoBrush));
    painter->drawRoundedRect(crisp(option->rect), metrics::radiusControl, metrics::radiusControl);
    painter->restore();
}

void OrielStyle::drawSlider(const QStyleOptionComplex* option, QPainter* painter, const QWidget* widget) const
{
    const auto* slider = qstyleoption_cast<const QStyleOptionSlider*>(option);
    if (!slider)
        return;
    const bool enabled = option->state & State_Enabled;
    const bool horizontal = slider->orientation == Qt::Horizontal;
    const QRectF handle = proxy()->subControlRect(CC_Slider, option, SC_SliderHandle, widget);
    QRectF groove(option->rect);
    if (horizontal)
        groove = QRectF(groove.left() + 2, groove.center().y() - 2, groove.width() - 4, 4);
    else
        groove = QRectF(groove.center().x() - 2, groove.top() + 2, 4, groove.height() - 4);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    painter->setBrush(mix(m_theme.panel, m_theme.text, 0.16));
    painter->drawRoundedRect(groove, 2, 2);
    painter->setBrush(enabled ? m_theme.accent : m_theme.faint);
    painter->drawEllipse(handle.center(), 7, 7);
    if (hasRing(option)) {
        painter->setPen(QPen(m_theme.accent, 2));
        painter->setBrush(Qt::NoBrush);
        painter->drawEllipse(handle.center(), 9, 9);
    }
    painter->restore();
}

void OrielStyle::drawScrollBar(const QStyleOptionComplex* option, QPainter* painter, const QWidget* widget) const
{
    const auto* bar = qstyleoption_cast<const QStyleOptionSlider*>(option);
    if (!bar || bar->maximum <= bar->minimum)
        return;
    const QRect slider = proxy()->subControlRect(CC_ScrollBar, option, SC_ScrollBarSlider, widget);
    const bool hovered = (option->state & State_MouseOver) || (option->state & State_Sunken);
    const qreal thickness = hovered ? 8 : 6;
    const bool horizontal = bar->orientation == Qt::Horizontal;
    QRectF thumb(slider);
    if (horizontal) {
        thumb.adjust(2, 0, -2, 0);
        thumb.setTop(thumb.center().y() - thickness / 2);
        thumb.setHeight(thickness);
    } else {
        thumb.adjust(0, 2, 0, -2);
        thumb.setLeft(thumb.center().x() - thickness / 2);
        thumb.setWidth(thickness);
    }
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    painter->setBrush(mix(m_theme.panel, m_theme.text, option->state & State_Sunken ? 0.42 : hovered ? 0.32 : 0.2));
    painter->drawRoundedRect(thumb, thickness / 2, thickness / 2);
    painter->restore();
}

void OrielStyle::drawComboBox(const QStyleOptionComplex* option, QPainter* painter, const QWidget* widget) const
{
    const auto* combo = qstyleoption_cast<const QStyleOptionComboBox*>(option);
    if (!combo)
        return;
    const bool enabled = option->state & State_Enabled;
    const bool hovered = enabled && (option->state & State_MouseOver);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(hovered ? mix(m_theme.line, m_theme.text, 0.18) : m_theme.line);
    painter->setBrush(combo->editable ? m_theme.window : hovered ? m_theme.hover : m_theme.raised);
    painter->drawRoundedRect(crisp(option->rect), metrics::radiusControl, metrics::radiusControl);
    if ((option->state & State_HasFocus) && (combo->editable || (option->state & State_KeyboardFocusChange)))
        paintFocusRing(*painter, option->rect, metrics::radiusControl, m_theme);
    const QRect arrow = proxy()->subControlRect(CC_ComboBox, option, SC_ComboBoxArrow, widget);
    QRectF box(0, 0, 12, 12);
    box.moveCenter(QRectF(arrow).center());
    paintIcon(*painter, box, IconName::ChevronDown, enabled ? m_theme.dim : m_theme.faint);
    painter->restore();
}

void OrielStyle::drawSpinBox(const QStyleOptionComplex* option, QPainter* painter, const QWidget* widget) const
{
    const auto* spin = qstyleoption_cast<const QStyleOptionSpinBox*>(option);
    if (!spin)
        return;
    const bool enabled = option->state & State_Enabled;
    const bool hovered = enabled && (option->state & State_MouseOver);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(hovered ? mix(m_theme.line, m_theme.text, 0.18) : m_theme.line);
    painter->setBrush(enabled ? m_theme.window : m_theme.hover);
    painter->drawRoundedRect(crisp(option->rect), metrics::radiusControl, metrics::radiusControl);
    if (option->state & State_HasFocus)
        paintFocusRing(*painter, option->rect, metrics::radiusControl, m_theme);
    if (spin->buttonSymbols != QAbstractSpinBox::NoButtons) {
        const auto button = [&](SubControl which, IconName name, bool possible) {
            const QRect rect = proxy()->subControlRect(CC_SpinBox, option, which, widget);
            QRectF box(0, 0, 10, 10);
            box.moveCenter(QRectF(rect).center());
            const bool active = (option->activeSubControls & which) && hovered;
            paintIcon(*painter, box, name, !possible || !enabled ? m_theme.faint : active ? m_theme.text : m_theme.dim);
        };
        button(SC_SpinBoxUp, IconName::ChevronUp, spin->stepEnabled & QAbstractSpinBox::StepUpEnabled);
        button(SC_SpinBoxDown, IconName::ChevronDown, spin->stepEnabled & QAbstractSpinBox::StepDownEnabled);
    }
    painter->restore();
}

void OrielStyle::drawProgress(const QStyleOption* option, QPainter* painter) const
{
    const auto* bar = qstyleoption_cast<const QStyleOptionProgressBar*>(option);
    if (!bar)
        return;
    QRectF groove(option->rect);
    if (groove.height() > 6) {
        groove.setTop(groove.center().y() - 3);
        groove.setHeight(6);
    }
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    painter->setBrush(m_theme.hover);
    const qreal radius = std::min<qreal>(groove.height() / 2, 3);
    painter->drawRoundedRect(groove, radius, radius);
    QRectF done = groove;
    if (bar->maximum > bar->minimum) {
        const double share = double(bar->progress - bar->minimum) / double(bar->maximum - bar->minimum);
        done.setWidth(std::clamp(share, 0.0, 1.0) * groove.width());
        if (option->direction == Qt::RightToLeft)
            done.moveRight(groove.right());
    } else { // length unknown: a piece in the middle, still, so that it reads as "working" without motion
        done = QRectF(groove.left() + groove.width() * 0.3, groove.top(), groove.width() * 0.4, groove.height());
    }
    painter->setBrush(m_theme.accent);
    if (done.width() > 0)
        painter->drawRoundedRect(done, radius, radius);
    painter->restore();
}

} // namespace oriel::ui
