// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "demo_session.h"

#include <QJsonArray>

namespace oriel::demo {

QJsonArray toolList();
/// Runs the tool now or over time; false when there is none of that name.
bool runTool(const QString& name, Session& session, const std::shared_ptr<Session::Call>& call);

} // namespace oriel::demo
