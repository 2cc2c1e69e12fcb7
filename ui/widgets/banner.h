// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QFrame>

class QHBoxLayout;

namespace oriel::ui {

/// A failure or a notice in sentences: what happened, why and what to do, with the actions beside it as links. Text is plain,
/// never rich, so that names from outside cannot become markup; words between backticks are shown in monospace.
class Banner : public QFrame {
    Q_OBJECT
public:
    explicit Banner(Tone tone = Tone::Neutral, QWidget* parent = nullptr);

    void setTone(Tone tone);
    /// `headline` "notes did not start: `uvx` was not found"; `sentence` why and what to do.
    void setMessage(const QString& headline, const QString& sentence = {});
    [[nodiscard]] QString headline() const { return m_headlineText; }
    [[nodiscard]] QString sentence() const { return m_sentenceText; }
    /// The caller keeps the meaning of `id`; actionTriggered(id) follows a click or Enter.
    void addLink(const QString& id, const QString& text);
    void clearLinks();
    void setClosable(bool closable);

Q_SIGNALS:
    void actionTriggered(const QString& id);
    void closed();

protected:
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void showText();

    Tone m_tone;
    QString m_headlineText;
    QString m_sentenceText;
    class QLabel* m_headline;
    class QLabel* m_sentence;
    QHBoxLayout* m_links;
    class IconButton* m_close;
};

} // namespace oriel::ui
