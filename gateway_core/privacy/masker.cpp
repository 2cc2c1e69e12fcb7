// SPDX-License-Identifier: GPL-3.0-or-later
#include "privacy/masker.h"

#include "privacy/encodings.h"
#include "privacy/mask_scan.h"
#include "privacy/text_chars.h"

#include <algorithm>

namespace oriel::privacy {

namespace {

std::string_view viewOf(const QByteArray& bytes)
{
    return {bytes.constData(), static_cast<std::size_t>(bytes.size())};
}

bool beginsLikeJson(std::string_view text)
{
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && (text[first] == '{' || text[first] == '[' || text[first] == '"');
}

class NamedPath final : public PathSource {
public:
    explicit NamedPath(QByteArrayView name) : m_name(name.toByteArray()) {}
    [[nodiscard]] QByteArray path() const override { return m_name; }

private:
    QByteArray m_name;
};

std::string folded(std::string_view text)
{
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), toLower);
    return lower;
}

// Headers and variables that end in "key" hold one, whatever stands before it.
bool endsInKey(std::string_view name)
{
    const std::string lower = folded(name);
    return lower == "key" || lower.ends_with("-key") || lower.ends_with("_key");
}

// Query parameters that carry credentials although their names alone say little.
bool isSecretParameter(std::string_view name)
{
    constexpr std::string_view names[] = {"key",
                                          "sig",
                                          "signature",
                                          "code",
                                          "auth",
                                          "assertion",
                                          "samlresponse",
                                          "code_verifier",
                                          "x-amz-signature",
                                          "x-amz-credential",
                                          "x-amz-security-token",
                                          "x-goog-signature",
                                          "x-goog-credential"};
    return std::find(std::begin(names), std::end(names), folded(name)) != std::end(names);
}

void maskParameters(MaskScan& scan, const Layer& url, std::size_t begin, std::size_t end)
{
    while (begin < end) {
        const std::size_t stop = std::min(url.text.find_first_of("&;", begin), end);
        const std::size_t equals = url.text.find('=', begin);
        if (equals != std::string_view::npos && equals < stop) {
            const std::string name = decodePercent(url.text.substr(begin, equals - begin)).text;
            const std::string_view value = url.text.substr(equals + 1, stop - equals - 1);
            const bool secret = scan.set().judge(name) != KeyVerdict::Plain || (scan.set().keyNames && isSecretParameter(name));
            if (secret && !isPlaceholderValue(value)) {
                const NamedPath path(QByteArrayView(name.data(), static_cast<qsizetype>(name.size())));
                scan.setPath(&path);
                scan.mask(url, equals + 1, stop, scan.set().keyNameRule);
                scan.setPath(nullptr);
            }
        }
        begin = stop + 1;
    }
}

} // namespace

Masker::Masker(std::unique_ptr<const Private> set) : d(std::move(set)) {}
Masker::~Masker() = default;

Result<std::shared_ptr<const Masker>> Masker::create(const MaskingOptions& options)
{
    auto set = std::make_unique<Private>();
    if (Status status = set->compile(options); !status)
        return fail(status.error());
    return std::shared_ptr<const Masker>(new Masker(std::move(set)));
}

MaskResult Masker::maskJson(const QByteArray& json) const
{
    if (!d->enabled)
        return {.bytes = json, .hits = {}};
    MaskScan scan(*d);
    const Layer root{.text = viewOf(json)};
    if (!beginsLikeJson(root.text) || !scan.scanJson(root))
        scan.scanText(root);
    return scan.finish(json);
}

MaskResult Masker::maskText(const QByteArray& text) const
{
    if (!d->enabled)
        return {.bytes = text, .hits = {}};
    MaskScan scan(*d);
    scan.scanText({.text = viewOf(text)});
    return scan.finish(text);
}

QString Masker::maskText(const QString& text) const
{
    const MaskResult result = maskText(text.toUtf8());
    return result.changed() ? QString::fromUtf8(result.bytes) : text;
}

MaskResult Masker::maskHeader(QByteArrayView name, const QByteArray& value) const
{
    if (!d->enabled)
        return {.bytes = value, .hits = {}};
    MaskScan scan(*d);
    const NamedPath path(name);
    scan.setPath(&path);
    const Layer root{.text = viewOf(value)};
    if (judgeName(name) != KeyVerdict::Plain && !isPlaceholderValue(root.text))
        scan.mask(root, 0, root.text.size(), d->keyNameRule);
    if (scan.editCount() == 0)
        scan.scanText(root);
    return scan.finish(value);
}

KeyVerdict Masker::judgeName(QByteArrayView name) const
{
    if (!d->enabled)
        return KeyVerdict::Plain;
    const std::string_view text(name.data(), static_cast<std::size_t>(name.size()));
    const KeyVerdict verdict = d->judge(text);
    return verdict == KeyVerdict::Plain && d->keyNames && endsInKey(text) ? KeyVerdict::TokenLike : verdict;
}

bool Masker::masksNumbers(QByteArrayView name) const
{
    const std::string_view text(name.data(), static_cast<std::size_t>(name.size()));
    return (!d->secretNames.isEmpty() || mayBeStrictName(text)) && judgeName(name) == KeyVerdict::StrictSecret;
}

MaskResult Masker::maskUrl(const QByteArray& url) const
{
    if (!d->enabled)
        return {.bytes = url, .hits = {}};
    MaskScan scan(*d);
    const Layer root{.text = viewOf(url)};
    const auto* const behind = std::find(url.begin(), url.end(), '#');
    const auto fragment = static_cast<std::size_t>(behind - url.begin());
    const auto query = static_cast<std::size_t>(std::find(url.begin(), behind, '?') - url.begin());
    if (query < fragment)
        maskParameters(scan, root, query + 1, fragment);
    if (fragment < root.text.size())
        maskParameters(scan, root, fragment + 1, root.text.size());
    scan.scanText(root);
    return scan.finish(url);
}

} // namespace oriel::privacy
