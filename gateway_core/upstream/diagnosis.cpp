// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/diagnosis.h"

#include "upstream/diagnosis_words.h"
#include "upstream/program_search.h"

#include <QFileInfo>

#include <array>
#include <cerrno>
#include <cstring>

namespace oriel::upstream {

namespace {

struct Name {
    DiagnosisCode code;
    QByteArrayView name;
};
constexpr std::array kNames{
    Name{DiagnosisCode::None, "none"},
    Name{DiagnosisCode::CommandNotFound, "command-not-found"},
    Name{DiagnosisCode::NotExecutable, "not-executable"},
    Name{DiagnosisCode::WorkingDirectoryMissing, "working-directory-missing"},
    Name{DiagnosisCode::SpawnFailed, "spawn-failed"},
    Name{DiagnosisCode::ExitedAtOnce, "exited-at-once"},
    Name{DiagnosisCode::ExitedDuringHandshake, "exited-during-handshake"},
    Name{DiagnosisCode::Crashed, "crashed"},
    Name{DiagnosisCode::ClosedPipe, "closed-pipe"},
    Name{DiagnosisCode::BannerOnStdout, "banner-on-stdout"},
    Name{DiagnosisCode::NoAnswer, "no-answer"},
    Name{DiagnosisCode::VersionRefused, "version-refused"},
    Name{DiagnosisCode::HandshakeRefused, "handshake-refused"},
    Name{DiagnosisCode::InvalidUrl, "invalid-url"},
    Name{DiagnosisCode::HostNotFound, "host-not-found"},
    Name{DiagnosisCode::ConnectionRefused, "connection-refused"},
    Name{DiagnosisCode::TlsFailed, "tls-failed"},
    Name{DiagnosisCode::NotFound, "not-found"},
    Name{DiagnosisCode::AuthenticationRequired, "authentication-required"},
    Name{DiagnosisCode::SignInRequired, "sign-in-required"},
    Name{DiagnosisCode::SignInFailed, "sign-in-failed"},
    Name{DiagnosisCode::Forbidden, "forbidden"},
    Name{DiagnosisCode::Redirected, "redirected"},
    Name{DiagnosisCode::NotMcp, "not-mcp"},
    Name{DiagnosisCode::ServerError, "server-error"},
    Name{DiagnosisCode::ConnectTimeout, "connect-timeout"},
    Name{DiagnosisCode::Overload, "overload"},
    Name{DiagnosisCode::LeadsBack, "leads-back"},
    Name{DiagnosisCode::ListFailed, "list-failed"},
    Name{DiagnosisCode::Unknown, "unknown"},
};

QString seconds(std::chrono::milliseconds duration)
{
    return QStringLiteral("%1 s").arg(static_cast<double>(duration.count()) / 1000.0, 0, 'g', 3);
}

/// Builds the sentences; each case fills one Diagnosis.
class Examination {
public:
    explicit Examination(const StartFacts& facts) : m_facts(facts) {}

    Diagnosis run()
    {
        if (m_facts.isThisOriel) {
            set(DiagnosisCode::LeadsBack, QStringLiteral("it is this Oriel itself"),
                QStringLiteral("What answers there is the Oriel that asked; its tools would be listed again and again."),
                QStringLiteral("Remove this server, or point it at another Oriel."));
        } else if (m_facts.transport == config::ServerTransport::Stdio) {
            examineProcess();
        } else {
            examineHttp();
        }
        addDetails();
        return std::move(m_result);
    }

private:
    void set(DiagnosisCode code, const QString& what, const QString& cause, const QString& remedy)
    {
        m_result.code = code;
        m_result.headline = m_facts.server +
                            (m_facts.stage == StartStage::Ready ? QStringLiteral(": ") : QStringLiteral(" did not start: ")) +
                            what;
        m_result.cause = cause;
        m_result.remedy = remedy;
    }

