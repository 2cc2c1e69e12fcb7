// SPDX-License-Identifier: GPL-3.0-or-later
#include "source_rules.h"

#include <QHash>
#include <QRegularExpression>

#include <functional>

namespace oriel::structure {

namespace {

const QHash<QString, int>& floors()
{
    static const QHash<QString, int> table = [] {
        const QList<QStringList> byFloor = {
            {QStringLiteral("base")},
            {QStringLiteral("http"), QStringLiteral("telemetry"), QStringLiteral("privacy"), QStringLiteral("vault"),
             QStringLiteral("config")},
            {QStringLiteral("otlp"), QStringLiteral("mcp"), QStringLiteral("store"), QStringLiteral("promql")},
            {QStringLiteral("oauth"), QStringLiteral("upstream"), QStringLiteral("downstream"), QStringLiteral("guardrails")},
            {QStringLiteral("gateway")},
            {QStringLiteral("service")},
            {QStringLiteral("ui")},
            {QStringLiteral("app")},
        };
        QHash<QString, int> rooms;
        for (qsizetype floor = 0; floor < byFloor.size(); ++floor) {
            for (const QString& room : byFloor.at(floor))
                rooms.insert(room, static_cast<int>(floor));
        }
        return rooms;
    }();
    return table;
}

bool hasSuffix(const SourceFile& file, std::initializer_list<const char*> suffixes)
{
    return std::any_of(suffixes.begin(), suffixes.end(),
                       [&file](const char* suffix) { return file.path.endsWith(QLatin1StringView(suffix)); });
}

bool isCpp(const SourceFile& file)
{
    return hasSuffix(file, {".h", ".cpp"});
}

QStringList breaches(const SourceFile& file, const std::function<QString(const QString& line)>& wrongWith)
{
    QStringList found;
    qsizetype number = 0;
    for (const QByteArray& line : file.text.split('\n')) {
        ++number;
        const QString wrong = wrongWith(QString::fromUtf8(line));
        if (!wrong.isEmpty())
            found.append(QStringLiteral("%1:%2: %3").arg(file.path).arg(number).arg(wrong));
    }
    return found;
}

/// What an #include line names, without its quotes or brackets; empty for every other line.
QString included(const QString& line)
{
    static const QRegularExpression pattern(QStringLiteral("^\\s*#\\s*include\\s*[\"<]([^\">]+)[\">]"));
    return pattern.match(line).captured(1);
}

QString named(const QString& line, std::initializer_list<const char*> words)
{
    for (const char* word : words) {
        if (line.contains(QLatin1StringView(word)))
            return QLatin1StringView(word);
    }
    return {};
}

} // namespace

int floorOf(QStringView room)
{
    return floors().value(room.toString(), -1);
}

QString roomOf(QStringView path)
{
    const auto parts = path.split(u'/');
    if (parts.size() > 2 && parts.at(0) == QLatin1StringView("gateway_core"))
        return parts.at(1).toString();
    if (parts.size() > 1 && (parts.at(0) == QLatin1StringView("ui") || parts.at(0) == QLatin1StringView("app")))
        return parts.at(0).toString();
    return {};
}

QStringList higherFloors(const SourceFile& file)
{
    const QString room = roomOf(file.path);
    if (room.isEmpty() || !isCpp(file))
        return {};
    return breaches(file, [&room](const QString& line) -> QString {
        const QString header = included(line);
        const QString other = header.section(u'/', 0, 0);
        if (header.isEmpty() || other == header || other == room || floorOf(other) < 0 || floorOf(other) < floorOf(room))
            return {};
        return QStringLiteral("%1 (floor %2) includes %3 of floor %4; a room includes only lower floors")
            .arg(room)
            .arg(floorOf(room))
            .arg(header)
            .arg(floorOf(other));
    });
}

QStringList screenHeadersInCore(const SourceFile& file, const QSet<QString>& screenHeaders)
{
    if (!file.path.startsWith(QLatin1StringView("gateway_core/")) || !isCpp(file))
        return {};
    return breaches(file, [&screenHeaders](const QString& line) -> QString {
        const QString header = included(line);
        const QString module = header.section(u'/', 0, 0);
        const bool moduleForScreens =
            header.contains(u'/') && !named(module, {"QtGui", "QtWidgets", "QtCharts", "QtSvg", "QtOpenGL"}).isEmpty();
        if (!moduleForScreens && !screenHeaders.contains(header))
            return {};
        return QStringLiteral("gateway_core includes <%1>, which needs a screen").arg(header);
    });
}

QStringList versionChecksOutsideCompat(const SourceFile& file)
{
    if (file.path.startsWith(QLatin1StringView("ui/compat/")) || !isCpp(file))
        return {};
    return breaches(file, [](const QString& line) -> QString {
        return line.contains(QLatin1StringView("QT_VERSION_"
                                               "CHECK"))
                   ? QStringLiteral("differences between Qt releases belong in ui/compat")
                   : QString();
    });
}

QStringList missingLicence(const SourceFile& file)
{
    if (!isCpp(file) && !hasSuffix(file, {"CMakeLists.txt", ".cmake", ".sh", ".ps1", ".mjs", ".js", ".py"}))
        return {};
    const QList<QByteArray> lines = file.text.split('\n');
    const QByteArray mark("SPDX-License-Identifier: GPL-3.0-or-later");
    if (lines.value(0).contains(mark) || (lines.value(0).startsWith("#!") && lines.value(1).contains(mark)))
        return {};
    return {QStringLiteral("%1:1: the first line names no licence (SPDX-License-Identifier: GPL-3.0-or-later)").arg(file.path)};
}

QStringList unfinishedMarks(const SourceFile& file)
{
    static const QRegularExpression pattern(QStringLiteral("\\b(TO"
                                                           "DO|FIX"
                                                           "ME|XX"
                                                           "X|HA"
                                                           "CK)\\b"));
    return breaches(file, [](const QString& line) -> QString {
        const QString mark = pattern.match(line).captured(1);
        return mark.isEmpty() ? QString() : QStringLiteral("%1: finish it, or open an issue").arg(mark);
    });
}

QStringList machinePaths(const SourceFile& file)
{
    return breaches(file, [](const QString& line) -> QString {
        const QString path = named(line, {"/work/"
                                          "main",
                                          "/work/"
                                          "shared",
                                          "/ro"
                                          "ot/",
                                          "registry."
                                          "npmjs",
                                          "\"reso"
                                          "lved\":"});
        return path.isEmpty() ? QString() : QStringLiteral("\"%1\" is of one machine").arg(path);
    });
}

QStringList missingPragmaOnce(const SourceFile& file)
{
    if (!hasSuffix(file, {".h"}) || file.text.contains("\n#pragma once\n"))
        return {};
    return {QStringLiteral("%1:1: no #pragma once").arg(file.path)};
}

} // namespace oriel::structure
