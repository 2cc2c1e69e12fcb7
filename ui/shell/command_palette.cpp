// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/command_palette.h"

#include "ui/theme/icons.h"
#include "ui/theme/theme.h"

#include <QAbstractListModel>
#include <QApplication>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListView>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QTextLayout>
#include <QVBoxLayout>

#include <algorithm>

namespace oriel::ui {
namespace {

constexpr int rowStep = 32;
constexpr int rowsShown = 11;
constexpr int paletteWidth = 560;

QString plainText(const QAction* action)
{
    return QString(action->text()).remove(QLatin1Char('&'));
}

} // namespace

class CommandPalette::Model final : public QAbstractListModel {
public:
    struct Row {
        QPointer<QAction> action;
        FuzzyMatch match;
    };
    using QAbstractListModel::QAbstractListModel;

    [[nodiscard]] int rowCount(const QModelIndex& parent) const override
    {
        return parent.isValid() ? 0 : static_cast<int>(rows.size());
    }
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override
    {
        const QPointer<QAction>& action = rows[index.row()].action;
        if (!action)
            return {};
        if (role == Qt::DisplayRole)
            return plainText(action);
        if (role == Qt::DecorationRole)
            return action->icon();
        if (role == Qt::UserRole)
            return action->shortcut().toString(QKeySequence::NativeText);
        return {};
    }
    void filter(const QString& pattern, const QList<QPointer<QAction>>& recent)
    {
        beginResetModel();
        rows.clear();
        for (const QPointer<QAction>& action : std::as_const(all)) {
            if (!action)
                continue;
            if (std::optional<FuzzyMatch> match = fuzzyMatch(pattern, plainText(action))) {
                const qsizetype age = recent.indexOf(action);
                if (age >= 0)
                    match->score += static_cast<int>(recent.size() - age);
                rows.append({action, *match});
            }
        }
        std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.match.score > b.match.score; });
        endResetModel();
    }

    QList<QPointer<QAction>> all;
    QList<Row> rows;
};

class CommandPalette::Delegate final : public QStyledItemDelegate {
public:
    Delegate(const Model* model, QObject* parent) : QStyledItemDelegate(parent), m_model(model) {}

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override
    {
        const Theme& theme = themeOf(option.widget);
        const bool selected = option.state & QStyle::State_Selected;
        painter->save();
        painter->setLayoutDirection(Qt::LayoutDirectionAuto);
        painter->setRenderHint(QPainter::Antialiasing);
        if (selected) {
            painter->setPen(Qt::NoPen);
            painter->setBrush(theme.selection);
            painter->drawRoundedRect(QRectF(option.rect).adjusted(6, 1, -6, -1), metrics::radiusControl, metrics::radiusControl);
        }
        const auto mirrored = [&](const QRect& part) { return QStyle::visualRect(option.direction, option.rect, part); };
        const QRect row = option.rect;
        const QIcon sign = index.data(Qt::DecorationRole).value<QIcon>();
        if (!sign.isNull())
            sign.paint(painter, mirrored(QRect(row.left() + 18, row.center().y() - 7, 16, 16)), Qt::AlignCenter,
                       selected ? QIcon::Active : QIcon::Normal);
        const QString text = index.data().toString();
        const QList<qsizetype>& hits = m_model->rows[index.row()].match.positions;
        QTextLayout layout(text, fonts::body());
        QList<QTextLayout::FormatRange> formats;
        for (const qsizetype hit : hits) {
            QTextLayout::FormatRange range;
            range.start = static_cast<int>(hit);
            range.length = 1;
            range.format.setForeground(theme.accent);
            range.format.setFontWeight(QFont::DemiBold);
            formats.append(range);
        }
        layout.setFormats(formats);
        layout.beginLayout();
        layout.createLine();
        layout.endLayout();
        painter->setPen(theme.text);
        const double lift = (row.height() - layout.boundingRect().height()) / 2;
        const double x = option.direction == Qt::RightToLeft ? row.right() - 46 - layout.boundingRect().width() : row.left() + 46;
        layout.draw(painter, QPointF(x, row.top() + lift));
        painter->setFont(fonts::caption());
        painter->setPen(theme.dim);
        painter->drawText(mirrored(row.adjusted(0, 0, -18, 0)),
                          int(QStyle::visualAlignment(option.direction, Qt::AlignRight)) | Qt::AlignVCenter,
                          index.data(Qt::UserRole).toString());
        painter->restore();
    }
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override { return {200, rowStep}; }

private:
    const Model* m_model;
};

