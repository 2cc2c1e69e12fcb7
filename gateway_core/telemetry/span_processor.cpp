// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/span_processor.h"

#include "telemetry/span_filter.h"

#include <QCryptographicHash>

#include <algorithm>
#include <array>

namespace oriel::telemetry {

class SpanProcessor {
public:
    virtual ~SpanProcessor() = default;
    virtual void change(Attributes& attributes) const = 0;
    [[nodiscard]] virtual const SpanFilter* filter() const { return nullptr; }
    /// Is it about the record itself, or about whatever has attributes in it too?
    [[nodiscard]] virtual bool reachesEvents() const { return true; }
};

namespace {

constexpr std::array kProcessors{
    ProcessorRow{"enrich", "KEY=VALUE", "Adds an attribute to spans and logs that do not have it."},
    ProcessorRow{"filter", "CONDITION …", "Drops the spans, calls and logs that meet all conditions."},
    ProcessorRow{"remove", "KEY", "Removes attributes; * stands for any text in the key."},
    ProcessorRow{"hash", "KEY", "Puts the SHA-256 of an attribute's value in its place."},
    ProcessorRow{"rename", "OLD NEW", "Gives an attribute another key."},
};

class Enrich final : public SpanProcessor {
public:
    Enrich(QByteArray key, QByteArray value) : m_key(std::move(key)), m_value(std::move(value)) {}
    void change(Attributes& attributes) const override
    {
        if (findAttribute(attributes, m_key) == nullptr)
            attributes.push_back({m_key, m_value});
    }
    [[nodiscard]] bool reachesEvents() const override { return false; }

private:
    QByteArray m_key;
    QByteArray m_value;
};

class Filter final : public SpanProcessor {
public:
    explicit Filter(SpanFilter filter) : m_filter(std::move(filter)) {}
    void change(Attributes&) const override {}
    [[nodiscard]] const SpanFilter* filter() const override { return &m_filter; }

private:
    SpanFilter m_filter;
};

class Remove final : public SpanProcessor {
public:
    explicit Remove(QByteArray pattern) : m_pattern(std::move(pattern)) {}
    void change(Attributes& attributes) const override
    {
        std::erase_if(attributes, [this](const Attribute& attribute) { return matchesPattern(attribute.key, m_pattern); });
    }

private:
    QByteArray m_pattern;
};

class Hash final : public SpanProcessor {
public:
    explicit Hash(QByteArray pattern) : m_pattern(std::move(pattern)) {}
    void change(Attributes& attributes) const override
    {
        for (Attribute& attribute : attributes) {
            if (!matchesPattern(attribute.key, m_pattern))
                continue;
            const QByteArray text = attribute.value.text() != nullptr ? *attribute.value.text() : toJson(attribute.value);
            attribute.value = QCryptographicHash::hash(text, QCryptographicHash::Sha256).toHex();
        }
    }

private:
    QByteArray m_pattern;
};

class Rename final : public SpanProcessor {
public:
    Rename(QByteArray from, QByteArray to) : m_from(std::move(from)), m_to(std::move(to)) {}
    void change(Attributes& attributes) const override
    {
        if (findAttribute(attributes, m_from) == nullptr)
            return;
        std::erase_if(attributes, [this](const Attribute& attribute) { return attribute.key == m_to; });
        for (Attribute& attribute : attributes) {
            if (attribute.key == m_from)
                attribute.key = m_to;
        }
    }

private:
    QByteArray m_from;
    QByteArray m_to;
};

/// Words between spaces; double quotes hold one together and are taken away.
std::vector<QByteArray> wordsOf(const QByteArray& line)
{
    std::vector<QByteArray> words;
    QByteArray word;
    bool quoted = false;
    bool open = false;
    for (const char c : line) {
        if (c == '"') {
            quoted = !quoted;
            open = true;
        } else if ((c == ' ' || c == '\t') && !quoted) {
            if (open)
                words.push_back(std::move(word));
            word.clear();
            open = false;
        } else {
            word.append(c);
            open = true;
        }
    }
    if (open)
        words.push_back(std::move(word));
    return words;
}

tl::unexpected<Error> refused(const QString& rule, const QString& why)
{
    QStringList forms;
    for (const ProcessorRow& row : kProcessors)
        forms.append(QStringLiteral("%1 %2").arg(QLatin1StringView(row.verb), QString::fromUtf8(row.form)));
    return fail(ErrorCode::InvalidArgument, QStringLiteral("the rule \"%1\" %2").arg(rule, why), QStringLiteral("processors"),
                QStringLiteral("Rules are: %1.").arg(forms.join(QStringLiteral("; "))));
}

Result<std::shared_ptr<const SpanProcessor>> parseRule(const QString& rule)
{
    std::vector<QByteArray> words = wordsOf(rule.toUtf8());
    const QByteArray verb = words.empty() ? QByteArray() : words.front();
    if (!words.empty())
        words.erase(words.begin());
    const std::size_t count = words.size();
    if (verb == "filter") {
        auto filter = SpanFilter::parse(words);
        if (!filter)
            return refused(rule, QStringLiteral("cannot be used: %1").arg(filter.error().message));
        return std::make_shared<Filter>(std::move(*filter));
    }
    if (verb == "enrich" && count == 1 && words[0].indexOf('=') > 0) {
        const qsizetype equals = words[0].indexOf('=');
        return std::make_shared<Enrich>(words[0].first(equals), words[0].sliced(equals + 1));
    }
    if (verb == "remove" && count == 1 && !words[0].isEmpty())
        return std::make_shared<Remove>(words[0]);
    if (verb == "hash" && count == 1 && !words[0].isEmpty())
        return std::make_shared<Hash>(words[0]);
    if (verb == "rename" && count == 2 && !words[0].isEmpty() && !words[1].isEmpty())
        return std::make_shared<Rename>(words[0], words[1]);
    const bool known = std::any_of(kProcessors.begin(), kProcessors.end(),
                                   [&](const ProcessorRow& row) { return verb == QByteArrayView(row.verb); });
    return refused(rule, known ? QStringLiteral("is not complete") : QStringLiteral("begins with no verb that is known"));
}

void change(const SpanProcessor& step, SpanData& span)
{
    step.change(span.attributes);
    if (!step.reachesEvents())
        return;
    for (SpanEvent& event : span.events)
        step.change(event.attributes);
    for (SpanLink& link : span.links)
        step.change(link.attributes);
}

/// Removes what a filter meets below the first span and hands its children to its parent.
void filterChildren(const SpanFilter& filter, std::vector<SpanData>& spans, std::size_t first)
{
    for (std::size_t i = first + 1; i < spans.size();) {
        if (!filter.meets(spans[i])) {
            ++i;
            continue;
        }
        const SpanId gone = spans[i].spanId;
        const SpanId parent = spans[i].parentSpanId;
        spans.erase(spans.begin() + static_cast<std::ptrdiff_t>(i));
        for (std::size_t j = first + 1; j < spans.size(); ++j) {
            if (spans[j].parentSpanId == gone)
                spans[j].parentSpanId = parent;
        }
    }
}

} // namespace

bool matchesPattern(QByteArrayView text, QByteArrayView pattern)
{
    qsizetype t = 0;
    qsizetype p = 0;
    qsizetype star = -1;
    qsizetype resume = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p;
            ++t;
        } else if (star >= 0) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}

