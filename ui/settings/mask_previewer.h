// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "config/model.h"
#include "privacy/masker.h"

#include <QObject>
#include <QThreadPool>

#include <memory>

namespace oriel::ui {

/// Masks a text with settings that are not in force yet. Compiling rules takes a while, so it is done on a pool thread; only the
/// last question is answered. GUI thread.
class MaskPreviewer : public QObject {
    Q_OBJECT
public:
    explicit MaskPreviewer(QObject* parent = nullptr);
    ~MaskPreviewer() override;
    void preview(const config::Masking& masking, const QString& text);

Q_SIGNALS:
    void masked(const oriel::privacy::MaskResult& result);
    /// A pattern or a rule is wrong; the message names it.
    void failed(const oriel::Error& error);

private:
    struct Answer;

    QThreadPool m_pool; ///< one thread: a new masker replaces the last one
    std::shared_ptr<const privacy::Masker> m_masker;
    config::Masking m_masking; ///< of m_masker
    int m_question = 0;
};

} // namespace oriel::ui
