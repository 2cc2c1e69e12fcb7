// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QRegularExpression>
#include <QtTest>

namespace oriel::test {

/// Called from init() of every console test: a warning that nobody expected fails the test. The offscreen platform says what it
/// cannot do; that is expected.
inline void failOnUnexpectedWarnings()
{
    QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!This plugin does not support )")));
}

} // namespace oriel::test
