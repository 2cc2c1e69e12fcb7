// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/snapshots.h"

#include <QWidget>

class QVBoxLayout;

namespace oriel::ui {

class CodeView;
class Segmented;
class TextLabel;

/// How to point each client at Oriel: the file to edit, the text to put there with its copy button, and what to mind. GUI thread.
class SnippetView : public QWidget {
    Q_OBJECT
public:
    explicit SnippetView(QWidget* parent = nullptr);
    void setSnippets(const QList<service::ClientSnippet>& snippets);
    [[nodiscard]] QString shownText() const;

private:
    void showSnippet(int index);

    QList<service::ClientSnippet> m_snippets;
    QVBoxLayout* m_column;
    Segmented* m_clients = nullptr;
    TextLabel* m_path;
    CodeView* m_text;
    TextLabel* m_note;
};

} // namespace oriel::ui