    void examineProcess()
    {
        if (!m_facts.workingDirectoryExists) {
            set(DiagnosisCode::WorkingDirectoryMissing, QStringLiteral("its working directory is missing"),
                QStringLiteral("The working directory %1 does not exist.").arg(m_facts.workingDirectory),
                QStringLiteral("Create the folder or correct cwd."));
        } else if (m_facts.program.isEmpty() && m_facts.stage == StartStage::Resolve) {
            examineMissingProgram();
        } else if (m_facts.pid == 0) {
            examineSpawnFailure();
        } else if (m_facts.lineTooLong && !m_facts.exited) {
            set(DiagnosisCode::Overload, QStringLiteral("it sent a line beyond the limit"),
                QStringLiteral("The server wrote a message that is larger than Oriel accepts."),
                QStringLiteral("Let the tool return less at once, for example in pages."));
        } else if (examineRefusal()) {
            return;
        } else if (m_facts.closedPipe) {
            set(DiagnosisCode::ClosedPipe, QStringLiteral("it closed its standard input or output"),
                QStringLiteral("%1 closed the pipe that MCP runs on but went on running, so it was ended.").arg(shortName()),
                QStringLiteral(
                    "A server on stdio must not go into the background (no daemon mode) nor redirect its standard streams."));
        } else if (m_facts.exited && !m_facts.timedOut) {
            examineExit();
        } else if (m_facts.strayCount > 0 && !m_facts.sawFrame) {
            examineBanner();
        } else {
            set(DiagnosisCode::NoAnswer, QStringLiteral("no answer to initialize in %1").arg(seconds(m_facts.waited)),
                QStringLiteral("%1 runs but did not answer initialize within %2.").arg(shortName(), seconds(m_facts.waited)),
                noAnswerRemedy());
        }
    }

    QString shortName() const { return m_facts.program.isEmpty() ? m_facts.command : QFileInfo(m_facts.program).fileName(); }

    QString noAnswerRemedy() const
    {
        const QString name = shortName();
        if (QString hint = hintFor(m_facts.stderrTail); !hint.isEmpty()) {
            return hint;
        }
        if (name.startsWith(QLatin1String("npx")) || name.startsWith(QLatin1String("uvx")) || name == QLatin1String("docker")) {
            return QStringLiteral(
                "A first start may still be downloading: start it once in a terminal, or raise the connectivity timeout.");
        }
        return QStringLiteral(
            "Check that the command starts an MCP server on stdio (some need an argument like stdio), or raise the connectivity "
            "timeout.");
    }

    void examineMissingProgram()
    {
        if (!m_facts.notExecutable.isEmpty()) {
            set(DiagnosisCode::NotExecutable, QStringLiteral("%1 may not be run").arg(m_facts.notExecutable),
                QStringLiteral("The file %1 exists but is not executable.").arg(m_facts.notExecutable),
                QStringLiteral("Make it executable (chmod +x), or start it through its interpreter."));
            return;
        }
        if (m_facts.command.isEmpty()) {
            set(DiagnosisCode::CommandNotFound, QStringLiteral("it has no command"),
                QStringLiteral("The server's command is empty."),
                QStringLiteral("Give the program to start as the command, or a url."));
            return;
        }
        const QString where = m_facts.searchedFolders.isEmpty() ? QStringLiteral("There is no file %1.").arg(m_facts.command)
                                                                : QStringLiteral("%1 is in none of the %2 folders of the PATH.")
                                                                      .arg(m_facts.command)
                                                                      .arg(m_facts.searchedFolders.size());
        const QString remedy =
            m_facts.command.contains(QLatin1Char(' '))
                ? QStringLiteral("Put the program alone into command and each argument into args; no shell takes the line apart.")
                : missingCommandRemedy(m_facts.command);
        set(DiagnosisCode::CommandNotFound, QStringLiteral("%1 was not found").arg(m_facts.command), where, remedy);
    }

    void examineSpawnFailure()
    {
        const int code = m_facts.spawnErrno;
        const QString reason = code == 0 ? QStringLiteral("the system refused it") : QString::fromLocal8Bit(std::strerror(code));
        if (code == ENOEXEC || code == EACCES || code == ENOENT) {
            set(DiagnosisCode::NotExecutable, QStringLiteral("%1 cannot be run").arg(m_facts.program),
                QStringLiteral("The system cannot run %1: %2.").arg(m_facts.program, reason),
                code == EACCES ? QStringLiteral("Check its permissions and those of its folder.")
                               : QStringLiteral("Check that its first line names an interpreter that exists (#!), or that it is "
                                                "built for this system."));
            return;
        }
        set(DiagnosisCode::SpawnFailed, QStringLiteral("no process could be made"),
            QStringLiteral("Starting %1 failed: %2.").arg(m_facts.program.isEmpty() ? m_facts.command : m_facts.program, reason),
            QStringLiteral("Close other programs or raise the limits for processes and open files."));
    }

