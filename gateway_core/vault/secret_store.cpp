// SPDX-License-Identifier: GPL-3.0-or-later
#include "vault/secret_store.h"

#include "vault/post.h"

#include <QAbstractEventDispatcher>

#include <algorithm>

namespace oriel::vault {

namespace {

bool consistsOf(const QString& text, QLatin1StringView extra)
{
    return !text.isEmpty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), [extra](QChar c) {
        return c.unicode() < 128 && (c.isLetterOrNumber() || extra.contains(c));
    });
}

} // namespace

QString SecretKey::toString() const
{
    return QStringLiteral("oriel/%1/%2").arg(kind, id);
}

bool SecretKey::isValid() const
{
    return consistsOf(kind, QLatin1StringView("-")) && consistsOf(id, QLatin1StringView("-._"));
}

void post(std::function<void()> function)
{
    QAbstractEventDispatcher* const dispatcher = QAbstractEventDispatcher::instance();
    Q_ASSERT_X(dispatcher != nullptr, "SecretStore", "the calling thread has no event loop");
    QMetaObject::invokeMethod(dispatcher, std::move(function), Qt::QueuedConnection);
}

} // namespace oriel::vault
