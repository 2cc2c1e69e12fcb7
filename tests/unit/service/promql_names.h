// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QSet>

namespace oriel::test {

/// The names in a PromQL expression: enough of its grammar to tell metrics, labels and functions apart.
struct PromqlNames {
    QSet<QByteArray> metrics;
    QSet<QByteArray> labels;
    QSet<QByteArray> functions;
};
PromqlNames namesIn(const QByteArray& expression);

} // namespace oriel::test
