// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/spool/dead_letter.h"

#include "base/json_writer.h"
#include "otlp/pipeline/derive.h"

#include <QDateTime>
#include <QFile>
#include <QFileInfo>

namespace oriel::otlp {

namespace {

QByteArray lineOf(const DeadLetter& letter)
{
    const auto request = deriveRequest(letter.batch, {Encoding::Json, letter.batch.payloads, letter.batch.aliases});
    const QDateTime time = QDateTime::fromMSecsSinceEpoch(letter.unixNs / 1'000'000, Qt::UTC);
    QByteArray line = "{\"time\":" + json::quote(QStringView(time.toString(Qt::ISODateWithMs)));
    line += ",\"destination\":" + json::quote(QStringView(letter.destination));
    line += ",\"signal\":\"" + QByteArray(signalName(letter.batch.signal)) + '"';
    line += ",\"items\":" + QByteArray::number(letter.batch.items);
    line += ",\"reason\":" + json::quote(QStringView(letter.reason));
    line += ",\"request\":" + (request && !request->isEmpty() ? *request : QByteArrayLiteral("null")) + "}\n";
    return line;
}

} // namespace

QString DeadLetterFile::path(int index) const
{
    return QStringLiteral("%1/dead-letter-%2.jsonl").arg(m_directory).arg(index);
}

Status DeadLetterFile::append(const DeadLetter& letter)
{
    const QFileInfo first(path(0));
    const QFileInfo second(path(1));
    if (m_index < 0)
        m_index = second.exists() && second.lastModified() > first.lastModified() ? 1 : 0;
    const QByteArray line = lineOf(letter);
    const qint64 share = m_maxBytes / 2;
    if (line.size() > share)
        return fail(ErrorCode::TooLarge, QStringLiteral("what was refused is too large for the dead-letter file"), path(m_index));
    if (QFileInfo(path(m_index)).size() + line.size() > share) {
        m_index = 1 - m_index;
        QFile::remove(path(m_index));
    }
    QFile file(path(m_index));
    if (!file.open(QIODevice::WriteOnly | QIODevice::Append | QIODevice::Unbuffered))
        return fail(ErrorCode::Io, file.errorString(), file.fileName());
    file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner);
    const qint64 before = file.size();
    if (file.write(line) == line.size())
        return {};
    Error error{ErrorCode::Io, file.errorString(), file.fileName(), {}};
    file.resize(before);
    return fail(std::move(error));
}

} // namespace oriel::otlp
