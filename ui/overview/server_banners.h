// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/snapshots.h"

#include <QHash>
#include <QWidget>

class QVBoxLayout;

namespace oriel::ui {

class Banner;
class LinkButton;

/// What is wrong with the servers that did not start or stay up, one banner for each, at most three; the rest as a link. Banners
/// stay in place while their words change. GUI thread.
class ServerBanners : public QWidget {
    Q_OBJECT
public:
    static constexpr int most = 3;

    explicit ServerBanners(QWidget* parent = nullptr);
    void setServers(const QList<service::ServerSnapshot>& servers);
    [[nodiscard]] QList<Banner*> banners() const;

Q_SIGNALS:
    void traceRequested(const QString& traceId);
    void restartRequested(const QString& server);
    void editRequested(const QString& server);
    void allRequested();

private:
    void show(Banner& banner, const service::ServerSnapshot& server);
    void addBanner();

    QVBoxLayout* m_column;
    QList<Banner*> m_banners;
    QHash<Banner*, service::ServerSnapshot> m_shown;
    LinkButton* m_more;
};

/// Cause and remedy as one text.
[[nodiscard]] QString diagnosisSentence(const service::Diagnosis& diagnosis);

} // namespace oriel::ui
