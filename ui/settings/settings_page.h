// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/gateway_service.h"
#include "ui/theme/icons.h"
#include "ui/theme/theme.h"

#include <QWidget>

class QVBoxLayout;

namespace oriel::ui {

class Banner;
class SaveBar;

/// One category of the settings: a title, a sentence, a scrolling body, a place for failures. GUI thread.
class SettingsPage : public QWidget {
    Q_OBJECT
public:
    /// What the list at the left shows, and the name by which open() finds it.
    struct Category {
        QString id;
        QString title;
        IconName icon = IconName::Settings;
        QString sentence;
    };

    SettingsPage(service::GatewayService& service, Category category, QWidget* parent = nullptr);

    [[nodiscard]] const Category& category() const { return m_category; }
    /// Reads the service anew: called when the page is shown and, while it is, when something has changed.
    virtual void refresh() = 0;
    /// Shows one thing of this page, such as a destination's name.
    virtual bool open(const QString& target) { return target.isEmpty(); }
    /// True while something is edited and not saved.
    [[nodiscard]] virtual bool isChanged() const { return false; }
    [[nodiscard]] Banner* banner() const { return m_banner; }

Q_SIGNALS:
    void notice(const QString& text);
    void openRequested(const QString& sectionId, const QString& target);
    void changed();

protected:
    [[nodiscard]] service::GatewayService& service() const { return m_service; }
    [[nodiscard]] QVBoxLayout* body() const { return m_body; }
    [[nodiscard]] QVBoxLayout* frame() const { return m_frame; }
    /// Shows a failure over the body, or takes it away when it went well. `what` "Grafana was not saved".
    void report(const QString& what, const Status& done);
    /// A success or a notice in the same place.
    void say(Tone tone, const QString& headline, const QString& sentence = {});

private:
    service::GatewayService& m_service;
    Category m_category;
    Banner* m_banner;
    QVBoxLayout* m_frame;
    QVBoxLayout* m_body;
};

} // namespace oriel::ui
