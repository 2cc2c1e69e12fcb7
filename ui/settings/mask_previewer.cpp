// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/mask_previewer.h"

#include "service/pipeline/masking.h"
#include "ui/widgets/async.h"

#include <QPromise>

namespace oriel::ui {

struct MaskPreviewer::Answer {
    Result<std::shared_ptr<const privacy::Masker>> masker;
    privacy::MaskResult result;
};

MaskPreviewer::MaskPreviewer(QObject* parent) : QObject(parent)
{
    m_pool.setMaxThreadCount(1);
}

MaskPreviewer::~MaskPreviewer()
{
    m_pool.clear();
    m_pool.waitForDone();
}

void MaskPreviewer::preview(const config::Masking& masking, const QString& text)
{
    const int question = ++m_question;
    m_pool.clear();
    auto promise = std::make_shared<QPromise<Answer>>();
    promise->start();
    whenDone(promise->future(), this, [this, question, masking](const Answer& answer) {
        if (question != m_question)
            return;
        if (!answer.masker) {
            Q_EMIT failed(answer.masker.error());
            return;
        }
        m_masker = *answer.masker;
        m_masking = masking;
        Q_EMIT masked(answer.result);
    });
    auto masker = m_masking == masking ? m_masker : nullptr;
    m_pool.start([promise, masking, masker = std::move(masker), bytes = text.toUtf8()]() mutable {
        Answer answer{masker ? Result<std::shared_ptr<const privacy::Masker>>(std::move(masker)) : service::makeMasker(masking),
                      {}};
        if (answer.masker)
            answer.result = (*answer.masker)->maskJson(bytes);
        promise->addResult(std::move(answer));
        promise->finish();
    });
}

} // namespace oriel::ui
