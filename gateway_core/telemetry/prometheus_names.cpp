// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/prometheus_names.h"

#include <QLocale>

#include <algorithm>
#include <array>
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

void appendWord(QByteArray& name, QByteArrayView word)
{
    if (!name.isEmpty() && !name.endsWith('_'))
        name.append('_');
    name.append(word);
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

bool isClassic(QByteArrayView name)
{
    if (name.isEmpty() || isAsciiDigit(name.front()))
        return false;
    return std::all_of(name.begin(), name.end(),
                       [](char c) { return isAsciiLetter(c) || isAsciiDigit(c) || c == '_' || c == ':'; });
}

/// `U__`, then every other character as its hexadecimal code point between underscores.
QByteArray asValues(const QByteArray& name)
{
    QByteArray out("U__");
    for (const uint point : QString::fromUtf8(name).toUcs4()) {
        const char c = point < 0x80 ? static_cast<char>(point) : '\0';
        if (c == '_')
            out += "__";
        else if (isAsciiLetter(c) || isAsciiDigit(c) || c == ':')
            out += c;
        else
            out += '_' + QByteArray::number(point, 16) + '_';
    }
    return out;
}

QByteArray withDots(const QByteArray& name)
{
    QByteArray out;
    for (const uint point : QString::fromUtf8(name).toUcs4()) {
        const char c = point < 0x80 ? static_cast<char>(point) : '\0';
        if (c == '.')
            out += "_dot_";
        else if (isAsciiLetter(c) || isAsciiDigit(c) || c == ':')
            out += c;
        else
            out += "__";
    }
    return out;
}

} // namespace

QByteArray prometheusUnit(QByteArrayView unit)
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

QByteArray prometheusName(QByteArrayView name, QByteArrayView unit, bool counter)
{
    QByteArray out = sanitized(name, true);
    if (!out.isEmpty() && isAsciiDigit(out.front()))
        out.prepend('_');
    if (counter && out.endsWith("_total"))
        out.chop(static_cast<qsizetype>(sizeof("_total")) - 1);
    if (const QByteArray word = prometheusUnit(unit); !word.isEmpty() && !hasWord(out, word))
        appendWord(out, word);
    if (counter)
        appendWord(out, "total");
    return out;
}

bool isPrometheusCounter(const MetricData& metric)
{
    return metric.kind == InstrumentKind::Counter && metric.monotonic;
}

QByteArray prometheusName(const MetricData& metric)
{
    QByteArray name = prometheusName(metric.name, metric.unit, isPrometheusCounter(metric));
    if (metric.kind == InstrumentKind::Gauge && metric.unit == "1" && !hasWord(name, "ratio"))
        appendWord(name, "ratio");
    return name;
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

QByteArray canonicalNumber(double value)
{
    if (!std::isfinite(value))
        return prometheusNumber(value);
    constexpr int kLeastFixed = -4;
    constexpr int kLeastScientific = 6;
    const QByteArray scientific = QByteArray::number(value, 'e', QLocale::FloatingPointShortest);
    const qsizetype mark = scientific.indexOf('e');
    const int exponent = mark < 0 ? 0 : scientific.mid(mark + 1).toInt();
    if (exponent >= kLeastFixed && exponent < kLeastScientific) {
        QByteArray text = QByteArray::number(value, 'f', QLocale::FloatingPointShortest);
        if (!text.contains('.'))
            text.append(".0");
        return text;
    }
    const QByteArray digits = QByteArray::number(std::abs(exponent)).rightJustified(2, '0');
    return scientific.left(mark) + (exponent < 0 ? "e-" : "e+") + digits;
}

QByteArray escapedName(const QByteArray& name, NameEscaping escaping)
{
    if (escaping == NameEscaping::Dots)
        return withDots(name);
    if (escaping == NameEscaping::AllowUtf8 || isClassic(name))
        return name;
    return escaping == NameEscaping::Values ? asValues(name) : sanitized(name, true);
}

QByteArrayView escapingName(NameEscaping escaping)
{
    switch (escaping) {
    case NameEscaping::Dots:
        return "dots";
    case NameEscaping::Values:
        return "values";
    case NameEscaping::AllowUtf8:
        return "allow-utf-8";
    case NameEscaping::Underscores:
        break;
    }
    return "underscores";
}

} // namespace oriel::telemetry
