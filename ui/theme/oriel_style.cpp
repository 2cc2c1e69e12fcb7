// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/oriel_style.h"

#include "ui/theme/icons.h"

#include <QAbstractScrollArea>
#include <QApplication>
#include <QComboBox>
#include <QLineEdit>
#include <QMenu>
#include <QPainter>
#include <QPainterPath>
#include <QPushButton>
#include <QScrollBar>
#include <QSpinBox>
#include <QStyleFactory>
#include <QStyleOption>
#include <QTabBar>
#include <QToolButton>

namespace oriel::ui {
namespace {

void paintArrow(QPainter* painter, const QRect& rect, IconName name, const QColor& color)
{
    const int side = std::min({rect.width(), rect.height(), 12});
    QRect box(0, 0, side, side);
    box.moveCenter(rect.center());
    paintIcon(*painter, box, name, color);
}

} // namespace

void paintFocusRing(QPainter& painter, const QRectF& rect, qreal radius, const Theme& theme)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme.accent, 2));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), radius - 0.5, radius - 0.5);
    painter.restore();
}

OrielStyle::OrielStyle(Theme theme) : QProxyStyle(QStyleFactory::create(QStringLiteral("Fusion"))), m_theme(std::move(theme))
{
    m_serviceColors.pin(QStringLiteral("gateway"), 0);
}

void OrielStyle::setTheme(Theme theme)
{
    m_theme = std::move(theme);
}

void OrielStyle::polish(QPalette& palette)
{
    palette = m_theme.palette();
}

void OrielStyle::polish(QWidget* widget)
{
    QProxyStyle::polish(widget);
    if (qobject_cast<QAbstractButton*>(widget) || qobject_cast<QComboBox*>(widget) || qobject_cast<QLineEdit*>(widget) ||
        qobject_cast<QAbstractSpinBox*>(widget) || qobject_cast<QScrollBar*>(widget) || qobject_cast<QTabBar*>(widget))
        widget->setAttribute(Qt::WA_Hover);
    if (qobject_cast<QMenu*>(widget)) // the rounded corners show what is behind
        widget->setAttribute(Qt::WA_TranslucentBackground);
}

void OrielStyle::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                               const QWidget* widget) const
{
    switch (element) {
    case PE_PanelButtonCommand:
    case PE_PanelButtonTool:
        drawButtonPanel(option, painter, widget);
        return;
    case PE_PanelLineEdit:
        drawFieldPanel(option, painter, widget);
        return;
    case PE_FrameLineEdit:
    case PE_FrameStatusBarItem:
    case PE_FrameFocusRect: // every control draws its own ring
    case PE_FrameButtonTool:
    case PE_PanelScrollAreaCorner:
        return;
    case PE_Frame:
    case PE_FrameGroupBox:
        drawFrame(option, painter, widget);
        return;
    case PE_FrameTabWidget:
        painter->fillRect(QRect(option->rect.left(), option->rect.top(), option->rect.width(), 1), m_theme.line);
        return;
    case PE_PanelMenu:
    case PE_PanelTipLabel:
    case PE_FrameMenu:
        if (element == PE_FrameMenu)
            return;
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(m_theme.line);
        painter->setBrush(m_theme.raised);
        painter->drawRoundedRect(QRectF(option->rect).adjusted(0.5, 0.5, -0.5, -0.5),
                                 element == PE_PanelMenu ? metrics::radiusCard : 0,
                                 element == PE_PanelMenu ? metrics::radiusCard : 0);
        painter->restore();
        return;
    case PE_IndicatorCheckBox:
    case PE_IndicatorItemViewItemCheck:
        drawIndicator(option, painter, false);
        return;
    case PE_IndicatorRadioButton:
        drawIndicator(option, painter, true);
        return;
    case PE_IndicatorArrowDown:
    case PE_IndicatorSpinDown:
        paintArrow(painter, option->rect, IconName::ChevronDown, m_theme.dim);
        return;
    case PE_IndicatorArrowUp:
    case PE_IndicatorSpinUp:
        paintArrow(painter, option->rect, IconName::ChevronUp, m_theme.dim);
        return;
    case PE_IndicatorArrowLeft:
        paintArrow(painter, option->rect, IconName::ChevronLeft, m_theme.dim);
        return;
    case PE_IndicatorArrowRight:
        paintArrow(painter, option->rect, IconName::ChevronRight, m_theme.dim);
        return;
    case PE_IndicatorBranch:
        if (option->state & State_Children) {
            const IconName closed = option->direction == Qt::RightToLeft ? IconName::ChevronLeft : IconName::ChevronRight;
            paintArrow(painter, option->rect, option->state & State_Open ? IconName::ChevronDown : closed, m_theme.dim);
        }
        return;
    case PE_PanelItemViewItem:
        drawItemPanel(option, painter, widget);
        return;
    case PE_PanelItemViewRow:
        return;
    case PE_IndicatorHeaderArrow:
        if (const auto* header = qstyleoption_cast<const QStyleOptionHeader*>(option)) {
            if (header->sortIndicator != QStyleOptionHeader::None)
                paintArrow(painter, option->rect,
                           header->sortIndicator == QStyleOptionHeader::SortUp ? IconName::ChevronUp : IconName::ChevronDown,
                           m_theme.dim);
        }
        return;
    case PE_PanelStatusBar:
        painter->fillRect(option->rect, m_theme.panel);
        return;
    default:
        QProxyStyle::drawPrimitive(element, option, painter, widget);
    }
}

