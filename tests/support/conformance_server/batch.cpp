// SPDX-License-Identifier: GPL-3.0-or-later
#include "batch.h"

namespace oriel::conformance {

class Batch::Part final : public Channel {
public:
    explicit Part(std::shared_ptr<Batch> batch) : m_batch(std::move(batch)) {}
    void send(const QJsonObject& message) override { m_batch->m_notifications->send(message); }
    void finish(const QJsonObject& response, int) override { m_batch->take(&response); }
    void abandon() override { m_batch->take(nullptr); }

private:
    std::shared_ptr<Batch> m_batch;
};

std::shared_ptr<Channel> Batch::part()
{
    return std::make_shared<Part>(shared_from_this());
}

void Batch::take(const QJsonObject* response)
{
    if (response) {
        m_responses.append(*response);
    }
    if (--m_missing == 0) {
        m_done(m_responses);
    }
}

} // namespace oriel::conformance
