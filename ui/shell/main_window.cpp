// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/main_window.h"

#include "ui/shell/command_palette.h"
#include "ui/shell/keyboard_sheet.h"
#include "ui/shell/navigation_rail.h"
#include "ui/shell/status_strip.h"
#include "ui/shell/ui_settings.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/filter_bar.h"
#include "ui/widgets/live_button.h"
#include "ui/widgets/time_range_button.h"
#include "ui/widgets/toast.h"

#include <QApplication>
#include <QClipboard>
#include <QCloseEvent>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QPainter>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace oriel::ui {
namespace {

const QLatin1StringView geometryKey("window/geometry");
const QLatin1StringView sectionKey("window/section");
const QLatin1StringView rangeKey("window/timeRange");

QString stateKey(const Section* section)
{
    return QStringLiteral("section/%1/state").arg(section->id());
}

/// The bar over the sections; a panel with a line under it.
class TopBar final : public QWidget {
public:
    using QWidget::QWidget;

protected:
    void paintEvent(QPaintEvent*) override
    {
        const Theme& theme = themeOf(this);
        QPainter painter(this);
        painter.setLayoutDirection(Qt::LayoutDirectionAuto);
        painter.fillRect(rect(), theme.panel);
        painter.fillRect(QRect(0, height() - 1, width(), 1), theme.line);
    }
};

/// A top-level window's shortcut must not reach into a dialog, so each action belongs to the window.
QAction* command(QWidget* owner, const QString& text, IconName name, const QList<QKeySequence>& keys)
{
    auto* action = new QAction(themedIcon(name), text, owner);
    action->setShortcuts(keys);
    action->setShortcutContext(Qt::WindowShortcut);
    owner->addAction(action);
    return action;
}

} // namespace

MainWindow::MainWindow(const QList<Section*>& sections, UiSettings& settings, QWidget* parent)
    : QMainWindow(parent),
      m_sections(sections),
      m_settings(settings)
{
    setWindowTitle(QStringLiteral("Oriel"));
    setMinimumSize(760, 520);
    resize(1440, 900);
    buildFrame();
    for (int i = 0; i < m_sections.size(); ++i)
        connectSection(m_sections[i], i);
    buildCommands();
    restoreSession();
}

MainWindow::~MainWindow()
{
    // The sections may emit while they go; nothing of the window must answer then.
    for (Section* section : std::as_const(m_sections))
        section->disconnect(this);
}

void MainWindow::buildFrame()
{
    auto* root = new QWidget(this);
    auto* rows = new QVBoxLayout(root);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setSpacing(0);
    auto* row = new QHBoxLayout;
    row->setSpacing(0);
    m_rail = new NavigationRail(root);
    row->addWidget(m_rail);
    auto* column = new QVBoxLayout;
    column->setSpacing(0);
    column->addWidget(buildTopBar());
    m_banner = new Banner(Tone::Error, root);
    m_banner->setClosable(true);
    m_banner->hide();
    auto* bannerRow = new QHBoxLayout;
    bannerRow->setContentsMargins(metrics::pageMargin, 0, metrics::pageMargin, 0);
    bannerRow->addWidget(m_banner);
    column->addLayout(bannerRow);
    m_stack = new QStackedWidget(root);
    column->addWidget(m_stack, 1);
    row->addLayout(column, 1);
    rows->addLayout(row, 1);
    m_strip = new StatusStrip(root);
    rows->addWidget(m_strip);
    setCentralWidget(root);
    m_palette = new CommandPalette(root);
    m_toast = new Toast(root);
    setTabOrder(m_rail, m_filter);
    connect(m_rail, &NavigationRail::selected, this, &MainWindow::select);
    connect(m_strip, &StatusStrip::segmentClicked, this, &MainWindow::onSegmentClicked);
    connect(m_banner, &Banner::actionTriggered, this, &MainWindow::bannerLinkTriggered);
    m_strip->setStatus(m_status);
}

QWidget* MainWindow::buildTopBar()
{
    auto* bar = new TopBar(this);
    bar->setFixedHeight(metrics::topBarHeight);
    auto* row = new QHBoxLayout(bar);
    row->setContentsMargins(metrics::pageMargin, 0, metrics::pageMargin, 1);
    row->setSpacing(10);
    m_filter = new FilterBar(bar);
    m_range = new TimeRangeButton(bar);
    m_range->setFont(fonts::bodyMedium());
    m_live = new LiveButton(bar);
    m_live->setFont(fonts::bodyMedium());
    auto* commands = new QPushButton(QStringLiteral("Ctrl K"), bar);
    commands->setFont(fonts::bodyMedium());
    commands->setToolTip(QStringLiteral("Command palette"));
    commands->setAccessibleName(QStringLiteral("Command palette"));
    row->addWidget(m_filter, 1);
    row->addWidget(m_range);
    row->addWidget(m_live);
    row->addWidget(commands);
    m_filter->setCompletionSource([this](const QString& text) {
        const Section* section = currentSection();
        return section ? section->completions(text) : QStringList();
    });
    connect(commands, &QPushButton::clicked, this, &MainWindow::showCommandPalette);
    const auto share = [this] {
        if (Section* section = currentSection())
            handShared(section);
    };
    connect(m_filter, &FilterBar::filterChanged, this, share);
    connect(m_range, &TimeRangeButton::rangeChanged, this, share);
    connect(m_live, &LiveButton::liveChanged, this, share);
    return bar;
}