void OrielStyle::drawControl(ControlElement element, const QStyleOption* option, QPainter* painter, const QWidget* widget) const
{
    switch (element) {
    case CE_PushButtonBevel:
        if (const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option)) {
            proxy()->drawPrimitive(PE_PanelButtonCommand, option, painter, widget);
            if (button->features & QStyleOptionButton::HasMenu) {
                const QRect arrow = visualRect(option->direction, option->rect,
                                               QRect(option->rect.right() - 22, option->rect.top(), 14, option->rect.height()));
                paintArrow(painter, arrow, IconName::ChevronDown, m_theme.dim);
            }
        }
        return;
    case CE_PushButtonLabel:
        if (const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option)) {
            QStyleOptionButton copy = *button;
            if (copy.features & QStyleOptionButton::HasMenu) {
                copy.features &= ~QStyleOptionButton::HasMenu;
                copy.rect.adjust(option->direction == Qt::RightToLeft ? 16 : 0, 0, option->direction == Qt::RightToLeft ? 0 : -16,
                                 0);
            }
            if (widget && (copy.state & State_Enabled)) {
                if (widget->property(primaryProperty).toBool())
                    copy.palette.setColor(QPalette::ButtonText, m_theme.onAccent);
                else if (widget->property(dangerProperty).toBool())
                    copy.palette.setColor(QPalette::ButtonText, m_theme.error);
            }
            QProxyStyle::drawControl(element, &copy, painter, widget);
        }
        return;
    case CE_TabBarTabShape:
        drawTab(option, painter);
        return;
    case CE_TabBarTabLabel:
        if (const auto* tab = qstyleoption_cast<const QStyleOptionTab*>(option)) {
            QStyleOptionTab copy = *tab;
            const bool strong = copy.state & (State_Selected | State_MouseOver);
            copy.palette.setColor(QPalette::WindowText, strong ? m_theme.text : m_theme.dim);
            copy.state &= ~State_HasFocus;
            QProxyStyle::drawControl(element, &copy, painter, widget);
        }
        return;
    case CE_MenuItem:
        drawMenuItem(option, painter, widget);
        return;
    case CE_HeaderSection:
    case CE_HeaderEmptyArea:
        drawHeaderSection(option, painter);
        return;
    case CE_HeaderLabel:
        drawHeaderLabel(option, painter);
        return;
    case CE_ProgressBarGroove:
    case CE_ProgressBarLabel:
        return;
    case CE_ProgressBarContents:
        drawProgress(option, painter);
        return;
    case CE_Splitter:
        painter->fillRect(option->rect, m_theme.line);
        return;
    case CE_RubberBand:
        painter->save();
        painter->setPen(m_theme.accent);
        painter->setBrush(QColor(m_theme.accent.red(), m_theme.accent.green(), m_theme.accent.blue(), 40));
        painter->drawRect(option->rect.adjusted(0, 0, -1, -1));
        painter->restore();
        return;
    default:
        QProxyStyle::drawControl(element, option, painter, widget);
    }
}

