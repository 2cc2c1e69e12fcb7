// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/icons.h"

#include <QWidget>

class QAction;
class QHBoxLayout;

namespace oriel::ui {

class TextLabel;

/// What a page says when it has nothing to show: an icon, a headline, a sentence on what to do, and the actions to do it.
class EmptyState : public QWidget {
    Q_OBJECT
public:
    explicit EmptyState(IconName icon = IconName::Info, const QString& headline = {}, const QString& sentence = {},
                        QWidget* parent = nullptr);
    void setIcon(IconName icon);
    void setHeadline(const QString& headline);
    void setSentence(const QString& sentence);
    [[nodiscard]] QString headline() const;
    [[nodiscard]] QString sentence() const;
    /// A button for `action`; the first one is the primary. The action stays the caller's.
    void addButton(QAction* action);

private:
    class IconLabel* m_icon;
    TextLabel* m_headline;
    TextLabel* m_sentence;
    QHBoxLayout* m_buttons;
};

} // namespace oriel::ui
