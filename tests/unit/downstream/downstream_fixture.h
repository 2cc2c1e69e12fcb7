// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "../../support/recording_recorder.h"
#include "../http/raw_peer.h"
#include "downstream/http_endpoint.h"
#include "downstream/message_handler.h"
#include "mcp/errors.h"

#include <QTemporaryDir>

namespace oriel::downstream::test {

/// What the gateway is to the transports: answers `initialize`, and every other request unless told to keep it.
class KeepingHandler final : public MessageHandler {
public:
    void handleMessage(Incoming&& incoming) override
    {
        if (incoming.message.methodId == mcp::MethodId::Initialize) {
            incoming.session->revision =
                mcp::revisionFromText(incoming.message.text(mcp::Field::ParamsProtocolVersion)).value_or(mcp::NewestLegacy);
            incoming.session->isInitialized = true;
        }
        const bool answers = incoming.reply != nullptr && (!keeps || incoming.message.methodId == mcp::MethodId::Initialize);
        if (answers)
            incoming.reply->finish(mcp::makeResult(incoming.message.id(), "{\"done\":true}"));
        messages.push_back(std::move(incoming));
    }
    void sessionOpened(const std::shared_ptr<Session>& session) override { opened.append(session); }
    void sessionClosed(const std::shared_ptr<Session>& session) override { closed.append(session); }
    [[nodiscard]] bool servesAlone(QByteArrayView server) const override { return server == QByteArrayView("alone"); }

    void messageRefused(const Incoming& incoming, const Refusal& refusal) override { refused.push_back({incoming, refusal}); }
    void replyAbandoned(const Reply& /*reply*/) override { ++abandoned; }
    [[nodiscard]] bool isBusy(const Session& /*session*/) const override { return false; }

    bool keeps = false;
    int abandoned = 0;
    std::vector<Incoming> messages;
    std::vector<std::pair<Incoming, Refusal>> refused;
    QList<std::shared_ptr<Session>> opened;
    QList<std::shared_ptr<Session>> closed;
};

struct HttpAnswer {
    int status = 0;
    QByteArray head;
    QByteArray body;

    [[nodiscard]] QByteArray field(const QByteArray& name) const
    {
        const QByteArray lower = "\r\n" + name.toLower() + ": ";
        const qsizetype at = head.toLower().indexOf(lower);
        if (at < 0)
            return {};
        const qsizetype begin = at + lower.size();
        const qsizetype end = head.indexOf("\r\n", begin);
        return head.mid(begin, end < 0 ? -1 : end - begin);
    }
};

/// The first answer in `bytes`, the body as far as it has come.
inline HttpAnswer answerIn(const QByteArray& bytes)
{
    HttpAnswer answer;
    const qsizetype end = bytes.indexOf("\r\n\r\n");
    if (end < 0)
        return answer;
    answer.head = bytes.first(end);
    answer.status = answer.head.mid(9, 3).toInt();
    answer.body = bytes.mid(end + 4);
    return answer;
}

inline bool isWhole(const QByteArray& bytes)
{
    const HttpAnswer answer = answerIn(bytes);
    return answer.status != 0 && answer.body.size() >= answer.field("Content-Length").toInt() &&
           (!answer.field("Content-Length").isEmpty() || answer.status == 202 || answer.status == 204);
}

using Fields = QList<std::pair<QByteArray, QByteArray>>;

/// A real endpoint on a free port, behind it a KeepingHandler; time stands still unless moved.
struct EndpointFixture {
    explicit EndpointFixture(HttpEndpoint::Options options = {})
        : tokens(directory.filePath(QStringLiteral("tokens.json")), clock, random),
          endpoint({clock, random, tokens, recorder, handler}, std::move(options))
    {
        token = tokens.add("client", true, false).value_or(QByteArray());
        apiToken = tokens.add("reader", false, true).value_or(QByteArray());
        port = endpoint.listen(QHostAddress(QHostAddress::LocalHost), 0).value_or(0);
        host = "127.0.0.1:" + QByteArray::number(port);
    }

    /// The fields of a good request; those in `changed` take the place of their namesakes, an empty value leaves one out.
    [[nodiscard]] QByteArray request(const QByteArray& method, const QByteArray& path, const Fields& changed = {},
                                     const QByteArray& body = {}) const
    {
        Fields fields{{"Host", host}, {"Authorization", "Bearer " + token}, {"Accept", "application/json, text/event-stream"}};
        if (method == "POST")
            fields += {{"Content-Type", "application/json"}, {"Content-Length", QByteArray::number(body.size())}};
        for (const auto& change : changed) {
            const auto same = std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return f.first == change.first; });
            if (same != fields.end())
                *same = change;
            else
                fields.append(change);
        }
        QByteArray text = method + ' ' + path + " HTTP/1.1\r\n";
        for (const auto& [name, value] : std::as_const(fields)) {
            if (!value.isEmpty())
                text += name + ": " + value + "\r\n";
        }
        return text + "\r\n" + body;
    }
    HttpAnswer ask(const QByteArray& method, const QByteArray& path, const Fields& changed = {},
                   const QByteArray& body = {}) const
    {
        RawPeer peer(port);
        peer.send(request(method, path, changed, body));
        spinUntil([&] { return isWhole(peer.received) || peer.isClosed(); });
        return answerIn(peer.received);
    }
    HttpAnswer post(const QByteArray& body, const Fields& changed = {}) const { return ask("POST", "/mcp", changed, body); }

    static QByteArray initialize(const QByteArray& revision = "2025-11-25")
    {
        return "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"" + revision +
               "\",\"capabilities\":{},\"clientInfo\":{\"name\":\"t\",\"version\":\"1\"}}}";
    }
    /// Opens a session and gives its id.
    [[nodiscard]] QByteArray openSession(const QByteArray& revision = "2025-11-25") const
    {
        return post(initialize(revision)).field("Mcp-Session-Id");
    }

    QTemporaryDir directory;
    ManualClock clock;
    SeededRandom random{7};
    TokenStore tokens;
    oriel::test::RecordingRecorder recorder;
    KeepingHandler handler;
    HttpEndpoint endpoint;
    QByteArray token;
    QByteArray apiToken;
    QByteArray host;
    quint16 port = 0;
};

inline const QByteArray kPing = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";

} // namespace oriel::downstream::test