void MainWindow::buildCommands()
{
    const auto add = [this](const QString& text, IconName name, const QList<QKeySequence>& keys, auto&& run) {
        QAction* action = command(this, text, name, keys);
        connect(action, &QAction::triggered, this, std::forward<decltype(run)>(run));
        m_commands.append(action);
        return action;
    };
    for (int i = 0; i < m_sections.size(); ++i) {
        const QKeySequence keys = i < 9 ? QKeySequence(Qt::CTRL | Qt::Key(Qt::Key_1 + i)) : QKeySequence();
        QAction* go = command(this, QStringLiteral("Go to %1").arg(m_sections[i]->title()), m_sections[i]->icon(), {keys});
        connect(go, &QAction::triggered, this, [this, i] { select(i); });
        m_goTo.append(go);
    }
    add(QStringLiteral("Command palette"), IconName::Command,
        {QKeySequence(Qt::CTRL | Qt::Key_K), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_P)}, [this] { showCommandPalette(); });
    add(QStringLiteral("Filter"), IconName::Filter, {QKeySequence(Qt::Key_Slash), QKeySequence(Qt::CTRL | Qt::Key_L)},
        [this] { m_filter->focusFilter(); });
    add(QStringLiteral("Clear filter"), IconName::Close, {QKeySequence(Qt::CTRL | Qt::Key_Backspace)},
        [this] { m_filter->clear(); });
    add(QStringLiteral("Earlier filter"), IconName::ChevronLeft, {QKeySequence(Qt::ALT | Qt::Key_Left)},
        [this] { m_filter->goBack(); });
    add(QStringLiteral("Later filter"), IconName::ChevronRight, {QKeySequence(Qt::ALT | Qt::Key_Right)},
        [this] { m_filter->goForward(); });
    add(QStringLiteral("Pause or go live"), IconName::Live, {QKeySequence(Qt::CTRL | Qt::Key_Space)},
        [this] { m_live->setLive(!m_live->isLive()); });
    for (const TimeRange& preset : TimeRange::presets())
        add(QStringLiteral("Time range: %1").arg(preset.label()), IconName::Clock, {},
            [this, preset] { m_range->setRange(preset); });
    add(QStringLiteral("Keyboard shortcuts"), IconName::Info, {QKeySequence(Qt::Key_Question), QKeySequence(Qt::Key_F1)},
        [this] { showKeyboardSheet(); });
    add(QStringLiteral("Close window"), IconName::Close, {QKeySequence(QKeySequence::Close)}, [this] { close(); });
    add(QStringLiteral("Quit Oriel"), IconName::Stop, {QKeySequence(QKeySequence::Quit)}, [this] {
        saveSession();
        QApplication::quit();
    });
}

void MainWindow::connectSection(Section* section, int index)
{
    m_stack->addWidget(section);
    const QString hint =
        index < 9 ? QKeySequence(Qt::CTRL | Qt::Key(Qt::Key_1 + index)).toString(QKeySequence::NativeText) : QString();
    m_rail->addEntry(section->title(), section->icon(), hint);
    connect(section, &Section::badgeChanged, this, [this, index](const Badge& badge) { m_rail->setBadge(index, badge); });
    connect(section, &Section::openRequested, this, &MainWindow::open);
    connect(section, &Section::filterRequested, m_filter, &FilterBar::setText);
    connect(section, &Section::timeRangeRequested, m_range, &TimeRangeButton::setRange);
    connect(section, &Section::liveRequested, m_live, &LiveButton::setLive);
    connect(section, &Section::notice, this, [this](const QString& text) { showNotice(text); });
    const QByteArray state = m_settings.value(stateKey(section)).toByteArray();
    if (!state.isEmpty())
        section->restoreState(state);
}

void MainWindow::restoreSession()
{
    const QByteArray geometry = m_settings.value(geometryKey).toByteArray();
    if (!geometry.isEmpty())
        restoreGeometry(geometry);
    const TimeRange range = TimeRange::fromToken(m_settings.value(rangeKey).toString());
    if (range.kind != TimeRange::Kind::Fixed) // a window of yesterday would look like an empty program
        m_range->setRange(range);
    if (!showSection(m_settings.value(sectionKey).toString()) && !m_sections.isEmpty())
        select(0);
}

void MainWindow::saveSession()
{
    m_settings.setValue(geometryKey, saveGeometry());
    m_settings.setValue(rangeKey, m_range->range().token());
    if (const Section* shown = currentSection())
        m_settings.setValue(sectionKey, shown->id());
    for (const Section* section : std::as_const(m_sections)) {
        const QByteArray state = section->saveState();
        if (!state.isEmpty())
            m_settings.setValue(stateKey(section), state);
    }
}

