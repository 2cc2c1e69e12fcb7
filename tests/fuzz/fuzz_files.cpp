// SPDX-License-Identifier: GPL-3.0-or-later
// Files of ours that somebody else may have written: verdicts about eras and gateway tokens. Any bytes load or are refused, and
// what was loaded is there again after the next writing. The first byte says which file it is.
#include "base/clock.h"
#include "downstream/token_store.h"
#include "fuzz_support.h"
#include "upstream/era_cache.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>

using namespace oriel;
using fuzz::require;

namespace {

/// In memory where the system has such a place: files of ours are synced with each writing.
const QTemporaryDir& folder()
{
    static const QString memory = QStringLiteral("/dev/shm");
    static const QTemporaryDir made(QDir(memory).exists() ? memory + QStringLiteral("/oriel-fuzz-XXXXXX")
                                                          : QDir::tempPath() + QStringLiteral("/oriel-fuzz-XXXXXX"));
    return made;
}

QString fileOf(const char* name, QByteArrayView content)
{
    const QString path = folder().filePath(QString::fromLatin1(name));
    QFile file(path);
    require(file.open(QIODevice::WriteOnly) && file.write(content.data(), content.size()) == content.size());
    return path;
}

void checkEras(QByteArrayView content)
{
    const QString path = fileOf("eras.json", content);
    upstream::FileEraCache cache(path, 4);
    const upstream::EraVerdict verdict{true, "s 1", QStringLiteral("a probe"), 1'000'000'000};
    cache.store("key", verdict);
    require(cache.lastWrite().has_value());
    const upstream::FileEraCache again(path, 4);
    for (const QByteArray key : {"key", "a", "b"}) {
        require(again.find(key) == cache.find(key));
    }
}

void checkTokens(QByteArrayView content)
{
    const QString path = fileOf("tokens.json", content);
    const ManualClock clock;
    SeededRandom random(1);
    downstream::TokenStore store(path, clock, random);
    const Status loaded = store.load();
    const Result<QByteArray> added = store.add("fuzzed", true, false);
    if (!loaded) {
        QFile untouched(path);
        require(!added && store.tokens().isEmpty());
        require(untouched.open(QIODevice::ReadOnly) && untouched.readAll() == content);
        return;
    }
    downstream::TokenStore again(path, clock, random);
    if (!added) {
        return; // the name was taken
    }
    require(again.load().has_value() && again.tokens().size() == store.tokens().size());
    require(again.verify(*added, downstream::Scope::Mcp) != nullptr && again.verify(*added, downstream::Scope::Api) == nullptr);
    require(again.verify(*added + 'x', downstream::Scope::Mcp) == nullptr);
    for (qsizetype i = 0; i < store.tokens().size(); ++i) {
        require(store.tokens()[i].hash == again.tokens()[i].hash && store.tokens()[i].user == again.tokens()[i].user);
    }
    require(again.revoke("fuzzed").has_value() && again.verify(*added, downstream::Scope::Mcp) == nullptr);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    if (size < 1) {
        return 0;
    }
    const QByteArrayView content(reinterpret_cast<const char*>(data) + 1, static_cast<qsizetype>(size - 1));
    if (data[0] & 1U) {
        checkTokens(content);
    } else {
        checkEras(content);
    }
    return 0;
}
