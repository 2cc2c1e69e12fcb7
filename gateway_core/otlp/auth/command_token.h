// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/process_group.h"
#include "otlp/auth/token_authorizer.h"

#include <QPointer>
#include <QProcess>
#include <QStringList>

#include <memory>

namespace oriel::otlp {

/// Tokens that a program prints, such as `gcloud auth print-access-token`: started without a shell, with Oriel's environment and
/// nothing on its standard input. It has thirty seconds and 64 KiB, then it and all that it started end; what it writes to
/// standard error is neither kept nor shown.
class CommandTokenSource final : public TokenSource {
public:
    static constexpr std::chrono::milliseconds kTimeLimit{30'000};
    CommandTokenSource(QStringList command, const Clock& clock, std::chrono::milliseconds timeLimit = kTimeLimit);
    ~CommandTokenSource() override;

    void fetch(Done done) override;

private:
    void finish(Result<AccessToken> token);

    QStringList m_command;
    const Clock& m_clock;
    std::chrono::milliseconds m_timeLimit;
    QPointer<QProcess> m_process;
    std::unique_ptr<ProcessGroup> m_group; ///< of it
    QByteArray m_printed;
    Done m_done;
};

} // namespace oriel::otlp
