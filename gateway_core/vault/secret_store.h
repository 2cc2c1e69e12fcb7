// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <QByteArray>
#include <QString>

#include <functional>

namespace oriel::vault {

/// Why a secret store could not do what it was asked.
enum class SecretFailure : quint8 {
    Unavailable, ///< no keychain service, no session bus
    Locked,      ///< the keychain is there but locked, and nobody unlocked it
    NotFound,    ///< the store works and holds no such entry
    Denied,      ///< the user or the system refused
    Timeout,     ///< no answer in time; the outcome is unknown
    Invalid      ///< the request itself is wrong (too large, bad key)
};

struct SecretError {
    SecretFailure failure = SecretFailure::Unavailable;
    Error error;
};

template <class T> using SecretResult = tl::expected<T, SecretError>;

/// Names one entry: `oriel/<kind>/<id>` (the application's name is part of the key because Windows has no other namespace).
struct SecretKey {
    QString kind; ///< letters, digits, hyphen
    QString id;   ///< letters, digits, hyphen, dot, underscore
    [[nodiscard]] QString toString() const;
    [[nodiscard]] bool isValid() const;
};

/// A place that keeps small secrets for the user: the system's keychain, or memory in tests.
///
/// All functions return at once; the callback runs exactly once, later, on the thread that called (which needs an event loop),
/// also when the store was destroyed meanwhile. One store is used from one thread only.
class SecretStore {
public:
    using ReadCallback = std::function<void(SecretResult<QByteArray>)>;
    using DoneCallback = std::function<void(SecretResult<void>)>;

    virtual ~SecretStore() = default;
    virtual void read(const SecretKey& key, ReadCallback callback) = 0;
    /// At most kMaxSecretBytes (Windows keeps 2,560 bytes an entry).
    virtual void write(const SecretKey& key, const QByteArray& secret, DoneCallback callback) = 0;
    /// Removing what is not there succeeds.
    virtual void remove(const SecretKey& key, DoneCallback callback) = 0;
    /// What people call it: "the system keychain", "memory".
    [[nodiscard]] virtual QString displayName() const = 0;

    static constexpr qsizetype kMaxSecretBytes = 2048;
};

} // namespace oriel::vault
