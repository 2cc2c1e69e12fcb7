// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/log_store.h"

#include <QString>
#include <QStringList>

#include <vector>

namespace oriel::ui {

/// The shared filter as the log understands it: words (all must occur), `source=`, `level>=`, `level=`, `trace=`, `span=`,
/// `event=`, `request.id=` and `attr.<key>=`, each but `trace` and `level` also with `!=`. `server` and `service` mean source. A
/// value may list several: `source=a,b`. A value. What the store can answer is in the query; the rest is checked by matches().
class LogFilter {
public:
    [[nodiscard]] static LogFilter parse(const QString& text);

    /// Puts the store's part into `query`. A lower bound of severity that is there already is only raised.
    void applyTo(store::LogQuery& query) const;
    /// The part that the store does not know.
    [[nodiscard]] bool matches(const telemetry::LogRecord& record) const;

    [[nodiscard]] bool isEmpty() const { return m_isEmpty; }
    /// All lines of one trace are wanted, whenever they were written.
    [[nodiscard]] bool namesTrace() const { return m_trace.has_value(); }
    /// Terms that say nothing about a log line, such as `duration>1s`; they are left out.
    [[nodiscard]] const QStringList& ignored() const { return m_ignored; }

private:
    struct Condition {
        enum class Field { Source, Level, Trace, Span, Event, Attribute, Text };
        Field field = Field::Text;
        QByteArray key;
        std::vector<QByteArray> values;
        bool negated = false;
    };
    void add(const struct FilterTerm& term);
    void addLevel(const struct FilterTerm& term);
    [[nodiscard]] static bool holds(const Condition& condition, const telemetry::LogRecord& record);

    std::vector<Condition> m_conditions;
    QByteArray m_text;
    QByteArray m_source;
    telemetry::Severity m_minSeverity = telemetry::Severity::Unspecified;
    std::optional<TraceId> m_trace;
    QStringList m_ignored;
    bool m_isEmpty = true;
};

} // namespace oriel::ui
