// SPDX-License-Identifier: GPL-3.0-or-later
#include "vault/vault.h"

#include <QFile>
#include <QPointer>
#include <QTimer>

namespace oriel::vault {

namespace {

constexpr QStringView kReferenceStart = u"${vault:";

QStringList united(const QStringList& a, const QStringList& b)
{
    QStringList all = a + b;
    all.removeDuplicates();
    all.sort();
    return all;
}

QString backupOf(const QString& path)
{
    return path + QStringLiteral(".bak");
}

Error notOpened()
{
    return {ErrorCode::Unavailable,
            QStringLiteral("The vault is not open yet."),
            {},
            QStringLiteral("Wait until it has been opened.")};
}

QString remedyOf(const Error& error)
{
    return error.remedy.isEmpty()
               ? QStringLiteral("Set a passphrase for the vault, or start a keychain service and open the vault again.")
               : error.remedy;
}

} // namespace

Vault::Vault(Options options, SecretStore& store, Random& random, QObject* parent)
    : QObject(parent),
      m_options(std::move(options)),
      m_store(store),
      m_random(random)
{}

Vault::~Vault() = default;

SecretKey Vault::keychainKey(const VaultFile& file) const
{
    return {QStringLiteral("vault-key"), QString::fromLatin1(file.id())};
}

void Vault::open(std::function<void()> done)
{
    if (done)
        m_waiting.push_back(std::move(done));
    if (m_state == VaultState::Opening)
        return;
    if (m_state == VaultState::Open)
        return finishOpening();
    {
        const std::lock_guard lock(m_mutex);
        m_state = VaultState::Opening;
        m_fileExists = false;
        m_file.reset();
        m_degraded = {};
        m_damage.clear();
    }
    m_keychainError = {};
    m_retryWorthwhile = false;
    Q_EMIT stateChanged(VaultState::Opening);
    if (m_options.path.isEmpty())
        return becomeSessionOnly({ErrorCode::Unavailable,
                                  QStringLiteral("Oriel was started without a vault file."),
                                  {},
                                  QStringLiteral("Start it with a data folder.")});
    openFile();
}

void Vault::openFile()
{
    Result<VaultFile> loaded = VaultFile::load(m_options.path);
    if (!loaded && loaded.error().code == ErrorCode::NotFound)
        return createFile();
    {
        const std::lock_guard lock(m_mutex);
        m_fileExists = true;
    }
    if (!loaded)
        return becomeSessionOnly(loaded.error());
    {
        const std::lock_guard lock(m_mutex);
        m_file = std::move(*loaded);
    }
    if (m_file->hasKeychainSlot()) {
        m_store.read(keychainKey(*m_file), [self = QPointer(this)](const SecretResult<QByteArray>& key) {
            if (self)
                self->useKeychainKey(key);
        });
        return;
    }
    m_keychainError = {ErrorCode::NotFound, QStringLiteral("The key of this vault is not kept in the keychain."), {}, {}};
    askPassphrase({});
}

void Vault::useKeychainKey(const SecretResult<QByteArray>& key)
{
    if (key) {
        VaultFile file = m_file->clone();
        const Status unlocked = file.unlockWithKey(SecretBuffer(*key));
        if (unlocked)
            return becomeOpen(std::move(file), VaultSlot::Keychain);
        m_keychainError = unlocked.error();
    } else {
        m_keychainError = key.error().error;
        const SecretFailure failure = key.error().failure;
        m_retryWorthwhile =
            failure == SecretFailure::Unavailable || failure == SecretFailure::Locked || failure == SecretFailure::Timeout;
        if (failure == SecretFailure::NotFound)
            m_keychainError = {ErrorCode::NotFound, QStringLiteral("The keychain has lost the key of this vault."),
                               m_options.path,
                               QStringLiteral("Open the vault with its passphrase, or move the file away to start a new one.")};
    }
    askPassphrase({});
}

void Vault::createFile()
{
    if (QFile::exists(backupOf(m_options.path)))
        return becomeSessionOnly({ErrorCode::DataLoss, QStringLiteral("The vault file is gone, but its backup is there."),
                                  m_options.path, QStringLiteral("Restore the backup, or move it away to start a new vault.")});
    auto file = std::make_shared<VaultFile>(VaultFile::createNew(m_options.path, m_random));
    m_store.write(keychainKey(*file), file->masterKey().view().toByteArray(),
                  [self = QPointer(this), file](const SecretResult<void>& written) {
                      if (!self)
                          return;
                      if (written)
                          return self->verifyNewKey(file);
                      self->m_keychainError = written.error().error;
                      const SecretFailure failure = written.error().failure;
                      self->m_retryWorthwhile = failure != SecretFailure::Denied && failure != SecretFailure::Invalid;
                      self->askPassphrase({.purpose = PassphraseRequest::Purpose::Create}, file);
                  });
}

// A key that cannot be read back would lock the vault for ever.
void Vault::verifyNewKey(const std::shared_ptr<VaultFile>& file)
{
    m_store.read(keychainKey(*file), [self = QPointer(this), file](const SecretResult<QByteArray>& key) {
        if (!self)
            return;
        if (!key || QByteArrayView(*key) != file->masterKey().view()) {
            self->m_keychainError =
                key ? Error{ErrorCode::DataLoss, QStringLiteral("The keychain did not keep the key as it was given."), {}, {}}
                    : key.error().error;
            return self->askPassphrase({.purpose = PassphraseRequest::Purpose::Create}, file);
        }
        file->addKeychainSlot();
        if (const Status saved = file->save(); !saved) {
            self->m_store.remove(self->keychainKey(*file), [](const SecretResult<void>&) {});
            return self->becomeSessionOnly(saved.error());
        }
        self->becomeOpen(std::move(*file), VaultSlot::Keychain);
    });
}

void Vault::askPassphrase(PassphraseRequest request, const std::shared_ptr<VaultFile>& created)
{
    const bool canOpen = created != nullptr || m_file->hasPassphraseSlot();
    if (!m_options.prompt || m_quiet || !canOpen)
        return becomeSessionOnly(m_keychainError);
    request.why = m_keychainError.message;
    m_options.prompt(request, [self = QPointer(this), request, created](const Result<SecretBuffer>& passphrase) {
        if (self)
            self->usePassphrase(request, created, passphrase);
    });
}

void Vault::usePassphrase(const PassphraseRequest& request, const std::shared_ptr<VaultFile>& created,
                          const Result<SecretBuffer>& passphrase)
{
    if (m_state != VaultState::Opening)
        return; // answered twice
    if (!passphrase)
        return becomeSessionOnly({passphrase.error().code,
                                  m_keychainError.message + QLatin1Char(' ') + passphrase.error().message,
                                  passphrase.error().context, passphrase.error().remedy});
    const bool creating = created != nullptr;
    VaultFile file = creating ? created->clone() : m_file->clone();
    Status status =
        creating ? file.setPassphraseSlot(*passphrase, m_random, m_options.kdfCost) : file.unlockWithPassphrase(*passphrase);
    const bool again = !status && (status.error().code == ErrorCode::Unauthenticated ||
                                   (creating && status.error().code == ErrorCode::InvalidArgument));
    if (again && request.attempt < m_options.passphraseAttempts)
        return askPassphrase({.purpose = request.purpose, .attempt = request.attempt + 1, .why = {}}, created);
    if (status && creating)
        status = file.save();
    if (!status)
        return becomeSessionOnly(status.error());
    becomeOpen(std::move(file), VaultSlot::Passphrase);
}

void Vault::becomeOpen(VaultFile file, VaultSlot slot)
{
    // What was set while there was no vault goes into it.
    if (m_session && !m_session->names().isEmpty()) {
        VaultFile merged = file.clone();
        Status status;
        for (const QString& name : m_session->names()) {
            if (status)
                status = merged.setValue(name, m_session->value(name).value_or(QByteArray()), m_random);
        }
        if (status)
            status = merged.save();
        if (!status)
            return becomeSessionOnly(status.error());
        file = std::move(merged);
    }
    QStringList damage = file.damage();
    {
        const std::lock_guard lock(m_mutex);
        m_state = VaultState::Open;
        m_fileExists = true;
        m_slot = slot;
        m_damage = std::move(damage);
        m_file = std::move(file);
        m_session.reset();
        m_degraded = {};
    }
    finishOpening();
    Q_EMIT changed(QString());
}

void Vault::becomeSessionOnly(const Error& error)
{
    {
        const std::lock_guard lock(m_mutex);
        m_state = VaultState::SessionOnly;
        m_slot = VaultSlot::None;
        if (!m_session)
            m_session = VaultFile::createNew(QString(), m_random);
        m_degraded = error;
    }
    retryLater();
    finishOpening();
}

void Vault::finishOpening()
{
    m_quiet = false;
    const auto waiting = std::move(m_waiting);
    m_waiting.clear();
    Q_EMIT stateChanged(m_state);
    for (const auto& done : waiting)
        done();
}

// At log-in the keychain's service may come up after Oriel.
void Vault::retryLater()
{
    if (m_retried || !m_retryWorthwhile || m_options.retryKeychainAfter.count() <= 0)
        return;
    m_retried = true;
    QTimer::singleShot(m_options.retryKeychainAfter, this, [this] {
        if (m_state != VaultState::SessionOnly)
            return;
        m_quiet = true;
        open();
    });
}

VaultState Vault::state() const
{
    const std::lock_guard lock(m_mutex);
    return m_state;
}

VaultStatus Vault::status() const
{
    const std::lock_guard lock(m_mutex);
    VaultStatus status;
    status.state = m_state;
    status.slot = m_slot;
    status.path = m_options.path;
    status.fileExists =
        m_file.has_value() || (m_state == VaultState::SessionOnly && !m_options.path.isEmpty() && QFile::exists(m_options.path));
    status.passphraseSlot = m_file && m_file->hasPassphraseSlot();
    status.damage = m_damage;
    switch (m_state) {
    case VaultState::Closed:
        status.text = QStringLiteral("The vault is closed.");
        break;
    case VaultState::Opening:
        status.text = QStringLiteral("The vault is being opened.");
        break;
    case VaultState::Open:
        status.text = m_slot == VaultSlot::Keychain
                          ? QStringLiteral("Secrets are kept encrypted on disk; the key is in %1.").arg(m_store.displayName())
                          : QStringLiteral("Secrets are kept encrypted on disk; the key is protected by the passphrase.");
        if (!m_damage.isEmpty()) {
            status.reason = m_damage.join(QLatin1Char(' '));
            status.remedy = QStringLiteral("Set the damaged secrets again, or restore the backup %1.").arg(m_file->backupPath());
        }
        break;
    case VaultState::SessionOnly:
        status.text = QStringLiteral("Secrets are kept in memory only and end with this run of Oriel.");
        status.reason = m_degraded.message;
        status.remedy = remedyOf(m_degraded);
        break;
    }
    return status;
}

Result<QByteArray> Vault::get(const QString& name) const
{
    const std::lock_guard lock(m_mutex);
    if (m_state == VaultState::Closed)
        return fail(notOpened());
    if (m_state == VaultState::Open)
        return m_file->value(name);
    const auto known = [&name](const std::optional<VaultFile>& file) { return file && file->names().contains(name); };
    if (known(m_session))
        return m_session->value(name);
    if (m_state == VaultState::Opening)
        return fail(notOpened());
    if (known(m_file))
        return fail(ErrorCode::Unavailable,
                    QStringLiteral("The secret \"%1\" is in the vault, which is locked: %2").arg(name, m_degraded.message),
                    m_options.path, remedyOf(m_degraded));
    return fail(ErrorCode::NotFound, QStringLiteral("The vault holds no secret \"%1\".").arg(name), {},
                QStringLiteral("Set it in Settings, Credentials."));
}

bool Vault::contains(const QString& name) const
{
    return list().contains(name);
}

QStringList Vault::list() const
{
    const std::lock_guard lock(m_mutex);
    return united(m_file ? m_file->names() : QStringList(), m_session ? m_session->names() : QStringList());
}

Status Vault::change(const std::function<Status(VaultFile&)>& step)
{
    if (m_state != VaultState::Open && m_state != VaultState::SessionOnly)
        return fail(notOpened());
    const bool open = m_state == VaultState::Open;
    // Readers keep the present file while the next one is on its way to the disk.
    VaultFile next = (open ? m_file : m_session)->clone();
    Status status = step(next);
    if (status && open)
        status = next.save();
    if (!status)
        return status;
    QStringList damage = open ? next.damage() : QStringList();
    const std::lock_guard lock(m_mutex);
    (open ? m_file : m_session) = std::move(next);
    m_damage = std::move(damage);
    return {};
}

Status Vault::set(const QString& name, QByteArrayView value)
{
    Status status = change([&](VaultFile& file) { return file.setValue(name, value, m_random); });
    if (status)
        Q_EMIT changed(name);
    return status;
}

Status Vault::remove(const QString& name)
{
    if (m_state == VaultState::SessionOnly && m_file && m_file->names().contains(name) && !m_session->names().contains(name))
        return fail(ErrorCode::Unavailable,
                    QStringLiteral("The secret \"%1\" is in the vault, which is locked: %2").arg(name, m_degraded.message),
                    m_options.path, remedyOf(m_degraded));
    Status status = change([&](VaultFile& file) { return file.removeValue(name); });
    if (status)
        Q_EMIT changed(name);
    return status;
}

QStringList Vault::references(QStringView text)
{
    QStringList names;
    qsizetype from = 0;
    while ((from = text.indexOf(kReferenceStart, from)) >= 0) {
        from += kReferenceStart.size();
        const qsizetype end = text.indexOf(u'}', from);
        if (end < 0)
            break;
        const QString name = text.sliced(from, end - from).toString();
        if (!names.contains(name))
            names.append(name);
        from = end;
    }
    return names;
}

Result<QString> Vault::resolve(const QString& text) const
{
    QString resolved;
    qsizetype copied = 0;
    qsizetype from = 0;
    while ((from = text.indexOf(kReferenceStart, copied)) >= 0) {
        const qsizetype begin = from + kReferenceStart.size();
        const qsizetype end = text.indexOf(u'}', begin);
        if (end < 0)
            return fail(ErrorCode::InvalidArgument, QStringLiteral("A reference to the vault has no closing brace."), {},
                        QStringLiteral("Write it as ${vault:name}."));
        const Result<QByteArray> value = get(text.sliced(begin, end - begin));
        if (!value)
            return fail(value.error());
        resolved.append(QStringView(text).sliced(copied, from - copied)).append(QString::fromUtf8(*value));
        copied = end + 1;
    }
    return resolved.append(QStringView(text).sliced(copied));
}

Status Vault::setPassphrase(const SecretBuffer& passphrase)
{
    if (m_state != VaultState::Open)
        return fail(ErrorCode::Unavailable, QStringLiteral("The vault is not open on disk."), m_options.path);
    return change([&](VaultFile& file) { return file.setPassphraseSlot(passphrase, m_random, m_options.kdfCost); });
}

Status Vault::removePassphrase()
{
    if (m_state != VaultState::Open)
        return fail(ErrorCode::Unavailable, QStringLiteral("The vault is not open on disk."), m_options.path);
    if (!m_file->hasKeychainSlot())
        return fail(ErrorCode::InvalidArgument, QStringLiteral("The passphrase is the only way into the vault."), m_options.path,
                    QStringLiteral("Keep the key in the keychain first."));
    return change([](VaultFile& file) {
        file.removePassphraseSlot();
        return Status();
    });
}

void Vault::rememberInKeychain(std::function<void(Status)> done)
{
    if (m_state != VaultState::Open)
        return done(fail(ErrorCode::Unavailable, QStringLiteral("The vault is not open on disk."), m_options.path));
    m_store.write(keychainKey(*m_file), m_file->masterKey().view().toByteArray(),
                  [self = QPointer(this), done = std::move(done)](const SecretResult<void>& written) {
                      if (!self)
                          return;
                      if (!written)
                          return done(fail(written.error().error));
                      done(self->change([](VaultFile& file) {
                          file.addKeychainSlot();
                          return Status();
                      }));
                  });
}

Status Vault::restoreBackup()
{
    const QString backup = backupOf(m_options.path);
    if (m_state == VaultState::Opening)
        return fail(notOpened());
    const Result<VaultFile> readable = VaultFile::load(backup);
    if (!readable)
        return fail(readable.error());
    if (QFile::exists(m_options.path)) {
        int number = 1;
        while (QFile::exists(QStringLiteral("%1.damaged-%2").arg(m_options.path).arg(number)))
            ++number;
        if (!QFile::rename(m_options.path, QStringLiteral("%1.damaged-%2").arg(m_options.path).arg(number)))
            return fail(ErrorCode::Io, QStringLiteral("The damaged vault cannot be moved aside."), m_options.path);
    }
    if (!QFile::copy(backup, m_options.path))
        return fail(ErrorCode::Io, QStringLiteral("The backup cannot be copied."), backup);
    {
        const std::lock_guard lock(m_mutex);
        m_state = VaultState::Closed;
        m_slot = VaultSlot::None;
        m_file.reset();
        m_damage.clear();
    }
    Q_EMIT stateChanged(VaultState::Closed);
    return {};
}

} // namespace oriel::vault