std::span<const ProcessorRow> processorTable()
{
    return kProcessors;
}

Result<ProcessorChain> ProcessorChain::parse(const QStringList& rules)
{
    ProcessorChain chain;
    for (const QString& rule : rules) {
        auto step = parseRule(rule);
        if (!step)
            return fail(step.error());
        chain.m_steps.push_back(std::move(*step));
    }
    return chain;
}

void ProcessorChain::applyToCall(std::vector<SpanData>& spans, std::size_t first) const
{
    for (const auto& step : m_steps) {
        if (first >= spans.size())
            return;
        if (const SpanFilter* filter = step->filter()) {
            if (filter->meets(spans[first]))
                spans.resize(first);
            else
                filterChildren(*filter, spans, first);
            continue;
        }
        for (std::size_t i = first; i < spans.size(); ++i)
            change(*step, spans[i]);
    }
}

bool ProcessorChain::apply(SpanData& span) const
{
    for (const auto& step : m_steps) {
        if (const SpanFilter* filter = step->filter()) {
            if (filter->meets(span))
                return false;
        } else {
            change(*step, span);
        }
    }
    return true;
}

bool ProcessorChain::apply(LogRecord& log) const
{
    for (const auto& step : m_steps) {
        if (const SpanFilter* filter = step->filter()) {
            if (filter->meets(log))
                return false;
        } else {
            step->change(log.attributes);
        }
    }
    return true;
}

} // namespace oriel::telemetry
