// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/pair_list.h"

#include "ui/theme/theme.h"
#include "ui/widgets/icon_button.h"
#include "ui/widgets/link_button.h"

#include <QHBoxLayout>
#include <QLineEdit>
#include <QVBoxLayout>

namespace oriel::ui {

PairList::PairList(const QString& namePlaceholder, const QString& valuePlaceholder, const QString& addText, QWidget* parent)
    : QWidget(parent),
      m_namePlaceholder(namePlaceholder),
      m_valuePlaceholder(valuePlaceholder)
{
    m_column = new QVBoxLayout(this);
    m_column->setContentsMargins(0, 0, 0, 0);
    m_column->setSpacing(metrics::space1);
    m_add = new LinkButton(addText, this);
    m_add->setMinimumHeight(metrics::controlHeight);
    m_column->addWidget(m_add, 0, Qt::AlignLeft);
    setFocusProxy(m_add);
    connect(m_add, &LinkButton::clicked, this, [this] { addRow(); });
}

void PairList::setPairs(const QList<Pair>& pairs)
{
    for (const Line& line : std::as_const(m_rows))
        delete line.widget;
    m_rows.clear();
    for (const Pair& pair : pairs)
        append(pair);
    setFocusProxy(m_rows.isEmpty() ? static_cast<QWidget*>(m_add) : m_rows.first().name);
}

QList<PairList::Pair> PairList::pairs() const
{
    QList<Pair> pairs;
    for (const Line& line : m_rows) {
        const QString name = line.name->text().trimmed();
        if (!name.isEmpty() || !line.value->text().isEmpty())
            pairs.append({name, line.value->text()});
    }
    return pairs;
}

void PairList::setSecretTest(SecretTest test)
{
    m_secret = std::move(test);
    for (const Line& line : std::as_const(m_rows))
        showSecrecy(line);
}

void PairList::setVaultOffered(bool offered)
{
    m_vaultOffered = offered;
    for (const Line& line : std::as_const(m_rows))
        showSecrecy(line);
}

void PairList::setValue(int row, const QString& value)
{
    if (row >= 0 && row < m_rows.size())
        m_rows[row].value->setText(value);
}

int PairList::secretCount() const
{
    int count = 0;
    for (const Line& line : m_rows)
        count += m_secret && m_secret(line.name->text().trimmed(), line.value->text()) ? 1 : 0;
    return count;
}

QLineEdit* PairList::nameEdit(int row) const
{
    return row >= 0 && row < m_rows.size() ? m_rows[row].name : nullptr;
}

QLineEdit* PairList::valueEdit(int row) const
{
    return row >= 0 && row < m_rows.size() ? m_rows[row].value : nullptr;
}

void PairList::addRow()
{
    append({});
    m_rows.last().name->setFocus(Qt::OtherFocusReason);
}

void PairList::append(const Pair& pair)
{
    Line line;
    line.widget = new QWidget(this);
    auto* row = new QHBoxLayout(line.widget);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(metrics::space1);
    line.name = new QLineEdit(pair.first, line.widget);
    line.name->setPlaceholderText(m_namePlaceholder);
    line.name->setAccessibleName(m_namePlaceholder);
    line.name->setFont(fonts::mono());
    line.value = new QLineEdit(pair.second, line.widget);
    line.value->setPlaceholderText(m_valuePlaceholder);
    line.value->setAccessibleName(m_valuePlaceholder);
    line.value->setFont(fonts::mono());
    line.vault = new IconButton(IconName::Key, QStringLiteral("Move this value to the vault"), line.widget);
    line.vault->setIconName(IconName::Key, IconTint::Warning);
    auto* drop = new IconButton(IconName::Trash, QStringLiteral("Remove this line"), line.widget);
    row->addWidget(line.name, 2);
    row->addWidget(line.value, 3);
    row->addWidget(line.vault);
    row->addWidget(drop);
    m_column->insertWidget(int(m_rows.size()), line.widget);
    m_rows.append(line);
    showSecrecy(line);
    QWidget* widget = line.widget;
    const auto edited = [this, widget] {
        if (const int at = rowOf(widget); at >= 0)
            showSecrecy(m_rows[at]);
        Q_EMIT changed();
    };
    connect(line.name, &QLineEdit::textChanged, this, edited);
    connect(line.value, &QLineEdit::textChanged, this, edited);
    connect(line.vault, &IconButton::clicked, this, [this, widget] { Q_EMIT moveToVaultRequested(rowOf(widget)); });
    connect(drop, &IconButton::clicked, this, [this, widget] { remove(widget); });
}

void PairList::remove(QWidget* line)
{
    const int row = rowOf(line);
    if (row < 0)
        return;
    m_rows.removeAt(row);
    line->hide();
    line->deleteLater(); // its button is the sender
    setFocusProxy(m_rows.isEmpty() ? static_cast<QWidget*>(m_add) : m_rows.first().name);
    m_add->setFocus(Qt::OtherFocusReason);
    Q_EMIT changed();
}

int PairList::rowOf(const QWidget* line) const
{
    for (int row = 0; row < int(m_rows.size()); ++row) {
        if (m_rows[row].widget == line)
            return row;
    }
    return -1;
}

void PairList::showSecrecy(const Line& line)
{
    const bool secret = m_secret && m_secret(line.name->text().trimmed(), line.value->text());
    line.value->setEchoMode(secret ? QLineEdit::Password : QLineEdit::Normal);
    line.vault->setVisible(secret && m_vaultOffered);
}

} // namespace oriel::ui
