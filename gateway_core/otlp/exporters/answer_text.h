// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/auth/request_authorizer.h"

#include <QString>
#include <QUrl>

#include <memory>

namespace oriel::privacy {
class Masker;
}

namespace oriel::otlp {

/// Makes what a backend answered fit to be kept, logged and shown: backends echo what they were sent. Every header value that the
/// request carried is masked, and its parts (the token behind a scheme, the password of basic authentication, a signature), what
/// the endpoint's URL holds in user name, password and query, and what the privacy detectors know; then the text is one line of
/// at most kMaxChars. One thread.
class AnswerText {
public:
    static constexpr qsizetype kMaxChars = 500;
    AnswerText();
    ~AnswerText();
    AnswerText(const AnswerText&) = delete;
    AnswerText& operator=(const AnswerText&) = delete;

    [[nodiscard]] QString shown(const QString& answer, const RequestHeaders& sent, const QUrl& url = {});

private:
    std::shared_ptr<const privacy::Masker> m_masker; ///< made with the first failure
};

} // namespace oriel::otlp
