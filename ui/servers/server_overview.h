// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/snapshots.h"
#include "ui/servers/sign_in_text.h"
#include "ui/widgets/key_value_table.h"

#include <QUrl>
#include <QWidget>

namespace oriel::ui {

class Banner;
class CodeView;
class EraLine;
class KeyFigure;
class TextLabel;

/// How one server is: what is wrong and what to do, its figures, what runs, and its last words on stderr. GUI thread.
class ServerOverview : public QWidget {
    Q_OBJECT
public:
    explicit ServerOverview(QWidget* parent = nullptr);
    void setServer(const service::ServerSnapshot& server);
    [[nodiscard]] Banner* banner() const { return m_banner; }
    [[nodiscard]] Banner* signInBanner() const { return m_signIn; }
    [[nodiscard]] KeyValueTable* facts() const { return m_facts; }
    [[nodiscard]] EraLine* era() const { return m_era; }
    [[nodiscard]] CodeView* stderrView() const { return m_stderr; }

Q_SIGNALS:
    void restartRequested();
    void editRequested();
    /// What is known of the server's era shall be found out again.
    void eraCheckRequested();
    /// To sign in, or to give up doing so.
    void signInRequested(bool begin);
    /// The sign-in page, once more.
    void pageRequested(const QUrl& address);
    /// Hex id of the trace of the last start.
    void traceRequested(const QString& traceId);
    /// "All frames": the Wire tab.
    void wireRequested();

private:
    void showDiagnosis(const service::ServerSnapshot& server);
    void showSignIn(const service::ServerSnapshot& server);

    Banner* m_signIn;
    Banner* m_banner;
    KeyFigure* m_calls;
    KeyFigure* m_errors;
    KeyFigure* m_latency;
    KeyFigure* m_flight;
    KeyValueTable* m_facts;
    EraLine* m_era;
    TextLabel* m_stderrTitle;
    CodeView* m_stderr;
    QString m_server;
    QString m_trace;
    service::Diagnosis m_shown;
    std::optional<SignInBanner> m_shownSignIn;
    QUrl m_page;
};

/// The lines of the table. Pure.
[[nodiscard]] QList<KeyValue> serverFacts(const service::ServerSnapshot& server);
/// The sentence of the banner: cause, details, remedy. Pure.
[[nodiscard]] QString diagnosisText(const service::Diagnosis& diagnosis);

} // namespace oriel::ui
