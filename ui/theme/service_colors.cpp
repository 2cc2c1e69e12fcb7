// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/service_colors.h"

#include "ui/theme/oriel_style.h"

#include <QApplication>
#include <QWidget>

namespace oriel::ui {

std::uint32_t ServiceColors::hash(const QString& service)
{
    std::uint32_t value = 2166136261U;
    const QByteArray bytes = service.toUtf8();
    for (const char byte : bytes)
        value = (value ^ static_cast<unsigned char>(byte)) * 16777619U;
    return value;
}

std::size_t ServiceColors::slot(const QString& service)
{
    const auto known = m_slots.constFind(service);
    if (known != m_slots.cend())
        return *known;
    const std::size_t wanted = hash(service) % Theme::serviceColorCount;
    std::size_t chosen = wanted;
    for (std::size_t step = 0; step < Theme::serviceColorCount; ++step) {
        const std::size_t candidate = (wanted + step) % Theme::serviceColorCount;
        if (m_users[candidate] == 0) {
            chosen = candidate;
            break;
        }
    }
    ++m_users[chosen];
    m_slots.insert(service, chosen);
    return chosen;
}

void ServiceColors::pin(const QString& service, std::size_t slot)
{
    if (slot >= Theme::serviceColorCount)
        return;
    const auto known = m_slots.constFind(service);
    if (known != m_slots.cend())
        --m_users[*known];
    m_slots.insert(service, slot);
    ++m_users[slot];
}

void ServiceColors::restore(const QHash<QString, std::size_t>& assignments)
{
    for (auto it = assignments.cbegin(); it != assignments.cend(); ++it)
        pin(it.key(), it.value());
}

QColor serviceColor(const QWidget* widget, const QString& service)
{
    const QStyle* style = widget ? widget->style() : QApplication::style();
    const Theme& theme = themeOf(widget);
    if (const auto* ours = qobject_cast<const OrielStyle*>(style))
        return ours->serviceColors().color(theme, service);
    return theme.services[ServiceColors::hash(service) % Theme::serviceColorCount];
}

} // namespace oriel::ui
