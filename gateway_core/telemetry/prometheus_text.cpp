// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/prometheus_text.h"

#include "telemetry/prometheus_buckets.h"

#include <QHash>
#include <QSet>

#include <algorithm>
#include <cmath>

namespace oriel::telemetry {

namespace {

constexpr qsizetype kTotalSize = sizeof("_total") - 1;
constexpr qsizetype kMaxExemplarText = 128; ///< code points of names and values together (OpenMetrics, "Exemplars")

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

struct Label {
    QByteArray name;
    QByteArray key; ///< before it was made a label's name
    QByteArray value;
};

/// The labels of attributes in the order of their names; of those that come to one name the values joined with `;` in the order
/// of their keys.
std::vector<Label> labelsOf(const Attributes& attributes, NameEscaping escaping)
{
    std::vector<Label> labels;
    labels.reserve(attributes.size());
    for (const Attribute& attribute : attributes)
        labels.push_back({escapedName(prometheusLabel(attribute.key), escaping), attribute.key, labelText(attribute.value)});
    std::sort(labels.begin(), labels.end(),
              [](const Label& a, const Label& b) { return std::tie(a.name, a.key) < std::tie(b.name, b.key); });
    std::vector<Label> joined;
    for (Label& label : labels) {
        if (!joined.empty() && joined.back().name == label.name)
            joined.back().value += ';' + label.value;
        else
            joined.push_back(std::move(label));
    }
    return joined;
}

void appendLabel(QByteArray& out, const QByteArray& name, const QByteArray& value)
{
    if (!out.isEmpty())
        out.append(',');
    out.append(name).append("=\"");
    appendEscaped(out, value, true);
    out.append('"');
}

Attributes scopeAttributes(const Scope* scope)
{
    Attributes attributes;
    if (scope == nullptr)
        return attributes;
    attributes.push_back({QByteArrayLiteral("otel.scope.name"), scope->name});
    if (!scope->version.isEmpty())
        attributes.push_back({QByteArrayLiteral("otel.scope.version"), scope->version});
    if (!scope->schemaUrl.isEmpty())
        attributes.push_back({QByteArrayLiteral("otel.scope.schema_url"), scope->schemaUrl});
    for (const Attribute& attribute : scope->attributes) {
        if (attribute.key != "name" && attribute.key != "version" && attribute.key != "schema_url")
            attributes.push_back({"otel.scope." + attribute.key, attribute.value});
    }
    return attributes;
}

enum class FamilyType : std::uint8_t { Counter, Gauge, Histogram, Untyped, Info };

/// All metrics of one name.
struct Family {
    QByteArray name; ///< of the samples; a counter's with `_total`
    FamilyType type = FamilyType::Gauge;
    QByteArray unit;
    QByteArray help;
    std::vector<const MetricData*> metrics;
};

FamilyType typeOf(const MetricData& metric)
{
    if (metric.kind == InstrumentKind::Histogram)
        return FamilyType::Histogram;
    return isPrometheusCounter(metric) ? FamilyType::Counter : FamilyType::Gauge;
}

QByteArray unitOf(const MetricData& metric, const QByteArray& name)
{
    return name.endsWith("_ratio") && metric.unit == "1" ? QByteArrayLiteral("ratio") : prometheusUnit(metric.unit);
}

/// The families of an exposition in the order of their first metric.
class Families {
public:
    Families(std::span<const MetricData> metrics, bool openMetrics)
    {
        for (const MetricData& metric : metrics) {
            if (metric.temporality == Temporality::Delta ||
                (metric.numbers.empty() && metric.histograms.empty() && metric.exponentials.empty()))
                continue;
            const QByteArray name = prometheusName(metric);
            // A name in which nothing is left is no name, also with the ending of a counter.
            if (name.isEmpty() || (isPrometheusCounter(metric) && !name.endsWith("_total")))
                continue;
            add({name, typeOf(metric), unitOf(metric, name), metric.description, {&metric}});
            const QByteArray alias = metric.alias.isEmpty() ? QByteArray() : prometheusName(metric.alias, {}, false);
            if (!alias.isEmpty() && (openMetrics || !alias.endsWith("_counter")))
                add({alias, FamilyType::Untyped, {}, metric.description + " The same as " + name + '.', {&metric}});
        }
        for (const Family& family : m_families) {
            if (family.type != FamilyType::Counter)
                m_otherNames.insert(family.name);
        }
    }

