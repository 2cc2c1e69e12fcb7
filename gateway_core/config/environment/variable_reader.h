// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/environment/environment.h"
#include "config/environment/key_values.h"

namespace oriel::config {

/// Reads variables by their rows of the table and collects what cannot be read. Blanks around a value do not count, and a blank
/// value counts as unset. A variable that is read twice is reported once. Internal to config/.
class VariableReader {
public:
    explicit VariableReader(const QMap<QString, QString>& variables) : m_variables(variables) {}

    [[nodiscard]] QString text(const QString& name) const { return m_variables.value(name).trimmed(); }
    [[nodiscard]] bool isSet(const QString& name) const { return !text(name).isEmpty(); }

    /// Only `true` in any case is true; what is neither true nor false is reported and false.
    std::optional<bool> flag(const QString& name);
    std::optional<qint64> number(const QString& name);
    std::optional<double> decimal(const QString& name, double maximum); ///< from 0
    /// In lower case.
    std::optional<QString> choice(const QString& name);
    /// Each value once, in lower case and in the order given; unknown ones are reported and left out; nothing when all
    /// are unknown.
    std::optional<QStringList> choices(const QString& name);
    std::optional<KeyValues> pairs(const QString& name, Semicolon semicolon = Semicolon::Refused);
    /// http, https and rpc URLs, gRPC targets (host:port, dns:, unix:, ipv4:, ipv6:); anything else is reported and empty.
    QString endpoint(const QString& name);

    void warn(const QString& name, const QString& message);
    [[nodiscard]] bool hasProblem(const QString& name) const;
    [[nodiscard]] const QList<Problem>& problems() const { return m_problems; }

private:
    const QMap<QString, QString>& m_variables;
    QList<Problem> m_problems;
};

/// A gRPC target that is no URL with a host.
bool isGrpcTarget(const QString& text);

} // namespace oriel::config
