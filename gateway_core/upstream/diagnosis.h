// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "config/model.h"

#include <QByteArrayList>
#include <QString>
#include <QStringList>

#include <chrono>
#include <optional>

namespace oriel::upstream {

/// How far a start came.
enum class StartStage : quint8 { Resolve, Spawn, FirstByte, Handshake, List, Ready };

/// Everything that was observed of one start of a server, collected by the transport and the connection.
struct StartFacts {
    QString server;
    config::ServerTransport transport = config::ServerTransport::Stdio;
    StartStage stage = StartStage::Resolve; ///< the stage that was being tried
    bool timedOut = false;
    std::chrono::milliseconds waited{0};

    // stdio
    QString command; ///< as configured
    QStringList arguments;
    QString workingDirectory; ///< as configured; empty: ours
    bool workingDirectoryExists = true;
    QString program;             ///< the absolute path; empty: not found
    QStringList searchedFolders; ///< of the PATH, in order
    QString notExecutable;       ///< a file of that name that may not be run
    int spawnErrno = 0;
    qint64 pid = 0;
    bool exited = false;
    int exitCode = -1;
    int exitSignal = 0;
    bool lineTooLong = false;
    bool closedPipe = false; ///< it closed its stdin or stdout, ran on, and was ended by us

    // what it said
    QByteArrayList stderrTail;  ///< the last lines
    QByteArrayList strayOutput; ///< the first lines on stdout that are not JSON-RPC
    qint64 strayCount = 0;
    bool sawFrame = false; ///< at least one JSON-RPC frame came

    // the handshake
    QByteArray requestedVersion;
    QByteArray answeredVersion; ///< set when we do not know it
    bool isThisOriel = false;   ///< what answers is this process
    int rpcErrorCode = 0;
    QByteArray rpcErrorMessage;

    // HTTP
    enum class Network : quint8 { Ok, Resolve, Refused, Tls, Timeout, Other };
    QString url;
    Network network = Network::Ok;
    QString networkMessage;
    int httpStatus = 0;
    QByteArray httpBody; ///< its first KiB
    QByteArray contentType;
    QByteArray authenticate;         ///< WWW-Authenticate
    QByteArray location;             ///< of a redirect, which is never followed
    std::optional<Error> tokenError; ///< why there was no token for a server that wants one (OAuth)
};

enum class DiagnosisCode : quint8 {
    None,
    CommandNotFound,
    NotExecutable,
    WorkingDirectoryMissing,
    SpawnFailed,
    ExitedAtOnce,
    ExitedDuringHandshake,
    Crashed,
    ClosedPipe,
    BannerOnStdout,
    NoAnswer,
    VersionRefused,
    HandshakeRefused,
    InvalidUrl,
    HostNotFound,
    ConnectionRefused,
    TlsFailed,
    NotFound,
    AuthenticationRequired, ///< by a header that the configuration has to give
    SignInRequired,         ///< by the user, in the browser
    SignInFailed,           ///< the authorization server is out of reach just now
    Forbidden,
    Redirected,
    NotMcp,
    ServerError,
    ConnectTimeout,
    Overload,
    LeadsBack,
    ListFailed,
    Unknown
};

/// The name of the case in words-with-hyphens, for attributes and metrics: "command-not-found".
QByteArrayView diagnosisName(DiagnosisCode code);

/// What went wrong with a start, for a person: a headline, one sentence of cause, one of remedy, and the observations behind
/// them.
struct Diagnosis {
    DiagnosisCode code = DiagnosisCode::None;
    QString headline;
    QString cause;
    QString remedy;
    QStringList details;

    [[nodiscard]] bool isEmpty() const { return code == DiagnosisCode::None; }
    /// As an error of a call that needed the server.
    [[nodiscard]] Error toError(const QString& server) const;
};

/// A pure function of the facts; any thread (G6).
Diagnosis diagnose(const StartFacts& facts);

} // namespace oriel::upstream
