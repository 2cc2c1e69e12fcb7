// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/ui_settings.h"

#include <QSettings>

namespace oriel::ui {

QVariant MemoryUiSettings::value(const QString& key, const QVariant& fallback) const
{
    return m_values.value(key, fallback);
}

void MemoryUiSettings::setValue(const QString& key, const QVariant& value)
{
    m_values.insert(key, value);
}

FileUiSettings::FileUiSettings(const QString& file) : m_settings(std::make_unique<QSettings>(file, QSettings::IniFormat)) {}

FileUiSettings::~FileUiSettings() = default;

QVariant FileUiSettings::value(const QString& key, const QVariant& fallback) const
{
    return m_settings->value(key, fallback);
}

void FileUiSettings::setValue(const QString& key, const QVariant& value)
{
    m_settings->setValue(key, value);
}

} // namespace oriel::ui