    bool examineRefusal()
    {
        if (!m_facts.answeredVersion.isEmpty()) {
            set(DiagnosisCode::VersionRefused, QStringLiteral("no common protocol revision"),
                QStringLiteral("The server answered with protocol revision %1, which Oriel does not speak.")
                    .arg(cleanText(m_facts.answeredVersion, 60)),
                QStringLiteral("Update the server, or Oriel if the server is newer."));
            return true;
        }
        if (m_facts.rpcErrorCode == 0) {
            return false;
        }
        const QString message = cleanText(m_facts.rpcErrorMessage);
        const bool version =
            m_facts.rpcErrorCode == -32022 || message.contains(QLatin1String("protocol version"), Qt::CaseInsensitive);
        set(version ? DiagnosisCode::VersionRefused : DiagnosisCode::HandshakeRefused,
            version ? QStringLiteral("no common protocol revision") : QStringLiteral("it refused the handshake"),
            QStringLiteral("The server answered initialize (%1) with error %2: %3")
                .arg(QString::fromLatin1(m_facts.requestedVersion))
                .arg(m_facts.rpcErrorCode)
                .arg(message),
            version ? QStringLiteral("Update the server, or Oriel if the server is newer.")
                    : QStringLiteral("Read the server's stderr below; the error is the server's own."));
        return true;
    }

    void examineBanner()
    {
        set(DiagnosisCode::BannerOnStdout, QStringLiteral("it prints text on stdout"),
            QStringLiteral(
                "The server wrote \"%1\" to stdout, where only protocol messages belong, and did not answer initialize.")
                .arg(cleanText(m_facts.strayOutput.value(0), 120)),
            QStringLiteral("Send banners and logs to stderr, or start the server in its stdio mode."));
    }

    void examineExit()
    {
        const QString last = tellingLine(m_facts.stderrTail);
        const QString said = last.isEmpty() ? QString() : QStringLiteral(" Its last words: %1").arg(last);
        QString remedy = hintFor(m_facts.stderrTail);
        if (m_facts.exitSignal != 0) {
            set(DiagnosisCode::Crashed, QStringLiteral("it crashed (signal %1)").arg(m_facts.exitSignal),
                QStringLiteral("The process was ended by %1%2.%3").arg(signalName(m_facts.exitSignal), reached(), said),
                remedy.isEmpty()
                    ? QStringLiteral(
                          "Start the same command in a terminal to see more; a core dump or its own log may tell the place.")
                    : remedy);
            return;
        }
        if (m_facts.strayCount > 0 && !m_facts.sawFrame && last.isEmpty()) {
            const QString first = cleanText(m_facts.strayOutput.value(0), 120);
            remedy = hintFor(m_facts.strayOutput);
            set(DiagnosisCode::ExitedAtOnce, QStringLiteral("it exited with code %1").arg(m_facts.exitCode),
                QStringLiteral("The process printed \"%1\" to stdout and exited with code %2.").arg(first).arg(m_facts.exitCode),
                remedy.isEmpty() ? QStringLiteral("Check the arguments: the program did something else than serve MCP on stdio.")
                                 : remedy);
            return;
        }
        const bool atOnce = m_facts.stage <= StartStage::FirstByte;
        if (remedy.isEmpty()) {
            remedy = m_facts.exitCode == 0
                         ? QStringLiteral(
                               "The program ended as if its work was done; check that the arguments start a server on stdio.")
                         : QStringLiteral("Start the same command in a terminal to see more.");
        }
        set(m_facts.stage == StartStage::Ready ? DiagnosisCode::Crashed
                                               : (atOnce ? DiagnosisCode::ExitedAtOnce : DiagnosisCode::ExitedDuringHandshake),
            QStringLiteral("it exited with code %1").arg(m_facts.exitCode),
            QStringLiteral("The process exited with code %1%2.%3").arg(QString::number(m_facts.exitCode), reached(), said),
            remedy);
    }

    QString reached() const
    {
        switch (m_facts.stage) {
        case StartStage::Resolve:
        case StartStage::Spawn:
        case StartStage::FirstByte:
            return QStringLiteral(" before it wrote anything");
        case StartStage::Handshake:
            return QStringLiteral(" during the handshake");
        case StartStage::List:
            return QStringLiteral(" while its lists were read");
        case StartStage::Ready:
            return QStringLiteral(" while it was running");
        }
        return {};
    }

