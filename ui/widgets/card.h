// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>
#include <QLabel>

class QHBoxLayout;
class QVBoxLayout;

namespace oriel::ui {

/// A rounded panel with an optional title, something quiet at the right of it, and a body. The body layout has no margins beyond
/// the one-pixel border and no spacing, so that tables reach the edges; use setBodyMargins() for text, and give layouts put into
/// it their own spacing.
class Card : public QFrame {
    Q_OBJECT
public:
    explicit Card(const QString& title = {}, QWidget* parent = nullptr);

    void setTitle(const QString& title);
    [[nodiscard]] QString title() const;
    /// Words right after the title, as in "Traces  1 284 in 15 min".
    void setSubtitle(const QString& text);
    /// Words at the right end of the header.
    void setHint(const QString& text);
    /// A control at the right end of the header, after the hint; the card owns it.
    void addHeaderWidget(QWidget* widget);
    /// A line between header and body.
    void setHeaderLine(bool visible);
    void setBodyMargins(int left, int top, int right, int bottom);
    /// Puts `widget` into the body, taking all the room; the card owns it.
    void setBody(QWidget* widget);
    [[nodiscard]] QVBoxLayout* body() const { return m_body; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void updateHeader();

    QWidget* m_header;
    QHBoxLayout* m_headerRow;
    QLabel* m_title;
    QLabel* m_subtitle;
    QLabel* m_hint;
    QVBoxLayout* m_body;
    bool m_headerLine = false;
};

} // namespace oriel::ui
