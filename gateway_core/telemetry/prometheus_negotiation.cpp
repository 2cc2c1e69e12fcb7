// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/prometheus_negotiation.h"

#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace oriel::telemetry {

namespace {

bool same(QByteArrayView a, QByteArrayView b)
{
    return a.compare(b, Qt::CaseInsensitive) == 0;
}

/// The pieces of `text` between `separator`, but for those in quotes; without space around them.
std::vector<QByteArrayView> pieces(QByteArrayView text, char separator)
{
    std::vector<QByteArrayView> found;
    bool quoted = false;
    qsizetype begin = 0;
    for (qsizetype i = 0; i <= text.size(); ++i) {
        if (i < text.size() && quoted && text[i] == '\\')
            ++i;
        else if (i < text.size() && text[i] == '"')
            quoted = !quoted;
        if (i >= text.size() || (text[i] == separator && !quoted)) {
            const qsizetype end = std::min(i, text.size());
            found.push_back(text.sliced(begin, end - begin).trimmed());
            begin = i + 1;
        }
    }
    return found;
}

/// One element of an Accept or Accept-Encoding header.
struct Offer {
    QByteArrayView name;
    QByteArrayView version;
    QByteArrayView escaping;
    double quality = 1;
};

Offer readOffer(QByteArrayView text)
{
    Offer offer;
    const std::vector<QByteArrayView> parts = pieces(text, ';');
    offer.name = parts.front();
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const qsizetype equals = parts[i].indexOf('=');
        if (equals < 0)
            continue;
        const QByteArrayView key = parts[i].first(equals).trimmed();
        QByteArrayView value = parts[i].sliced(equals + 1).trimmed();
        if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
            value = value.sliced(1, value.size() - 2);
        if (same(key, "version")) {
            offer.version = value;
        } else if (same(key, "escaping")) {
            offer.escaping = value;
        } else if (same(key, "q")) {
            bool ok = false;
            const double quality = value.toByteArray().toDouble(&ok);
            offer.quality = ok && quality >= 0 && quality <= 1 ? quality : 0;
        }
    }
    return offer;
}

struct Form {
    ExpositionFormat format;
    QByteArrayView type;
    QByteArrayView range;
    QByteArrayView version;
};

/// In the order of our own preference.
constexpr std::array kForms{
    Form{ExpositionFormat::Text004, "text/plain", "text/*", "0.0.4"},
    Form{ExpositionFormat::OpenMetrics100, "application/openmetrics-text", "application/*", "1.0.0"},
    Form{ExpositionFormat::OpenMetrics001, "application/openmetrics-text", "application/*", "0.0.1"},
    Form{ExpositionFormat::Text100, "text/plain", "text/*", "1.0.0"},
};

/// How closely an offer names a form: 0 not at all, 1 as one of everything, … 4 with its version.
int closeness(const Offer& offer, const Form& form)
{
    if (same(offer.name, form.type))
        return offer.version.isEmpty() ? 3 : offer.version == form.version ? 4 : 0;
    if (same(offer.name, form.range))
        return 2;
    return offer.name == QByteArrayView("*/*") ? 1 : 0;
}

NameEscaping readEscaping(QByteArrayView word)
{
    for (const NameEscaping escaping : {NameEscaping::Dots, NameEscaping::Values, NameEscaping::AllowUtf8}) {
        if (same(word, escapingName(escaping)))
            return escaping;
    }
    return NameEscaping::Underscores;
}

} // namespace

ExpositionChoice negotiateExposition(QByteArrayView accept)
{
    std::vector<Offer> offers;
    for (const QByteArrayView element : pieces(accept, ','))
        offers.push_back(readOffer(element));

    ExpositionChoice choice;
    double bestQuality = 0;
    std::size_t bestPlace = std::numeric_limits<std::size_t>::max();
    for (const Form& form : kForms) {
        // The closest offer decides, even against a form that a wildcard would take (RFC 9110 §12.5.1).
        int closest = 0;
        std::size_t place = 0;
        for (std::size_t i = 0; i < offers.size(); ++i) {
            if (const int close = closeness(offers[i], form); close > closest) {
                closest = close;
                place = i;
            }
        }
        if (closest == 0)
            continue;
        const Offer& offer = offers[place];
        if (offer.quality > bestQuality || (offer.quality > 0 && offer.quality == bestQuality && place < bestPlace)) {
            bestQuality = offer.quality;
            bestPlace = place;
            const bool hasEscaping = !offer.escaping.isEmpty() && form.version == QByteArrayView("1.0.0");
            choice = {form.format, hasEscaping ? readEscaping(offer.escaping) : NameEscaping::Underscores, hasEscaping};
        }
    }
    return choice;
}

QByteArray expositionContentType(const ExpositionChoice& choice)
{
    QByteArray type;
    for (const Form& form : kForms) {
        if (form.format == choice.format)
            type = form.type.toByteArray() + "; version=" + form.version.toByteArray() + "; charset=utf-8";
    }
    if (choice.escapingAsked)
        type += "; escaping=" + escapingName(choice.escaping).toByteArray();
    return type;
}

bool acceptsGzip(QByteArrayView acceptEncoding)
{
    bool byWildcard = false;
    for (const QByteArrayView element : pieces(acceptEncoding, ',')) {
        const Offer offer = readOffer(element);
        if (same(offer.name, "gzip") || same(offer.name, "x-gzip"))
            return offer.quality > 0;
        if (offer.name == QByteArrayView("*"))
            byWildcard = offer.quality > 0;
    }
    return byWildcard;
}

} // namespace oriel::telemetry
