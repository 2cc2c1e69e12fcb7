// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/settings/preset_dialog.h"

#include "ui/settings/destination_text.h"
#include "ui/widgets/cells.h"
#include "ui/widgets/data_table.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/search_field.h"

#include <QAction>
#include <QHeaderView>
#include <QKeyEvent>
#include <QPushButton>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace oriel::ui {
namespace {

using PresetRow = const otlp::Preset*;

QVariant presetData(const PresetRow& preset, int role)
{
    switch (role) {
    case Qt::DisplayRole:
        return preset->name;
    case CellRole::Note:
        return presetLine(*preset);
    case CellRole::Dim:
        return !preset->unavailable.isEmpty();
    case Qt::AccessibleTextRole:
        return QString(preset->name + QStringLiteral(". ") + presetLine(*preset));
    case Qt::ToolTipRole:
        return preset->unavailable.isEmpty() ? QString() : preset->unavailable;
    default:
        return {};
    }
}

} // namespace

PresetDialog::PresetDialog(QWidget* parent) : Dialog(QStringLiteral("Add a destination"), parent)
{
    setSentence(QStringLiteral("Choose where telemetry goes. A provider asks only for what it needs; anything else that speaks "
                               "OTLP is a custom one."));
    setAcceptButton(QStringLiteral("Next"));
    m_search = new SearchField(QStringLiteral("Search providers"), this);
    m_search->installEventFilter(this);
    body()->addWidget(m_search);
    m_stack = new QStackedWidget(this);
    m_model = new RowModel<PresetRow>(
        {{QStringLiteral("provider"), presetData}}, [](const PresetRow& preset) { return preset->id; }, this);
    m_table = new DataTable(m_stack);
    m_table->setModel(m_model);
    m_table->setItemDelegate(new TwoLineDelegate(m_table));
    m_table->verticalHeader()->setDefaultSectionSize(TwoLineDelegate::height);
    m_table->horizontalHeader()->hide();
    m_table->setColumnWidths({0});
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_table->setAccessibleName(QStringLiteral("Providers"));
    m_stack->addWidget(m_table);
    auto* empty = new EmptyState(IconName::Search, QStringLiteral("No provider of that name"),
                                 QStringLiteral("Whatever takes OTLP can be reached with an endpoint and, where it wants one, a "
                                                "header."),
                                 m_stack);
    auto* custom = new QAction(QStringLiteral("Custom OTLP"), this);
    empty->addButton(custom);
    m_stack->addWidget(empty);
    body()->addWidget(m_stack, 1);
    resize(620, 620);
    connect(m_search, &QLineEdit::textChanged, this, &PresetDialog::filter);
    connect(m_table, &DataTable::currentRowChanged, this, [this] { showCurrent(); });
    connect(m_table, &DataTable::activated, this, [this] { accept(); });
    connect(custom, &QAction::triggered, this, [this] {
        m_search->clear();
        accept();
    });
    filter({});
    m_search->setFocus(Qt::OtherFocusReason);
}

const otlp::Preset* PresetDialog::current() const
{
    const PresetRow* row = m_model->rowAt(m_table->currentIndex().row());
    return row != nullptr ? *row : nullptr;
}

void PresetDialog::filter(const QString& text)
{
    QList<PresetRow> rows;
    for (const otlp::Preset& preset : otlp::builtInPresets().presets) {
        if (matchesPreset(preset, text))
            rows.append(&preset);
    }
    m_model->setRows(rows);
    m_stack->setCurrentIndex(rows.isEmpty() ? 1 : 0);
    m_table->setCurrentIndex(rows.isEmpty() ? QModelIndex() : m_model->index(0, 0));
    showCurrent();
}

void PresetDialog::showCurrent()
{
    const otlp::Preset* preset = current();
    acceptButton()->setEnabled(preset != nullptr && preset->unavailable.isEmpty());
    if (preset != nullptr && !preset->unavailable.isEmpty())
        showError(QStringLiteral("%1 takes no OTLP").arg(preset->name), preset->unavailable);
    else
        showError({});
}

bool PresetDialog::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_search && event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if (key == Qt::Key_Down && m_model->rowCount() > 1) {
            m_table->setFocus(Qt::TabFocusReason);
            m_table->setCurrentIndex(m_model->index(m_table->currentIndex().row() == 0 ? 1 : 0, 0));
            return true;
        }
        if (key == Qt::Key_Return || key == Qt::Key_Enter) {
            accept();
            return true;
        }
    }
    return Dialog::eventFilter(watched, event);
}

void PresetDialog::accept()
{
    const otlp::Preset* preset = current();
    if (preset == nullptr || !preset->unavailable.isEmpty())
        return;
    done(Accepted);
    Q_EMIT chosen(preset->id);
}

} // namespace oriel::ui
