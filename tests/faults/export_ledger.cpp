// SPDX-License-Identifier: GPL-3.0-or-later
// The ledger of "nothing is lost on export". An oracle numbers records and gives them to a real pipeline with a real spool in a
// process of its own. Only records that the process acknowledged are obligations. Then things go wrong, by a schedule that a seed
// decides: kill -9, a backend that is away, hangs, closes, lies, refuses; a full disk; segments that cannot be read for a while;
// a clock that jumps; destinations that are removed and come back. A quiet phase follows, after which every obligation must have
// arrived, whole, or be counted as lost, and new records must flow.
//
//   export_ledger [--schedules N] [--seed S]     repeat one schedule with --schedules 1 --seed <its seed>
#include "../unit/otlp/scripted_backend.h"
#include "ledger_child.h"
#include "otlp/codec/decode.h"
#include "otlp/codec/response.h"
#include "otlp/spool/spool_cursor.h"

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QDir>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QMap>
#include <QProcess>
#include <QSet>
#include <QTemporaryDir>
#include <QTimer>

#include <cstdio>
#include <numeric>
#include <random>
#include <unistd.h>

using namespace oriel;
using namespace oriel::otlp;

namespace {

constexpr int kPatienceMs = 60'000; ///< a schedule that takes this long hangs

using Numbers = QSet<quint64>;

enum class Mode {
    Ok,
    Accepted,
    Partial,
    Throttled,
    Patience,
    Unavailable,
    Broken,
    TooLarge,
    TooLargeItem,
    Poison,
    Hang,
    Close,
    TruncatedGzip,
    Down
};
constexpr int kModes = 14;

quint64 numberIn(const telemetry::Attributes& attributes, bool& whole)
{
    const auto* number = telemetry::findAttribute(attributes, ledger::kNumber);
    const auto* payload = telemetry::findAttribute(attributes, ledger::kPayload);
    const quint64 value = number != nullptr ? number->text()->toULongLong() : 0;
    whole = whole && payload != nullptr && *payload->text() == ledger::payloadOf(value);
    return value;
}

/// A backend of the oracle: does to each request what its mode says, and writes down what it took.
class Backend {
public:
    explicit Backend(quint64 seed)
        : m_random(seed),
          m_server([this](int, const ReceivedRequest& request) { return answer(request); })
    {}
    [[nodiscard]] quint16 port() const { return m_server.port(); }
    void set(Mode mode)
    {
        m_mode = mode;
        if (mode == Mode::Down)
            m_server.goDown();
        else if (!m_server.comeBack())
            failure = QStringLiteral("the backend cannot listen again");
        if (mode != Mode::Hang)
            m_server.answerOpen(ScriptedBackend::answer("503 Service Unavailable"));
    }
    [[nodiscard]] qsizetype requests() const { return m_server.requests().size(); }

