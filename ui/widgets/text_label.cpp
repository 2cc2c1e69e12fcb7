// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/text_label.h"

#include "ui/theme/theme.h"

#include <QEvent>
#include <QPainter>

namespace oriel::ui {
namespace {

QFont roleFont(TextLabel::Role role)
{
    switch (role) {
    case TextLabel::Role::Strong:
        return fonts::bodyStrong();
    case TextLabel::Role::Title:
        return fonts::title();
    case TextLabel::Role::CardTitle:
        return fonts::cardTitle();
    case TextLabel::Role::Caption:
    case TextLabel::Role::Faint:
        return fonts::caption();
    case TextLabel::Role::Mono:
        return fonts::mono();
    case TextLabel::Role::Body:
    case TextLabel::Role::Dim:
    case TextLabel::Role::Error:
    case TextLabel::Role::Warning:
    case TextLabel::Role::Good:
        break;
    }
    return fonts::body();
}

QColor roleColor(const Theme& theme, TextLabel::Role role)
{
    switch (role) {
    case TextLabel::Role::Dim:
    case TextLabel::Role::Caption:
        return theme.dim;
    case TextLabel::Role::CardTitle:
        return mix(theme.dim, theme.text, 0.6);
    case TextLabel::Role::Faint:
        return theme.faint;
    case TextLabel::Role::Error:
        return theme.toneText(Tone::Error);
    case TextLabel::Role::Warning:
        return theme.toneText(Tone::Warning);
    case TextLabel::Role::Good:
        return theme.toneText(Tone::Good);
    case TextLabel::Role::Body:
    case TextLabel::Role::Strong:
    case TextLabel::Role::Title:
    case TextLabel::Role::Mono:
        break;
    }
    return theme.text;
}

} // namespace

TextLabel::TextLabel(const QString& text, Role role, QWidget* parent) : QLabel(text, parent), m_role(role)
{
    setTextFormat(Qt::PlainText);
    applyRole();
}

void TextLabel::setRole(Role role)
{
    m_role = role;
    applyRole();
}

void TextLabel::setElided(bool elided)
{
    m_elided = elided;
    updateGeometry();
    update();
}

QSize TextLabel::minimumSizeHint() const
{
    const QSize hint = QLabel::minimumSizeHint();
    return m_elided ? QSize(std::min(hint.width(), 24), hint.height()) : hint;
}

void TextLabel::paintEvent(QPaintEvent* event)
{
    if (!m_elided || wordWrap()) {
        QLabel::paintEvent(event);
        return;
    }
    QPainter painter(this);
    painter.setLayoutDirection(Qt::LayoutDirectionAuto);
    painter.setPen(palette().color(foregroundRole()));
    const QString shown = fontMetrics().elidedText(text(), Qt::ElideRight, contentsRect().width());
    painter.drawText(contentsRect(), int(QStyle::visualAlignment(layoutDirection(), alignment())) | Qt::TextSingleLine, shown);
    setToolTip(shown == text() ? QString() : text());
}

void TextLabel::changeEvent(QEvent* event)
{
    QLabel::changeEvent(event);
    if (!m_applying && (event->type() == QEvent::StyleChange || event->type() == QEvent::PaletteChange ||
                        event->type() == QEvent::ApplicationPaletteChange))
        applyRole();
}

void TextLabel::applyRole()
{
    m_applying = true;
    setFont(roleFont(m_role));
    QPalette colors = palette();
    colors.setColor(QPalette::WindowText, roleColor(themeOf(this), m_role));
    setPalette(colors);
    m_applying = false;
}

} // namespace oriel::ui
