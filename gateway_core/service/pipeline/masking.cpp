// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/pipeline/masking.h"

namespace oriel::service {

namespace {

/// Bytes that are text: a secret hides in them as well as in a string.
const QByteArray* textIn(const telemetry::AnyValue& value)
{
    const auto* raw = std::get_if<telemetry::BytesValue>(&value.value);
    return raw != nullptr && raw->bytes.isValidUtf8() ? &raw->bytes : nullptr;
}

} // namespace

Result<std::shared_ptr<const privacy::Masker>> makeMasker(const config::Masking& masking)
{
    privacy::MaskingOptions options;
    options.enabled = masking.keys || masking.secrets || !masking.piiTypes.isEmpty() || !masking.patterns.isEmpty();
    options.keyNames = masking.keys;
    options.enabledRules = masking.piiTypes;
    for (auto it = masking.patterns.cbegin(); it != masking.patterns.cend(); ++it)
        options.patterns.append({it.key(), it.value(), {}});
    for (const QString& exception : masking.exceptions) {
        if (exception.startsWith(QLatin1Char('$')))
            options.notSecretPaths.append(exception);
        else
            options.notSecretHashes.append(exception);
    }
    return privacy::Masker::create(options);
}

void maskValue(telemetry::AnyValue& value, const privacy::Masker& masker)
{
    if (const QByteArray* text = value.text()) {
        privacy::MaskResult masked = masker.maskText(*text);
        if (masked.changed())
            value = telemetry::AnyValue(std::move(masked.bytes));
    } else if (const QByteArray* raw = textIn(value)) {
        privacy::MaskResult masked = masker.maskText(*raw);
        if (masked.changed())
            value = telemetry::BytesValue{std::move(masked.bytes)};
    } else if (const auto* array = std::get_if<std::shared_ptr<const telemetry::ArrayValue>>(&value.value)) {
        auto copy = std::make_shared<telemetry::ArrayValue>(**array);
        for (telemetry::AnyValue& element : copy->values)
            maskValue(element, masker);
        value = telemetry::AnyValue(std::shared_ptr<const telemetry::ArrayValue>(std::move(copy)));
    } else if (const auto* list = std::get_if<std::shared_ptr<const telemetry::KeyValueList>>(&value.value)) {
        auto copy = std::make_shared<telemetry::KeyValueList>(**list);
        maskAttributes(copy->values, masker);
        value = telemetry::AnyValue(std::shared_ptr<const telemetry::KeyValueList>(std::move(copy)));
    }
}

void maskAttribute(telemetry::Attribute& attribute, const privacy::Masker& masker)
{
    if (const QByteArray* text = attribute.value.text()) {
        privacy::MaskResult masked = masker.maskHeader(attribute.key, *text);
        if (masked.changed())
            attribute.value = telemetry::AnyValue(std::move(masked.bytes));
    } else if (const QByteArray* raw = textIn(attribute.value)) {
        privacy::MaskResult masked = masker.maskHeader(attribute.key, *raw);
        if (masked.changed())
            attribute.value = telemetry::BytesValue{std::move(masked.bytes)};
    } else {
        maskValue(attribute.value, masker);
    }
}

void maskAttributes(telemetry::Attributes& attributes, const privacy::Masker& masker)
{
    for (telemetry::Attribute& attribute : attributes)
        maskAttribute(attribute, masker);
}

} // namespace oriel::service
