// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>
#include <QString>

#include <functional>
#include <memory>
#include <optional>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace oriel::config {

struct YamlNode;
using YamlPtr = std::shared_ptr<const YamlNode>;

/// One value of a YAML document with its place. Values behind an alias are the anchor's own node. Immutable once read.
struct YamlNode {
    enum class Kind : quint8 { Scalar, Sequence, Mapping };
    Kind kind = Kind::Scalar;
    bool plain = false;                               ///< a scalar without quotes, whose type is told by its text
    quint32 line = 0;                                 ///< from 1
    quint32 column = 0;                               ///< from 1
    QString text;                                     ///< of a scalar
    std::vector<YamlPtr> items;                       ///< of a sequence
    std::vector<std::pair<QString, YamlPtr>> members; ///< of a mapping, in the order of the text

    [[nodiscard]] bool isNull() const;
    // By the core schema of YAML 1.2: nothing where the scalar is of another type.
    [[nodiscard]] std::optional<bool> asBool() const;
    [[nodiscard]] std::optional<qint64> asInteger() const;
    [[nodiscard]] std::optional<double> asNumber() const; ///< finite ones, integers too
    /// The member of that name, or null.
    [[nodiscard]] const YamlNode* find(QStringView key) const;
};

struct YamlError {
    quint32 line = 0; ///< from 1; 0: not about a place
    quint32 column = 0;
    QString message;
};

/// What a scalar becomes before its type is told, or why it cannot be read.
using ScalarRule = std::function<tl::expected<QString, QString>(const QString&)>;

/// Reads one YAML document. Refused: more than 1 MiB, text that is not UTF-8, more than 32 levels, more than 20,000 values (what
/// an alias stands for counts each time), a key twice in a mapping, keys that are no texts, a second document. `onScalar`
/// changes every scalar that is not a key. An empty text gives a null.
tl::expected<YamlPtr, YamlError> readYaml(QByteArrayView text, const ScalarRule& onScalar = {});

} // namespace oriel::config
