// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/section.h"

namespace oriel::gallery {

/// A page that holds one ready-made widget.
class SampleSection final : public ui::Section {
    Q_OBJECT
public:
    SampleSection(const QString& id, const QString& title, ui::IconName icon, QWidget* page);
    [[nodiscard]] QString id() const override { return m_id; }
    [[nodiscard]] QString title() const override { return m_title; }
    [[nodiscard]] ui::IconName icon() const override { return m_icon; }
    [[nodiscard]] bool isReady() const override { return true; }
    [[nodiscard]] QStringList completions(const QString& text) const override;

private:
    QString m_id;
    QString m_title;
    ui::IconName m_icon;
};

/// The nine sections of the console, with sample data where the shell's widgets can show it.
[[nodiscard]] QList<ui::Section*> sampleSections();

} // namespace oriel::gallery