void OrielStyle::drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter,
                                    const QWidget* widget) const
{
    switch (control) {
    case CC_ScrollBar:
        drawScrollBar(option, painter, widget);
        return;
    case CC_ComboBox:
        drawComboBox(option, painter, widget);
        return;
    case CC_SpinBox:
        drawSpinBox(option, painter, widget);
        return;
    case CC_Slider:
        drawSlider(option, painter, widget);
        return;
    default:
        QProxyStyle::drawComplexControl(control, option, painter, widget);
    }
}

int OrielStyle::pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const
{
    switch (metric) {
    case PM_ScrollBarExtent:
        return 10;
    case PM_ScrollBarSliderMin:
        return 28;
    case PM_ScrollView_ScrollBarSpacing:
    case PM_ScrollView_ScrollBarOverlap:
        return 0;
    case PM_DefaultFrameWidth:
        // Wide enough that the square viewport stays inside the round corners.
        return qobject_cast<const QLineEdit*>(widget) || qobject_cast<const QAbstractScrollArea*>(widget) ? 3 : 1;
    case PM_FocusFrameHMargin:
        return 7;
    case PM_SliderThickness:
    case PM_SliderLength:
        return 16;
    case PM_ButtonMargin:
        return 12;
    case PM_ButtonShiftHorizontal:
    case PM_ButtonShiftVertical:
    case PM_TabBarTabShiftHorizontal:
    case PM_TabBarTabShiftVertical:
    case PM_TabBarBaseOverlap:
    case PM_TabBarBaseHeight:
        return 0;
    case PM_TabBarTabHSpace:
        return 24;
    case PM_TabBarTabVSpace:
        return 18;
    case PM_SplitterWidth:
        return 7;
    case PM_IndicatorWidth:
    case PM_IndicatorHeight:
    case PM_ExclusiveIndicatorWidth:
    case PM_ExclusiveIndicatorHeight:
    case PM_SmallIconSize:
    case PM_ButtonIconSize:
    case PM_ToolBarIconSize:
    case PM_ListViewIconSize:
    case PM_TabBarIconSize:
        return metrics::iconSize;
    case PM_CheckBoxLabelSpacing:
    case PM_RadioButtonLabelSpacing:
        return 8;
    case PM_MenuPanelWidth:
        return 1;
    case PM_MenuVMargin:
    case PM_MenuHMargin:
        return 5;
    case PM_HeaderMargin:
        return 4;
    case PM_HeaderDefaultSectionSizeVertical:
        return metrics::rowHeight;
    case PM_HeaderMarkSize:
        return 10;
    case PM_ToolTipLabelFrameWidth:
        return 6;
    case PM_LayoutLeftMargin:
    case PM_LayoutTopMargin:
    case PM_LayoutRightMargin:
    case PM_LayoutBottomMargin:
        return metrics::space3;
    case PM_LayoutHorizontalSpacing:
    case PM_LayoutVerticalSpacing:
        return metrics::space2;
    default:
        return QProxyStyle::pixelMetric(metric, option, widget);
    }
}

int OrielStyle::styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget, QStyleHintReturn* returnData) const
{
    switch (hint) {
    case SH_ItemView_ShowDecorationSelected:
    case SH_ScrollBar_LeftClickAbsolutePosition:
    case SH_ComboBox_ListMouseTracking:
    case SH_Menu_MouseTracking:
        return 1;
    case SH_Table_GridLineColor:
        return static_cast<int>(m_theme.line.rgb());
    case SH_EtchDisabledText:
    case SH_DitherDisabledText:
    case SH_ComboBox_Popup:
    case SH_TabBar_PreferNoArrows:
    case SH_DialogButtonBox_ButtonsHaveIcons:
        return 0;
    case SH_Widget_Animation_Duration:
        return m_reducedMotion ? 0 : metrics::motionMs;
    case SH_ToolTip_WakeUpDelay:
        return 500;
    default:
        return QProxyStyle::styleHint(hint, option, widget, returnData);
    }
}

