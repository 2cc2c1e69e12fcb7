// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QWidget>

#include <functional>
#include <utility>

class QLineEdit;
class QVBoxLayout;

namespace oriel::ui {

class IconButton;
class LinkButton;

/// Rows of name and value that can be edited, added and removed: environment variables, headers, patterns. A value that is a
/// secret in plain text is typed and shown as dots and has a button that asks the owner to move it to the vault. Reached by Tab.
/// GUI thread.
class PairList : public QWidget {
    Q_OBJECT
public:
    using Pair = std::pair<QString, QString>;
    /// True for a value that is a secret itself, not a reference to one.
    using SecretTest = std::function<bool(const QString& name, const QString& value)>;

    PairList(const QString& namePlaceholder, const QString& valuePlaceholder, const QString& addText, QWidget* parent = nullptr);

    void setPairs(const QList<Pair>& pairs);
    /// Rows with a name or a value, in their order; names trimmed.
    [[nodiscard]] QList<Pair> pairs() const;
    void setSecretTest(SecretTest test);
    /// Without it no row offers the vault.
    void setVaultOffered(bool offered);
    void setValue(int row, const QString& value);
    [[nodiscard]] int rowCount() const { return int(m_rows.size()); }
    [[nodiscard]] int secretCount() const;
    [[nodiscard]] QLineEdit* nameEdit(int row) const;
    [[nodiscard]] QLineEdit* valueEdit(int row) const;
    /// Adds an empty row and puts the cursor there.
    void addRow();

Q_SIGNALS:
    void changed();
    void moveToVaultRequested(int row);

private:
    struct Line {
        QWidget* widget = nullptr;
        QLineEdit* name = nullptr;
        QLineEdit* value = nullptr;
        IconButton* vault = nullptr;
    };
    void append(const Pair& pair);
    void remove(QWidget* line);
    [[nodiscard]] int rowOf(const QWidget* line) const;
    void showSecrecy(const Line& line);

    QString m_namePlaceholder;
    QString m_valuePlaceholder;
    QList<Line> m_rows;
    QVBoxLayout* m_column;
    LinkButton* m_add;
    SecretTest m_secret;
    bool m_vaultOffered = false;
};

} // namespace oriel::ui
