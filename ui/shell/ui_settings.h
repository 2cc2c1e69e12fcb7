// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QHash>
#include <QString>
#include <QVariant>

#include <memory>

class QSettings;

namespace oriel::ui {

/// Where the console keeps what belongs to the screen: geometry, section, columns, theme. Injected; GUI thread.
class UiSettings {
public:
    virtual ~UiSettings() = default;
    [[nodiscard]] virtual QVariant value(const QString& key, const QVariant& fallback = {}) const = 0;
    virtual void setValue(const QString& key, const QVariant& value) = 0;
};

/// Nothing outlives it; for tests and --screenshot.
class MemoryUiSettings final : public UiSettings {
public:
    [[nodiscard]] QVariant value(const QString& key, const QVariant& fallback = {}) const override;
    void setValue(const QString& key, const QVariant& value) override;

private:
    QHash<QString, QVariant> m_values;
};

/// An INI file; written behind by QSettings. A broken or unwritable file means defaults, never a failure.
class FileUiSettings final : public UiSettings {
public:
    explicit FileUiSettings(const QString& file);
    ~FileUiSettings() override;
    [[nodiscard]] QVariant value(const QString& key, const QVariant& fallback = {}) const override;
    void setValue(const QString& key, const QVariant& value) override;

private:
    std::unique_ptr<QSettings> m_settings;
};

} // namespace oriel::ui
