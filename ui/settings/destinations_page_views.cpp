// SPDX-License-Identifier: GPL-3.0-or-later
// The dialogs of the page by name, as for pictures and the command palette.
#include "ui/settings/destinations_page.h"

#include <QPushButton>

#include <algorithm>

namespace oriel::ui {

bool DestinationsPage::openDialog(const QString& view)
{
    struct View {
        const char* name;
        void (*show)(DestinationsPage& page, const QString& argument);
    };
    static constexpr View views[] = {
        {"@add", [](DestinationsPage& page, const QString&) { page.add(); }},
        {"@new", [](DestinationsPage& page, const QString& preset) { page.propose(preset); }},
        {"@edit",
         [](DestinationsPage& page, const QString& name) {
             if (page.open(name))
                 page.m_edit->click();
         }},
        {"@preview",
         [](DestinationsPage& page, const QString& name) {
             if (page.open(name))
                 page.m_preview->click();
         }},
    };
    const QString name = view.section(QLatin1Char(':'), 0, 0);
    const auto found =
        std::find_if(std::begin(views), std::end(views), [&](const View& one) { return name == QLatin1String(one.name); });
    if (found == std::end(views))
        return false;
    found->show(*this, view.section(QLatin1Char(':'), 1));
    return true;
}

} // namespace oriel::ui
