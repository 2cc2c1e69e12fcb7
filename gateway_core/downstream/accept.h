// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>

namespace oriel::downstream {

/// What the Accept header of a POST says of the forms in which it may be answered (RFC 9110 §12.5.1).
struct Acceptance {
    bool json = false;
    bool eventStream = false;
    /// An event stream even where nothing precedes the answer: it is named with a higher weight than JSON, or with the same
    /// weight and first.
    bool prefersEventStream = false;
};

/// Both forms for a header that is absent or names everything. Ranges (`*/*`, `application/*`) allow a form but prefer none.
[[nodiscard]] Acceptance readAccept(QByteArrayView accept);

} // namespace oriel::downstream
