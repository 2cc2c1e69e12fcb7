// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/logs/log_detail.h"

#include "ui/logs/log_words.h"
#include "ui/widgets/code_view.h"
#include "ui/widgets/format.h"
#include "ui/widgets/icon_button.h"
#include "ui/widgets/link_button.h"
#include "ui/widgets/splitter.h"

#include <QVBoxLayout>

namespace oriel::ui {
namespace {

CodeView::Language languageOf(const QString& text)
{
    const QString start = text.trimmed().left(1);
    return start == QLatin1StringView("{") || start == QLatin1StringView("[") ? CodeView::Language::Json
                                                                              : CodeView::Language::Plain;
}

KeyValue line(const QString& key, const QString& value, const QString& filterKey = {}, Tone tone = Tone::Neutral,
              bool mono = true)
{
    KeyValue row;
    row.key = key;
    row.value = value;
    row.tone = tone;
    row.mono = mono;
    row.filterKey = filterKey;
    return row;
}

void addAttributes(QList<KeyValue>& rows, const telemetry::Attributes& attributes)
{
    for (const telemetry::Attribute& attribute : attributes) {
        const QString key = QString::fromUtf8(attribute.key);
        rows.append(line(key, attributeText(attribute.value), QStringLiteral("attr.") + key));
    }
}

} // namespace

LogDetail::LogDetail(QWidget* parent) : Card({}, parent)
{
    m_openTrace = new LinkButton(QStringLiteral("Open trace"), this);
    auto* copy = new IconButton(IconName::Copy, QStringLiteral("Copy as JSON"), this);
    auto* close = new IconButton(IconName::Close, QStringLiteral("Close"), this);
    addHeaderWidget(m_openTrace);
    addHeaderWidget(copy);
    addHeaderWidget(close);
    m_body = new CodeView;
    auto* left = new QWidget;
    auto* column = new QVBoxLayout(left);
    column->setContentsMargins(metrics::space3, 0, metrics::space1, metrics::space3);
    column->addWidget(m_body);
    m_attributes = new KeyValueTable;
    m_splitter = new Splitter(Qt::Horizontal);
    m_splitter->addWidget(left);
    m_splitter->addWidget(m_attributes);
    m_splitter->setStretchFactor(0, 3);
    m_splitter->setStretchFactor(1, 2);
    setBody(m_splitter);
    connect(m_openTrace, &QAbstractButton::clicked, this, &LogDetail::openTraceRequested);
    connect(copy, &QAbstractButton::clicked, this, &LogDetail::copyRequested);
    connect(close, &QAbstractButton::clicked, this, &LogDetail::closeRequested);
    connect(m_attributes, &KeyValueTable::filterRequested, this, &LogDetail::filterRequested);
}

QList<KeyValue> LogDetail::rowsOf(const telemetry::LogRecord& record)
{
    const LogLevel level = logLevel(record.severity);
    QList<KeyValue> rows;
    rows.append(line(QStringLiteral("time"), formatDateTime(record.timeUnixNs)));
    const QString word = logLevelWord(level);
    rows.append(line(QStringLiteral("level"), word, QStringLiteral("level"), logLevelTone(level)));
    const QString own = QString::fromUtf8(record.severityText);
    if (!own.isEmpty() && own.compare(word, Qt::CaseInsensitive) != 0)
        rows.last().note = own;
    rows.append(line(QStringLiteral("source"), QString::fromUtf8(record.source), QStringLiteral("source")));
    if (!record.eventName.isEmpty())
        rows.append(line(QStringLiteral("event"), QString::fromUtf8(record.eventName), QStringLiteral("event")));
    if (record.traceId.isValid())
        rows.append(line(QStringLiteral("trace"), QString::fromLatin1(record.traceId.toHex()), QStringLiteral("trace")));
    if (record.spanId.isValid())
        rows.append(line(QStringLiteral("span"), QString::fromLatin1(record.spanId.toHex()), QStringLiteral("span")));
    addAttributes(rows, record.attributes);
    if (record.droppedAttributes > 0)
        rows.append(line(QStringLiteral("left out"), QStringLiteral("%1 attributes").arg(record.droppedAttributes), {},
                         Tone::Warning, false));
    if (record.resource != nullptr)
        addAttributes(rows, record.resource->attributes);
    return rows;
}

void LogDetail::setRecord(std::shared_ptr<const telemetry::LogRecord> record)
{
    if (record == m_record)
        return;
    m_record = std::move(record);
    if (m_record == nullptr) {
        setTitle({});
        setSubtitle({});
        m_body->setText({});
        m_attributes->setRows({});
        return;
    }
    const QString body = logBody(*m_record);
    const LogLevel level = logLevel(m_record->severity);
    setTitle(QString::fromUtf8(m_record->source));
    setSubtitle(QStringLiteral("%1 · %2").arg(logLevelWord(level), formatTime(m_record->timeUnixNs)));
    m_openTrace->setVisible(m_record->traceId.isValid());
    m_body->setText(body, languageOf(body));
    m_body->setTone(level >= LogLevel::Error ? Tone::Error : Tone::Neutral);
    m_attributes->setRows(rowsOf(*m_record));
}

} // namespace oriel::ui
