// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "load.h"
#include "process.h"

#include <string>
#include <vector>

namespace oriel::bench {

/// One case: the same load directly and through Oriel, taking turns.
struct Comparison {
    std::string name;
    Turns direct;
    Turns through;
    ThreadUsages usage; ///< of Oriel while it carried `through`

    [[nodiscard]] double cpuUsPerCall(const std::string& threadPrefix) const; ///< "": all threads
};

/// A figure that is no comparison of latencies.
struct Figure {
    std::string name;
    double value = 0;
    std::string unit;
    std::string target; ///< what it has to be; empty: told for information
};

struct Report {
    std::vector<Comparison> comparisons;
    std::vector<Figure> figures;

    void print();
    /// False when the file cannot be written.
    bool writeJson(const std::string& path);
};

} // namespace oriel::bench