    void examineHttp()
    {
        using Network = StartFacts::Network;
        switch (m_facts.network) {
        case Network::Resolve:
            set(DiagnosisCode::HostNotFound, QStringLiteral("its host is unknown"),
                QStringLiteral("The name in %1 could not be resolved%2.").arg(m_facts.url, reason()),
                QStringLiteral("Check the spelling of the host, the network and the VPN."));
            return;
        case Network::Refused:
            set(DiagnosisCode::ConnectionRefused, QStringLiteral("nothing listens at its address"),
                QStringLiteral("The connection to %1 was refused%2.").arg(m_facts.url, reason()),
                QStringLiteral("Start the server, or correct the port in url."));
            return;
        case Network::Tls:
            set(DiagnosisCode::TlsFailed, QStringLiteral("no secure connection"),
                QStringLiteral("TLS with %1 failed%2.").arg(m_facts.url, reason()),
                QStringLiteral(
                    "Check the certificate's names, dates and authority, and whether the port speaks TLS (https) at all."));
            return;
        case Network::Timeout:
            set(DiagnosisCode::ConnectTimeout, QStringLiteral("no answer in %1").arg(seconds(m_facts.waited)),
                QStringLiteral("%1 did not answer within %2.").arg(m_facts.url, seconds(m_facts.waited)),
                QStringLiteral(
                    "Check that the server runs and that no firewall or VPN is in the way, or raise the connectivity timeout."));
            return;
        case Network::Other:
            set(DiagnosisCode::Unknown, QStringLiteral("the connection failed"),
                QStringLiteral("The connection to %1 failed%2.").arg(m_facts.url, reason()),
                QStringLiteral("Check the server and the network between."));
            return;
        case Network::Ok:
            break;
        }
        if (m_facts.httpStatus == 0 && m_facts.stage == StartStage::Resolve) {
            set(DiagnosisCode::InvalidUrl, QStringLiteral("its url is not valid"),
                QStringLiteral("%1 is not an http or https URL with a host.")
                    .arg(m_facts.url.isEmpty() ? QStringLiteral("The empty text") : m_facts.url),
                QStringLiteral("Write the url like https://host/mcp."));
            return;
        }
        if (!examineRefusal()) {
            examineStatus();
        }
    }

    QString reason() const
    {
        return m_facts.networkMessage.isEmpty() ? QString() : QStringLiteral(" (%1)").arg(m_facts.networkMessage);
    }

    void examineStatus()
    {
        const int status = m_facts.httpStatus;
        const QString answered = QStringLiteral("%1 answered initialize with HTTP status %2").arg(m_facts.url).arg(status);
        const QString body = cleanText(m_facts.httpBody, 160);
        const QString said = body.isEmpty() ? QStringLiteral(".") : QStringLiteral(": %1").arg(body);
        if (m_facts.tokenError && (status == 401 || status == 403)) {
            examineToken(*m_facts.tokenError);
        } else if (status == 401) {
            set(DiagnosisCode::AuthenticationRequired, QStringLiteral("it wants credentials"), answered + said,
                QStringLiteral("Give an Authorization header under headers, for example Bearer ${vault:name}."));
        } else if (status == 403) {
            set(DiagnosisCode::Forbidden, QStringLiteral("access is forbidden"), answered + said,
                QStringLiteral("Check that the credentials under headers are allowed to use this server."));
        } else if (status == 404 || status == 405 || status == 410) {
            set(DiagnosisCode::NotFound, QStringLiteral("no MCP endpoint at its url"), answered + said,
                QStringLiteral(
                    "Check the path in url, often /mcp; a server of the older HTTP+SSE kind needs \"type\": \"sse\"."));
        } else if (status >= 300 && status < 400) {
            set(DiagnosisCode::Redirected, QStringLiteral("its url redirects"),
                QStringLiteral(
                    "%1 redirects to %2; redirects are not followed, so that credentials stay with the configured host.")
                    .arg(m_facts.url, cleanText(m_facts.location)),
                QStringLiteral("If the new address is right, write it into url."));
        } else if (status >= 500) {
            set(DiagnosisCode::ServerError, QStringLiteral("it answers with status %1").arg(status), answered + said,
                QStringLiteral("Read the server's own log; the error is on its side."));
        } else if (status >= 400) {
            set(DiagnosisCode::HandshakeRefused, QStringLiteral("it refused the handshake (%1)").arg(status), answered + said,
                QStringLiteral("Check the url and the headers that the server expects."));
        } else if (m_facts.timedOut) {
            set(DiagnosisCode::NoAnswer, QStringLiteral("no answer to initialize in %1").arg(seconds(m_facts.waited)),
                QStringLiteral("%1 took the request but did not answer initialize within %2.")
                    .arg(m_facts.url, seconds(m_facts.waited)),
                QStringLiteral("Check that the url is an MCP endpoint, or raise the connectivity timeout."));
        } else if (status != 0) {
            set(DiagnosisCode::NotMcp, QStringLiteral("its url is not an MCP endpoint"),
                QStringLiteral("%1 answered with %2 instead of an MCP message%3")
                    .arg(m_facts.url,
                         m_facts.contentType.isEmpty() ? QStringLiteral("no content type") : cleanText(m_facts.contentType, 80),
                         said),
                QStringLiteral("Check the path in url, often /mcp."));
        } else {
            set(DiagnosisCode::Unknown, QStringLiteral("the connection ended"),
                QStringLiteral("%1 ended the connection.").arg(m_facts.url), QStringLiteral("Read the server's own log."));
        }
    }

