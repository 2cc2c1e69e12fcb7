// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QStringList>

#include <cstdint>
#include <memory>
#include <vector>

namespace re2 {
class RE2;
}

namespace oriel::store {

/// What one condition of a filter looks at. `Text` is a bare word: a substring of the name, the tool or the error message,
/// whatever the case.
enum class FilterField : quint8 {
    Text,
    Service,
    Name,
    Tool,
    Server,
    Client,
    Method,
    Status,
    Duration,
    Attribute,
    RequestId,
    Trace
};

enum class FilterOp : quint8 { Equal, NotEqual, Match, NotMatch, Less, LessOrEqual, Greater, GreaterOrEqual };

struct FilterCondition {
    FilterField field = FilterField::Text;
    FilterOp op = FilterOp::Equal;
    QByteArray key;                          ///< of an attribute, without `attr.`
    std::vector<QByteArray> values;          ///< any of them (`server=a,b`); the pattern for Match
    std::int64_t durationNs = 0;             ///< for Duration
    double number = 0;                       ///< for < <= > >= of an attribute
    std::shared_ptr<const re2::RE2> pattern; ///< for Match and NotMatch
};

struct FilterNode {
    enum class Kind : quint8 { Condition, And, Or, Not };
    Kind kind = Kind::Condition;
    FilterCondition condition;
    std::vector<FilterNode> children;
};

struct FilterError {
    qsizetype offset = 0; ///< in bytes of the text
    QString message;      ///< one sentence
    QStringList expected; ///< what could stand at the offset
    [[nodiscard]] Error toError() const;
};

/// The filter language of the trace list (T8), parsed. A value; cheap to copy, immutable, may be used on any thread.
///
///   expression := term { [AND] term | OR term } ; NOT term ; ( expression )
///   term       := word | "quoted words" | key op value { , value }
///   key        := service name tool server client method status duration request.id trace attr.<key>
///   op         := = != =~ !~ ; for duration and numeric attributes also < <= > >=
///   duration   := number with ns us µs ms s m h (a number alone is milliseconds)
///
/// AND binds tighter than OR; two terms side by side are joined by AND; the words AND, OR and NOT may be written small. `status`
/// takes ok, error, or an outcome (tool_error, rpc_error, timeout, cancelled, blocked, rejected, unavailable), or running.
/// `trace` takes the beginning of a trace id in hex. Patterns are RE2, unanchored.
class Filter {
public:
    static constexpr qsizetype kMaxLength = 4096;
    static constexpr int kMaxConditions = 64;
    static constexpr int kMaxDepth = 32;

    Filter() = default; ///< matches everything
    [[nodiscard]] static tl::expected<Filter, FilterError> parse(QByteArrayView utf8);

    [[nodiscard]] bool isEmpty() const { return m_root == nullptr; }
    [[nodiscard]] const FilterNode* root() const { return m_root.get(); }
    /// The canonical text, which parses to the same filter.
    [[nodiscard]] QByteArray toText() const;
    /// This filter with one more condition joined by AND: "filter in" and "filter out" of a cell.
    [[nodiscard]] Filter with(FilterCondition condition, bool negate = false) const;

private:
    std::shared_ptr<const FilterNode> m_root;
};

/// The key as it is written: "service", "attr.http.route"; empty for Text.
QByteArray filterKeyText(FilterField field, QByteArrayView attributeKey = {});
QByteArrayView filterOpText(FilterOp op);

/// The text of a value as it must be written in a filter: quoted where needed.
QByteArray quoteFilterValue(QByteArrayView value);

/// Known keys and values, for completion. TraceStore is one.
class FilterVocabulary {
public:
    virtual ~FilterVocabulary() = default;
    /// Attribute keys that begin with `prefix`, most frequent first.
    [[nodiscard]] virtual std::vector<QByteArray> attributeKeys(QByteArrayView prefix, int limit) const = 0;
    /// Values of a field (of attribute `key` where the field is Attribute) that begin with `prefix`.
    [[nodiscard]] virtual std::vector<QByteArray> fieldValues(FilterField field, QByteArrayView key, QByteArrayView prefix,
                                                              int limit) const = 0;
};

struct FilterSuggestion {
    enum class Kind : quint8 { Key, Operator, Value, Keyword };
    Kind kind = Kind::Key;
    QByteArray text;     ///< to put in place of [from, to) of the filter's text
    QString description; ///< what it is, for the second column of the popup; may be empty
    qsizetype from = 0;
    qsizetype to = 0;
};

/// What could be typed at `cursor` (in bytes) of an unfinished filter.
std::vector<FilterSuggestion> suggestFilter(QByteArrayView utf8, qsizetype cursor, const FilterVocabulary& vocabulary,
                                            int limit = 20);

} // namespace oriel::store
