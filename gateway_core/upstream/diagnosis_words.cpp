// SPDX-License-Identifier: GPL-3.0-or-later
#include "upstream/diagnosis_words.h"

#include <QFileInfo>

#include <array>
#include <csignal>

namespace oriel::upstream {

namespace {

struct Hint {
    const char* sign;
    const char* remedy;
};
/// Known last words and what helps against them.
constexpr std::array kHints{
    Hint{"Cannot find module",
         "Install the server's packages, for example with npm install in its folder, and check the path in args."},
    Hint{"ERR_MODULE_NOT_FOUND",
         "Install the server's packages, for example with npm install in its folder, and check the path in args."},
    Hint{"npm ERR! 404", "Check the spelling of the package's name; npm does not know it."},
    Hint{"npm error 404", "Check the spelling of the package's name; npm does not know it."},
    Hint{"could not determine executable to run",
         "The npm package has no program to run; check its name or name the program with npx -p."},
    Hint{"ENOTFOUND",
         "A name could not be resolved; check the network and the proxy, and whether the package's registry can be reached."},
    Hint{"ECONNREFUSED",
         "Something that the server needs does not listen; check its database or service and the addresses in env."},
    Hint{"EADDRINUSE", "The port is taken; end the other program or give the server another port."},
    Hint{"EACCES", "The server may not read or write a file that it needs; check the permissions."},
    Hint{"ModuleNotFoundError", "Install the Python package that is named, in the environment that the command uses (uv run, or "
                                "the virtual environment's python)."},
    Hint{"No module named", "Install the Python package that is named, in the environment that the command uses (uv run, or the "
                            "virtual environment's python)."},
    Hint{"No solution found when resolving",
         "uv cannot satisfy the server's requirements; check the package's name and the Python version that it needs."},
    Hint{"was not found in the package registry", "Check the spelling of the package's name; the registry does not know it."},
    Hint{"SyntaxError", "The program does not fit the runtime's version, or is not the file that was meant; check both."},
    Hint{"Unsupported engine", "Install the Node.js version that the server asks for."},
    Hint{"GLIBC_", "The program was built for a newer system; install a build for this one."},
    Hint{"cannot open shared object file", "Install the library that is named."},
    Hint{"can't open file", "Check the script's path in args; it is taken relative to cwd."},
    Hint{"No such file or directory", "Check the paths in args and cwd."},
    Hint{"Permission denied", "Check the permissions of the files that the server uses."},
    Hint{"API key", "Give the server its key in env, for example as ${vault:name}."},
    Hint{"API_KEY", "Give the server its key in env, for example as ${vault:name}."},
    Hint{"token", "Check the credentials that the server gets in env."},
    Hint{"environment variable",
         "Set the variable that is named under env of this server; of Oriel's own environment a server sees only a few."},
    Hint{"usage:", "The program wants other arguments; compare args with its documentation."},
    Hint{"Usage:", "The program wants other arguments; compare args with its documentation."},
};

} // namespace

QString cleanText(QByteArrayView bytes, qsizetype limit)
{
    QString text;
    bool escape = false;
    const QString decoded = QString::fromUtf8(bytes);
    for (const QChar c : decoded) {
        if (escape) {
            escape = !c.isLetter();
        } else if (c == QChar(0x1b)) {
            escape = true;
        } else if (c.isPrint() || c == QLatin1Char('\t')) {
            text.append(c);
        }
        if (text.size() >= limit) {
            return text.trimmed() + QStringLiteral(" …");
        }
    }
    return text.trimmed();
}

QString tellingLine(const QByteArrayList& lines)
{
    QString last;
    QString error;
    for (const QByteArray& line : lines) {
        const QString text = cleanText(line);
        if (text.isEmpty() || text.startsWith(QLatin1String("at ")) || text.startsWith(QLatin1String("npm notice")) ||
            text.startsWith(QLatin1String("Node.js v"))) {
            continue;
        }
        last = text;
        if (text.contains(QLatin1String("error"), Qt::CaseInsensitive) ||
            text.contains(QLatin1String("not found"), Qt::CaseInsensitive)) {
            error = text;
        }
    }
    return error.isEmpty() ? last : error;
}

QString hintFor(const QByteArrayList& lines)
{
    for (const Hint& hint : kHints) {
        for (const QByteArray& line : lines) {
            if (line.contains(hint.sign)) {
                return QString::fromLatin1(hint.remedy);
            }
        }
    }
    return {};
}

QString signalName(int signal)
{
    switch (signal) {
    case SIGSEGV:
        return QStringLiteral("SIGSEGV, a memory fault");
    case SIGABRT:
        return QStringLiteral("SIGABRT, it gave up itself");
    case SIGILL:
        return QStringLiteral("SIGILL, an instruction that this processor does not have");
    case SIGFPE:
        return QStringLiteral("SIGFPE, an arithmetic fault");
    case SIGTERM:
        return QStringLiteral("SIGTERM, someone asked it to end");
#ifdef SIGKILL
    case SIGKILL:
        return QStringLiteral("SIGKILL, often the system when memory runs out");
    case SIGBUS:
        return QStringLiteral("SIGBUS, a memory fault");
    case SIGPIPE:
        return QStringLiteral("SIGPIPE, it wrote to a closed pipe");
#endif
    default:
        return QStringLiteral("signal %1").arg(signal);
    }
}

QString missingCommandRemedy(const QString& command)
{
    const QString base = QFileInfo(command).baseName();
    if (base == QLatin1String("npx") || base == QLatin1String("node") || base == QLatin1String("npm")) {
        return QStringLiteral("Install Node.js, or give the absolute path of %1 as the command; programs installed by nvm or fnm "
                              "are not on a "
                              "desktop session's PATH.")
            .arg(base);
    }
    if (base == QLatin1String("uvx") || base == QLatin1String("uv")) {
        return QStringLiteral("Install uv, or give its absolute path, usually ~/.local/bin/%1, as the command.").arg(base);
    }
    if (base.startsWith(QLatin1String("python"))) {
        return QStringLiteral(
            "Install Python, or give the absolute path of the interpreter (for example that of a virtual environment).");
    }
    if (base == QLatin1String("docker") || base == QLatin1String("podman")) {
        return QStringLiteral("Install %1, or give its absolute path as the command.").arg(base);
    }
    return QStringLiteral("Install %1, correct its name, or give its absolute path as the command.")
        .arg(base.isEmpty() ? command : base);
}

} // namespace oriel::upstream
