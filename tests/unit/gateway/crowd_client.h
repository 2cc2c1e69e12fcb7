// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "crowd_referee.h"
#include "crowd_wire.h"

#include <QJsonArray>
#include <QJsonObject>
#include <QMap>

#include <memory>
#include <vector>

namespace oriel::gateway::test {

/// A server of the crowd, and what its transport lets one expect of it.
struct Stage {
    QByteArray name;
    bool asks = true; ///< what it asks and logs can be told apart by call
    bool logs = true;
};

/// One of many clients that all number their requests in the same way. It does what it is told, keeps account of what it waits
/// for, and objects to everything that is not for it.
class CrowdClient {
public:
    enum class Kind { LegacyHttp, ModernHttp, LegacyLine, ModernLine };

    struct Place {
        int number = 0;
        Kind kind = Kind::LegacyHttp;
        const Doors* doors = nullptr;
        const std::vector<Stage>* stages = nullptr;
        Dice* dice = nullptr;
        Referee* referee = nullptr;
    };
    explicit CrowdClient(Place place);

    /// Begins a new life: another connection, the same ids.
    void arrive();
    [[nodiscard]] bool isHere() const { return m_isHere; }

    void call();
    void callBatch();
    void list();
    void watch(); ///< subscribes, or listens
    void setLevel();
    void cancelSomething();
    /// Answers something it was asked: rightly, with an error, twice, or never.
    void answerSomething(bool honestly);
    void leave(bool politely);
    /// Pretends to be another: its session, its questions, its states.
    void forge(const CrowdClient& victim);

    /// Goes on until nothing is left to wait for: answers what it owes and cancels what no server will answer.
    void settle();
    [[nodiscard]] bool isSettled() const;
    /// What it still waits for, for messages.
    [[nodiscard]] QByteArray awaited() const;
    [[nodiscard]] QByteArray who() const; ///< as the referee's notes call it
    /// True when no request of an earlier life is still open.
    [[nodiscard]] bool hasLeft() const;

private:
    struct Asked {
        QByteArray method;
        QJsonObject params; ///< of a tools/call
        Word word;
        bool isScript = false;
        bool needsHelp = false; ///< nobody will answer it: it is silent, or its question was left open
        bool isCancelled = false;
        int answers = 0;
        bool mayBeRefused = false;
        bool isListening = false; ///< stays open
    };
    struct Owed {
        QByteArray id; ///< of a server's request; empty for an input_required
        QJsonObject question;
        QByteArray key; ///< of the call, where known
        QString state;
        bool hasState = false;
        QJsonObject questions; ///< of an input_required
    };

    [[nodiscard]] bool isModern() const { return m_place.kind == Kind::ModernHttp || m_place.kind == Kind::ModernLine; }
    /// Clients of one group may be each other, as far as the gateway can tell.
    [[nodiscard]] qsizetype group() const { return isLine() ? -1 : m_place.number % m_place.doors->tokens.size(); }
    [[nodiscard]] bool isLine() const { return m_place.kind == Kind::LegacyLine || m_place.kind == Kind::ModernLine; }
    void note(const QByteArray& event);
    void object(const QByteArray& why, const QByteArray& frame);
    static constexpr int kMaxOpen = 4; ///< requests at a time: all clients together stay below what the endpoint takes
    [[nodiscard]] bool mayAsk() const;
    [[nodiscard]] QByteArray nextId();
    [[nodiscard]] QJsonObject metadata(const QByteArray& key) const;
    /// Takes account of a request; gives its message.
    QJsonObject compose(const QByteArray& method, QJsonObject params, Asked asked);
    void ask(const QByteArray& method, const QJsonObject& params, Asked asked);
    [[nodiscard]] QJsonObject composeCall();
    void tell(const QByteArray& method, const QJsonObject& params);
    [[nodiscard]] QJsonArray makeScript(const Stage& stage, bool* needsHelp);

    void heard(const QByteArray& frame, const QByteArray& key);
    void take(const QJsonObject& message, const QByteArray& frame, const QByteArray& key);
    void takeAnswer(const QJsonObject& message, const QByteArray& frame, const QByteArray& key);
    void takeInputRequired(const QByteArray& id, const QJsonObject& result);
    void takeQuestion(const QJsonObject& message, const QByteArray& frame, const QByteArray& key);
    void takeNotification(const QJsonObject& message, const QByteArray& frame, const QByteArray& key);
    void ended(const QByteArray& key, int status);
    void checkAnswered(const QByteArray& id, int status);
    void checkWords(const QByteArray& frame, const Word* call) { checkWords(frame, call, m_life); }
    void checkWords(const QByteArray& frame, const Word* call, int life);
    [[nodiscard]] QJsonObject answerTo(const QJsonObject& question, const Word* call) const;
    void retry(const Owed& owed, const QString& state);

    Place m_place;
    std::unique_ptr<Wire> m_wire;
    std::vector<std::unique_ptr<Wire>> m_leaving;
    bool m_isHere = false;
    bool m_sessionStands = false;
    bool m_canAnswer = true;
    QByteArray m_view; ///< the one server that it sees; empty: all
    int m_life = 0;
    int m_lastId = 0;
    QMap<QByteArray, Asked> m_asked;               ///< by id as it was written
    QMap<QByteArray, QList<QByteArray>> m_batches; ///< ids by the batch's key
    std::vector<Owed> m_owed;
    QString m_lastState; ///< the newest requestState that it was given
};

} // namespace oriel::gateway::test
