// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "privacy/detector_table.h"
#include "privacy/key_names.h"

#include <QByteArray>
#include <QByteArrayList>
#include <QByteArrayView>
#include <QString>
#include <QStringList>

#include <memory>
#include <vector>

namespace oriel::privacy {

/// A rule of the user's (settings key `masking.patterns`).
struct UserPattern {
    QString id;      ///< the RULE of `[masked:RULE]`: letters, digits, hyphen, 1–40 characters
    QString pattern; ///< RE2 syntax, UTF-8, at most 1,000 characters; if it has a group, the first group is masked
    QStringList
        keywords; ///< optional: the pattern is searched only in text that contains one of them (any case), each of 3+ characters
};

/// A secret that is known exactly (the vault's values): masked as `[masked:vault-value]` wherever it appears. Values under 8
/// bytes are ignored.
struct KnownSecret {
    QByteArray value;
};

/// What to mask. Everything not named here is on or off as the detector table says.
struct MaskingOptions {
    bool enabled = true;         ///< false: every function returns its input
    bool keyNames = true;        ///< mask by the name a value stands under
    QStringList enabledRules;    ///< ids of rules to switch on beside the defaults, e.g. "email"
    QStringList disabledRules;   ///< ids to switch off; `key-name` too
    QStringList secretKeyNames;  ///< further names (exact, any case) whose values are secrets
    QStringList plainKeyNames;   ///< names (exact, any case) whose values are not
    QList<UserPattern> patterns; ///< at most 100
    QStringList notSecretHashes; ///< exceptions: notSecretHash() of exact values
    QStringList
        notSecretPaths; ///< exceptions: paths such as `$.params.arguments.token` or `$.items[*].id`; `*` stands for one step
    std::vector<KnownSecret> knownSecrets;
};

/// One masked place.
struct MaskHit {
    QByteArray rule;      ///< id as in `[masked:RULE]`
    QByteArray piiType;   ///< `pii_type` label when the rule is about a person, else empty
    QByteArray path;      ///< where in JSON (`$.a.b[0]`), header name or query parameter; empty in plain text
    qsizetype offset = 0; ///< of the masked bytes in the input
    qsizetype length = 0;
};

/// The masked bytes and what was done. `bytes` is the input itself (shared) when nothing matched.
struct MaskResult {
    QByteArray bytes;
    std::vector<MaskHit> hits; ///< the first kMaxHits, in order of offset
    qsizetype redactions = 0;  ///< all of them

    [[nodiscard]] bool changed() const { return redactions != 0; }
    static constexpr std::size_t kMaxHits = 1000;
};

/// Replaces secrets and personal data by `[masked:RULE]` before bytes reach disk, an exporter, a log or the screen (PRODUCT S3).
///
/// Finds token formats (detector table), values under secret names, PII types that are switched on, the user's patterns and the
/// vault's values; also in JSON escapes, in JSON inside strings, percent-encoded and base64-wrapped. A prefilter makes clean
/// input cheap; only RE2 is run on candidates, so time is linear in the input whatever it holds.
///
/// Limits: a secret split over two strings, two content blocks or two stream chunks is not joined; compressed or encrypted
/// content is opaque, and so is base64 of text that is itself base64 or percent-encoded; nesting (JSON in strings, encodings in
/// encodings) is followed four levels deep.
///
/// Immutable: build one with create(), share it between threads, replace it when the settings change.
class Masker {
public:
    /// Errors: InvalidArgument with the id of the pattern or rule that is wrong.
    static Result<std::shared_ptr<const Masker>> create(const MaskingOptions& options = {});
    ~Masker();
    Masker(const Masker&) = delete;
    Masker& operator=(const Masker&) = delete;

    /// JSON of any shape: the output is valid JSON if the input was. Truncated or broken JSON is masked as far as it can be read,
    /// the rest as text; bytes that do not begin like JSON are treated as text.
    [[nodiscard]] MaskResult maskJson(const QByteArray& json) const;
    /// Log lines, stderr, error messages: also `name=value` and `name: "value"` pairs.
    [[nodiscard]] MaskResult maskText(const QByteArray& text) const;
    [[nodiscard]] QString maskText(const QString& text) const;
    /// The value to show for an HTTP header or an environment variable called `name`.
    [[nodiscard]] MaskResult maskHeader(QByteArrayView name, const QByteArray& value) const;
    /// How far `name` says that what stands under it is a secret for maskHeader(): Plain, and only the text itself counts. Names
    /// that merely end in "key" are TokenLike.
    [[nodiscard]] KeyVerdict judgeName(QByteArrayView name) const;
    /// Whether numbers under `name` are secrets too (`pin`). Takes no memory for a name without such a word.
    [[nodiscard]] bool masksNumbers(QByteArrayView name) const;
    /// User info, secret query and fragment parameters, and tokens in the path; works on relative and malformed URLs too.
    [[nodiscard]] MaskResult maskUrl(const QByteArray& url) const;

    /// The form in which an exact value is stored as "not a secret" (hex SHA-256, so the settings do not hold the value).
    [[nodiscard]] static QString notSecretHash(QByteArrayView value);

    struct Private; ///< internal to privacy/

private:
    explicit Masker(std::unique_ptr<const Private> d);
    std::unique_ptr<const Private> d;
};

} // namespace oriel::privacy
