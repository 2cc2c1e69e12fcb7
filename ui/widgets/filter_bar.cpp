// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/filter_bar.h"

#include "ui/theme/icons.h"
#include "ui/theme/oriel_style.h"
#include "ui/widgets/chip.h"
#include "ui/widgets/filter_text.h"

#include <QAbstractItemView>
#include <QCompleter>
#include <QKeyEvent>
#include <QLineEdit>
#include <QPainter>
#include <QStringListModel>
#include <QTimer>

namespace oriel::ui {
namespace {
constexpr int edge = 8;
constexpr int editMinimum = 140;
constexpr qsizetype historyLimit = 100;
constexpr qsizetype filterLimit = 4096;
} // namespace

FilterBar::FilterBar(QWidget* parent) : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAttribute(Qt::WA_Hover);
    m_edit = new QLineEdit(this);
    m_edit->setFrame(false);
    m_edit->setMaxLength(filterLimit);
    m_edit->setAttribute(Qt::WA_MacShowFocusRect, false);
    m_edit->setAccessibleName(QStringLiteral("Filter"));
    m_edit->installEventFilter(this);
    setFocusProxy(m_edit);
    m_words = new QStringListModel(this);
    m_completer = new QCompleter(m_words, this);
    m_completer->setCompletionMode(QCompleter::UnfilteredPopupCompletion);
    m_completer->setWidget(m_edit);
    m_completer->setMaxVisibleItems(10);
    connect(m_completer, qOverload<const QString&>(&QCompleter::activated), this, [this](const QString& word) {
        const QString before = m_edit->text().left(m_edit->cursorPosition());
        const qsizetype start = before.lastIndexOf(QLatin1Char(' ')) + 1;
        m_edit->setText(before.left(start) + word);
        if (splitFilter(word).value(0).value.isEmpty())
            completeNow(); // a key was chosen: offer its values
        else
            commit();
    });
    m_pause = new QTimer(this);
    m_pause->setSingleShot(true);
    m_pause->setInterval(300);
    connect(m_pause, &QTimer::timeout, this, [this] { apply(false); });
    connect(m_edit, &QLineEdit::textEdited, this, [this] {
        m_pause->start();
        completeNow();
    });
    setPlaceholder(QStringLiteral("Filter calls, traces, logs …"));
    place();
}

QString FilterBar::text() const
{
    return joinFilter(chips() << m_edit->text());
}

QStringList FilterBar::chips() const
{
    QStringList terms;
    for (const Chip* chip : m_chips)
        terms.append(chip->text());
    return terms;
}

void FilterBar::setText(const QString& text)
{
    present(text.left(filterLimit));
    apply(true);
}

void FilterBar::addTerm(const QString& term)
{
    if (splitFilter(text()).contains(splitFilter(term).value(0)))
        return;
    setText(joinFilter({text(), term}));
}

void FilterBar::setPlaceholder(const QString& text)
{
    m_edit->setPlaceholderText(text);
}

void FilterBar::setCompletionSource(CompletionSource source)
{
    m_source = std::move(source);
}

void FilterBar::setError(const QString& sentence)
{
    m_error = sentence;
    setToolTip(sentence);
    m_edit->setToolTip(sentence);
    update();
}

void FilterBar::focusFilter()
{
    m_edit->setFocus(Qt::ShortcutFocusReason);
    m_edit->selectAll();
}

void FilterBar::goBack()
{
    if (!canGoBack())
        return;
    present(m_history[--m_position]);
    apply(false);
}

void FilterBar::goForward()
{
    if (!canGoForward())
        return;
    present(m_history[++m_position]);
    apply(false);
}

void FilterBar::present(const QString& text)
{
    clearChips();
    const QList<FilterTerm> terms = splitFilter(text);
    if (!canBeChips(terms)) {
        m_edit->setText(text.simplified());
    } else {
        QStringList words;
        for (const FilterTerm& term : terms) {
            if (term.isComparison() && !term.value.isEmpty())
                addChip(term.text);
            else
                words.append(term.text);
        }
        m_edit->setText(words.join(QLatin1Char(' ')));
    }
    place();
}

void FilterBar::addChip(const QString& term)
{
    auto* chip = new Chip(term, Tone::Neutral, this);
    const FilterTerm parsed = splitFilter(term).value(0);
    chip->setEmphasisFrom(static_cast<int>(parsed.key.size() + parsed.op.size()));
    chip->setRemovable(true);
    chip->setClickable(true);
    chip->setToolTip(QStringLiteral("Click to edit, ✕ to remove"));
    connect(chip, &Chip::removed, this, [this, chip] {
        removeChip(chip);
        apply(true);
        m_edit->setFocus();
    });
    connect(chip, &Chip::clicked, this, [this, chip] {
        const QString words = chip->text();
        removeChip(chip);
        m_edit->setText(joinFilter({m_edit->text(), words}));
        m_edit->setFocus();
        place();
    });
    m_chips.append(chip);
    chip->show();
}

void FilterBar::clearChips()
{
    for (Chip* chip : std::as_const(m_chips)) {
        chip->hide();
        chip->deleteLater();
    }
    m_chips.clear();
}