CommandPalette::CommandPalette(QWidget* parent) : QFrame(parent)
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(1, 1, 1, 7);
    column->setSpacing(0);
    m_edit = new QLineEdit(this);
    m_edit->setFrame(false);
    m_edit->setFixedHeight(44);
    m_edit->setTextMargins(14, 0, 14, 0);
    m_edit->setPlaceholderText(QStringLiteral("Type a command …"));
    m_edit->setAccessibleName(QStringLiteral("Command"));
    QPalette clear = m_edit->palette();
    clear.setColor(QPalette::Base, Qt::transparent);
    m_edit->setPalette(clear);
    m_edit->installEventFilter(this);
    column->addWidget(m_edit);
    column->addSpacing(7);
    m_model = new Model(this);
    m_list = new QListView(this);
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setModel(m_model);
    m_list->setItemDelegate(new Delegate(m_model, m_list));
    m_list->setUniformItemSizes(true);
    m_list->setFocusPolicy(Qt::NoFocus);
    m_list->viewport()->setAutoFillBackground(false);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    column->addWidget(m_list);
    connect(m_edit, &QLineEdit::textChanged, this, &CommandPalette::refresh);
    connect(m_list, &QListView::clicked, this, [this](const QModelIndex& index) { run(index.row()); });
    parent->installEventFilter(this);
    hide();
}

CommandPalette::~CommandPalette() = default;

void CommandPalette::openWith(const QList<QAction*>& commands)
{
    m_model->all.clear();
    for (QAction* action : commands) {
        if (action->isEnabled() && action->isVisible() && !action->isSeparator() && !action->text().isEmpty())
            m_model->all.append(action);
    }
    if (!isVisible())
        m_focusBefore = QApplication::focusWidget();
    m_edit->clear();
    refresh();
    show();
    raise();
    m_edit->setFocus(Qt::PopupFocusReason);
}

QStringList CommandPalette::shownTexts() const
{
    QStringList texts;
    for (int row = 0; row < m_model->rowCount({}); ++row)
        texts.append(m_model->index(row).data().toString());
    return texts;
}

void CommandPalette::refresh()
{
    m_model->filter(m_edit->text(), m_recent);
    m_list->setCurrentIndex(m_model->index(0));
    place();
}

void CommandPalette::place()
{
    const QSize room = parentWidget()->size();
    const int rows = std::clamp(m_model->rowCount({}), 1, rowsShown);
    const int shownWidth = std::min(paletteWidth, room.width() - 40);
    const int shownHeight = std::min(44 + 15 + rows * rowStep, room.height() - 40);
    setGeometry((room.width() - shownWidth) / 2, std::min(90, room.height() / 8), shownWidth, shownHeight);
}

void CommandPalette::run(int row)
{
    if (row < 0 || row >= m_model->rows.size())
        return;
    const QPointer<QAction> action = m_model->rows[row].action;
    hide();
    if (m_focusBefore)
        m_focusBefore->setFocus(Qt::PopupFocusReason);
    if (!action)
        return;
    m_recent.removeAll(action);
    m_recent.prepend(action);
    if (m_recent.size() > 5)
        m_recent.removeLast();
    action->trigger();
}

void CommandPalette::paintEvent(QPaintEvent*)
{
    const Theme& theme = themeOf(this);
    QPainter painter(this);
    painter.setLayoutDirection(Qt::LayoutDirectionAuto);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(mix(theme.line, theme.text, 0.12));
    painter.setBrush(theme.raised);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), metrics::radiusCard, metrics::radiusCard);
    painter.fillRect(QRect(1, 45, width() - 2, 1), theme.line);
    if (m_model->rowCount({}) == 0) {
        painter.setFont(fonts::body());
        painter.setPen(theme.dim);
        painter.drawText(rect().adjusted(0, 46, 0, 0), Qt::AlignCenter, QStringLiteral("No command has these letters"));
    }
}

bool CommandPalette::eventFilter(QObject* object, QEvent* event)
{
    if (object == parentWidget()) {
        if (event->type() == QEvent::Resize && isVisible())
            place();
        return false;
    }
    if (event->type() == QEvent::FocusOut && isVisible()) {
        hide();
        return false;
    }
    if (event->type() != QEvent::KeyPress)
        return false;
    const auto* key = static_cast<QKeyEvent*>(event);
    const int row = m_list->currentIndex().row();
    const int count = m_model->rowCount({});
    const auto move = [&](int to) { m_list->setCurrentIndex(m_model->index(std::clamp(to, 0, std::max(0, count - 1)))); };
    switch (key->key()) {
    case Qt::Key_Down:
        move(row + 1 >= count ? 0 : row + 1);
        return true;
    case Qt::Key_Up:
        move(row <= 0 ? count - 1 : row - 1);
        return true;
    case Qt::Key_PageDown:
        move(row + rowsShown - 1);
        return true;
    case Qt::Key_PageUp:
        move(row - rowsShown + 1);
        return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        run(row);
        return true;
    case Qt::Key_Tab:
    case Qt::Key_Backtab:
        return true;
    case Qt::Key_Escape:
        hide();
        if (m_focusBefore)
            m_focusBefore->setFocus(Qt::PopupFocusReason);
        return true;
    default:
        return false;
    }
}

} // namespace oriel::ui
