// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/prometheus_text.h"

#include <QLocale>
#include <QMap>
#include <QSet>

#include <algorithm>
#include <cmath>

namespace oriel::telemetry {

namespace {

struct UnitWord {
    const char* ucum;
    const char* word;
};
constexpr std::array kUnitWords{
    UnitWord{"d", "days"},          UnitWord{"h", "hours"},         UnitWord{"min", "minutes"},    UnitWord{"s", "seconds"},
    UnitWord{"ms", "milliseconds"}, UnitWord{"us", "microseconds"}, UnitWord{"ns", "nanoseconds"}, UnitWord{"By", "bytes"},
    UnitWord{"KiBy", "kibibytes"},  UnitWord{"MiBy", "mebibytes"},  UnitWord{"GiBy", "gibibytes"}, UnitWord{"TiBy", "tebibytes"},
    UnitWord{"kBy", "kilobytes"},   UnitWord{"MBy", "megabytes"},   UnitWord{"GBy", "gigabytes"},  UnitWord{"TBy", "terabytes"},
    UnitWord{"m", "meters"},        UnitWord{"V", "volts"},         UnitWord{"A", "amperes"},      UnitWord{"J", "joules"},
    UnitWord{"W", "watts"},         UnitWord{"g", "grams"},         UnitWord{"Cel", "celsius"},    UnitWord{"Hz", "hertz"},
    UnitWord{"%", "percent"},
};
constexpr std::array kPerWords{
    UnitWord{"s", "second"}, UnitWord{"m", "minute"}, UnitWord{"min", "minute"}, UnitWord{"h", "hour"},
    UnitWord{"d", "day"},    UnitWord{"w", "week"},   UnitWord{"mo", "month"},   UnitWord{"y", "year"},
};

bool isAsciiLetter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool isAsciiDigit(char c)
{
    return c >= '0' && c <= '9';
}

template <std::size_t N> QByteArray wordOf(const std::array<UnitWord, N>& table, QByteArrayView ucum)
{
    for (const UnitWord& row : table) {
        if (ucum == QByteArrayView(row.ucum))
            return row.word;
    }
    return ucum.toByteArray();
}

/// `text` with what a name may not hold turned into single underscores.
QByteArray sanitized(QByteArrayView text, bool allowColon)
{
    QByteArray out;
    out.reserve(text.size() + 1);
    for (const char c : text) {
        const bool legal = isAsciiLetter(c) || isAsciiDigit(c) || (allowColon && c == ':');
        if (legal)
            out.append(c);
        else if (!out.endsWith('_'))
            out.append('_');
    }
    return out;
}

QByteArray withoutAnnotations(QByteArrayView unit)
{
    QByteArray out;
    int depth = 0;
    for (const char c : unit) {
        if (c == '{')
            ++depth;
        else if (c == '}')
            depth = std::max(0, depth - 1);
        else if (depth == 0)
            out.append(c);
    }
    return out;
}

QByteArray unitWord(QByteArrayView unit)
{
    const QByteArray plain = withoutAnnotations(unit);
    if (plain.isEmpty() || plain == "1")
        return {};
    const qsizetype slash = plain.indexOf('/');
    QByteArray word = slash < 0 ? wordOf(kUnitWords, plain) : wordOf(kUnitWords, QByteArrayView(plain).first(slash));
    if (slash >= 0) {
        if (slash + 1 < plain.size())
            word += (slash > 0 ? "_per_" : "per_") + wordOf(kPerWords, QByteArrayView(plain).sliced(slash + 1));
    }
    word = sanitized(word, false);
    while (word.startsWith('_'))
        word.remove(0, 1);
    while (word.endsWith('_'))
        word.chop(1);
    return word;
}

/// True when `word` stands in `name` between underscores or the ends.
bool hasWord(QByteArrayView name, QByteArrayView word)
{
    for (qsizetype at = name.indexOf(word); at >= 0; at = name.indexOf(word, at + 1)) {
        const qsizetype end = at + word.size();
        if ((at == 0 || name[at - 1] == '_') && (end == name.size() || name[end] == '_'))
            return true;
    }
    return false;
}

QByteArray validUtf8(const QByteArray& text)
{
    return text.isValidUtf8() ? text : QString::fromUtf8(text).toUtf8();
}

void appendEscaped(QByteArray& out, const QByteArray& text, bool quotes)
{
    for (const char c : validUtf8(text)) {
        if (c == '\\')
            out.append("\\\\");
        else if (c == '\n')
            out.append("\\n");
        else if (c == '"' && quotes)
            out.append("\\\"");
        else
            out.append(c);
    }
}

QByteArray labelText(const AnyValue& value)
{
    const QByteArray* text = value.text();
    return text != nullptr ? *text : toJson(value);
}

/// `a="b",c="d"` of a point's attributes, in the order of the names.
QByteArray labelPairs(const Attributes& attributes)
{
    QMap<QByteArray, QByteArrayList> labels;
    for (const Attribute& attribute : attributes)
        labels[prometheusLabel(attribute.key)].append(labelText(attribute.value));
    QByteArray out;
    for (auto it = labels.cbegin(); it != labels.cend(); ++it) {
        if (!out.isEmpty())
            out.append(',');
        out.append(it.key()).append("=\"");
        appendEscaped(out, it.value().join(';'), true);
        out.append('"');
    }
    return out;
}

/// OpenMetrics wants a float to look like one.
QByteArray canonicalFloat(double value)
{
    QByteArray text = prometheusNumber(value);
    if (std::isfinite(value) && !text.contains('.') && !text.contains('e'))
        text.append(".0");
    return text;
}

class Exposition {
public:
    explicit Exposition(ExpositionFormat format) : m_open(format == ExpositionFormat::OpenMetrics100) {}

