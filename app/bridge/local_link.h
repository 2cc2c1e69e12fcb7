// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "bridge_link.h"
#include "options.h"

#include <QLocalSocket>
#include <QTimer>

namespace oriel::app {

/// The local socket of this user's Oriel. Where none answers one is started, headless; after a lost connection only when the old
/// one has had the time to come back. Tries again and again, with growing pauses; only the first connection is given up.
class LocalLink final : public BridgeLink {
    Q_OBJECT
public:
    explicit LocalLink(const Options& options, const Clock& clock, QObject* parent = nullptr);

    void open() override;
    void send(const QByteArray& frame) override;
    void close() override;
    [[nodiscard]] bool isUp() const override { return m_isUp; }

private:
    void connectToOwner();
    void startOwner();
    void retryLater();
    void greet();
    void readFrames();
    void lost();

    const Options& m_options;
    const Clock& m_clock;
    QLocalSocket m_socket;
    QTimer m_retry;
    QByteArray m_buffer;
    qsizetype m_scanned = 0;
    std::int64_t m_awayNs = 0;     ///< since when there is no connection
    std::int64_t m_mayStartNs = 0; ///< not before then
    int m_tries = 0;
    bool m_wasUp = false;
    bool m_isUp = false;
    bool m_closing = false;
};

} // namespace oriel::app
