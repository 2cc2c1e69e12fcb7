// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QAbstractScrollArea>
#include <QStringList>

namespace oriel::ui {

class IconButton;

/// Read-only monospace text: payloads, wire frames, stderr. Colours JSON, marks `[masked:…]` in amber, copies the selection or
/// the whole, finds. Only visible lines are laid out, so that ten megabytes cost no more than a page. No wrapping: a line longer
/// than 20,000 characters is shown in pieces.
class CodeView : public QAbstractScrollArea {
    Q_OBJECT
public:
    enum class Language { Plain, Json };

    explicit CodeView(QWidget* parent = nullptr);

    /// JSON is pretty-printed when `language` is Json and the text is JSON of at most 4 MiB.
    void setText(const QString& text, Language language = Language::Plain);
    /// What was given to setText(), not what is shown.
    [[nodiscard]] QString text() const { return m_text; }
    [[nodiscard]] qsizetype lineCount() const { return m_lines.size(); }
    [[nodiscard]] qsizetype maskCount() const { return m_masks; }
    /// All text in one tone, as for an error's words.
    void setTone(Tone tone);
    /// Grows with the text up to this many lines, then scrolls; 0 (the default) takes the room it is given.
    void setMaximumLines(int lines);
    void setCopyButtonVisible(bool visible);
    void setFramed(bool framed);
    /// Selects the next match after the current one, wrapping round. Case-insensitive. False when there is none.
    bool findNext(const QString& needle);
    [[nodiscard]] QString selectedText() const;
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

public Q_SLOTS:
    void copy() const;
    void selectAll();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;

private:
    struct Position {
        qsizetype line = 0;
        qsizetype column = 0;
        auto operator<=>(const Position&) const = default;
    };
    void updateScrollBars();
    void placeCopyButton();
    [[nodiscard]] Position positionAt(const QPoint& point) const;
    [[nodiscard]] int lineHeight() const;
    void paintLine(class QPainter& painter, qsizetype line, qreal x, qreal top, const Theme& theme) const;
    [[nodiscard]] QString textBetween(Position from, Position to) const;

    QString m_text;
    QStringList m_lines;
    qsizetype m_longest = 0;
    qsizetype m_masks = 0;
    Language m_language = Language::Plain;
    Tone m_tone = Tone::Neutral;
    Position m_anchor;
    Position m_cursor;
    IconButton* m_copy;
    int m_maximumLines = 0;
    bool m_framed = true;
};

} // namespace oriel::ui