    void add(const MetricData& metric)
    {
        if (metric.temporality == Temporality::Delta || (metric.numbers.empty() && metric.histograms.empty()))
            return;
        const bool counter = metric.kind == InstrumentKind::Counter && metric.monotonic;
        const QByteArray name = prometheusName(metric.name, metric.unit, counter);
        const QByteArray aliasName = metric.alias.isEmpty() ? QByteArray() : prometheusName(metric.alias, {}, false);
        const bool aliasShown = !aliasName.isEmpty() && (m_open || !hasWord(aliasName, "counter"));
        if (metric.kind == InstrumentKind::Histogram) {
            addHistogram(metric, name);
        } else {
            addNumbers(metric, name, counter, m_open && aliasShown);
        }
        if (aliasShown && begin(aliasName, aliasName, "untyped", {}, metric.description + " The same as " + name + '.')) {
            for (const NumberPoint& point : metric.numbers)
                sample(aliasName, labelPairs(point.attributes), prometheusNumber(point.value));
        }
    }

    void addTarget(const Resource& resource)
    {
        const bool fresh = m_open ? begin("target", "target", "info", {}, "What produced these metrics.")
                                  : begin("target_info", "target_info", "gauge", {}, "What produced these metrics.");
        if (fresh)
            sample("target_info", labelPairs(resource.attributes), "1");
    }

    QByteArray take()
    {
        if (m_open)
            m_out.append("# EOF\n");
        return std::move(m_out);
    }

private:
    /// Writes the metadata of a family; false when its name is taken.
    bool begin(const QByteArray& family, const QByteArray& taken, const char* type, const QByteArray& unit,
               const QByteArray& help)
    {
        if (m_names.contains(taken))
            return false;
        m_names.insert(taken);
        if (m_open) {
            const QByteArrayView typeWord =
                QByteArrayView(type) == QByteArrayView("untyped") ? QByteArrayView("unknown") : QByteArrayView(type);
            m_out.append("# TYPE ").append(family).append(' ').append(typeWord).append('\n');
            if (!unit.isEmpty() && family.endsWith('_' + unit))
                m_out.append("# UNIT ").append(family).append(' ').append(unit).append('\n');
        }
        if (!help.isEmpty()) {
            m_out.append("# HELP ").append(family).append(' ');
            appendEscaped(m_out, help, m_open);
            m_out.append('\n');
        }
        if (!m_open)
            m_out.append("# TYPE ").append(family).append(' ').append(type).append('\n');
        return true;
    }

