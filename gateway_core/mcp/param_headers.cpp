// SPDX-License-Identifier: GPL-3.0-or-later
#include "mcp/param_headers.h"

#include "mcp/headers.h"

#include <QSet>

#include <algorithm>

namespace oriel::mcp {

namespace {

constexpr QByteArrayView Annotation = "x-mcp-header";
constexpr std::int64_t LargestSafeInteger = (std::int64_t{1} << 53) - 1;

bool isTokenText(QByteArrayView text)
{
    constexpr QByteArrayView Marks = "!#$%&'*+-.^_`|~";
    return !text.isEmpty() && std::all_of(text.begin(), text.end(), [Marks](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || Marks.contains(c);
    });
}

class SchemaWalk {
public:
    Status object(const json::Value& schema)
    {
        for (const json::Member& member : schema.members()) {
            const bool isProperties = member.key.equals("properties") && member.value.isObject();
            const Status status = isProperties ? properties(member.value) : elsewhere(member.value);
            if (!status) {
                return status;
            }
        }
        return {};
    }

    std::vector<ParamHeader> found;

private:
    Status properties(const json::Value& properties)
    {
        for (const json::Member& property : properties.members()) {
            m_path.append(property.key.asUtf8());
            Status status = annotated(property.value);
            m_path.removeLast();
            if (!status) {
                return status;
            }
        }
        return {};
    }

    Status annotated(const json::Value& property)
    {
        if (const json::Value name = property.find(Annotation); name.exists()) {
            if (Status status = add(name, property.find("type")); !status) {
                return status;
            }
        }
        for (const json::Member& member : property.members()) {
            if (member.key.equals(Annotation)) {
                continue;
            }
            const bool isProperties = member.key.equals("properties") && member.value.isObject();
            if (Status status = isProperties ? properties(member.value) : elsewhere(member.value); !status) {
                return status;
            }
        }
        return {};
    }

    Status add(const json::Value& name, const json::Value& type)
    {
        const QByteArray text = name.asUtf8();
        if (!name.isString() || !isTokenText(text)) {
            return refuse(QStringLiteral("is no header name"));
        }
        if (!type.equals("string") && !type.equals("integer") && !type.equals("boolean")) {
            return refuse(QStringLiteral("stands at a parameter that is no string, integer or boolean"));
        }
        if (m_names.contains(text.toLower())) {
            return refuse(QStringLiteral("\"%1\" comes twice").arg(QString::fromUtf8(text)));
        }
        m_names.insert(text.toLower());
        found.push_back({ParamPrefixText + text, m_path});
        return {};
    }

    /// Anywhere but on a chain of properties an annotation makes the tool invalid. Plain data (default, enum, const …) is data.
    Status elsewhere(const json::Value& value)
    {
        if (value.isArray()) {
            for (const json::Value& element : value.elements()) {
                if (Status status = elsewhere(element); !status) {
                    return status;
                }
            }
            return {};
        }
        for (const json::Member& member : value.members()) {
            if (member.key.equals(Annotation)) {
                return refuse(QStringLiteral("stands where properties alone do not lead"));
            }
            if (isData(member.key)) {
                continue;
            }
            if (Status status = elsewhere(member.value); !status) {
                return status;
            }
        }
        return {};
    }

    static bool isData(const json::Value& key)
    {
        return key.equals("default") || key.equals("const") || key.equals("enum") || key.equals("examples");
    }

    [[nodiscard]] Status refuse(const QString& why) const
    {
        const QString at = m_path.isEmpty() ? QString() : QStringLiteral(" of ") + QString::fromUtf8(m_path.join('.'));
        return fail(ErrorCode::InvalidArgument, QStringLiteral("x-mcp-header%1 %2").arg(at, why));
    }