QSize OrielStyle::sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size, const QWidget* widget) const
{
    switch (type) {
    case CT_PushButton: {
        const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option);
        const int menu = button && (button->features & QStyleOptionButton::HasMenu) ? 4 : 0;
        return {size.width() + 24 + menu, std::max(size.height() + 8, metrics::controlHeight)};
    }
    case CT_ToolButton:
        return {std::max(size.width() + 8, 26), std::max(size.height() + 8, 26)};
    case CT_LineEdit:
        return {size.width() + 12, std::max(size.height() + 8, metrics::controlHeight)};
    case CT_ComboBox:
        return {size.width() + 36, std::max(size.height() + 8, metrics::controlHeight)};
    case CT_SpinBox:
        return {size.width() + 46, std::max(size.height(), metrics::controlHeight)};
    case CT_CheckBox:
    case CT_RadioButton: {
        const QSize base = QProxyStyle::sizeFromContents(type, option, size, widget);
        return {base.width() + 4, std::max(base.height(), 24)};
    }
    case CT_HeaderSection: {
        const QSize base = QProxyStyle::sizeFromContents(type, option, size, widget);
        return {base.width() + 12, metrics::headerHeight};
    }
    case CT_MenuItem: {
        const auto* item = qstyleoption_cast<const QStyleOptionMenuItem*>(option);
        if (item && item->menuItemType == QStyleOptionMenuItem::Separator)
            return {size.width(), 9};
        const qsizetype tab = item ? item->text.indexOf(QLatin1Char('\t')) : -1;
        return {size.width() + 52 + (tab >= 0 ? 24 : 0), std::max(size.height(), 28)};
    }
    case CT_ItemViewItem: {
        const QSize base = QProxyStyle::sizeFromContents(type, option, size, widget);
        return {base.width(), std::max(base.height(), metrics::rowHeight)};
    }
    case CT_ProgressBar:
        return {size.width(), 4};
    default:
        return QProxyStyle::sizeFromContents(type, option, size, widget);
    }
}

QRect OrielStyle::subControlRect(ComplexControl control, const QStyleOptionComplex* option, SubControl subControl,
                                 const QWidget* widget) const
{
    const QRect whole = option->rect;
    if (control == CC_ScrollBar)
        return scrollBarRect(option, subControl);
    if (control == CC_GroupBox)
        return groupBoxRect(option, subControl);
    if (control == CC_ComboBox) {
        const int arrow = 24;
        switch (subControl) {
        case SC_ComboBoxArrow:
            return visualRect(option->direction, whole, QRect(whole.right() - arrow, whole.top(), arrow, whole.height()));
        case SC_ComboBoxEditField:
            return visualRect(option->direction, whole, whole.adjusted(9, 2, -arrow, -2));
        case SC_ComboBoxListBoxPopup:
            return whole;
        default:
            break;
        }
    }
    if (control == CC_SpinBox) {
        const int buttons = 20;
        const int half = whole.height() / 2;
        switch (subControl) {
        case SC_SpinBoxUp:
            return visualRect(option->direction, whole, QRect(whole.right() - buttons, whole.top() + 2, buttons, half - 2));
        case SC_SpinBoxDown:
            return visualRect(option->direction, whole, QRect(whole.right() - buttons, whole.top() + half, buttons, half - 2));
        case SC_SpinBoxEditField:
            return visualRect(option->direction, whole, whole.adjusted(6, 2, -buttons - 2, -2));
        default:
            break;
        }
    }
    return QProxyStyle::subControlRect(control, option, subControl, widget);
}

QRect OrielStyle::subElementRect(SubElement element, const QStyleOption* option, const QWidget* widget) const
{
    if (element == SE_LineEditContents)
        return QProxyStyle::subElementRect(element, option, widget).adjusted(4, 0, -4, 0);
    if (element == SE_ProgressBarContents || element == SE_ProgressBarGroove)
        return option->rect;
    return QProxyStyle::subElementRect(element, option, widget);
}

QIcon OrielStyle::standardIcon(StandardPixmap standardIcon, const QStyleOption* option, const QWidget* widget) const
{
    switch (standardIcon) {
    case SP_LineEditClearButton:
    case SP_TitleBarCloseButton:
    case SP_DockWidgetCloseButton:
        return themedIcon(IconName::Close);
    case SP_MessageBoxWarning:
        return themedIcon(IconName::Warning, IconTint::Warning);
    case SP_MessageBoxCritical:
        return themedIcon(IconName::Warning, IconTint::Error);
    case SP_MessageBoxInformation:
    case SP_MessageBoxQuestion:
        return themedIcon(IconName::Info, IconTint::Accent);
    case SP_DirIcon:
    case SP_DirClosedIcon:
    case SP_DirOpenIcon:
        return themedIcon(IconName::Folder);
    case SP_FileIcon:
        return themedIcon(IconName::File);
    default:
        return QProxyStyle::standardIcon(standardIcon, option, widget);
    }
}

} // namespace oriel::ui