    Numbers taken;
    Numbers rejected; ///< in partial successes
    quint64 duplicates = 0;
    QString failure;

private:
    QByteArray answer(const ReceivedRequest& request)
    {
        const bool json = request.headers.value("content-type") == "application/json";
        const Encoding encoding = json ? Encoding::Json : Encoding::Protobuf;
        const QByteArray type = contentType(encoding);
        QList<quint64> numbers;
        bool whole = true;
        const auto add = [&](const auto& items) {
            for (const auto& item : items)
                numbers.append(numberIn(item.attributes, whole));
        };
        if (request.path == "/v1/traces") {
            if (const auto decoded = decodeTraces(request.body, encoding))
                add(decoded->spans);
        } else if (const auto decoded = decodeLogs(request.body, encoding)) {
            add(decoded->logs);
        }
        if (!whole || numbers.isEmpty())
            failure = QStringLiteral("a request arrived that is not what was recorded");
        switch (m_mode) {
        case Mode::Throttled:
            return ScriptedBackend::answer("429 Too Many Requests", {}, "Retry-After: 0\r\n");
        case Mode::Patience: // a date in the past, and one that is far away
            return ScriptedBackend::answer("503 Service Unavailable", {},
                                           m_random() % 2 == 0 ? "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                                               : "Retry-After: Fri, 31 Dec 2199 23:59:59 GMT\r\n");
        case Mode::Unavailable:
            return ScriptedBackend::answer("503 Service Unavailable");
        case Mode::Broken:
            return ScriptedBackend::answer("500 Internal Server Error");
        case Mode::TooLarge:
            if (request.body.size() > 2'500 && numbers.size() > 1)
                return ScriptedBackend::answer("413 Content Too Large");
            break;
        case Mode::TooLargeItem:
            if (request.body.size() > 700)
                return ScriptedBackend::answer("413 Content Too Large");
            break;
        case Mode::Poison:
            if (std::any_of(numbers.begin(), numbers.end(), [](quint64 number) { return number % 17 == 3; }))
                return ScriptedBackend::answer("400 Bad Request", "poison", {}, "text/plain");
            break;
        case Mode::Hang:
            return {};
        case Mode::Close:
            return ScriptedBackend::thenClose(m_random() % 2 == 0 ? QByteArray() : QByteArray("HTTP/1.1 200 O"));
        case Mode::Partial: {
            const auto refused = static_cast<qsizetype>(m_random() % static_cast<quint64>(numbers.size() + 1));
            take(numbers.first(numbers.size() - refused));
            for (const quint64 number : numbers.last(refused))
                rejected.insert(number);
            const Signal signal = request.path == "/v1/traces" ? Signal::Traces : Signal::Logs;
            return ScriptedBackend::answer("200 OK", encodeExportResponse(signal, {refused, QStringLiteral("no room")}, encoding),
                                           {}, type);
        }
        case Mode::TruncatedGzip: // a backend that says 200 has the data
            take(numbers);
            return ScriptedBackend::answer("200 OK", QByteArray::fromHex("1f8b0800000000000003ab56"),
                                           "Content-Encoding: gzip\r\n", type);
        case Mode::Accepted:
            take(numbers);
            return ScriptedBackend::answer("202 Accepted", {}, {}, type);
        case Mode::Ok:
        case Mode::Down:
            break;
        }
        take(numbers);
        return ScriptedBackend::answer("200 OK", json ? "{}" : "", {}, type);
    }
    void take(const QList<quint64>& numbers)
    {
        for (const quint64 number : numbers) {
            duplicates += taken.contains(number) ? 1 : 0;
            taken.insert(number);
        }
    }

    std::mt19937_64 m_random; ///< its own: when requests come must not change the schedule
    Mode m_mode = Mode::Ok;
    ScriptedBackend m_server;
};

struct Told {
    quint64 queued = 0;
    quint64 sent = 0;
    std::array<quint64, kLossCount> lost{};
    [[nodiscard]] quint64 of(Loss loss) const { return lost[static_cast<std::size_t>(loss)]; }
    [[nodiscard]] quint64 sum() const { return std::accumulate(lost.begin(), lost.end(), quint64(0)); }
};

/// The process under test.
class Child {
public:
    bool start(const QString& directory, quint64 seed)
    {
        m_process = std::make_unique<QProcess>();
        m_process->setProcessChannelMode(QProcess::ForwardedErrorChannel);
        m_isReady = false;
        QObject::connect(m_process.get(), &QProcess::readyReadStandardOutput, m_process.get(), [this] { read(); });
        m_process->start(QCoreApplication::applicationFilePath(), {QStringLiteral("--child"), directory, QString::number(seed)});
        return m_process->waitForStarted();
    }
    void say(const QByteArray& line) { m_process->write(line + '\n'); }
    /// Lines that the dead process still wrote count: they were promises.
    void kill()
    {
        m_process->kill();
        m_process->waitForFinished();
        read();
    }
    bool quit()
    {
        say("quit");
        return m_process->waitForFinished(kPatienceMs) && m_process->exitStatus() == QProcess::NormalExit &&
               m_process->exitCode() == 0;
    }
    [[nodiscard]] bool isRunning() const { return m_process && m_process->state() == QProcess::Running; }
    [[nodiscard]] bool isReady() const { return m_isReady; }
    quint64 answers = 0; ///< to "status"
    bool isUnread = false;

    Numbers acknowledged;
    QMap<QByteArray, Told> told;

private:
    void read()
    {
        while (m_process->canReadLine()) {
            const QList<QByteArray> words = m_process->readLine().trimmed().split(' ');
            if (words[0] == "ready") {
                m_isReady = true;
            } else if (words[0] == "ack") {
                for (const QByteArray& word : words.mid(1))
                    acknowledged.insert(word.toULongLong());
            } else if (words[0] == "status") {
                Told& one = told[words.value(1)];
                one.queued = words.value(2).toULongLong();
                one.sent = words.value(3).toULongLong();
                for (std::size_t i = 0; i < kLossCount; ++i)
                    one.lost[i] = words.value(4 + static_cast<qsizetype>(i)).toULongLong();
            } else if (words[0] == "status.") {
                ++answers;
                isUnread = words.value(1) == "unread";
            }
        }
    }
    std::unique_ptr<QProcess> m_process;
    bool m_isReady = false;
};

struct Destination {
    QByteArray name;
    std::unique_ptr<Backend> backend;
    bool configured = true;
    bool json = false;
    bool paused = false;
    Numbers meant; ///< recorded while it was configured
};

/// One schedule. Steps return false when something did not come about; `failure` says what.
class Schedule {
public:
    explicit Schedule(quint64 seed) : m_random(seed)
    {
        for (const char* name : {"alpha", "beta"}) {
            Destination& one = m_destinations.emplace_back();
            one.name = name;
            one.backend = std::make_unique<Backend>(seed + m_destinations.size());
        }
    }

    bool run()
    {
        m_destinations[1].configured = chance(70);
        if (chance(25))
            m_destinations[0].backend->set(Mode::Down); // away at the start
        if (!startChild())
            return false;
        const int steps = 6 + static_cast<int>(m_random() % 10);
        for (int i = 0; i < steps; ++i) {
            if (!step())
                return false;
        }
        return quietPhase() && balance();
    }

    QString failure;
    QByteArray log; ///< what was done, for a failure's report
    quint64 obligations = 0;
    quint64 lostItems = 0;
    quint64 kills = 0;
    quint64 removals = 0;
    quint64 hidings = 0;
    quint64 duplicates = 0;

private:
    bool chance(int percent) { return static_cast<int>(m_random() % 100) < percent; }
    bool fail(const QString& why)
    {
        failure = why;
        return false;
    }
    template <class Predicate> bool waitFor(const char* what, Predicate predicate)
    {
        const QDeadlineTimer deadline(kPatienceMs);
        QTimer tick; // a lost wake-up must not hang the test
        tick.start(20);
        while (!predicate()) {
            for (const Destination& one : m_destinations) {
                if (!one.backend->failure.isEmpty())
                    return fail(one.backend->failure);
            }
            if (deadline.hasExpired())
                return fail(QStringLiteral("waited in vain: %1").arg(QLatin1StringView(what)));
            if (!m_child.isRunning())
                return fail(QStringLiteral("the process ended while waiting: %1").arg(QLatin1StringView(what)));
            QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
        }
        return true;
    }
    void say(const QByteArray& line)
    {
        log += line + '\n';
        m_child.say(line);
    }

    bool startChild()
    {
        if (!m_child.start(m_directory.filePath(QStringLiteral("spool")), m_random()))
            return fail(QStringLiteral("the process does not start"));
        if (!waitFor("ready", [this] { return m_child.isReady(); }))
            return false;
        configure();
        return true;
    }

    void configure()
    {
        QByteArray line = "destinations";
        for (const Destination& one : m_destinations) {
            if (one.configured)
                line += ' ' + one.name + '=' + QByteArray::number(one.backend->port()) + (one.json ? ",json" : "") +
                        (one.paused ? ",paused" : "");
        }
        say(line);
    }

    void put(quint64 count)
    {
        say("put " + QByteArray::number(m_next) + ' ' + QByteArray::number(count));
        for (quint64 number = m_next; number < m_next + count; ++number) {
            for (Destination& one : m_destinations) {
                if (one.configured)
                    one.meant.insert(number);
            }
        }
        m_next += count;
    }

    bool killAndRestart()
    {
        log += "kill\n";
        ++kills;
        m_child.kill();
        // The bound on file sizes went with the process.
        m_diskWasFull = m_diskWasFull || m_limited;
        m_limited = false;
        return startChild();
    }

    bool step()
    {
        const auto what = m_random() % 100;
        if (what < 40) {
            put(1 + m_random() % (chance(15) ? 600 : 40));
            // Now and then until it is on the disk, so that there are promises; else the next trouble comes in the middle.
            if (chance(60) && !m_limited && anyConfigured())
                return waitFor("acknowledged", [this] { return m_child.acknowledged.contains(m_next - 1); });
        } else if (what < 70) {
            Destination& one = m_destinations[m_random() % m_destinations.size()];
            const auto mode = static_cast<Mode>(m_random() % kModes);
            log += one.name + " behaves as " + QByteArray::number(static_cast<int>(mode)) + '\n';
            one.backend->set(mode);
            if (chance(40) && one.configured && !one.paused && mode != Mode::Down) {
                say("resume");
                put(2);
                const qsizetype before = one.backend->requests();
                if (!m_limited && m_hidden.isEmpty())
                    return waitFor("a request", [&] { return one.backend->requests() > before; });
            }
        } else if (what < 80) {
            return killAndRestart();
        } else if (what < 88) {
            change();
        } else if (what < 91) {
            say("wall " + QByteArray::number(chance(50) ? -3'600 : 24 * 3'600));
        } else if (what < 96) {
            hideOrShowSegment();
        } else if (m_limited) {
            m_limited = false;
            say("limit 0");
        } else {
            m_limited = m_diskWasFull = true;
            say("limit " + QByteArray::number(8'192 + static_cast<int>(m_random() % 30'000)));
        }
        return true;
    }

    /// A segment, also the one that is being written, cannot be opened until it is shown again.
    void hideOrShowSegment()
    {
        if (!m_hidden.isEmpty())
            return showSegment();
        const QDir spool(m_directory.filePath(QStringLiteral("spool")));
        const QStringList segments = spool.entryList({QStringLiteral("spool-*.seg")}, QDir::Files, QDir::Name);
        if (segments.isEmpty())
            return;
        const QString& chosen = segments[static_cast<qsizetype>(m_random() % static_cast<quint64>(segments.size()))];
        m_hidden = spool.filePath(chosen);
        log += "hide " + chosen.toUtf8() + '\n';
        hidings += QFile::setPermissions(m_hidden, {}) ? 1 : 0;
    }
    void showSegment()
    {
        if (m_hidden.isEmpty())
            return;
        log += "show\n";
        QFile::setPermissions(m_hidden, QFileDevice::ReadOwner | QFileDevice::WriteOwner);
        m_hidden.clear();
    }

    [[nodiscard]] bool anyConfigured() const
    {
        return std::any_of(m_destinations.begin(), m_destinations.end(), [](const auto& one) { return one.configured; });
    }

    /// Destinations are changed while everything goes on.
    void change()
    {
        Destination& one = m_destinations[m_random() % m_destinations.size()];
        if (chance(40)) {
            one.json = !one.json;
        } else if (chance(40)) {
            one.paused = !one.paused;
        } else {
            one.configured = !one.configured; // what waits is owed when it comes back
            removals += one.configured ? 0 : 1;
        }
        configure();
    }

    bool quietPhase()
    {
        log += "quiet\n";
        if (m_limited)
            say("limit 0");
        m_limited = false;
        showSegment();
        for (Destination& one : m_destinations) {
            one.backend->set(Mode::Ok);
            one.paused = false;
            one.configured = true;
        }
        configure();
        put(4);
        const quint64 fresh = m_next - 1;
        // A status counts when it was asked for after the last record had arrived: an older one knows nothing of it.
        bool arrivedBefore = false;
        return waitFor("everything is delivered", [&] {
            if (m_child.answers != m_asked)
                return false;
            const auto isEmpty = [this](const Destination& one) { return m_child.told[one.name].queued == 0; };
            if (arrivedBefore && !m_child.isUnread && std::all_of(m_destinations.begin(), m_destinations.end(), isEmpty))
                return true;
            arrivedBefore = std::all_of(m_destinations.begin(), m_destinations.end(),
                                        [&](const Destination& one) { return one.backend->taken.contains(fresh); });
            ++m_asked;
            m_child.say("resume");
            m_child.say("status");
            return false;
        });
    }

    /// Numbers that the dead letters of a destination hold.
    Numbers deadLetters(const QByteArray& name) const
    {
        Numbers numbers;
        for (int i = 0; i < 2; ++i) {
            QFile file(m_directory.filePath(QStringLiteral("spool/dead-letter-%1.jsonl").arg(i)));
            if (!file.open(QIODevice::ReadOnly))
                continue;
            while (!file.atEnd()) {
                const QByteArray line = file.readLine();
                if (!line.contains("\"destination\":\"" + name + '"'))
                    continue;
                const QByteArray key = QByteArray("\"key\":\"") + ledger::kNumber + "\",\"value\":{\"stringValue\":\"";
                for (qsizetype at = line.indexOf(key); at >= 0; at = line.indexOf(key, at + 1))
                    numbers.insert(line.mid(at + key.size(), line.indexOf('"', at + key.size()) - at - key.size()).toULongLong());
            }
        }
        return numbers;
    }

    bool balance()
    {
        for (Destination& one : m_destinations) {
            const Told& told = m_child.told[one.name];
            const Backend& backend = *one.backend;
            if (!backend.failure.isEmpty())
                return fail(backend.failure);
            const Numbers letters = deadLetters(one.name);
            const Numbers owed = Numbers(one.meant).intersect(m_child.acknowledged);
            const Numbers missing = Numbers(owed).subtract(backend.taken);
            const Numbers unexplained = Numbers(missing).subtract(backend.rejected).subtract(letters);
            const auto describe = [&](const char* what) {
                return QStringLiteral("%1: %2 (owed %3, taken %4, missing %5, unexplained %6, sent %7, rejected %8, refused %9, "
                                      "full %10, other %11, letters %12)")
                    .arg(QLatin1StringView(one.name), QLatin1StringView(what))
                    .arg(owed.size())
                    .arg(backend.taken.size())
                    .arg(missing.size())
                    .arg(unexplained.size())
                    .arg(told.sent)
                    .arg(told.of(Loss::Rejected))
                    .arg(told.of(Loss::Refused))
                    .arg(told.of(Loss::Full))
                    .arg(told.sum() - told.of(Loss::Rejected) - told.of(Loss::Refused) - told.of(Loss::Full))
                    .arg(letters.size());
            };
            if (told.queued != 0)
                return fail(describe("something is queued at the end"));
            // On a full disk there may be no room for a copy of what was refused.
            const quint64 excused = m_diskWasFull ? told.of(Loss::Refused) + told.of(Loss::Full) : 0;
            if (static_cast<quint64>(unexplained.size()) > excused)
                return fail(describe("acknowledged records are lost and nobody says so"));
            if (told.of(Loss::Damaged) != 0 || told.of(Loss::Expired) != 0 || told.of(Loss::Cleared) != 0)
                return fail(describe("losses are counted that did not happen"));
            if (told.of(Loss::Full) != 0 && !m_diskWasFull)
                return fail(describe("something was pushed out though there was room"));
            // Every record was answered for exactly once in the books, however often it was sent.
            const Numbers seen = Numbers(backend.taken).unite(backend.rejected).unite(letters).intersect(one.meant).unite(owed);
            const quint64 booked = told.sent + told.sum();
            if (!m_diskWasFull && booked < static_cast<quint64>(seen.size()))
                return fail(describe("the books hold fewer records than there were"));
            if (booked > static_cast<quint64>(one.meant.size()))
                return fail(describe("the books hold more records than there were"));
            if (!m_diskWasFull && kills == 0 && booked != static_cast<quint64>(one.meant.size()))
                return fail(describe("the books do not balance"));
            obligations += static_cast<quint64>(owed.size());
            lostItems += told.sum();
            duplicates += backend.duplicates;
        }
        if (!m_child.quit())
            return fail(QStringLiteral("the process does not end well"));
        return true;
    }

    std::mt19937_64 m_random;
    QTemporaryDir m_directory{QDir(QStringLiteral("/dev/shm")).exists()
                                  ? QStringLiteral("/dev/shm/oriel-ledger-XXXXXX")
                                  : QDir::tempPath() + QStringLiteral("/oriel-ledger-XXXXXX")};
    std::vector<Destination> m_destinations;
    Child m_child;
    quint64 m_next = 1;
    quint64 m_asked = 0;
    bool m_limited = false;
    bool m_diskWasFull = false;
    QString m_hidden; ///< the segment that cannot be read just now
};

} // namespace

int main(int argc, char** argv)
{
    const QCoreApplication application(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    // Permissions count for nothing with root.
    constexpr uid_t kNobody = 65'534;
    if (::geteuid() == 0 && ::setuid(kNobody) != 0)
        std::printf("permissions do not count here: every segment can be read\n");
    if (arguments.value(1) == QLatin1StringView("--child"))
        return ledger::runChild(arguments.value(2), arguments.value(3).toULongLong());
    const auto valueOf = [&arguments](const char* name, quint64 fallback) {
        const qsizetype at = arguments.indexOf(QLatin1StringView(name));
        return at >= 0 ? arguments.value(at + 1).toULongLong() : fallback;
    };
    const quint64 schedules = valueOf("--schedules", 200);
    const quint64 first = valueOf("--seed", std::random_device()());
    std::printf("export_ledger: %llu schedules, seeds from %llu\n", schedules, first);
    QElapsedTimer clock;
    clock.start();
    quint64 obligations = 0;
    quint64 lost = 0;
    quint64 kills = 0;
    quint64 removals = 0;
    quint64 hidings = 0;
    quint64 duplicates = 0;
    for (quint64 i = 0; i < schedules; ++i) {
        Schedule schedule(first + i);
        if (!schedule.run()) {
            std::printf("%s\nFAILED with --schedules 1 --seed %llu: %s\n", schedule.log.constData(), first + i,
                        qPrintable(schedule.failure));
            return 1;
        }
        obligations += schedule.obligations;
        lost += schedule.lostItems;
        kills += schedule.kills;
        removals += schedule.removals;
        hidings += schedule.hidings;
        duplicates += schedule.duplicates;
    }
    std::printf(
        "%llu obligations kept or counted (%llu counted as lost), %llu kills, %llu removals, %llu unreadable segments, %llu "
        "delivered twice, %.1f s\n",
        obligations, lost, kills, removals, hidings, duplicates, double(clock.elapsed()) / 1000);
    // A run that met no trouble proves nothing.
    return schedules < 50 || (obligations > 0 && kills > 0 && lost > 0 && removals > 0 && hidings > 0) ? 0 : 1;
}
