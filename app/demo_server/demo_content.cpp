// SPDX-License-Identifier: GPL-3.0-or-later
#include "demo_content.h"

#include <QMap>
#include <QStringList>

namespace oriel::demo {

namespace {

QString str(const char* text)
{
    return QString::fromUtf8(text);
}

const QMap<QString, QString>& notes()
{
    static const QMap<QString, QString> all{
        {str("tracing"),
         str("# Tracing\n\nA trace is the story of one request: each span says what ran, when and for how long.\n")},
        {str("metrics"), str("# Metrics\n\nA histogram keeps the shape of latency; an average hides the slow tail.\n")},
        {str("audit"), str("# Audit\n\nOne row per tool call, masked, chained, so that a change is seen.\n")},
        {str("timeouts"), str("# Timeouts\n\nWarn early, stop late, and tell which of the two it was.\n")},
    };
    return all;
}

QJsonObject textMessage(const QString& role, const QString& text)
{
    return {{str("role"), role}, {str("content"), QJsonObject{{str("type"), str("text")}, {str("text"), text}}}};
}

QJsonObject promptArgument(const char* name, const char* description, bool required)
{
    return {{str("name"), str(name)}, {str("description"), str(description)}, {str("required"), required}};
}

} // namespace

QJsonArray promptList()
{
    return {QJsonObject{{str("name"), str("explain_topic")},
                        {str("title"), str("Explain a topic")},
                        {str("description"), str("Asks for an explanation of one of the demo notes.")},
                        {str("arguments"), QJsonArray{promptArgument("topic", "tracing, metrics, audit or timeouts", true),
                                                      promptArgument("style", "short, detailed or playful", false)}}},
            QJsonObject{{str("name"), str("review_call")},
                        {str("title"), str("Review a tool call")},
                        {str("description"), str("Asks what went wrong in a tool call.")},
                        {str("arguments"), QJsonArray{promptArgument("error", "the error that came back", true)}}}};
}

std::optional<QJsonObject> prompt(const QString& name, const QJsonObject& arguments)
{
    if (name == str("explain_topic")) {
        const QString topic = arguments.value(str("topic")).toString();
        const QString style = arguments.value(str("style")).toString(str("short"));
        return QJsonObject{
            {str("description"), str("An explanation of %1").arg(topic)},
            {str("messages"),
             QJsonArray{textMessage(str("user"), str("Explain %1 in a %2 way, using this note:\n\n%3")
                                                     .arg(topic, style, notes().value(topic, str("(there is no such note)"))))}}};
    }
    if (name == str("review_call")) {
        return QJsonObject{
            {str("messages"),
             QJsonArray{
                 textMessage(str("user"), str("A tool call failed with: %1").arg(arguments.value(str("error")).toString())),
                 textMessage(str("assistant"), str("I will look at the trace first, then at the server's stderr."))}}};
    }
    return std::nullopt;
}

std::optional<QJsonObject> resourcePage(const QString& cursor)
{
    const QJsonObject welcome{{str("uri"), str("demo://notes/welcome")},
                              {str("name"), str("welcome")},
                              {str("title"), str("Welcome")},
                              {str("mimeType"), str("text/markdown")},
                              {str("description"), str("What this server is for.")}};
    const QJsonObject status{{str("uri"), str("demo://status")},
                             {str("name"), str("status")},
                             {str("mimeType"), str("application/json")},
                             {str("description"), str("Counters of this server; changes with every call.")}};
    const QJsonObject pixel{{str("uri"), str("demo://pixel")},
                            {str("name"), str("pixel")},
                            {str("mimeType"), str("image/gif")},
                            {str("description"), str("A picture of one pixel.")}};
    if (cursor.isEmpty()) {
        return QJsonObject{{str("resources"), QJsonArray{welcome, status}}, {str("nextCursor"), str("2")}};
    }
    if (cursor == str("2")) {
        return QJsonObject{{str("resources"), QJsonArray{pixel}}};
    }
    return std::nullopt;
}

QJsonArray resourceTemplateList()
{
    return {QJsonObject{{str("uriTemplate"), str("demo://notes/{topic}")},
                        {str("name"), str("note")},
                        {str("mimeType"), str("text/markdown")},
                        {str("description"), str("A note on one topic: tracing, metrics, audit or timeouts.")}}};
}

std::optional<QJsonObject> resource(const QString& uri, int calls)
{
    QJsonObject content{{str("uri"), uri}};
    const QString notesPrefix = str("demo://notes/");
    if (uri == str("demo://notes/welcome")) {
        content.insert(str("mimeType"), str("text/markdown"));
        content.insert(str("text"),
                       str("# Welcome\n\nThis server exists to be watched: call its tools and see what each does to a trace.\n"));
    } else if (uri == str("demo://status")) {
        content.insert(str("mimeType"), str("application/json"));
        content.insert(str("text"), str("{\"calls\":%1}").arg(calls));
    } else if (uri == str("demo://pixel")) {
        content.insert(str("mimeType"), str("image/gif"));
        content.insert(str("blob"), str("R0lGODlhAQABAIAAAAUEBAAAACwAAAAAAQABAAACAkQBADs="));
    } else if (uri.startsWith(notesPrefix) && notes().contains(uri.mid(notesPrefix.size()))) {
        content.insert(str("mimeType"), str("text/markdown"));
        content.insert(str("text"), notes().value(uri.mid(notesPrefix.size())));
    } else {
        return std::nullopt;
    }
    return QJsonObject{{str("contents"), QJsonArray{content}}};
}

QJsonObject completion(const QJsonObject& ref, const QJsonObject& argument)
{
    QStringList candidates;
    const QString name = argument.value(str("name")).toString();
    if (name == str("topic")) {
        candidates = notes().keys();
    } else if (name == str("style") && ref.value(str("type")).toString() == str("ref/prompt")) {
        candidates = {str("short"), str("detailed"), str("playful")};
    }
    const QString typed = argument.value(str("value")).toString();
    QJsonArray values;
    for (const QString& candidate : candidates) {
        if (candidate.startsWith(typed)) {
            values.append(candidate);
        }
    }
    return {{str("completion"), QJsonObject{{str("values"), values}, {str("total"), values.size()}, {str("hasMore"), false}}}};
}

} // namespace oriel::demo
