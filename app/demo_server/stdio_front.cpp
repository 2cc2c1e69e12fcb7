// SPDX-License-Identifier: GPL-3.0-or-later
#include "stdio_front.h"

#include <QJsonDocument>

#include <cstdio>
#include <iostream>
#include <string>

namespace oriel::demo {

namespace {

void writeLine(const QJsonObject& message)
{
    const QByteArray text = QJsonDocument(message).toJson(QJsonDocument::Compact) + '\n';
    std::fwrite(text.constData(), 1, static_cast<std::size_t>(text.size()), stdout);
    std::fflush(stdout);
}

class StdoutChannel final : public Channel {
public:
    void send(const QJsonObject& message) override { writeLine(message); }
    void finish(const QJsonObject& response) override { writeLine(response); }
};

} // namespace

StdioFront::StdioFront(std::shared_ptr<Shared> shared)
    : m_shared(std::move(shared)),
      m_session(m_shared, writeLine),
      m_channel(std::make_shared<StdoutChannel>())
{}

StdioFront::~StdioFront()
{
    if (m_reader.joinable()) {
        m_reader.join();
    }
}

void StdioFront::start()
{
    m_reader = std::thread([this] {
        std::string line;
        while (std::getline(std::cin, line)) {
            QMetaObject::invokeMethod(
                this, [this, bytes = QByteArray::fromStdString(line)] { takeLine(bytes); }, Qt::QueuedConnection);
        }
        QMetaObject::invokeMethod(
            this, [this] { Q_EMIT ended(); }, Qt::QueuedConnection);
    });
}

void StdioFront::takeLine(const QByteArray& line)
{
    if (line.trimmed().isEmpty()) {
        return;
    }
    QJsonParseError error{};
    const QJsonDocument document = QJsonDocument::fromJson(line, &error);
    if (!document.isObject()) {
        m_channel->finish(errorResponse(QJsonValue::Null, -32700, error.errorString()));
        return;
    }
    m_session.handle(document.object(), m_channel);
}

} // namespace oriel::demo