    [[nodiscard]] const std::vector<Family>& all() const { return m_families; }
    /// True when OpenMetrics' name of the counter is another family's.
    [[nodiscard]] bool isShortNameTaken(const Family& counter) const
    {
        return m_otherNames.contains(counter.name.chopped(kTotalSize));
    }

private:
    void add(Family family)
    {
        const auto known = m_index.constFind(family.name);
        if (known == m_index.cend()) {
            m_index.insert(family.name, m_families.size());
            m_families.push_back(std::move(family));
            return;
        }
        Family& first = m_families[*known];
        if (first.type != family.type)
            return;
        if (first.help != family.help)
            first.help.clear();
        if (first.unit != family.unit)
            first.unit.clear();
        first.metrics.push_back(family.metrics.front());
    }

    std::vector<Family> m_families;
    QHash<QByteArray, std::size_t> m_index;
    QSet<QByteArray> m_otherNames;
};

const char* typeWord(FamilyType type, bool openMetrics)
{
    switch (type) {
    case FamilyType::Counter:
        return "counter";
    case FamilyType::Histogram:
        return "histogram";
    case FamilyType::Info:
        return openMetrics ? "info" : "gauge";
    case FamilyType::Untyped:
        return openMetrics ? "unknown" : "untyped";
    case FamilyType::Gauge:
        break;
    }
    return "gauge";
}

class Writer {
public:
    explicit Writer(const ExpositionOptions& options)
        : m_open(options.choice.isOpenMetrics()),
          m_escaping(options.choice.escaping),
          m_scope(scopeAttributes(options.scope))
    {}

    void write(const Families& families)
    {
        for (const Family& family : families.all()) {
            m_seen.clear();
            const bool known = !(m_open && family.type == FamilyType::Counter && families.isShortNameTaken(family));
            const QByteArray name = escapedName(family.name, m_escaping);
            QByteArray title = name;
            if (m_open && known && family.type == FamilyType::Counter)
                title.chop(kTotalSize);
            writeTitle(title, known ? family.type : FamilyType::Untyped, family.unit, family.help);
            for (const MetricData* metric : family.metrics) {
                if (family.type == FamilyType::Histogram)
                    writeHistograms(*metric, name);
                else
                    writeNumbers(*metric, name, family.type == FamilyType::Counter && known);
            }
        }
    }

    void writeTarget(const Resource& resource)
    {
        const QByteArray info = escapedName("target_info", m_escaping);
        writeTitle(m_open ? info.chopped(static_cast<qsizetype>(sizeof("_info")) - 1) : info, FamilyType::Info, {},
                   "What produced these metrics.");
        sample(info, pairs(labelsOf(resource.attributes, m_escaping)), "1");
    }

    QByteArray take()
    {
        if (m_open)
            m_out.append("# EOF\n");
        return std::move(m_out);
    }

private:
    void writeTitle(const QByteArray& title, FamilyType type, const QByteArray& unit, const QByteArray& help)
    {
        const auto writeType = [&] {
            m_out.append("# TYPE ").append(title).append(' ').append(typeWord(type, m_open)).append('\n');
        };
        if (m_open) {
            writeType();
            if (!unit.isEmpty() && title.endsWith('_' + unit))
                m_out.append("# UNIT ").append(title).append(' ').append(unit).append('\n');
        }
        if (!help.isEmpty()) {
            m_out.append("# HELP ").append(title).append(' ');
            appendEscaped(m_out, help, m_open);
            m_out.append('\n');
        }
        if (!m_open)
            writeType();
    }

    [[nodiscard]] QByteArray pairs(const std::vector<Label>& labels) const
    {
        QByteArray out;
        for (const Label& label : labels)
            appendLabel(out, label.name, label.value);
        return out;
    }

    /// The labels of a point; `le` of a histogram's attributes makes room for the bound's.
    [[nodiscard]] QByteArray pointLabels(const Attributes& attributes, bool histogram) const
    {
        std::vector<Label> labels = labelsOf(attributes, m_escaping);
        if (histogram) {
            for (Label& label : labels) {
                if (label.name == "le")
                    label.name = QByteArrayLiteral("exported_le");
            }
        }
        // Behind the point's own, which are what people look for.
        for (Label& label : labelsOf(m_scope, m_escaping))
            labels.push_back(std::move(label));
        return pairs(labels);
    }

    /// False when the family has this series already: attributes can differ and still come to the same labels.
    bool isNew(const QByteArray& labels)
    {
        const qsizetype before = m_seen.size();
        m_seen.insert(labels);
        return m_seen.size() > before;
    }

