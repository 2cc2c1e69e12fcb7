// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/series_source.h"

#include <re2/re2.h>

namespace oriel::store {

bool LabelMatcher::matches(QByteArrayView labelValue) const
{
    switch (op) {
    case Op::Equal:
        return labelValue == value;
    case Op::NotEqual:
        return labelValue != value;
    case Op::Match:
    case Op::NotMatch:
        break;
    }
    const bool found =
        pattern && RE2::FullMatch(re2::StringPiece(labelValue.data(), static_cast<std::size_t>(labelValue.size())), *pattern);
    return found == (op == Op::Match);
}

Result<LabelMatcher> makeMatcher(QByteArray name, LabelMatcher::Op op, QByteArray value)
{
    LabelMatcher matcher{std::move(name), op, std::move(value), {}};
    if (op == LabelMatcher::Op::Equal || op == LabelMatcher::Op::NotEqual)
        return matcher;
    RE2::Options options;
    options.set_log_errors(false);
    options.set_dot_nl(true);
    options.set_max_mem(1 << 20);
    auto pattern = std::make_shared<const RE2>(
        re2::StringPiece(matcher.value.constData(), static_cast<std::size_t>(matcher.value.size())), options);
    if (!pattern->ok())
        return fail(ErrorCode::Parse,
                    QStringLiteral("The pattern is not valid: %1").arg(QString::fromStdString(pattern->error())),
                    QString::fromUtf8(matcher.name));
    matcher.pattern = std::move(pattern);
    return matcher;
}

} // namespace oriel::store
