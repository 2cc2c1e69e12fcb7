// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFutureWatcher>

#include <utility>

namespace oriel::ui {

/// Runs `done` with the future's result on the thread of `context`, unless the future was cancelled or `context` is gone by then.
/// Unlike QFuture::then() with a context (Qt 6.4 asserts that it still lives), a page may be closed while its answer is on the
/// way. The watcher can be used to cancel; it goes by itself.
template <class T, class Context, class Function>
QFutureWatcher<T>* whenDone(const QFuture<T>& future, Context* context, Function done)
{
    auto* watcher = new QFutureWatcher<T>(context);
    QObject::connect(watcher, &QFutureWatcherBase::finished, context, [watcher, done = std::move(done)]() mutable {
        watcher->deleteLater();
        if (!watcher->isCanceled() && watcher->future().resultCount() > 0)
            done(watcher->result());
    });
    watcher->setFuture(future);
    return watcher;
}

} // namespace oriel::ui