    void examineToken(const Error& error)
    {
        const bool passing = error.code == ErrorCode::Unavailable || error.code == ErrorCode::Timeout;
        const QString where = error.context.isEmpty() ? QString() : QStringLiteral(" (%1)").arg(error.context);
        const QString cause = error.message.left(1).toUpper() + error.message.mid(1) + where + QLatin1Char('.');
        set(passing ? DiagnosisCode::SignInFailed : DiagnosisCode::SignInRequired,
            passing ? QStringLiteral("its sign-in cannot be renewed just now") : QStringLiteral("sign-in needed"), cause,
            error.remedy);
    }

    void addDetails()
    {
        QStringList& details = m_result.details;
        if (m_facts.transport == config::ServerTransport::Stdio) {
            if (!m_facts.program.isEmpty()) {
                details.append(QStringLiteral("Command: %1").arg(readableCommandLine(m_facts.program, m_facts.arguments)));
            }
            if (m_facts.program.isEmpty()) {
                for (const QString& folder : m_facts.searchedFolders) {
                    details.append(QStringLiteral("Searched: %1").arg(folder));
                }
            }
            if (!m_facts.workingDirectory.isEmpty()) {
                details.append(QStringLiteral("Working directory: %1%2")
                                   .arg(m_facts.workingDirectory,
                                        m_facts.workingDirectoryExists ? QString() : QStringLiteral(" (missing)")));
            }
            if (m_facts.pid != 0) {
                details.append(QStringLiteral("Process: %1").arg(m_facts.pid));
            }
        } else {
            details.append(QStringLiteral("URL: %1").arg(m_facts.url));
            if (m_facts.httpStatus != 0) {
                details.append(QStringLiteral("Status: %1").arg(m_facts.httpStatus));
            }
            if (!m_facts.authenticate.isEmpty()) {
                details.append(QStringLiteral("WWW-Authenticate: %1").arg(cleanText(m_facts.authenticate)));
            }
        }
        for (const QByteArray& line : m_facts.strayOutput) {
            details.append(QStringLiteral("stdout: %1").arg(cleanText(line)));
        }
        for (const QByteArray& line : m_facts.stderrTail.mid(std::max<qsizetype>(0, m_facts.stderrTail.size() - 10))) {
            details.append(QStringLiteral("stderr: %1").arg(cleanText(line)));
        }
    }

    const StartFacts& m_facts;
    Diagnosis m_result;
};

} // namespace

QByteArrayView diagnosisName(DiagnosisCode code)
{
    for (const Name& entry : kNames) {
        if (entry.code == code) {
            return entry.name;
        }
    }
    Q_UNREACHABLE();
}

Error Diagnosis::toError(const QString& server) const
{
    const bool credentials = code == DiagnosisCode::AuthenticationRequired || code == DiagnosisCode::SignInRequired;
    return {credentials ? ErrorCode::Unauthenticated : ErrorCode::Unavailable, cause, server, remedy};
}

Diagnosis diagnose(const StartFacts& facts)
{
    return Examination(facts).run();
}

} // namespace oriel::upstream
