// SPDX-License-Identifier: GPL-3.0-or-later
#include "input_reader.h"

#include <iostream>
#include <string>

namespace oriel::app {

InputReader::~InputReader()
{
    // The read may block for ever; nothing it holds needs an orderly end.
    terminate();
    wait();
}

void InputReader::run()
{
    std::string text;
    while (std::getline(std::cin, text)) {
        if (!text.empty() && text.back() == '\r')
            text.pop_back();
        if (static_cast<qsizetype>(text.size()) > kMaxLineBytes)
            Q_EMIT oversized(static_cast<qint64>(text.size()));
        else if (!text.empty())
            Q_EMIT line(QByteArray(text.data(), static_cast<qsizetype>(text.size())));
    }
    Q_EMIT closed();
}

} // namespace oriel::app
