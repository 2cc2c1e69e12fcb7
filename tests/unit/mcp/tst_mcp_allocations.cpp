// SPDX-License-Identifier: GPL-3.0-or-later
#include "mcp/rewrite.h"

#include <QTest>

#include <atomic>
#include <cstdlib>

// Counting needs to stand in front of the C library's malloc, which sanitizers do themselves.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ORIEL_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ORIEL_SANITIZED 1
#endif
#if defined(__GLIBC__) && !defined(ORIEL_SANITIZED)
#define ORIEL_COUNTS_ALLOCATIONS 1
#else
#define ORIEL_COUNTS_ALLOCATIONS 0
#endif

namespace {
std::atomic<int> s_allocations{0};
}

#if ORIEL_COUNTS_ALLOCATIONS
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* malloc(std::size_t size)
{
    ++s_allocations;
    return __libc_malloc(size);
}
void* realloc(void* memory, std::size_t size)
{
    ++s_allocations;
    return __libc_realloc(memory, size);
}
}
#endif

using namespace oriel;
using namespace oriel::mcp;

class McpAllocationsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        if (!ORIEL_COUNTS_ALLOCATIONS) {
            QSKIP("allocations are counted with glibc and without sanitizers");
        }
    }

    void aWarmReadAllocatesNothing()
    {
        const QByteArray raw = call();
        json::Document document;
        QVERIFY(readMessage(raw, document));
        const int before = s_allocations;
        bool ok = true;
        for (int i = 0; i < 100; ++i) {
            const auto message = readMessage(raw, document);
            ok = ok && message && message->methodId == MethodId::ToolsCall && message->id() == RequestId(12);
        }
        const int after = s_allocations;
        QVERIFY(ok);
        QCOMPARE(after, before);
    }

    void aRewriteAllocatesOnlyItsResult()
    {
        const QByteArray raw = call();
        json::Document document;
        const auto message = readMessage(raw, document);
        QVERIFY(message);
        const QByteArray parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        const int before = s_allocations;
        const QByteArray out =
            Rewrite(*message).setId(RequestId(99)).setTarget("fetch").setMeta(Field::MetaTraceparent, parent).apply();
        const int after = s_allocations;
        QCOMPARE(after - before, 1);
        QVERIFY(out.contains(parent));
    }

private:
    static QByteArray call()
    {
        const QByteArray text = '"' + QByteArray(900, 'x') + '"';
        return R"({"jsonrpc":"2.0","id":12,"method":"tools/call","params":{"name":"web__fetch","arguments":{"text":)" + text +
               "}}}";
    }
};

QTEST_GUILESS_MAIN(McpAllocationsTest)
#include "tst_mcp_allocations.moc"
