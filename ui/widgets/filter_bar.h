// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStringList>
#include <QWidget>

#include <functional>

class QCompleter;
class QLineEdit;
class QStringListModel;

namespace oriel::ui {

class Chip;

/// The one filter of the window: comparisons become chips, the rest stays text. Enter or a pause in typing applies it; Backspace
/// in front takes the last chip back into the text; Alt+Left and Alt+Right walk through what was applied before.
class FilterBar : public QWidget {
    Q_OBJECT
public:
    /// Words that may continue the given text, the best first. Called while typing, so it must be quick.
    using CompletionSource = std::function<QStringList(const QString& text)>;

    explicit FilterBar(QWidget* parent = nullptr);

    /// The whole filter, chips and free text joined by spaces.
    [[nodiscard]] QString text() const;
    /// Applies `text`: emits filterChanged() when it differs, and adds it to the history.
    void setText(const QString& text);
    /// Adds one term such as `service=fs`; a term that is there already stays once.
    void addTerm(const QString& term);
    void clear() { setText(QString()); }
    void setPlaceholder(const QString& text);
    void setCompletionSource(CompletionSource source);
    /// A sentence under the bar's frame as tool tip, with an error line; empty clears it.
    void setError(const QString& sentence);

    [[nodiscard]] QStringList chips() const;
    [[nodiscard]] QLineEdit* edit() const { return m_edit; }
    [[nodiscard]] bool canGoBack() const { return m_position > 0; }
    [[nodiscard]] bool canGoForward() const { return m_position + 1 < m_history.size(); }
    void goBack();
    void goForward();

    [[nodiscard]] QSize sizeHint() const override;

public Q_SLOTS:
    void focusFilter();

Q_SIGNALS:
    void filterChanged(const QString& text);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    bool eventFilter(QObject* object, QEvent* event) override;

private:
    void present(const QString& text);
    void addChip(const QString& term);
    void clearChips();
    void removeChip(Chip* chip);
    void commit();
    void apply(bool push);
    bool handleKey(class QKeyEvent* event);
    void completeNow();
    void place();

    QLineEdit* m_edit;
    QCompleter* m_completer;
    QStringListModel* m_words;
    QList<Chip*> m_chips;
    class QTimer* m_pause;
    CompletionSource m_source;
    QStringList m_history{QString()};
    qsizetype m_position = 0;
    QString m_applied;
    QString m_error;
};

} // namespace oriel::ui