    const QByteArray ParamPrefixText = header::ParamPrefix.toByteArray();
    QList<QByteArray> m_path;
    QSet<QByteArray> m_names;
};

} // namespace

Result<std::vector<ParamHeader>> readParamHeaders(const json::Value& inputSchema)
{
    // A key may be written with escapes.
    if (!inputSchema.isObject() || !(inputSchema.raw().contains(Annotation) || inputSchema.raw().contains('\\'))) {
        return std::vector<ParamHeader>{};
    }
    if (inputSchema.find(Annotation).exists()) {
        return fail(ErrorCode::InvalidArgument, QStringLiteral("x-mcp-header stands at the schema itself"));
    }
    SchemaWalk walk;
    if (Status status = walk.object(inputSchema); !status) {
        return fail(status.error());
    }
    return std::move(walk.found);
}

QList<std::pair<QByteArray, QByteArray>> paramHeaderValues(const std::vector<ParamHeader>& headers, const json::Value& arguments)
{
    QList<std::pair<QByteArray, QByteArray>> values;
    for (const ParamHeader& header : headers) {
        json::Value value = arguments;
        for (const QByteArray& key : header.path) {
            value = value.find(key);
        }
        if (value.isString()) {
            values.append({header.header, encodeHeaderValue(value.asUtf8())});
        } else if (value.isBool() || value.isNumber()) {
            const std::optional<std::int64_t> number = value.asInt64();
            const bool unsafe = number && (*number > LargestSafeInteger || *number < -LargestSafeInteger);
            if (!unsafe) {
                values.append({header.header, value.raw().toByteArray()});
            }
        }
    }
    return values;
}

namespace {

json::Value valueAt(json::Value value, const QList<QByteArray>& path)
{
    for (const QByteArray& key : path) {
        value = value.find(key);
    }
    return value;
}

bool isSameName(const QByteArray& a, const QByteArray& b)
{
    return a.size() == b.size() && a.compare(b, Qt::CaseInsensitive) == 0;
}

bool saysTheSame(const json::Value& value, const QByteArray& text)
{
    if (value.isString()) {
        return value.asUtf8() == text;
    }
    if (!value.isNumber()) {
        return value.isBool() && value.raw() == text;
    }
    json::Document document;
    if (!document.parse(text) || !document.root().isNumber()) {
        return false;
    }
    const std::optional<std::int64_t> whole = value.asInt64();
    const std::optional<std::int64_t> named = document.root().asInt64();
    return whole && named ? *whole == *named : value.asDouble() == document.root().asDouble();
}

/// A value that a client can repeat: what the annotation's types allow, numbers within what all clients can count.
bool hasHeader(const json::Value& value)
{
    const std::optional<std::int64_t> whole = value.asInt64();
    const bool unsafe = whole && (*whole > LargestSafeInteger || *whole < -LargestSafeInteger);
    return value.isString() || value.isBool() || (value.isNumber() && !unsafe);
}

} // namespace

Status checkParamHeaders(const std::vector<ParamHeader>& headers, const json::Value& arguments,
                         std::span<const std::pair<QByteArray, QByteArray>> fields)
{
    for (const ParamHeader& header : headers) {
        const auto mismatch = [&header](const QString& what) {
            return fail(ErrorCode::InvalidArgument,
                        QStringLiteral("The header %1 %2").arg(QString::fromUtf8(header.header), what));
        };
        const json::Value value = valueAt(arguments, header.path);
        const QByteArray* given = nullptr;
        for (const auto& [name, text] : fields) {
            if (!isSameName(name, header.header)) {
                continue;
            }
            if (given != nullptr) {
                return mismatch(QStringLiteral("is given more than once"));
            }
            given = &text;
        }
        if (given == nullptr) {
            if (hasHeader(value)) {
                return mismatch(
                    QStringLiteral("is missing; it repeats the argument %1").arg(QString::fromUtf8(header.path.join('.'))));
            }
            continue;
        }
        if (!value.exists() || value.isNull()) {
            return mismatch(QStringLiteral("is given, but the argument %1 is not").arg(QString::fromUtf8(header.path.join('.'))));
        }
        const Result<QByteArray> text = given->isEmpty() ? Result<QByteArray>(QByteArray()) : decodeHeaderValue(*given);
        if (!text) {
            return mismatch(QStringLiteral("cannot be read: %1").arg(text.error().message));
        }
        if (!saysTheSame(value, *text)) {
            return mismatch(QStringLiteral("is not what the argument %1 says").arg(QString::fromUtf8(header.path.join('.'))));
        }
    }
    return {};
}

} // namespace oriel::mcp
