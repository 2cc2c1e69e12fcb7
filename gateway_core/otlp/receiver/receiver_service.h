// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "otlp/codec/response.h"
#include "otlp/codec/signal.h"
#include "otlp/receiver/receiver_sink.h"

#include <QByteArray>
#include <QString>

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>

namespace oriel::otlp {

/// A request of the receiver is at most this large, before and after it is unpacked.
inline constexpr qsizetype kMaxReceivedBytes = 64LL * 1024 * 1024;
/// When a sender that was told to wait may come again.
inline constexpr std::chrono::milliseconds kReceiverRetryDelay{1'000};

/// By which a receiver knows what it has sent or passed on itself.
struct ReceiverIdentity {
    QByteArray instance; ///< service.instance.id of Oriel's own telemetry
    QByteArray mark;     ///< what kPassedOnBy holds of data that this Oriel passed on
};

/// Attribute of the resource of data that was received and exported again: the marks of the Oriels that did so, in order, with
/// commas. Cuts circles of receivers and exporters.
inline constexpr char kPassedOnBy[] = "oriel.passed_on_by";

/// The answer to a request that cannot be read: INVALID_ARGUMENT with a BadRequest (OTLP specification, §Bad Data). Its
/// violation names `field`, else the message's one, or `body` without a `signal`, when it did not come as far as a message.
RpcStatus unreadable(const QString& message, std::optional<Signal> signal = {}, const QString& field = {});

/// What became of one Export request.
struct ReceivedOutcome {
    enum class Kind : std::uint8_t {
        Taken,     ///< perhaps but for `partial`
        Malformed, ///< `partial.message` says what is wrong
        TooLarge,  ///< the same
        Busy,      ///< to be sent again after kReceiverRetryDelay
    };
    Kind kind = Kind::Taken;
    PartialSuccess partial;
    QString field = {}; ///< of Malformed: the path of the value that cannot be read, where that is known
};

struct ReceiverCounts {
    std::uint64_t spans = 0; ///< taken
    std::uint64_t points = 0;
    std::uint64_t logs = 0;
    std::uint64_t rejected = 0; ///< spans, points and records that were left out
    std::uint64_t failed = 0;   ///< requests that could not be read
    std::uint64_t busy = 0;     ///< requests, and connections over the limit, that have to come again
};

/// The three Export methods of OTLP, whatever carried the request: decodes, leaves out what must not be stored, hands over.
/// Thread-safe; `sink` outlives it.
class ReceiverService {
public:
    ReceiverService(ReceiverSink& sink, ReceiverIdentity identity) : m_sink(sink), m_identity(std::move(identity)) {}

    [[nodiscard]] bool isBusy() const { return !m_sink.hasRoom(); }
    /// `message` is unpacked.
    [[nodiscard]] ReceivedOutcome take(Signal signal, QByteArrayView message, Encoding encoding);
    /// For a carrier that turns a request away by itself.
    void countBusy() { m_busy.fetch_add(1, std::memory_order_relaxed); }
    void countFailed() { m_failed.fetch_add(1, std::memory_order_relaxed); }
    [[nodiscard]] ReceiverCounts counts() const;
    /// Why the last data was left out or could not be read; empty: none was.
    [[nodiscard]] QString lastRefusal() const;

private:
    ReceivedOutcome takeSpans(QByteArrayView message, Encoding encoding);
    ReceivedOutcome takeMetrics(QByteArrayView message, Encoding encoding);
    ReceivedOutcome takeLogs(QByteArrayView message, Encoding encoding);
    ReceivedOutcome malformed(const Error& error);
    ReceivedOutcome concluded(bool taken, std::atomic<std::uint64_t>& counter, std::uint64_t items, PartialSuccess partial);
    /// Whether it was sent or passed on by this Oriel.
    [[nodiscard]] bool isOwn(const telemetry::Resource* resource) const;
    void noteRefusal(const QString& why);

    ReceiverSink& m_sink;
    const ReceiverIdentity m_identity;
    std::atomic<std::uint64_t> m_spans{0};
    std::atomic<std::uint64_t> m_points{0};
    std::atomic<std::uint64_t> m_logs{0};
    std::atomic<std::uint64_t> m_rejected{0};
    std::atomic<std::uint64_t> m_failed{0};
    std::atomic<std::uint64_t> m_busy{0};
    mutable std::mutex m_mutex; ///< guards the refusal
    QString m_lastRefusal;
};

} // namespace oriel::otlp
