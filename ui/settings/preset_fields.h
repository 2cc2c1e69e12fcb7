// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/presets/presets.h"
#include "ui/widgets/form.h"

#include <QByteArray>
#include <QMap>
#include <QObject>
#include <QStringList>

#include <vector>

class QComboBox;
class QLineEdit;

namespace oriel::ui {

/// The part of a destination's form that its preset asks for, and what comes of it: fields under the key "fields.<id>", notes,
/// and where each signal goes. Texts of secret fields are typed unseen, go to the vault, and are never shown again; what a field
/// has already is told as set or not set. Owned by the dialog. GUI thread.
class PresetFields : public QObject {
    Q_OBJECT
public:
    /// Adds the fields to `form`. `preset` outlives this. `given`: what the destination has; `vaultNames`: what is in the vault;
    /// `configuration`: where it may be used.
    PresetFields(const otlp::Preset& preset, const config::Destination& given, const QStringList& vaultNames,
                 const config::Config& configuration, Form* form, QObject* parent = nullptr);

    /// A secret that was typed and has to be kept before the destination is saved.
    struct TypedSecret {
        QString field;
        QString vaultName;
        QByteArray value;
    };
    /// What the destination's `fields` are: secrets as references, those typed under the name they will have.
    [[nodiscard]] QMap<QString, QString> values(const QString& destinationName) const;
    [[nodiscard]] std::vector<TypedSecret> typedSecrets(const QString& destinationName) const;
    /// The vault took it: the field is emptied and refers to it from now on.
    void noteKept(const TypedSecret& secret);
    /// What is wrong with the values as they stand, by field.
    [[nodiscard]] QList<FieldError> problems() const;
    /// Shows the fields that `destination` needs for its signals, and where it would send to.
    void showFor(const config::Destination& destination);

Q_SIGNALS:
    void changed();

private:
    struct Entry {
        const otlp::PresetField* field = nullptr;
        QLineEdit* edit = nullptr;
        QComboBox* choice = nullptr;
        QString reference;      ///< of a secret: what the destination has; empty: nothing
        bool isForeign = false; ///< the secret it refers to is used by somebody else as well, or is not one of the vault
        bool isAsked = true;
    };
    void addField(const otlp::PresetField& field, const QString& given, const config::Config& configuration);
    void addNotes();
    void showSecret(const Entry& entry);
    [[nodiscard]] QString typed(const Entry& entry) const;
    [[nodiscard]] QString keepName(const Entry& entry, const QString& destinationName) const;

    const otlp::Preset& m_preset;
    Form* m_form;
    QStringList m_vaultNames;
    std::vector<Entry> m_entries;
    class KeyValueTable* m_targets = nullptr;
};

} // namespace oriel::ui
