// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <QFutureWatcher>
#include <QWidget>

#include <functional>

class QProgressBar;

namespace oriel::ui {

class TextLabel;

/// Asks for the file of an export without blocking; calls `chosen` with its path, or never. Tests put in an answer of their own.
using ExportPathChooser =
    std::function<void(QWidget* parent, bool csv, const QString& suggestion, std::function<void(const QString& path)> chosen)>;

/// The system's file dialog.
[[nodiscard]] ExportPathChooser exportFileDialog();
/// "audit-2026-11-20.jsonl" in the folder where people keep documents.
[[nodiscard]] QString suggestedExportPath(bool csv, std::int64_t nowUnixNs);

/// The strip that is there while an export runs: what goes where, how far it is, and a way to stop it. GUI thread.
class AuditExportStrip final : public QWidget {
    Q_OBJECT
public:
    explicit AuditExportStrip(QWidget* parent = nullptr);
    ~AuditExportStrip() override;

    /// Shows itself until the future ends; one at a time. Without a range of progress the bar tells only that it goes on.
    void watch(const QFuture<Result<quint64>>& rows, const QString& path);
    [[nodiscard]] bool isRunning() const { return m_watcher.isRunning(); }

public Q_SLOTS:
    void cancel();

Q_SIGNALS:
    void exported(quint64 rows, const QString& path);
    void failed(const QString& headline, const QString& sentence);
    void cancelled();

private:
    void end();

    QFutureWatcher<Result<quint64>> m_watcher;
    QString m_path;
    TextLabel* m_words;
    QProgressBar* m_bar;
};

} // namespace oriel::ui
