// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/method_handling.h"

#include <QDir>
#include <QFile>
#include <QTest>

using namespace oriel;
using namespace oriel::gateway;

namespace {

constexpr const char* kBegin = "<!-- from the table of methods -->\n";
constexpr const char* kEnd = "<!-- end of the table of methods -->\n";

/// What docs/mcp.md has between its markers, after it was written anew where the environment asks for it.
QByteArray committedTables(const QByteArray& generated)
{
    QFile file(QDir(QStringLiteral(ORIEL_SOURCE_DIR)).filePath(QStringLiteral("docs/mcp.md")));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    QByteArray page = file.readAll();
    file.close();
    const qsizetype begin = page.indexOf(kBegin) + qsizetype(qstrlen(kBegin));
    const qsizetype end = page.indexOf(kEnd);
    if (begin < qsizetype(qstrlen(kBegin)) || end < begin)
        return {};
    if (qEnvironmentVariable("ORIEL_UPDATE") == QLatin1String("1") && file.open(QIODevice::WriteOnly)) {
        page.replace(begin, end - begin, generated);
        file.write(page);
        return generated;
    }
    return page.mid(begin, end - begin);
}

} // namespace

class MethodHandlingTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theDocumentedTablesAreThoseOfTheCode()
    {
        const QByteArray tables = methodReference();
        QVERIFY2(committedTables(tables) == tables,
                 "docs/mcp.md differs from what the code makes; run this test with ORIEL_UPDATE=1 and commit the file");
    }

    void everyMethodSaysWhatIsDoneWithIt()
    {
        for (const MethodHandling& row : methodHandlings()) {
            for (const char* words : {row.legacyClient, row.modernClient, row.legacyServer, row.modernServer})
                QVERIFY2(qstrlen(words) > 0, mcp::methodName(row.id).toByteArray().constData());
        }
    }

    void theRouterTakesExactlyTheRequestsThatClientsMaySend()
    {
        for (const mcp::Method& row : mcp::allMethods()) {
            bool isClientRequest = false;
            for (const mcp::Revision revision : mcp::AllRevisions)
                isClientRequest = isClientRequest || (row.sort == mcp::MessageSort::Request && row.clientMaySend(revision));
            QVERIFY2((handlingOf(row.id) != Handling::Refused) == isClientRequest, row.name.toByteArray().constData());
        }
    }

    void listsAreThoseThatArePagedAndAboutNoTarget()
    {
        for (const mcp::Method& row : mcp::allMethods()) {
            if (handlingOf(row.id) == Handling::Listed)
                QVERIFY2(!row.listKey.isEmpty() && row.cacheable, row.name.toByteArray().constData());
            if (handlingOf(row.id) == Handling::Task)
                QVERIFY2(row.target == mcp::Target::TaskId || !row.listKey.isEmpty(), row.name.toByteArray().constData());
            if (handlingOf(row.id) == Handling::Routed)
                QVERIFY2(row.target != mcp::Target::None, row.name.toByteArray().constData());
        }
    }
};

QTEST_GUILESS_MAIN(MethodHandlingTest)
#include "tst_method_handling.moc"
