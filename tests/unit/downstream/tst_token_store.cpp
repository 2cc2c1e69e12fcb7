// SPDX-License-Identifier: GPL-3.0-or-later
#include "downstream/token_store.h"

#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

using namespace oriel;
using namespace oriel::downstream;

class TokenStoreTest : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_directory;
    ManualClock m_clock;
    SeededRandom m_random{3};

    [[nodiscard]] QString path() const { return m_directory->filePath(QStringLiteral("tokens.json")); }
    [[nodiscard]] TokenStore store() { return TokenStore(path(), m_clock, m_random); }
    [[nodiscard]] QByteArray fileText() const
    {
        QFile file(path());
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    void write(const QByteArray& text) const
    {
        QFile file(path());
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(text);
    }

private Q_SLOTS:
    void init() { m_directory = std::make_unique<QTemporaryDir>(); }

    void aMissingFileIsAnEmptyStore()
    {
        TokenStore tokens = store();
        QVERIFY(tokens.load());
        QVERIFY(tokens.tokens().isEmpty());
        QVERIFY(!QFile::exists(path()));
    }
    void aTokenIsKnownAgainAfterTheFileWasRead()
    {
        TokenStore first = store();
        const auto text = first.add("laptop", true, false, "work");
        QVERIFY(text);
        QVERIFY(text->startsWith("oriel_"));
        TokenStore second = store();
        QVERIFY(second.load());
        const Token* token = second.verify(*text, Scope::Mcp);
        QVERIFY(token != nullptr);
        QCOMPARE(token->name, QByteArray("laptop"));
        QCOMPARE(token->project, QByteArray("work"));
        QCOMPARE(token->user, QByteArray("laptop"));
        QCOMPARE(token->createdUnixNs, m_clock.unixNs());
    }
    void withoutAProjectATokenIsOfTheDefaultOne()
    {
        TokenStore tokens = store();
        QVERIFY(tokens.add("a", true, false));
        QCOMPARE(tokens.tokens().first().project, QByteArray("default"));
    }
    void aFileWithoutAProjectMeansTheDefaultOne()
    {
        TokenStore writer = store();
        const auto text = writer.add("a", true, false);
        QVERIFY(text);
        write(fileText().replace("\"project\":\"default\",", ""));
        TokenStore tokens = store();
        QVERIFY(tokens.load());
        QCOMPARE(tokens.verify(*text, Scope::Mcp)->project, QByteArray("default"));
    }
    void theTextOfATokenIsNeverWritten()
    {
        TokenStore tokens = store();
        const auto text = tokens.add("a", true, true);
        QVERIFY(text);
        QVERIFY(!fileText().contains(text->mid(6)));
        QVERIFY(!fileText().isEmpty());
    }
    void theFileIsTheOwnersAlone()
    {
        TokenStore tokens = store();
        QVERIFY(tokens.add("a", true, true));
        const auto others = QFileDevice::ReadGroup | QFileDevice::WriteGroup | QFileDevice::ExeGroup | QFileDevice::ReadOther |
                            QFileDevice::WriteOther | QFileDevice::ExeOther;
        QVERIFY(!(QFileInfo(path()).permissions() & others));
    }
    void aTokenHasTheScopesItWasGivenAndNoOther()
    {
        TokenStore tokens = store();
        const QByteArray mcp = tokens.add("mcp", true, false).value_or(QByteArray());
        const QByteArray api = tokens.add("api", false, true).value_or(QByteArray());
        const QByteArray both = tokens.add("both", true, true).value_or(QByteArray());
        QVERIFY(tokens.verify(mcp, Scope::Mcp) && !tokens.verify(mcp, Scope::Api));
        QVERIFY(!tokens.verify(api, Scope::Mcp) && tokens.verify(api, Scope::Api));
        QVERIFY(tokens.verify(both, Scope::Mcp) && tokens.verify(both, Scope::Api));
        QVERIFY(tokens.isKnown(mcp) && tokens.isKnown(api));
    }
    void whatIsNotExactlyATokenIsRefused()
    {
        TokenStore tokens = store();
        const QByteArray text = tokens.add("a", true, true).value_or(QByteArray());
        for (const QByteArray& other : {QByteArray(), text.chopped(1), text + 'x', text.toUpper(), QByteArray("a"),
                                        tokens.tokens().first().hash, tokens.tokens().first().hash.toHex()}) {
            QVERIFY2(tokens.verify(other, Scope::Mcp) == nullptr, other.constData());
            QVERIFY(!tokens.isKnown(other));
        }
    }
    void theLastOfManyTokensIsFoundLikeTheFirst()
    {
        TokenStore tokens = store();
        QList<QByteArray> texts;
        for (int i = 0; i < 20; ++i)
            texts.append(tokens.add("t" + QByteArray::number(i), true, false).value_or(QByteArray()));
        for (int i = 0; i < 20; ++i)
            QCOMPARE(tokens.verify(texts[i], Scope::Mcp)->name, "t" + QByteArray::number(i));
        QCOMPARE(QSet<QByteArray>(texts.begin(), texts.end()).size(), 20);
    }
    void aTokenTellsWhenItWasUsedLast()
    {
        TokenStore tokens = store();
        const QByteArray text = tokens.add("a", true, false).value_or(QByteArray());
        QCOMPARE(tokens.tokens().first().lastUsedUnixNs, 0);
        m_clock.advanceNs(5'000);
        QVERIFY(tokens.verify(text, Scope::Api) == nullptr);
        QCOMPARE(tokens.tokens().first().lastUsedUnixNs, 0);
        QVERIFY(tokens.verify(text, Scope::Mcp));
        QCOMPARE(tokens.tokens().first().lastUsedUnixNs, m_clock.unixNs());
    }
    void aRevokedTokenIsNoMore()
    {
        TokenStore tokens = store();
        const QByteArray first = tokens.add("first", true, false).value_or(QByteArray());
        const QByteArray second = tokens.add("second", true, false).value_or(QByteArray());
        QVERIFY(tokens.revoke("first"));
        QVERIFY(!tokens.verify(first, Scope::Mcp) && tokens.verify(second, Scope::Mcp));
        QCOMPARE(tokens.revoke("first").error().code, ErrorCode::NotFound);
        TokenStore again = store();
        QVERIFY(again.load());
        QVERIFY(!again.isKnown(first) && again.isKnown(second));
    }
    void aNameIsTakenOnce()
    {
        TokenStore tokens = store();
        const QByteArray first = tokens.add("a", true, false).value_or(QByteArray());
        QCOMPARE(tokens.add("a", true, true).error().code, ErrorCode::AlreadyExists);
        QCOMPARE(tokens.tokens().size(), 1);
        QVERIFY(tokens.verify(first, Scope::Mcp));
        QVERIFY(tokens.revoke("a") && tokens.add("a", true, true));
    }
    void badNamesAndNoScopeAreRefused()
    {
        TokenStore tokens = store();
        for (const QByteArray& name :
             {QByteArray(), QByteArray("a b"), QByteArray("a/b"), QByteArray("ä"), QByteArray("a\nb"), QByteArray(65, 'a')})
            QCOMPARE(tokens.add(name, true, false).error().code, ErrorCode::InvalidArgument);
        QCOMPARE(tokens.add("a", false, false).error().code, ErrorCode::InvalidArgument);
        QVERIFY(tokens.tokens().isEmpty() && !QFile::exists(path()));
        QVERIFY(tokens.add(QByteArray(64, 'a'), true, false) && tokens.add("A-z_0.9", true, false));
    }
    void aBrokenFileIsAnErrorAndStaysAsItIs_data()
    {
        QTest::addColumn<QByteArray>("text");
        const QByteArray hash(64, 'a');
        const QByteArray entry = "{\"name\":\"a\",\"sha256\":\"" + hash + "\",\"mcp\":true}";
        QTest::newRow("not JSON") << QByteArray("{\"tokens\":[");
        QTest::newRow("empty") << QByteArray();
        QTest::newRow("no list") << QByteArray("{}");
        QTest::newRow("an array") << QByteArray("[]");
        QTest::newRow("no name") << "{\"tokens\":[" + QByteArray(entry).replace("\"name\":\"a\",", "") + "]}";
        QTest::newRow("short hash") << "{\"tokens\":[" + QByteArray(entry).replace("aaaa\"", "\"") + "]}";
        QTest::newRow("one name twice") << "{\"tokens\":[" + entry + ',' + entry + "]}";
        QTest::newRow("a second key") << "{\"tokens\":[],\"tokens\":[" + entry + "]}";
        QTest::newRow("too large") << "{\"tokens\":[" + QByteArray(1024 * 1024 + 1, ' ') + "]}";
    }
    void aBrokenFileIsAnErrorAndStaysAsItIs()
    {
        QFETCH(QByteArray, text);
        write(text);
        TokenStore tokens = store();
        const Status loaded = tokens.load();
        QVERIFY(!loaded);
        QCOMPARE(loaded.error().context, path());
        QVERIFY(tokens.tokens().isEmpty());
        QVERIFY(!tokens.add("b", true, false));
        QVERIFY(tokens.tokens().isEmpty());
        QVERIFY(!tokens.revoke("a"));
        QCOMPARE(fileText(), text);
    }
    void aMendedFileIsReadAgain()
    {
        write("{");
        TokenStore tokens = store();
        QVERIFY(!tokens.load());
        write("{\"tokens\":[]}");
        QVERIFY(tokens.load());
        QVERIFY(tokens.add("a", true, false));
    }
    void aTokenThatCannotBeWrittenIsNotThere()
    {
        TokenStore tokens(m_directory->filePath(QStringLiteral("no/such/folder/tokens.json")), m_clock, m_random);
        QCOMPARE(tokens.add("a", true, false).error().code, ErrorCode::Io);
        QVERIFY(tokens.tokens().isEmpty());
    }
    void aTransientTokenWorksAndIsNeverWritten()
    {
        TokenStore tokens = store();
        const QByteArray text = tokens.addTransient("window");
        QVERIFY(tokens.verify(text, Scope::Mcp) && !tokens.verify(text, Scope::Api));
        QVERIFY(!QFile::exists(path()));
        QVERIFY(tokens.add("kept", true, false));
        QVERIFY(!fileText().contains("window"));
    }
    void twoTransientTokensOfOneNameBothWork()
    {
        TokenStore tokens = store();
        const QByteArray first = tokens.addTransient("window");
        const QByteArray second = tokens.addTransient("window");
        QVERIFY(first != second);
        QVERIFY(tokens.verify(first, Scope::Mcp) && tokens.verify(second, Scope::Mcp));
    }
};

QTEST_GUILESS_MAIN(TokenStoreTest)
#include "tst_token_store.moc"
