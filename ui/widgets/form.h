// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QHash>
#include <QList>
#include <QString>
#include <QWidget>

class QGridLayout;

namespace oriel::ui {

class TextLabel;

/// What is wrong with one field; `field` is the key it was added with.
struct FieldError {
    QString field;
    QString message; ///< one sentence

    bool operator==(const FieldError&) const = default;
};

/// Labels at the left, editors at the right, under each editor a quiet hint and, when something is wrong, the error in red. GUI
/// thread.
class Form : public QWidget {
    Q_OBJECT
public:
    explicit Form(QWidget* parent = nullptr);

    /// A title over the fields that follow.
    void addHeading(const QString& text, const QString& sentence = {});
    /// `editor` becomes the form's; an empty label leaves the left column free, as for a check box.
    void addField(const QString& key, const QString& label, QWidget* editor, const QString& hint = {});
    /// Something that spans both columns; with a key it can be hidden.
    void addWide(QWidget* widget, const QString& key = {});
    void setHint(const QString& key, const QString& hint);
    void setFieldVisible(const QString& key, bool visible);
    [[nodiscard]] QWidget* editor(const QString& key) const;

    /// Shows the errors under their fields, takes the others away, and gives the first wrong field the focus when `focusFirst`.
    /// Returns the errors that no field took.
    QList<FieldError> setErrors(const QList<FieldError>& errors, bool focusFirst = false);
    void clearErrors() { setErrors({}); }
    [[nodiscard]] QString errorOf(const QString& key) const;

private:
    struct Field {
        QWidget* label = nullptr;
        QWidget* editor = nullptr;
        TextLabel* hint = nullptr;
        TextLabel* error = nullptr;
        bool visible = true;
    };
    void showField(const Field& field);

    QGridLayout* m_grid;
    QHash<QString, Field> m_fields;
    QList<QString> m_order;
    int m_row = 0;
};

} // namespace oriel::ui