    void sample(const QByteArray& name, const QByteArray& labels, const QByteArray& value, const Exemplar* exemplar = nullptr)
    {
        m_out.append(name);
        if (!labels.isEmpty())
            m_out.append('{').append(labels).append('}');
        m_out.append(' ').append(value);
        if (exemplar != nullptr && m_open) {
            m_out.append(" # {trace_id=\"")
                .append(exemplar->traceId.toHex())
                .append("\",span_id=\"")
                .append(exemplar->spanId.toHex());
            m_out.append("\"} ").append(prometheusNumber(exemplar->value)).append(' ');
            m_out.append(QByteArray::number(static_cast<double>(exemplar->timeUnixNs) * 1e-9, 'f', 3));
        }
        m_out.append('\n');
    }

    void addNumbers(const MetricData& metric, const QByteArray& name, bool counter, bool nameSharedWithAlias)
    {
        QByteArray family = name;
        if (m_open && counter && !nameSharedWithAlias)
            family.chop(static_cast<qsizetype>(sizeof("_total")) - 1);
        const char* type = !counter ? "gauge" : m_open && nameSharedWithAlias ? "unknown" : "counter";
        if (!begin(family, name, type, unitWord(metric.unit), metric.description))
            return;
        for (const NumberPoint& point : metric.numbers) {
            const bool hasExemplar = counter && !nameSharedWithAlias && !point.exemplars.empty();
            sample(name, labelPairs(point.attributes), prometheusNumber(point.value),
                   hasExemplar ? &point.exemplars.back() : nullptr);
        }
    }

    void addHistogram(const MetricData& metric, const QByteArray& name)
    {
        if (!begin(name, name, "histogram", unitWord(metric.unit), metric.description))
            return;
        for (const HistogramPoint& point : metric.histograms) {
            const QByteArray labels = labelPairs(point.attributes);
            const QByteArray prefix = labels.isEmpty() ? QByteArray() : labels + ',';
            std::uint64_t cumulative = 0;
            for (std::size_t i = 0; i < point.bucketCounts.size(); ++i) {
                cumulative += point.bucketCounts[i];
                const bool last = i >= point.bounds.size();
                const QByteArray bound = last     ? QByteArrayLiteral("+Inf")
                                         : m_open ? canonicalFloat(point.bounds[i])
                                                  : prometheusNumber(point.bounds[i]);
                sample(name + "_bucket", prefix + "le=\"" + bound + '"', QByteArray::number(static_cast<qulonglong>(cumulative)),
                       exemplarOf(point, i));
            }
            sample(name + "_sum", labels, prometheusNumber(point.sum));
            sample(name + "_count", labels, QByteArray::number(static_cast<qulonglong>(point.count)));
        }
    }

    static const Exemplar* exemplarOf(const HistogramPoint& point, std::size_t bucket)
    {
        const auto found = std::find_if(point.exemplars.begin(), point.exemplars.end(), [&](const Exemplar& exemplar) {
            const auto bound = std::lower_bound(point.bounds.begin(), point.bounds.end(), exemplar.value);
            return static_cast<std::size_t>(bound - point.bounds.begin()) == bucket;
        });
        return found != point.exemplars.end() ? &*found : nullptr;
    }

