// SPDX-License-Identifier: GPL-3.0-or-later
#include "downstream/reply.h"

namespace oriel::downstream {

class BatchPart final : public Reply {
public:
    explicit BatchPart(std::shared_ptr<BatchReply> batch) : m_batch(std::move(batch)) {}
    ~BatchPart() override
    {
        if (!m_isFinished)
            m_batch->leaveOut();
    }
    void notify(const QByteArray& frame) override { m_batch->m_reply->notify(frame); }
    void finish(const QByteArray& frame, int /*httpStatus*/) override
    {
        m_isFinished = true;
        m_batch->add(frame);
    }
    [[nodiscard]] bool isOpen() const override { return m_batch->m_reply->isOpen(); }
    [[nodiscard]] bool isHttp() const override { return m_batch->m_reply->isHttp(); }
    [[nodiscard]] bool isStream() const override { return m_batch->m_reply->isStream(); }
    [[nodiscard]] QByteArray lastEventId() const override { return m_batch->m_reply->lastEventId(); }

private:
    std::shared_ptr<BatchReply> m_batch;
    bool m_isFinished = false;
};

std::shared_ptr<Reply> BatchReply::part()
{
    return std::make_shared<BatchPart>(shared_from_this());
}

void BatchReply::add(const QByteArray& frame)
{
    m_answers += m_answers.isEmpty() ? '[' : ',';
    m_answers += frame;
    --m_pending;
    sendWhenComplete();
}

void BatchReply::leaveOut()
{
    --m_pending;
    sendWhenComplete();
}

void BatchReply::sendWhenComplete()
{
    if (m_pending == 0 && !m_answers.isEmpty())
        m_reply->finish(m_answers + ']');
}

} // namespace oriel::downstream
