// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/gui_test.h"
#include "ui/servers/server_overview.h"
#include "ui/servers/server_text.h"
#include "ui/servers/sign_in_text.h"
#include "ui/theme/theme_source.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/link_button.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QSignalSpy>

using namespace oriel;
using namespace oriel::ui;
using service::ServerState;
using service::SignInState;

namespace {

service::ServerSnapshot remote(SignInState signIn, ServerState state = ServerState::Failed)
{
    service::ServerSnapshot server;
    server.config.name = QStringLiteral("tracker");
    server.config.transport = config::ServerTransport::StreamableHttp;
    server.canSignIn = true;
    server.signIn = signIn;
    server.state = state;
    if (state == ServerState::Failed) {
        server.diagnosis.headline = QStringLiteral("tracker did not start: sign-in needed");
        server.diagnosis.wantsSignIn = true;
    }
    if (signIn == SignInState::Awaited)
        server.signInUrl = QUrl(QStringLiteral("https://login.example/authorize?state=s"));
    return server;
}

LinkButton* linkOf(QWidget& root, const QString& text)
{
    for (LinkButton* each : root.findChildren<LinkButton*>()) {
        if (each->text() == text)
            return each;
    }
    return nullptr;
}

} // namespace

class TestSignInText : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_appearance = std::make_unique<Appearance>(nullptr, Appearance::Preference::Dark); }
    void init() { test::failOnUnexpectedWarnings(); }

    void eachStateHasItsCommand()
    {
        QCOMPARE(signInCommandOf(remote(SignInState::Unknown)), SignInCommand::None);
        QCOMPARE(signInCommandOf(remote(SignInState::Needed)), SignInCommand::SignIn);
        QCOMPARE(signInCommandOf(remote(SignInState::Running)), SignInCommand::Cancel);
        QCOMPARE(signInCommandOf(remote(SignInState::Awaited)), SignInCommand::Cancel);
        QCOMPARE(signInCommandOf(remote(SignInState::SignedIn, ServerState::Ready)), SignInCommand::SignOut);
        service::ServerSnapshot server = remote(SignInState::Needed);
        server.config.enabled = false;
        QCOMPARE(signInCommandOf(server), SignInCommand::None);
        server.config.enabled = true;
        server.canSignIn = false;
        QCOMPARE(signInCommandOf(server), SignInCommand::None);
    }

    void aSignInThatIsNeededIsAWarningAndNoFailure()
    {
        QCOMPARE(lampOf(remote(SignInState::Needed)), Lamp::Warning);
        QCOMPARE(lampOf(remote(SignInState::Awaited)), Lamp::Pending);
        QCOMPARE(lampOf(remote(SignInState::SignedIn, ServerState::Ready)), Lamp::Good);
        service::ServerSnapshot broken = remote(SignInState::Needed);
        broken.diagnosis.wantsSignIn = false;
        QCOMPARE(lampOf(broken), Lamp::Error);
    }

    void theBannerSaysWhatToDo()
    {
        QVERIFY(!signInBannerOf(remote(SignInState::SignedIn)));
        service::ServerSnapshot needed = remote(SignInState::Needed);
        needed.signInText = QStringLiteral("the server wants a token, and the vault holds none that it takes");
        const auto banner = signInBannerOf(needed);
        QVERIFY(banner);
        QCOMPARE(banner->headline, QStringLiteral("tracker wants you to sign in"));
        QVERIFY(banner->sentence.startsWith(QStringLiteral("The server wants a token, and the vault holds none that it takes.")));
        QCOMPARE(signInBannerOf(remote(SignInState::Needed, ServerState::Ready))->headline,
                 QStringLiteral("tracker wants more access"));
        QVERIFY(signInBannerOf(remote(SignInState::Awaited))->sentence.contains(QStringLiteral("login.example")));
    }

    void thePageLeadsThroughTheSignIn()
    {
        ServerOverview page;
        page.resize(800, 600);
        const QSignalSpy asked(&page, &ServerOverview::signInRequested);
        const QSignalSpy opened(&page, &ServerOverview::pageRequested);
        page.setServer(remote(SignInState::Needed));
        QVERIFY(page.signInBanner()->isVisibleTo(&page));
        QVERIFY2(!page.banner()->isVisibleTo(&page), "it would say the same again");
        linkOf(*page.signInBanner(), QStringLiteral("Sign in …"))->click();
        QCOMPARE(asked.size(), 1);
        QVERIFY(asked.first().first().toBool());

        page.setServer(remote(SignInState::Awaited));
        linkOf(*page.signInBanner(), QStringLiteral("Open the page"))->click();
        QCOMPARE(opened.first().first().toUrl(), QUrl(QStringLiteral("https://login.example/authorize?state=s")));
        linkOf(*page.signInBanner(), QStringLiteral("Copy its address"))->click();
        QCOMPARE(QGuiApplication::clipboard()->text(), QStringLiteral("https://login.example/authorize?state=s"));
        linkOf(*page.signInBanner(), QStringLiteral("Cancel"))->click();
        QCOMPARE(asked.size(), 2);
        QVERIFY(!asked.last().first().toBool());

        page.setServer(remote(SignInState::SignedIn, ServerState::Ready));
        QVERIFY(!page.signInBanner()->isVisibleTo(&page));
    }

private:
    std::unique_ptr<Appearance> m_appearance;
};

QTEST_MAIN(TestSignInText)
#include "tst_sign_in_text.moc"
