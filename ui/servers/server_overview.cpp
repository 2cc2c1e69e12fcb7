// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/servers/server_overview.h"

#include "ui/servers/era_line.h"
#include "ui/servers/server_text.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/code_view.h"
#include "ui/widgets/format.h"
#include "ui/widgets/key_figure.h"
#include "ui/widgets/link_button.h"
#include "ui/widgets/text_label.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QScrollArea>
#include <QVBoxLayout>

namespace oriel::ui {
namespace {

KeyValue prose(const QString& key, const QString& value)
{
    return {key, value, Tone::Neutral, {}, false, {}};
}

KeyValue circuitFact(const service::CircuitSnapshot& circuit)
{
    const QString key = QStringLiteral("circuit breaker");
    switch (circuit.state) {
    case service::CircuitState::Off:
        return prose(key, QStringLiteral("off"));
    case service::CircuitState::Closed:
        return prose(key, circuit.failures == 0 ? QStringLiteral("closed: calls go through")
                                                : QStringLiteral("closed, after %1 failures in a row").arg(circuit.failures));
    case service::CircuitState::Open:
    case service::CircuitState::HalfOpen:
        break;
    }
    KeyValue open = prose(key, QStringLiteral("open: ") + circuit.text);
    open.tone = Tone::Warning;
    return open;
}

QString inFlightNote(const service::ServerSnapshot& server)
{
    QStringList words;
    if (server.config.concurrency > 0)
        words.append(QStringLiteral("of %1").arg(server.config.concurrency));
    if (server.queued > 0)
        words.append(QStringLiteral("%1 waiting").arg(server.queued));
    return words.join(QStringLiteral(" · "));
}

QString secretless(const QMap<QString, QString>& environment)
{
    QStringList names;
    for (auto it = environment.cbegin(); it != environment.cend(); ++it)
        names.append(it.key());
    return names.join(QStringLiteral(", "));
}

QString share(std::uint64_t errors, std::uint64_t calls)
{
    return calls == 0 ? QString() : formatPercent(double(errors) / double(calls)) + QStringLiteral(" of calls");
}

} // namespace

QList<KeyValue> serverFacts(const service::ServerSnapshot& server)
{
    const config::Server& config = server.config;
    const bool stdio = config.transport == config::ServerTransport::Stdio;
    QList<KeyValue> rows;
    const QString resolved = server.resolvedCommand.isEmpty() ? commandLineOf(config) : server.resolvedCommand;
    rows.append({stdio ? QStringLiteral("command") : QStringLiteral("URL"), resolved, Tone::Neutral, {}, true, {}});
    if (!config.cwd.isEmpty())
        rows.append({QStringLiteral("folder"), config.cwd, Tone::Neutral, {}, true, {}});
    if (!config.env.isEmpty())
        rows.append(
            {QStringLiteral("environment"), secretless(config.env), Tone::Neutral, QStringLiteral("names only"), true, {}});
    rows.append(prose(QStringLiteral("state"), server.stateText));
    if (server.sinceUnixNs > 0)
        rows.append({QStringLiteral("since"), formatDateTime(server.sinceUnixNs), Tone::Neutral, {}, true, {}});
    if (server.pid != 0)
        rows.append({QStringLiteral("pid"), QString::number(server.pid), Tone::Neutral, {}, true, {}});
    if (!server.serverName.isEmpty())
        rows.append(prose(QStringLiteral("calls itself"),
                          QStringLiteral("%1 %2").arg(server.serverName, server.serverVersion).trimmed()));
    if (!server.protocolVersion.isEmpty())
        rows.append({QStringLiteral("MCP revision"), server.protocolVersion, Tone::Neutral, {}, true, {}});
    rows.append(prose(QStringLiteral("connection"), connectionText(server)));
    if (server.state == service::ServerState::Ready)
        rows.append(prose(
            QStringLiteral("offers"),
            QStringLiteral("%1 tools · %2 prompts · %3 resources").arg(server.tools).arg(server.prompts).arg(server.resources)));
    rows.append(prose(QStringLiteral("starts"), config.start == config::StartMode::AtLaunch ? QStringLiteral("when Oriel starts")
                                                                                            : QStringLiteral("on first use")));
    rows.append(
        prose(QStringLiteral("restarts"),
              QStringLiteral("%1 since Oriel started, at most %2 in a row").arg(server.restarts).arg(config.maxRestarts)));
    if (config.concurrency > 0)
        rows.append(prose(QStringLiteral("calls in flight"), QStringLiteral("at most %1").arg(config.concurrency)));
    if (server.state != service::ServerState::Disabled)
        rows.append(circuitFact(server.circuit));
    for (const service::LimitSnapshot& limit : server.limits)
        rows.append(prose(QStringLiteral("limit"), limitWords(limit)));
    return rows;
}

QString diagnosisText(const service::Diagnosis& diagnosis)
{
    QString text = diagnosis.cause;
    for (const QString& part : {diagnosis.remedy, diagnosis.details.join(QLatin1Char('\n'))}) {
        if (!part.isEmpty())
            text += (text.isEmpty() ? QString() : QStringLiteral("\n")) + part;
    }
    return text;
}

ServerOverview::ServerOverview(QWidget* parent) : QWidget(parent)
{
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    auto* scroll = new QScrollArea(this);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->viewport()->setAutoFillBackground(false);
    outer->addWidget(scroll);
    auto* page = new QWidget(scroll);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(metrics::space3, metrics::space3, metrics::space3, metrics::space3);
    column->setSpacing(metrics::space3);
    m_signIn = new Banner(Tone::Neutral, page);
    m_signIn->hide();
    column->addWidget(m_signIn);
    m_banner = new Banner(Tone::Error, page);
    m_banner->hide();
    column->addWidget(m_banner);
    auto* figures = new QHBoxLayout;
    figures->setSpacing(metrics::cardGap);
    m_calls = new KeyFigure(QStringLiteral("Calls, 15 min"), page);
    m_errors = new KeyFigure(QStringLiteral("Errors"), page);
    m_latency = new KeyFigure(QStringLiteral("p95 latency"), page);
    m_flight = new KeyFigure(QStringLiteral("In flight"), page);
    for (KeyFigure* figure : {m_calls, m_errors, m_latency, m_flight})
        figures->addWidget(figure, 1);
    column->addLayout(figures);
    m_facts = new KeyValueTable(page);
    m_facts->setFitToContents(true);
    column->addWidget(m_facts);
    m_era = new EraLine(page);
    column->addWidget(m_era);
    auto* row = new QHBoxLayout;
    m_stderrTitle = new TextLabel(QStringLiteral("Last lines of stderr"), TextLabel::Role::CardTitle, page);
    auto* wire = new LinkButton(QStringLiteral("All on the wire"), page);
    row->addWidget(m_stderrTitle);
    row->addStretch(1);
    row->addWidget(wire);
    column->addLayout(row);
    m_stderr = new CodeView(page);
    m_stderr->setMaximumLines(14);
    column->addWidget(m_stderr);
    column->addStretch(1);
    scroll->setWidget(page);
    page->setAutoFillBackground(false); // which setWidget() switches on; the card shows through
    connect(m_era, &EraLine::checkRequested, this, &ServerOverview::eraCheckRequested);
    connect(wire, &LinkButton::clicked, this, &ServerOverview::wireRequested);
    connect(m_signIn, &Banner::actionTriggered, this, [this](const QString& id) {
        if (id == QLatin1String("open-page"))
            Q_EMIT pageRequested(m_page);
        else if (id == QLatin1String("copy-address"))
            QGuiApplication::clipboard()->setText(m_page.toString(QUrl::FullyEncoded));
        else
            Q_EMIT signInRequested(id == QLatin1String("sign-in"));
    });
    connect(m_banner, &Banner::actionTriggered, this, [this](const QString& id) {
        if (id == QLatin1String("restart"))
            Q_EMIT restartRequested();
        else if (id == QLatin1String("edit"))
            Q_EMIT editRequested();
        else
            Q_EMIT traceRequested(m_trace);
    });
}

void ServerOverview::setServer(const service::ServerSnapshot& server)
{
    showDiagnosis(server);
    m_server = server.config.name;
    const bool called = server.calls > 0;
    m_calls->setFigure(formatCount(std::int64_t(server.calls)));
    m_calls->setSeries(server.callsPerInterval);
    m_errors->setFigure(formatCount(std::int64_t(server.errors)), share(server.errors, server.calls));
    m_errors->setValueTone(server.errors > 0 ? Tone::Error : Tone::Neutral);
    m_latency->setFigure(called ? formatDuration(server.p95Ns) : QStringLiteral("–"));
    m_flight->setFigure(formatCount(server.inFlight), inFlightNote(server));
    if (const QList<KeyValue> facts = serverFacts(server); facts != m_facts->rows())
        m_facts->setRows(facts);
    m_era->setServer(server);
    const QString words = server.lastStderr.join(QLatin1Char('\n'));
    if (words != m_stderr->text())
        m_stderr->setText(words);
    m_stderr->setVisible(!words.isEmpty());
    m_stderrTitle->setVisible(server.config.transport == config::ServerTransport::Stdio);
    m_stderrTitle->setText(words.isEmpty() ? QStringLiteral("Nothing on stderr so far") : QStringLiteral("Last lines of stderr"));
}

void ServerOverview::showSignIn(const service::ServerSnapshot& server)
{
    m_page = server.signInUrl;
    std::optional<SignInBanner> banner = signInBannerOf(server);
    m_signIn->setVisible(banner.has_value());
    if (banner == m_shownSignIn)
        return; // its links may have the focus
    m_shownSignIn = std::move(banner);
    m_signIn->clearLinks();
    if (!m_shownSignIn)
        return;
    m_signIn->setTone(m_shownSignIn->tone);
    m_signIn->setMessage(m_shownSignIn->headline, m_shownSignIn->sentence);
    for (const auto& [id, text] : m_shownSignIn->links)
        m_signIn->addLink(id, text);
}

void ServerOverview::showDiagnosis(const service::ServerSnapshot& server)
{
    const service::Diagnosis diagnosis = server.trouble();
    const QString trace = QString::fromLatin1(server.lifecycleTraceId);
    showSignIn(server);
    m_banner->setVisible(!diagnosis.isEmpty() && !(m_shownSignIn && diagnosis.wantsSignIn));
    const bool same = m_server == server.config.name && m_trace == trace && m_shown.headline == diagnosis.headline &&
                      m_shown.cause == diagnosis.cause && m_shown.remedy == diagnosis.remedy &&
                      m_shown.details == diagnosis.details;
    if (same)
        return; // its links may have the focus
    m_trace = trace;
    m_shown = diagnosis;
    m_banner->setTone(server.state == service::ServerState::Failed ? Tone::Error : Tone::Warning);
    m_banner->setMessage(diagnosis.headline, diagnosisText(diagnosis));
    m_banner->clearLinks();
    m_banner->addLink(QStringLiteral("restart"), QStringLiteral("Restart"));
    m_banner->addLink(QStringLiteral("edit"), QStringLiteral("Edit"));
    if (!trace.isEmpty())
        m_banner->addLink(QStringLiteral("trace"), QStringLiteral("Show the trace of this start"));
}

} // namespace oriel::ui
