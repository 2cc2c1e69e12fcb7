// SPDX-License-Identifier: GPL-3.0-or-later
#include "downstream/accept.h"

#include "http/headers.h"

namespace oriel::downstream {

namespace {

/// The weight of one element in thousandths; what is no weight counts as 1.
int weightOf(QByteArrayView parameters)
{
    while (!parameters.isEmpty()) {
        const qsizetype end = parameters.indexOf(';');
        const QByteArrayView parameter = (end < 0 ? parameters : parameters.first(end)).trimmed();
        parameters = end < 0 ? QByteArrayView() : parameters.sliced(end + 1);
        if (parameter.size() < 3 || !http::equalsIgnoringCase(parameter.first(2), "q="))
            continue;
        bool isNumber = false;
        const double weight = parameter.sliced(2).toDouble(&isNumber);
        return isNumber && weight >= 0 && weight <= 1 ? static_cast<int>(weight * 1000) : 1000;
    }
    return 1000;
}

} // namespace

Acceptance readAccept(QByteArrayView accept)
{
    if (accept.isEmpty())
        return {true, true, false};
    Acceptance result;
    int json = -1;
    int stream = -1;
    bool streamIsFirst = false;
    bool anyJson = false;
    bool anyStream = false;
    while (!accept.isEmpty()) {
        const qsizetype comma = accept.indexOf(',');
        const QByteArrayView element = comma < 0 ? accept : accept.first(comma);
        accept = comma < 0 ? QByteArrayView() : accept.sliced(comma + 1);
        const qsizetype semicolon = element.indexOf(';');
        const QByteArrayView type = (semicolon < 0 ? element : element.first(semicolon)).trimmed();
        const int weight = semicolon < 0 ? 1000 : weightOf(element.sliced(semicolon + 1));
        if (http::equalsIgnoringCase(type, "application/json")) {
            json = weight;
        } else if (http::equalsIgnoringCase(type, "text/event-stream")) {
            stream = weight;
            streamIsFirst = json < 0;
        } else if (weight > 0) {
            const bool all = type == QByteArrayView("*/*");
            anyJson = anyJson || all || http::equalsIgnoringCase(type, "application/*");
            anyStream = anyStream || all || http::equalsIgnoringCase(type, "text/*");
        }
    }
    result.json = json < 0 ? anyJson : json > 0;
    result.eventStream = stream < 0 ? anyStream : stream > 0;
    result.prefersEventStream = json > 0 && stream > 0 && (stream > json || (stream == json && streamIsFirst));
    return result;
}

} // namespace oriel::downstream
