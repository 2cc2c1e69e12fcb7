// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTest>

// Qt's five seconds are less than a stalled disk or a process that starts on a busy machine may take. A test that passes does not
// wait longer for it.
#undef QTRY_COMPARE
#define QTRY_COMPARE(expr, expected) QTRY_COMPARE_WITH_TIMEOUT(expr, expected, 30'000)
#undef QTRY_VERIFY
#define QTRY_VERIFY(expr) QTRY_VERIFY_WITH_TIMEOUT(expr, 30'000)
