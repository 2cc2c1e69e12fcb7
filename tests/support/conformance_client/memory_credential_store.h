// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "oauth/credential_store.h"

#include <QMap>

namespace oriel::conformance {

/// Keeps what a sign-in gives for the life of the process.
class MemoryCredentialStore final : public oauth::CredentialStore {
public:
    void read(const QString& name, ReadDone done) override
    {
        const auto found = m_entries.constFind(name);
        later([done = std::move(done), value = found != m_entries.cend()
                                                   ? Result<QByteArray>(*found)
                                                   : fail(ErrorCode::NotFound, QStringLiteral("nothing is kept"), name)] {
            done(value);
        });
    }
    void write(const QString& name, const QByteArray& value, Done done) override
    {
        m_entries.insert(name, value);
        later([done = std::move(done)] { done({}); });
    }
    void remove(const QString& name, Done done) override
    {
        m_entries.remove(name);
        later([done = std::move(done)] { done({}); });
    }

private:
    template <class Function> void later(Function function)
    {
        QMetaObject::invokeMethod(&m_here, std::move(function), Qt::QueuedConnection);
    }

    QMap<QString, QByteArray> m_entries;
    QObject m_here;
};

} // namespace oriel::conformance
