// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/filter.h"

#include <array>
#include <cmath>
#include <optional>
#include <re2/re2.h>
#include <string_view>

namespace oriel::store {

namespace {

struct KeyName {
    const char* text;
    FilterField field;
};
constexpr std::array<KeyName, 10> kKeys{{{"service", FilterField::Service},
                                         {"name", FilterField::Name},
                                         {"tool", FilterField::Tool},
                                         {"server", FilterField::Server},
                                         {"client", FilterField::Client},
                                         {"method", FilterField::Method},
                                         {"status", FilterField::Status},
                                         {"duration", FilterField::Duration},
                                         {"request.id", FilterField::RequestId},
                                         {"trace", FilterField::Trace}}};

constexpr std::array<const char*, 10> kStatuses{"ok",        "error",   "tool_error", "rpc_error",   "timeout",
                                                "cancelled", "blocked", "rejected",   "unavailable", "running"};

struct Unit {
    const char* text;
    double ns;
};
constexpr std::array<Unit, 7> kUnits{
    {{"ns", 1}, {"us", 1e3}, {"\xC2\xB5s", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}};

bool isSpace(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool isOperatorChar(char c)
{
    return c == '=' || c == '!' || c == '<' || c == '>';
}

bool equalsIgnoringCase(QByteArrayView a, QByteArrayView b)
{
    return a.compare(b, Qt::CaseInsensitive) == 0;
}

QStringList keyNames()
{
    QStringList names;
    for (const KeyName& key : kKeys)
        names << QLatin1StringView(key.text);
    names << QStringLiteral("attr.<key>");
    return names;
}

QStringList statusNames()
{
    QStringList names;
    for (const char* status : kStatuses)
        names << QLatin1StringView(status);
    return names;
}

std::optional<double> parseNumber(QByteArrayView text)
{
    bool good = false;
    const double value = text.toByteArray().toDouble(&good);
    return good && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::optional<std::int64_t> parseDuration(QByteArrayView text)
{
    qsizetype digits = 0;
    while (digits < text.size() && ((text[digits] >= '0' && text[digits] <= '9') || text[digits] == '.'))
        ++digits;
    const auto number = digits > 0 ? parseNumber(text.first(digits)) : std::nullopt;
    if (!number)
        return std::nullopt;
    double scale = 1e6;
    if (digits < text.size()) {
        const auto unit = std::find_if(kUnits.begin(), kUnits.end(),
                                       [&](const Unit& u) { return text.sliced(digits) == QByteArrayView(u.text); });
        if (unit == kUnits.end())
            return std::nullopt;
        scale = unit->ns;
    }
    const double ns = *number * scale;
    return ns < 9.2e18 ? std::optional(static_cast<std::int64_t>(ns)) : std::nullopt;
}

QByteArray durationText(std::int64_t ns)
{
    for (auto unit = kUnits.rbegin(); unit != kUnits.rend(); ++unit) {
        const auto scale = static_cast<std::int64_t>(unit->ns);
        if (ns >= scale && ns % scale == 0 && unit->ns != 60e9 && unit->ns != 3600e9 && QByteArrayView(unit->text) != "\xC2\xB5s")
            return QByteArray::number(static_cast<qlonglong>(ns / scale)) + unit->text;
    }
    return QByteArray::number(static_cast<qlonglong>(ns)) + "ns";
}

/// One parse of one text; recursive descent with the depth counted.
class Parser {
public:
    explicit Parser(QByteArrayView text) : m_text(text) {}

    std::optional<FilterNode> parse()
    {
        FilterNode node;
        if (!expression(node, 0))
            return std::nullopt;
        skipSpace();
        if (m_at < m_text.size()) {
            error(m_at, QStringLiteral("This closing parenthesis has no opening one"), {QStringLiteral("end of the filter")});
            return std::nullopt;
        }
        return node;
    }
    FilterError failure;

private:
    void skipSpace()
    {
        while (m_at < m_text.size() && isSpace(m_text[m_at]))
            ++m_at;
    }
    bool error(qsizetype offset, QString message, QStringList expected = {})
    {
        failure = {offset, std::move(message), std::move(expected)};
        return false;
    }
    /// The keyword at the cursor, when it stands alone.
    bool takeKeyword(QByteArrayView word)
    {
        skipSpace();
        if (m_text.size() - m_at < word.size() || !equalsIgnoringCase(m_text.sliced(m_at, word.size()), word))
            return false;
        qsizetype after = m_at + word.size();
        if (after < m_text.size() && !isSpace(m_text[after]) && m_text[after] != '(' && m_text[after] != ')')
            return false;
        while (after < m_text.size() && isSpace(m_text[after]))
            ++after;
        if (after < m_text.size() && isOperatorChar(m_text[after]))
            return false; // a key of that name, to be reported as unknown
        m_at = after;
        return true;
    }
    [[nodiscard]] bool atTermEnd()
    {
        skipSpace();
        return m_at >= m_text.size() || m_text[m_at] == ')';
    }
    static void join(FilterNode& left, FilterNode&& right, FilterNode::Kind kind)
    {
        if (left.kind != kind) {
            FilterNode joined;
            joined.kind = kind;
            joined.children.push_back(std::move(left));
            left = std::move(joined);
        }
        left.children.push_back(std::move(right));
    }
    bool expression(FilterNode& node, int depth)
    {
        if (!conjunction(node, depth))
            return false;
        while (takeKeyword("OR")) {
            FilterNode right;
            if (!conjunction(right, depth))
                return false;
            join(node, std::move(right), FilterNode::Kind::Or);
        }
        return true;
    }
    bool conjunction(FilterNode& node, int depth)
    {
        if (!term(node, depth))
            return false;
        for (;;) {
            const bool isExplicit = takeKeyword("AND");
            if (!isExplicit) {
                if (atTermEnd())
                    return true;
                const qsizetype before = m_at;
                const bool isOr = takeKeyword("OR");
                m_at = before;
                if (isOr)
                    return true;
            }
            FilterNode right;
            if (!term(right, depth))
                return false;
            join(node, std::move(right), FilterNode::Kind::And);
        }
    }
    bool term(FilterNode& node, int depth)
    {
        if (depth > Filter::kMaxDepth)
            return error(m_at, QStringLiteral("The filter is nested more than %1 deep").arg(Filter::kMaxDepth));
        if (takeKeyword("NOT")) {
            FilterNode child;
            if (!term(child, depth + 1))
                return false;
            node.kind = FilterNode::Kind::Not;
            node.children.push_back(std::move(child));
            return true;
        }
        skipSpace();
        if (m_at < m_text.size() && m_text[m_at] == '(') {
            const qsizetype open = m_at++;
            if (!expression(node, depth + 1))
                return false;
            skipSpace();
            if (m_at >= m_text.size() || m_text[m_at] != ')')
                return error(open, QStringLiteral("This parenthesis is not closed"), {QStringLiteral(")")});
            ++m_at;
            return true;
        }
        return conditionTerm(node);
    }
    bool conditionTerm(FilterNode& node)
    {
        if (atTermEnd())
            return error(m_at, QStringLiteral("A condition is missing here"),
                         QStringList{QStringLiteral("a word"), QStringLiteral("NOT"), QStringLiteral("(")} + keyNames());
        for (const char* keyword : {"AND", "OR"}) {
            const qsizetype before = m_at;
            const bool taken = takeKeyword(keyword);
            if (taken)
                return error(before, QStringLiteral("%1 needs a condition on both sides").arg(QLatin1StringView(keyword)),
                             QStringList{QStringLiteral("a word")} + keyNames());
        }
        if (++m_conditions > Filter::kMaxConditions)
            return error(m_at, QStringLiteral("The filter has more than %1 conditions").arg(Filter::kMaxConditions));
        node.kind = FilterNode::Kind::Condition;
        if (m_text[m_at] == '"') {
            QByteArray text;
            if (!quoted(text))
                return false;
            node.condition.values.push_back(std::move(text));
            return true;
        }
        const qsizetype start = m_at;
        while (m_at < m_text.size() && !isSpace(m_text[m_at]) && !isOperatorChar(m_text[m_at]) && m_text[m_at] != '(' &&
               m_text[m_at] != ')' && m_text[m_at] != '"')
            ++m_at;
        const QByteArrayView word = m_text.sliced(start, m_at - start);
        const qsizetype afterWord = m_at;
        skipSpace();
        if (m_at < m_text.size() && isOperatorChar(m_text[m_at]))
            return comparison(node.condition, word, start);
        m_at = afterWord;
        node.condition.values.push_back(word.toByteArray());
        return true;
    }
    bool comparison(FilterCondition& condition, QByteArrayView key, qsizetype start)
    {
        if (key.isEmpty())
            return error(start, QStringLiteral("A key is missing before the operator"), keyNames());
        const auto known =
            std::find_if(kKeys.begin(), kKeys.end(), [&](const KeyName& k) { return equalsIgnoringCase(key, k.text); });
        if (known != kKeys.end()) {
            condition.field = known->field;
        } else if (key.size() > 5 && equalsIgnoringCase(key.first(5), "attr.")) {
            condition.field = FilterField::Attribute;
            condition.key = key.sliced(5).toByteArray();
        } else {
            return error(start, QStringLiteral("There is no key “%1”").arg(QString::fromUtf8(key)), keyNames());
        }
        const qsizetype opAt = m_at;
        if (!takeOperator(condition.op) || !operatorFits(condition, opAt))
            return false;
        return values(condition);
    }
    bool takeOperator(FilterOp& op)
    {
        struct Spelling {
            const char* text;
            FilterOp op;
        };
        static constexpr std::array<Spelling, 9> kOps{{{"==", FilterOp::Equal},
                                                       {"=~", FilterOp::Match},
                                                       {"!=", FilterOp::NotEqual},
                                                       {"!~", FilterOp::NotMatch},
                                                       {"<=", FilterOp::LessOrEqual},
                                                       {">=", FilterOp::GreaterOrEqual},
                                                       {"=", FilterOp::Equal},
                                                       {"<", FilterOp::Less},
                                                       {">", FilterOp::Greater}}};
        for (const Spelling& spelling : kOps) {
            if (m_text.sliced(m_at).startsWith(QByteArrayView(spelling.text))) {
                m_at += QByteArrayView(spelling.text).size();
                op = spelling.op;
                return true;
            }
        }
        return error(m_at, QStringLiteral("This is no operator"),
                     {QStringLiteral("="), QStringLiteral("!="), QStringLiteral("=~"), QStringLiteral("!~"), QStringLiteral("<"),
                      QStringLiteral("<="), QStringLiteral(">"), QStringLiteral(">=")});
    }
    bool operatorFits(const FilterCondition& condition, qsizetype at)
    {
        const bool ordering = condition.op >= FilterOp::Less;
        const bool matching = condition.op == FilterOp::Match || condition.op == FilterOp::NotMatch;
        if (ordering && condition.field != FilterField::Duration && condition.field != FilterField::Attribute)
            return error(at, QStringLiteral("Only duration and attributes can be compared by size"),
                         {QStringLiteral("="), QStringLiteral("!="), QStringLiteral("=~"), QStringLiteral("!~")});
        if (matching && (condition.field == FilterField::Duration || condition.field == FilterField::Status))
            return error(at, QStringLiteral("Patterns fit texts only"), {QStringLiteral("="), QStringLiteral("!=")});
        return true;
    }
    bool values(FilterCondition& condition)
    {
        const bool isPattern = condition.op == FilterOp::Match || condition.op == FilterOp::NotMatch;
        for (;;) {
            skipSpace();
            const qsizetype start = m_at;
            QByteArray value;
            const bool wasQuoted = m_at < m_text.size() && m_text[m_at] == '"';
            if (wasQuoted ? !quoted(value) : !plain(value, isPattern))
                return false;
            if (value.isEmpty() && !wasQuoted)
                return error(start, QStringLiteral("A value is missing here"), expectedValues(condition.field));
            if (!accept(condition, std::move(value), start))
                return false;
            if (isPattern || condition.op >= FilterOp::Less || m_at >= m_text.size() || m_text[m_at] != ',')
                return true;
            ++m_at;
        }
    }
    static QStringList expectedValues(FilterField field)
    {
        switch (field) {
        case FilterField::Status:
            return statusNames();
        case FilterField::Duration:
            return {QStringLiteral("a duration such as 250ms or 1.5s")};
        case FilterField::Trace:
            return {QStringLiteral("the beginning of a trace id")};
        default:
            return {QStringLiteral("a value")};
        }
    }
    bool accept(FilterCondition& condition, QByteArray value, qsizetype at)
    {
        const bool isPattern = condition.op == FilterOp::Match || condition.op == FilterOp::NotMatch;
        if (isPattern) {
            RE2::Options options;
            options.set_log_errors(false);
            options.set_max_mem(1 << 20);
            auto pattern =
                std::make_shared<const RE2>(re2::StringPiece(value.constData(), static_cast<std::size_t>(value.size())), options);
            if (!pattern->ok())
                return error(at, QStringLiteral("The pattern is not valid: %1").arg(QString::fromStdString(pattern->error())),
                             {QStringLiteral("an RE2 pattern")});
            condition.pattern = std::move(pattern);
        } else if (condition.field == FilterField::Duration) {
            const auto ns = parseDuration(value);
            if (!ns)
                return error(at, QStringLiteral("“%1” is no duration").arg(QString::fromUtf8(value)),
                             expectedValues(condition.field));
            condition.durationNs = *ns;
        } else if (condition.field == FilterField::Status) {
            value = value.toLower();
            if (std::none_of(kStatuses.begin(), kStatuses.end(), [&](const char* s) { return value == QByteArrayView(s); }))
                return error(at, QStringLiteral("There is no status “%1”").arg(QString::fromUtf8(value)), statusNames());
        } else if (condition.field == FilterField::Trace) {
            value = value.toLower();
            const bool isHex =
                std::all_of(value.begin(), value.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
            if (!isHex || value.size() > 32)
                return error(at, QStringLiteral("“%1” is no beginning of a trace id").arg(QString::fromUtf8(value)),
                             {QStringLiteral("up to 32 hexadecimal digits")});
        } else if (condition.op >= FilterOp::Less) {
            const auto number = parseNumber(value);
            if (!number)
                return error(at, QStringLiteral("“%1” is no number").arg(QString::fromUtf8(value)), {QStringLiteral("a number")});
            condition.number = *number;
        }
        condition.values.push_back(std::move(value));
        return true;
    }
    bool quoted(QByteArray& out)
    {
        const qsizetype open = m_at++;
        while (m_at < m_text.size() && m_text[m_at] != '"') {
            if (m_text[m_at] == '\\' && m_at + 1 < m_text.size() && (m_text[m_at + 1] == '"' || m_text[m_at + 1] == '\\'))
                ++m_at;
            out.append(m_text[m_at++]);
        }
        if (m_at >= m_text.size())
            return error(open, QStringLiteral("This quotation mark is not closed"), {QStringLiteral("\"")});
        ++m_at;
        return true;
    }
    /// A value without quotes ends at a space, at a comma, or at a parenthesis that it did not open itself.
    bool plain(QByteArray& out, bool isPattern)
    {
        int open = 0;
        for (; m_at < m_text.size(); ++m_at) {
            const char c = m_text[m_at];
            if (isSpace(c) || (c == ',' && !isPattern) || (c == ')' && open == 0))
                break;
            open += c == '(' ? 1 : c == ')' ? -1 : 0;
            out.append(c);
        }
        return true;
    }

    QByteArrayView m_text;
    qsizetype m_at = 0;
    int m_conditions = 0;
};

QByteArray conditionText(const FilterCondition& condition)
{
    QByteArray out = filterKeyText(condition.field, condition.key);
    if (condition.field != FilterField::Text)
        out += filterOpText(condition.op);
    if (condition.field == FilterField::Duration)
        return out + durationText(condition.durationNs);
    for (std::size_t i = 0; i < condition.values.size(); ++i) {
        if (i > 0)
            out += ',';
        out += quoteFilterValue(condition.values[i]);
    }
    return out;
}

QByteArray nodeText(const FilterNode& node, FilterNode::Kind around)
{
    switch (node.kind) {
    case FilterNode::Kind::Condition:
        return conditionText(node.condition);
    case FilterNode::Kind::Not:
        return "NOT " + nodeText(node.children.front(), FilterNode::Kind::Not);
    case FilterNode::Kind::And:
    case FilterNode::Kind::Or:
        break;
    }
    QByteArray out;
    for (const FilterNode& child : node.children) {
        if (!out.isEmpty())
            out += node.kind == FilterNode::Kind::And ? " AND " : " OR ";
        out += nodeText(child, node.kind);
    }
    const bool isLoose =
        around == FilterNode::Kind::Condition || (around == FilterNode::Kind::Or && node.kind == FilterNode::Kind::And);
    return isLoose ? out : "(" + out + ")";
}

} // namespace

Error FilterError::toError() const
{
    QString text = QStringLiteral("%1 (at %2)").arg(message).arg(offset + 1);
    QString remedy = expected.isEmpty() ? QString() : QStringLiteral("Expected: %1.").arg(expected.join(QStringLiteral(", ")));
    return Error{ErrorCode::Parse, std::move(text), QStringLiteral("filter"), std::move(remedy)};
}

tl::expected<Filter, FilterError> Filter::parse(QByteArrayView utf8)
{
    if (utf8.size() > kMaxLength)
        return tl::unexpected(FilterError{kMaxLength, QStringLiteral("The filter is longer than %1 bytes").arg(kMaxLength), {}});
    Filter filter;
    if (std::all_of(utf8.begin(), utf8.end(), isSpace))
        return filter;
    Parser parser(utf8);
    auto node = parser.parse();
    if (!node)
        return tl::unexpected(parser.failure);
    filter.m_root = std::make_shared<const FilterNode>(std::move(*node));
    return filter;
}

QByteArray Filter::toText() const
{
    return m_root ? nodeText(*m_root, FilterNode::Kind::Condition) : QByteArray();
}

Filter Filter::with(FilterCondition condition, bool negate) const
{
    FilterNode added;
    added.condition = std::move(condition);
    if (negate) {
        FilterNode inverse;
        inverse.kind = FilterNode::Kind::Not;
        inverse.children.push_back(std::move(added));
        added = std::move(inverse);
    }
    Filter out;
    if (!m_root) {
        out.m_root = std::make_shared<const FilterNode>(std::move(added));
        return out;
    }
    FilterNode joined;
    joined.kind = FilterNode::Kind::And;
    if (m_root->kind == FilterNode::Kind::And)
        joined.children = m_root->children;
    else
        joined.children.push_back(*m_root);
    joined.children.push_back(std::move(added));
    out.m_root = std::make_shared<const FilterNode>(std::move(joined));
    return out;
}

QByteArray filterKeyText(FilterField field, QByteArrayView attributeKey)
{
    if (field == FilterField::Attribute)
        return "attr." + attributeKey.toByteArray();
    const auto known = std::find_if(kKeys.begin(), kKeys.end(), [&](const KeyName& key) { return key.field == field; });
    return known == kKeys.end() ? QByteArray() : QByteArray(known->text);
}

QByteArrayView filterOpText(FilterOp op)
{
    static constexpr std::array<const char*, 8> kTexts{"=", "!=", "=~", "!~", "<", "<=", ">", ">="};
    return kTexts[static_cast<std::size_t>(op)];
}

QByteArray quoteFilterValue(QByteArrayView value)
{
    const bool isPlain =
        !value.isEmpty() &&
        std::all_of(value.begin(), value.end(),
                    [](char c) {
                        return !isSpace(c) && !isOperatorChar(c) && c != '"' && c != '(' && c != ')' && c != ',' && c != '\\';
                    }) &&
        !equalsIgnoringCase(value, "AND") && !equalsIgnoringCase(value, "OR") && !equalsIgnoringCase(value, "NOT");
    if (isPlain)
        return value.toByteArray();
    QByteArray out = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    return out + '"';
}

} // namespace oriel::store