void FilterBar::removeChip(Chip* chip)
{
    m_chips.removeOne(chip);
    chip->hide();
    chip->deleteLater(); // it may be the sender
    place();
}

void FilterBar::commit()
{
    m_completer->popup()->hide();
    present(text());
    apply(true);
}

void FilterBar::apply(bool push)
{
    m_pause->stop();
    const QString now = text();
    if (push && m_history[m_position] != now) {
        m_history.resize(m_position + 1);
        m_history.append(now);
        if (m_history.size() > historyLimit)
            m_history.removeFirst();
        m_position = m_history.size() - 1;
    }
    update();
    if (now == m_applied)
        return;
    m_applied = now;
    Q_EMIT filterChanged(now);
}

void FilterBar::completeNow()
{
    if (!m_source)
        return;
    const QStringList words = m_source(m_edit->text().left(m_edit->cursorPosition()));
    m_words->setStringList(words);
    if (words.isEmpty() || !m_edit->hasFocus()) {
        m_completer->popup()->hide();
        return;
    }
    const int x = m_edit->inputMethodQuery(Qt::ImCursorRectangle).toRect().left();
    int width = 160;
    for (const QString& word : words)
        width = std::max(width, fontMetrics().horizontalAdvance(word) + 40);
    m_completer->complete(QRect(x, m_edit->height() - 2, std::min(width, 520), 4));
}

bool FilterBar::handleKey(QKeyEvent* event)
{
    const bool alt = event->modifiers() & Qt::AltModifier;
    switch (event->key()) {
    case Qt::Key_Return:
    case Qt::Key_Enter:
        commit();
        return true;
    case Qt::Key_Escape:
        if (!m_edit->text().isEmpty() || !m_chips.isEmpty())
            clear();
        else
            m_edit->clearFocus();
        return true;
    case Qt::Key_Backspace:
        if (m_edit->cursorPosition() == 0 && !m_edit->hasSelectedText() && !m_chips.isEmpty()) {
            Chip* last = m_chips.last();
            const QString words = last->text();
            removeChip(last);
            m_edit->setText(joinFilter({words, m_edit->text()}));
            m_edit->setCursorPosition(static_cast<int>(words.size()));
            m_pause->start();
            return true;
        }
        return false;
    case Qt::Key_Left:
        if (alt)
            goBack();
        return alt;
    case Qt::Key_Right:
        if (alt)
            goForward();
        return alt;
    default:
        return false;
    }
}

bool FilterBar::eventFilter(QObject* object, QEvent* event)
{
    if (object == m_edit) {
        if (event->type() == QEvent::FocusIn || event->type() == QEvent::FocusOut)
            update();
        if (event->type() == QEvent::KeyPress && handleKey(static_cast<QKeyEvent*>(event)))
            return true;
    }
    return QWidget::eventFilter(object, event);
}

void FilterBar::place()
{
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    const int hint = 26;
    int x = edge;
    const int last = width() - hint - editMinimum;
    for (Chip* chip : std::as_const(m_chips)) {
        const QSize size = chip->sizeHint();
        const bool fits = x + size.width() <= last || x == edge;
        chip->setVisible(fits);
        if (!fits)
            continue;
        const int shown = std::min(size.width(), std::max(40, width() - hint - edge * 2 - 60));
        chip->setGeometry(mirrored ? width() - x - shown : x, (height() - size.height()) / 2, shown, size.height());
        x += shown + 6;
    }
    const int room = std::max(20, width() - x - hint);
    m_edit->setGeometry(mirrored ? hint : x - 4, 1, room, height() - 2);
}

QSize FilterBar::sizeHint() const
{
    return {480, metrics::controlHeight};
}

void FilterBar::paintEvent(QPaintEvent*)
{
    const Theme& theme = themeOf(this);
    QPainter painter(this);
    painter.setLayoutDirection(Qt::LayoutDirectionAuto);
    painter.setRenderHint(QPainter::Antialiasing);
    const bool focused = m_edit->hasFocus();
    painter.setPen(!m_error.isEmpty() ? theme.error : underMouse() && !focused ? mix(theme.line, theme.text, 0.18) : theme.line);
    painter.setBrush(theme.window);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), metrics::radiusControl, metrics::radiusControl);
    if (focused && m_error.isEmpty())
        paintFocusRing(painter, rect(), metrics::radiusControl, theme);
    const QRect corner = layoutDirection() == Qt::RightToLeft ? QRect(6, 0, 20, height()) : QRect(width() - 26, 0, 20, height());
    int hidden = 0;
    for (const Chip* chip : m_chips)
        hidden += chip->isHidden() ? 1 : 0;
    painter.setFont(fonts::caption());
    painter.setPen(theme.dim);
    if (hidden > 0)
        painter.drawText(corner, Qt::AlignCenter, QStringLiteral("+%1").arg(hidden));
    else if (!focused)
        painter.drawText(corner, Qt::AlignCenter, QStringLiteral("/"));
}

void FilterBar::resizeEvent(QResizeEvent*)
{
    place();
}

void FilterBar::mousePressEvent(QMouseEvent*)
{
    m_edit->setFocus(Qt::MouseFocusReason);
}

} // namespace oriel::ui