    bool m_open;
    QByteArray m_out;
    QSet<QByteArray> m_names;
};

struct Offer {
    QByteArrayView type;
    QByteArrayView version;
    double quality = 1;
};

Offer parseOffer(QByteArrayView text)
{
    Offer offer;
    qsizetype begin = 0;
    for (int part = 0; begin <= text.size(); ++part) {
        qsizetype end = text.indexOf(';', begin);
        if (end < 0)
            end = text.size();
        const QByteArrayView piece = text.sliced(begin, end - begin).trimmed();
        if (part == 0)
            offer.type = piece;
        else if (piece.startsWith("version="))
            offer.version = piece.sliced(8);
        else if (piece.startsWith("q="))
            offer.quality = piece.sliced(2).toByteArray().toDouble();
        begin = end + 1;
    }
    return offer;
}

} // namespace

ExpositionFormat negotiateExposition(QByteArrayView accept)
{
    ExpositionFormat best = ExpositionFormat::Text004;
    double bestQuality = 0;
    qsizetype begin = 0;
    while (begin <= accept.size()) {
        qsizetype end = accept.indexOf(',', begin);
        if (end < 0)
            end = accept.size();
        const Offer offer = parseOffer(accept.sliced(begin, end - begin));
        begin = end + 1;
        const bool open =
            offer.type.compare("application/openmetrics-text", Qt::CaseInsensitive) == 0 &&
            (offer.version.isEmpty() || offer.version == QByteArrayView("1.0.0") || offer.version == QByteArrayView("0.0.1"));
        const bool text = (offer.type.compare("text/plain", Qt::CaseInsensitive) == 0 || offer.type == QByteArrayView("text/*") ||
                           offer.type == QByteArrayView("*/*")) &&
                          (offer.version.isEmpty() || offer.version == QByteArrayView("0.0.4"));
        if ((open || text) && offer.quality > bestQuality) {
            best = open ? ExpositionFormat::OpenMetrics100 : ExpositionFormat::Text004;
            bestQuality = offer.quality;
        }
    }
    return best;
}

QByteArray expositionContentType(ExpositionFormat format)
{
    return format == ExpositionFormat::OpenMetrics100
               ? QByteArrayLiteral("application/openmetrics-text; version=1.0.0; charset=utf-8")
               : QByteArrayLiteral("text/plain; version=0.0.4; charset=utf-8");
}

QByteArray writeExposition(std::span<const MetricData> metrics, ExpositionFormat format, const Resource* resource)
{
    Exposition exposition(format);
    for (const MetricData& metric : metrics)
        exposition.add(metric);
    if (resource != nullptr)
        exposition.addTarget(*resource);
    return exposition.take();
}

QByteArray prometheusName(QByteArrayView name, QByteArrayView unit, bool counter)
{
    QByteArray out = sanitized(name, true);
    if (!out.isEmpty() && isAsciiDigit(out.front()))
        out.prepend('_');
    const QByteArray word = unitWord(unit);
    const bool hadTotal = counter && out.endsWith("_total");
    if (hadTotal)
        out.chop(static_cast<qsizetype>(sizeof("_total")) - 1);
    if (!word.isEmpty() && !hasWord(out, word))
        out += (out.endsWith('_') ? QByteArray() : QByteArrayLiteral("_")) + word;
    if (counter)
        out += "_total";
    return out;
}

QByteArray prometheusLabel(QByteArrayView key)
{
    QByteArray out = sanitized(key, false);
    if (out.isEmpty())
        return QByteArrayLiteral("_");
    if (isAsciiDigit(out.front()))
        out.prepend("key_");
    return out;
}

QByteArray prometheusNumber(double value)
{
    if (std::isnan(value))
        return QByteArrayLiteral("NaN");
    if (std::isinf(value))
        return value > 0 ? QByteArrayLiteral("+Inf") : QByteArrayLiteral("-Inf");
    constexpr double kExact = 1e15;
    if (std::abs(value) < kExact && std::trunc(value) == value)
        return QByteArray::number(static_cast<qlonglong>(value));
    return QByteArray::number(value, 'g', QLocale::FloatingPointShortest);
}

} // namespace oriel::telemetry