    void sample(const QByteArray& name, const QByteArray& labels, const QByteArray& value, const Exemplar* exemplar = nullptr)
    {
        m_out.append(name);
        if (!labels.isEmpty())
            m_out.append('{').append(labels).append('}');
        m_out.append(' ').append(value);
        if (exemplar != nullptr && m_open)
            appendExemplar(*exemplar);
        m_out.append('\n');
    }

    void appendExemplar(const Exemplar& exemplar)
    {
        QByteArray labels;
        qsizetype size = 0;
        const auto add = [&](const QByteArray& name, const QByteArray& value) {
            const qsizetype more = QString::fromUtf8(name).toUcs4().size() + QString::fromUtf8(value).toUcs4().size();
            if (size + more > kMaxExemplarText)
                return;
            size += more;
            appendLabel(labels, name, value);
        };
        if (exemplar.traceId.isValid()) {
            add("trace_id", exemplar.traceId.toHex());
            add("span_id", exemplar.spanId.toHex());
        }
        for (const Label& label : labelsOf(exemplar.filteredAttributes, m_escaping)) {
            if (label.name != "trace_id" && label.name != "span_id")
                add(label.name, label.value);
        }
        m_out.append(" # {").append(labels).append("} ").append(prometheusNumber(exemplar.value));
        m_out.append(' ').append(seconds(exemplar.timeUnixNs));
    }

    static QByteArray seconds(std::int64_t unixNs)
    {
        constexpr std::int64_t kNsPerMs = 1'000'000;
        constexpr std::int64_t kMsPerSecond = 1'000;
        const std::int64_t ms = unixNs / kNsPerMs;
        return QByteArray::number(qint64(ms / kMsPerSecond)) + '.' +
               QByteArray::number(qint64(ms % kMsPerSecond)).rightJustified(3, '0');
    }

    void created(const QByteArray& family, const QByteArray& labels, std::int64_t startUnixNs)
    {
        if (m_open && startUnixNs > 0)
            sample(family + "_created", labels, seconds(startUnixNs));
    }

    void writeNumbers(const MetricData& metric, const QByteArray& name, bool counter)
    {
        for (const NumberPoint& point : metric.numbers) {
            const QByteArray labels = pointLabels(point.attributes, false);
            if (!isNew(labels))
                continue;
            sample(name, labels, prometheusNumber(point.value),
                   counter && !point.exemplars.empty() ? &point.exemplars.back() : nullptr);
            if (counter)
                created(name.chopped(kTotalSize), labels, point.startUnixNs);
        }
    }

    void writeHistograms(const MetricData& metric, const QByteArray& name)
    {
        for (const HistogramPoint& point : metric.histograms)
            writeHistogram(point, name);
        // Both forms can be there for the same measurements.
        if (metric.histograms.empty()) {
            for (const ExponentialHistogramPoint& point : metric.exponentials)
                writeHistogram(classicPoint(point), name);
        }
    }

    void writeHistogram(const HistogramPoint& point, const QByteArray& name)
    {
        const QByteArray labels = pointLabels(point.attributes, true);
        if (!isNew(labels))
            return;
        writeBuckets(point, name + "_bucket", labels.isEmpty() ? QByteArray() : labels + ',');
        sample(name + "_sum", labels, prometheusNumber(point.sum));
        sample(name + "_count", labels, QByteArray::number(static_cast<qulonglong>(point.count)));
        created(name, labels, point.startUnixNs);
    }

    void writeBuckets(const HistogramPoint& point, const QByteArray& name, const QByteArray& prefix)
    {
        std::uint64_t cumulative = 0;
        for (std::size_t i = 0; i < point.bounds.size() && i < point.bucketCounts.size(); ++i) {
            cumulative += point.bucketCounts[i];
            const QByteArray bound = m_open ? canonicalNumber(point.bounds[i]) : prometheusNumber(point.bounds[i]);
            sample(name, prefix + "le=\"" + bound + '"', QByteArray::number(static_cast<qulonglong>(cumulative)),
                   exemplarOf(point, i));
        }
        // Also where a point has no buckets at all: the infinite one is mandatory and equals the count.
        sample(name, prefix + "le=\"+Inf\"", QByteArray::number(static_cast<qulonglong>(point.count)),
               exemplarOf(point, point.bounds.size()));
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
    NameEscaping m_escaping;
    Attributes m_scope;
    QByteArray m_out;
    QSet<QByteArray> m_seen;
};

} // namespace

QByteArray writeExposition(std::span<const MetricData> metrics, const ExpositionOptions& options)
{
    Writer writer(options);
    writer.write(Families(metrics, options.choice.isOpenMetrics()));
    if (options.resource != nullptr)
        writer.writeTarget(*options.resource);
    return writer.take();
}

} // namespace oriel::telemetry
