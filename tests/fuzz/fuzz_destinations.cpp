// SPDX-License-Identifier: GPL-3.0-or-later
// What decides where telemetry goes and with what: tokens that endpoints and commands give, service-account keys, preset files,
// and requests that get resource attributes or become Zipkin's JSON. The first byte says what the rest is.
#include "fuzz_support.h"
#include "otlp/auth/google_token.h"
#include "otlp/codec/decode.h"
#include "otlp/exporters/resource_attributes.h"
#include "otlp/exporters/zipkin.h"
#include "otlp/presets/presets.h"

using namespace oriel;
using namespace oriel::otlp;
using fuzz::require;

namespace {

/// A header can hold it.
void requireToken(const Result<AccessToken>& token)
{
    if (!token) {
        return;
    }
    require(!token->value.isEmpty() && token->lifetime.count() >= 0);
    for (const char c : token->value) {
        require(c > 0x20 && c < 0x7f);
    }
}

void checkTokens(const QByteArray& text)
{
    requireToken(parseTokenAnswer(text));
    requireToken(parsePrintedToken(text, 1'700'000'000'000'000'000));
    if (const auto key = parseServiceAccountKey(text)) {
        require(!key->email.isEmpty() && !key->privateKey.isEmpty());
    }
    if (const auto url = tokenUrl(QString::fromUtf8(text))) {
        require(url->userInfo().isEmpty() && !url->host().isEmpty());
    }
}

void checkPresets(const QByteArray& text)
{
    const auto file = parsePresets(text);
    if (!file) {
        require(!file.error().message.isEmpty());
        return;
    }
    for (const Preset& preset : file->presets) {
        config::Destination destination;
        for (const PresetField& field : preset.fields) {
            destination.fields.insert(field.id, field.example);
        }
        if (const auto expanded = expand(preset, destination)) {
            require(expanded->isEffective);
        }
    }
}

void checkRequests(const QByteArray& message)
{
    const QMap<QString, QString> attributes{{QStringLiteral("gcp.project_id"), QStringLiteral("p")}};
    const auto before = decodeTraces(message, Encoding::Protobuf);
    const auto amended = withResourceAttributes(message, Signal::Traces, Encoding::Protobuf, attributes);
    if (!before) {
        return;
    }
    require(amended.has_value());
    const auto after = decodeTraces(*amended, Encoding::Protobuf);
    require(after.has_value() && after->spans.size() == before->spans.size());
    for (const telemetry::SpanData& span : after->spans) {
        require(span.resource && telemetry::findAttribute(span.resource->attributes, "gcp.project_id") != nullptr);
    }
    json::Document document;
    const QByteArray zipkin = zipkinSpans(before->spans);
    require(zipkin.startsWith('[') && zipkin.endsWith(']'));
    if (document.parse(zipkin)) {
        require(document.root().size() == before->spans.size());
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    if (size < 1) {
        return 0;
    }
    const QByteArray rest(reinterpret_cast<const char*>(data) + 1, static_cast<qsizetype>(size - 1));
    switch (data[0] % 3U) {
    case 0:
        checkTokens(rest);
        break;
    case 1:
        checkPresets(rest);
        break;
    default:
        checkRequests(rest);
        break;
    }
    return 0;
}
