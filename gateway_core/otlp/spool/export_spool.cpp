// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/spool/export_spool.h"

#include "otlp/spool/spool_worker.h"

namespace oriel::otlp {

ExportSpool::ExportSpool(ExportSpoolOptions options, const Clock& clock, Random& random, QObject* parent)
    : QObject(parent),
      m_options(std::move(options)),
      m_clock(clock),
      m_random(random),
      m_replies(*this)
{}

ExportSpool::~ExportSpool()
{
    if (!m_worker)
        return;
    // In its turn: quit() from here would overtake what is still waiting.
    post([this](SpoolWorker& worker) {
        worker.end();
        m_thread.quit();
    });
    m_thread.wait();
    m_work.reset();
}

void ExportSpool::post(std::function<void(SpoolWorker&)> work)
{
    if (!m_worker) {
        m_worker = std::make_unique<SpoolWorker>(*this, m_options, m_clock, m_random);
        m_work.emplace(*m_worker);
        m_worker->moveToThread(&m_thread);
        m_thread.setObjectName(QStringLiteral("oriel-spool"));
        m_thread.start();
        m_work->post([worker = m_worker.get()] { worker->begin(); });
    }
    m_work->post([worker = m_worker.get(), work = std::move(work)] { work(*worker); });
}

SpoolListener* ExportSpool::listener(int handle) const
{
    const auto found = m_listeners.find(handle);
    return found != m_listeners.end() ? found->second : nullptr;
}

int ExportSpool::add(const QString& name, SpoolListener& listener)
{
    const int handle = m_nextHandle++;
    m_listeners.emplace(handle, &listener);
    post([handle, name](SpoolWorker& worker) {
        worker.add(handle, name);
        worker.afterWork();
    });
    return handle;
}

void ExportSpool::rename(int handle, const QString& name)
{
    post([handle, name](SpoolWorker& worker) { worker.rename(handle, name); });
}

void ExportSpool::setMaxAge(int handle, std::chrono::milliseconds age)
{
    post([handle, age](SpoolWorker& worker) {
        worker.setMaxAge(handle, age);
        worker.afterWork();
    });
}

void ExportSpool::remove(int handle)
{
    m_listeners.erase(handle);
    if (!m_worker)
        return;
    post([handle](SpoolWorker& worker) {
        worker.remove(handle);
        worker.afterWork();
    });
}

void ExportSpool::append(Batch batch, std::vector<int> handles)
{
    const qint64 bytes = batch.request.size();
    m_outstanding += bytes;
    post([this, bytes, batch = std::move(batch), handles = std::move(handles)](SpoolWorker& worker) {
        worker.append(batch, handles);
        m_outstanding -= bytes;
        worker.afterWork();
    });
}

void ExportSpool::fetch(int handle, Signal signal)
{
    post([handle, signal](SpoolWorker& worker) {
        worker.fetch(handle, signal);
        worker.afterWork();
    });
}

void ExportSpool::answer(int handle, Signal signal, const RecordAnswer& answer)
{
    post([handle, signal, answer](SpoolWorker& worker) {
        worker.answer(handle, signal, answer);
        worker.afterWork();
    });
}

void ExportSpool::release(int handle, Signal signal)
{
    post([handle, signal](SpoolWorker& worker) { worker.release(handle, signal); });
}

void ExportSpool::clear(int handle)
{
    post([handle](SpoolWorker& worker) {
        worker.clear(handle);
        worker.afterWork();
    });
}

void ExportSpool::clearUnclaimed(const QString& name)
{
    if (!m_worker)
        return;
    post([name](SpoolWorker& worker) {
        worker.clearUnclaimed(name);
        worker.afterWork();
    });
}

void ExportSpool::keepDeadLetter(DeadLetter letter)
{
    post([letter = std::move(letter)](SpoolWorker& worker) { worker.keepDeadLetter(letter); });
}

void ExportSpool::setBounds(const SpoolBounds& bounds)
{
    m_options.bounds = bounds;
    if (m_worker)
        post([bounds](SpoolWorker& worker) {
            worker.setBounds(bounds);
            worker.afterWork();
        });
}

void ExportSpool::flush(std::function<void()> done)
{
    if (!m_worker) {
        m_replies.post(std::move(done));
        return;
    }
    post([done = std::move(done)](SpoolWorker& worker) {
        worker.flush(done);
        worker.afterWork();
    });
}

} // namespace oriel::otlp
