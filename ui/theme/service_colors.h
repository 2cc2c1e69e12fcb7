// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QHash>
#include <QString>

class QWidget;

namespace oriel::ui {

/// Gives every service a colour slot that is the same in every session: a hash of the name, moved on to the next free slot when
/// two names meet. Assignments can be saved and restored, so that a later name never takes an earlier one's colour. When all
/// slots are taken, the hash alone decides. GUI thread.
class ServiceColors {
public:
    /// The slot of `service`, assigned on first use; always below Theme::serviceColorCount.
    std::size_t slot(const QString& service);
    QColor color(const Theme& theme, const QString& service) { return theme.services[slot(service)]; }
    /// Ties a name to a slot, as for the gateway itself.
    void pin(const QString& service, std::size_t slot);

    [[nodiscard]] QHash<QString, std::size_t> assignments() const { return m_slots; }
    /// Slots out of range are ignored.
    void restore(const QHash<QString, std::size_t>& assignments);

    /// FNV-1a of the UTF-8 name; the same on every platform and in every version.
    [[nodiscard]] static std::uint32_t hash(const QString& service);

private:
    QHash<QString, std::size_t> m_slots;
    std::array<int, Theme::serviceColorCount> m_users{};
};

/// The colour of a service for a painter inside `widget`, from the OrielStyle's ServiceColors.
[[nodiscard]] QColor serviceColor(const QWidget* widget, const QString& service);

} // namespace oriel::ui