void MainWindow::select(int index)
{
    if (index < 0 || index >= m_sections.size())
        return;
    Section* section = m_sections[index];
    m_rail->setCurrentIndex(index);
    const QString hint = section->filterHint();
    m_filter->setPlaceholder(hint.isEmpty() ? QStringLiteral("Filter calls, traces, logs …") : hint);
    handShared(section);
    m_stack->setCurrentWidget(section);
    setWindowTitle(QStringLiteral("%1 – Oriel").arg(section->title()));
    Q_EMIT sectionShown(section->id());
}

void MainWindow::handShared(Section* section)
{
    const Handed now{m_filter->text(), m_range->range(), m_live->isLive()};
    const auto before = m_handed.constFind(section);
    const bool first = before == m_handed.cend();
    const Handed known = first ? Handed{} : *before;
    m_handed.insert(section, now);
    if (first || known.range != now.range)
        section->setTimeRange(now.range);
    if (first || known.filter != now.filter)
        section->setFilter(now.filter);
    if (first || known.live != now.live)
        section->setLive(now.live);
}

bool MainWindow::showSection(const QString& id)
{
    for (int i = 0; i < m_sections.size(); ++i) {
        if (m_sections[i]->id() == id) {
            select(i);
            return true;
        }
    }
    return false;
}

Section* MainWindow::currentSection() const
{
    return qobject_cast<Section*>(m_stack->currentWidget());
}

Section* MainWindow::section(const QString& id) const
{
    for (Section* section : m_sections) {
        if (section->id() == id)
            return section;
    }
    return nullptr;
}

bool MainWindow::open(const QString& sectionId, const QString& target)
{
    Section* wanted = section(sectionId);
    if (!wanted)
        return false;
    showSection(sectionId);
    return target.isEmpty() || wanted->open(target);
}

void MainWindow::setStatus(const ShellStatus& status)
{
    if (status == m_status)
        return;
    m_status = status;
    m_strip->setStatus(status);
}

void MainWindow::showBanner(Tone tone, const QString& headline, const QString& sentence, const QString& linkId,
                            const QString& linkText)
{
    m_banner->setVisible(!headline.isEmpty());
    if (headline.isEmpty())
        return;
    m_banner->setTone(tone);
    m_banner->setMessage(headline, sentence);
    m_banner->clearLinks();
    if (!linkId.isEmpty())
        m_banner->addLink(linkId, linkText);
}

void MainWindow::showNotice(const QString& text, Tone tone)
{
    m_toast->showText(text, tone);
}

void MainWindow::addCommand(QAction* action)
{
    m_commands.append(action);
    addAction(action);
    connect(action, &QObject::destroyed, this, [this, action] { m_commands.removeAll(action); });
}

QList<QAction*> MainWindow::commands() const
{
    QList<QAction*> all;
    if (const Section* shown = currentSection())
        all = shown->commands();
    all += m_goTo;
    all += m_commands;
    return all;
}

void MainWindow::showCommandPalette()
{
    QList<QAction*> offered = commands();
    offered.removeIf([](const QAction* action) { return action->text() == QLatin1StringView("Command palette"); });
    m_palette->openWith(offered);
}

void MainWindow::showKeyboardSheet()
{
    QList<KeyboardSheet::Group> groups;
    if (const Section* shown = currentSection())
        groups.append(KeyboardSheet::groupOf(shown->title(), shown->commands()));
    groups.append(KeyboardSheet::groupOf(QStringLiteral("Sections"), m_goTo));
    groups.append(KeyboardSheet::groupOf(QStringLiteral("Window"), m_commands));
    groups.append(KeyboardSheet::commonKeys());
    auto* sheet = new KeyboardSheet(groups, this);
    sheet->setAttribute(Qt::WA_DeleteOnClose);
    sheet->open();
}

void MainWindow::onSegmentClicked(const QString& id)
{
    if (id == QLatin1StringView("endpoint")) {
        QApplication::clipboard()->setText(QStringLiteral("http://%1").arg(m_status.endpoint));
        showNotice(QStringLiteral("The gateway's address is copied"));
    } else if (id == QLatin1StringView("servers")) {
        showSection(QStringLiteral("servers"));
    } else if (id == QLatin1StringView("rate") || id == QLatin1StringView("p95")) {
        showSection(QStringLiteral("metrics"));
    } else {
        Q_EMIT statusSegmentClicked(id);
    }
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    saveSession();
    if (m_closeHides) {
        event->ignore();
        hide();
        return;
    }
    Q_EMIT closing();
    QMainWindow::closeEvent(event);
}

void MainWindow::resizeEvent(QResizeEvent* event)
{
    QMainWindow::resizeEvent(event);
    m_rail->setCollapsed(width() < metrics::railCollapsesBelow);
}

void MainWindow::keyPressEvent(QKeyEvent* event)
{
    // Not a shortcut: buttons and check boxes need their space bar.
    if (event->key() == Qt::Key_Space && event->modifiers() == Qt::NoModifier)
        m_live->setLive(!m_live->isLive());
    else
        QMainWindow::keyPressEvent(event);
}

} // namespace oriel::ui
