// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/pipeline/masking.h"

#include <algorithm>
#include <utility>

namespace oriel::service {

namespace {

using privacy::KeyVerdict;
using telemetry::AnyValue;
using ArrayPointer = std::shared_ptr<const telemetry::ArrayValue>;
using ListPointer = std::shared_ptr<const telemetry::KeyValueList>;

constexpr qsizetype kLongestName = 128;
constexpr qsizetype kShortestToken = 16;

/// A name that is itself a value and says what the value after or beside it is.
struct SpokenName {
    QByteArray name;
    KeyVerdict verdict = KeyVerdict::Plain;

    /// A word such as `--session` has harmless arguments too, so that only what looks like a token is one.
    [[nodiscard]] bool names(const AnyValue& value) const
    {
        if (verdict != KeyVerdict::TokenLike)
            return verdict != KeyVerdict::Plain;
        const QByteArray* text = value.text();
        return text != nullptr && text->size() >= kShortestToken && !text->contains(' ');
    }
};

bool isName(const QByteArray& text)
{
    return !text.isEmpty() && text.size() <= kLongestName && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
    });
}

SpokenName spokenBy(const QByteArray& text, const privacy::Masker& masker)
{
    return isName(text) ? SpokenName{text, masker.judgeName(text)} : SpokenName();
}

bool namesItsSibling(QByteArrayView key)
{
    return key == "name" || key == "key" || key == "header" || key == "field" || key == "variable" || key == "env";
}

privacy::MaskResult maskedUnder(QByteArrayView name, const QByteArray& text, const privacy::Masker& masker)
{
    return name.isEmpty() ? masker.maskText(text) : masker.maskHeader(name, text);
}

void maskUnder(QByteArrayView name, AnyValue& value, const privacy::Masker& masker);

void maskElements(QByteArrayView name, std::vector<AnyValue>& elements, const privacy::Masker& masker)
{
    if (masker.judgeName(name) != KeyVerdict::Plain) {
        for (AnyValue& element : elements)
            maskUnder(name, element, masker);
        return;
    }
    SpokenName option;
    for (AnyValue& element : elements) {
        const SpokenName before = std::exchange(option, SpokenName());
        // An argument may be an option itself: the one before it had none.
        if (const QByteArray* text = element.text(); text != nullptr && text->startsWith('-'))
            option = spokenBy(*text, masker);
        maskUnder(before.names(element) ? QByteArrayView(before.name) : QByteArrayView(), element, masker);
    }
}

void maskEntries(QByteArrayView name, telemetry::Attributes& entries, const privacy::Masker& masker)
{
    const KeyVerdict outer = masker.judgeName(name);
    SpokenName sibling;
    for (telemetry::Attribute& entry : entries) {
        if (const QByteArray* text = entry.value.text(); text != nullptr && namesItsSibling(entry.key))
            sibling = spokenBy(*text, masker);
        QByteArrayView under = entry.key;
        if (entry.key == "value" && sibling.names(entry.value))
            under = sibling.name;
        else if (outer >= KeyVerdict::Secret && masker.judgeName(entry.key) < outer &&
                 !privacy::isPropertyName({entry.key.constData(), static_cast<std::size_t>(entry.key.size())}))
            under = name;
        maskUnder(under, entry.value, masker);
    }
}

// `name` is what the value stands under; empty: under nothing.
void maskUnder(QByteArrayView name, AnyValue& value, const privacy::Masker& masker)
{
    if (const QByteArray* text = value.text()) {
        privacy::MaskResult masked = maskedUnder(name, *text, masker);
        if (masked.changed())
            value = AnyValue(std::move(masked.bytes));
    } else if (const auto* raw = std::get_if<telemetry::BytesValue>(&value.value)) {
        // Other bytes than text hide a secret only as a whole.
        if (!raw->bytes.isValidUtf8() && masker.judgeName(name) == KeyVerdict::Plain)
            return;
        privacy::MaskResult masked = maskedUnder(name, raw->bytes, masker);
        if (masked.changed())
            value = telemetry::BytesValue{std::move(masked.bytes)};
    } else if (const auto* array = std::get_if<ArrayPointer>(&value.value)) {
        auto copy = std::make_shared<telemetry::ArrayValue>(**array);
        maskElements(name, copy->values, masker);
        value = AnyValue(ArrayPointer(std::move(copy)));
    } else if (const auto* list = std::get_if<ListPointer>(&value.value)) {
        auto copy = std::make_shared<telemetry::KeyValueList>(**list);
        maskEntries(name, copy->values, masker);
        value = AnyValue(ListPointer(std::move(copy)));
    } else if (std::holds_alternative<std::int64_t>(value.value) || std::holds_alternative<double>(value.value)) {
        if (!masker.masksNumbers(name))
            return;
        privacy::MaskResult masked = masker.maskHeader(name, telemetry::toJson(value));
        if (masked.changed())
            value = AnyValue(std::move(masked.bytes));
    }
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
    maskUnder({}, value, masker);
}

void maskAttribute(telemetry::Attribute& attribute, const privacy::Masker& masker)
{
    maskUnder(attribute.key, attribute.value, masker);
}

void maskAttributes(telemetry::Attributes& attributes, const privacy::Masker& masker)
{
    for (telemetry::Attribute& attribute : attributes)
        maskAttribute(attribute, masker);
}

} // namespace oriel::service
