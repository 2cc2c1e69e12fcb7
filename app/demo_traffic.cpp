// SPDX-License-Identifier: GPL-3.0-or-later
#include "demo_traffic.h"

#include "base/json.h"
#include "base/json_writer.h"
#include "http/client.h"
#include "http/sse.h"

#include <QUrl>

namespace oriel::app {

namespace {

struct ScriptStep {
    const char* tool;
    const char* arguments;
    int weight;
};

/// What the demo clients do; the weights make most calls quick ones.
constexpr std::array kScript{
    ScriptStep{"quick_echo", R"({"text":"hello"})", 40},
    ScriptStep{"quick_echo", R"({"text":"status of build 4711"})", 20},
    ScriptStep{"slow_report", R"({})", 10},
    ScriptStep{"flaky_lookup", R"({"key":"customer-17"})", 16},
    ScriptStep{"big_document", R"({"kilobytes":64})", 4},
    ScriptStep{"leaky_config", R"({"section":"deploy","password":"correct-horse-battery"})", 4},
    ScriptStep{"progress_job", R"({"steps":5})", 4},
    ScriptStep{"ask_model", R"({"question":"Summarize the last report in a sentence."})", 3},
    ScriptStep{"ask_user", R"({})", 3},
    ScriptStep{"log_burst", R"({"count":4})", 4},
};

struct Persona {
    const char* name;
    const char* version;
    int intervalMs;
};
constexpr std::array kPersonas{Persona{"claude-code", "2.1.317", 420}, Persona{"cursor", "1.7.2", 700},
                               Persona{"vscode", "1.140.0", 1100}};

} // namespace

class DemoTraffic::DemoClient final : public QObject {
public:
    DemoClient(http::Client& client, Random& random, const Persona& persona, const QString& endpoint, QByteArray token)
        : m_http(client),
          m_random(random),
          m_persona(persona),
          m_endpoint(http::Endpoint::fromUrl(QUrl(endpoint)).value_or(http::Endpoint())),
          m_token(std::move(token))
    {
        m_timer.setSingleShot(true);
        connect(&m_timer, &QTimer::timeout, this, [this] { act(); });
        initialize();
    }

private:
    void initialize()
    {
        json::Writer params;
        params.beginObject().member("protocolVersion", "2025-11-25").key("capabilities").beginObject();
        params.rawMember("sampling", "{}").rawMember("elicitation", "{}").rawMember("roots", "{}").endObject();
        params.key("clientInfo")
            .beginObject()
            .member("name", m_persona.name)
            .member("version", m_persona.version)
            .endObject()
            .endObject();
        request("initialize", params.take(), [this] {
            post("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}", {});
            request("tools/list", "{}", [this] { m_timer.start(20); });
        });
    }

    void act()
    {
        constexpr int kTotal = [] {
            int total = 0;
            for (const ScriptStep& step : kScript)
                total += step.weight;
            return total;
        }();
        static_assert(kTotal > 0);
        int pick = static_cast<int>(m_random.next64() % static_cast<quint64>(kTotal));
        const ScriptStep* chosen = kScript.data();
        while ((pick -= chosen->weight) >= 0)
            ++chosen;
        json::Writer params;
        params.beginObject().member("name", QByteArray("demo__") + chosen->tool).rawMember("arguments", chosen->arguments);
        if (qstrcmp(chosen->tool, "progress_job") == 0)
            params.key("_meta").beginObject().member("progressToken", m_lastId + 1).endObject();
        params.endObject();
        const int pause =
            m_persona.intervalMs / 2 + static_cast<int>(m_random.next64() % static_cast<quint64>(m_persona.intervalMs));
        request("tools/call", params.take(), [this, pause] { m_timer.start(pause); });
    }

    void request(QByteArrayView method, QByteArrayView params, std::function<void()> done)
    {
        json::Writer frame;
        frame.beginObject()
            .member("jsonrpc", "2.0")
            .member("id", ++m_lastId)
            .member("method", method)
            .rawMember("params", params)
            .endObject();
        post(frame.take(), std::move(done));
    }

    void post(const QByteArray& frame, std::function<void()> done)
    {
        http::ClientRequest out;
        out.method = "POST";
        out.endpoint = m_endpoint;
        out.headers = {{"Content-Type", "application/json"},
                       {"Accept", "application/json, text/event-stream"},
                       {"MCP-Protocol-Version", "2025-11-25"}};
        out.headers.add("Authorization", "Bearer " + m_token);
        if (!m_session.isEmpty())
            out.headers.add("Mcp-Session-Id", m_session);
        out.body = frame;
        auto parser = std::make_shared<http::SseParser>();
        auto finish = std::make_shared<std::function<void()>>(std::move(done));
        http::ResponseHandler handler;
        handler.onHead = [this](const http::ResponseHead& head) {
            if (const QByteArrayView session = head.headers.value("Mcp-Session-Id"); !session.isEmpty())
                m_session = session.toByteArray();
            return http::listHas(head.headers.value("Content-Type"), "text/event-stream") ? http::BodyMode::Stream
                                                                                          : http::BodyMode::Collect;
        };
        handler.onData = [this, parser](QByteArrayView bytes) {
            if (!parser->feed(bytes))
                return;
            while (const auto event = parser->next())
                answerServer(event->data);
        };
        handler.onEnd = [finish](http::ResponseEnd&&) {
            if (*finish)
                (*finish)();
        };
        handler.onError = [this](const http::ClientError&) { m_timer.start(2'000); };
        m_requests.push_back(m_http.send(std::move(out), std::move(handler)));
        std::erase_if(m_requests, [](const http::RequestHandle& handle) { return !handle.isActive(); });
    }

    /// A server's request inside an answer's stream gets the reply a person or a model would give.
    void answerServer(const QByteArray& data)
    {
        json::Document document;
        if (!document.parse(data) || !document.root().find("method").exists() || !document.root().find("id").exists())
            return;
        const json::Value method = document.root().find("method");
        QByteArray result = "{}";
        if (method.equals("sampling/createMessage"))
            result =
                R"({"role":"assistant","content":{"type":"text","text":"Usage grew by 4 % and nothing broke."},"model":"demo-model","stopReason":"endTurn"})";
        else if (method.equals("elicitation/create"))
            result = R"({"action":"accept","content":{"name":"Ada"}})";
        else if (method.equals("roots/list"))
            result = R"({"roots":[{"uri":"file:///demo/project","name":"project"}]})";
        json::Writer frame;
        frame.beginObject()
            .member("jsonrpc", "2.0")
            .rawMember("id", document.root().find("id").raw())
            .rawMember("result", result)
            .endObject();
        post(frame.take(), {});
    }

    http::Client& m_http;
    Random& m_random;
    const Persona& m_persona;
    http::Endpoint m_endpoint;
    QByteArray m_token;
    QByteArray m_session;
    qint64 m_lastId = 0;
    QTimer m_timer;
    std::vector<http::RequestHandle> m_requests;
};

DemoTraffic::DemoTraffic(service::GatewayService& service, QObject* parent)
    : QObject(parent),
      m_service(service),
      m_http(std::make_unique<http::Client>(http::ClientSettings(), m_clock))
{
    m_service.sessionToken(QStringLiteral("demo")).then(this, [this](const QByteArray& token) { begin(token); });
}

DemoTraffic::~DemoTraffic()
{
    m_http.reset();
}

void DemoTraffic::begin(const QByteArray& token)
{
    for (const Persona& persona : kPersonas)
        m_clients.push_back(std::make_unique<DemoClient>(*m_http, m_random, persona, m_service.status().endpoint, token));
}

} // namespace oriel::app
