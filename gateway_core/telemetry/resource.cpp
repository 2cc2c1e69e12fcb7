// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/resource.h"

#include <QCoreApplication>
#include <QCryptographicHash>
#include <QFileInfo>
#include <QSysInfo>

#include <algorithm>
#include <array>

namespace oriel::telemetry {

namespace {

constexpr const char* kCompiler =
#if defined(__clang__)
    "clang " __clang_version__;
#elif defined(__GNUC__)
    "gcc " __VERSION__;
#elif defined(_MSC_VER)
    "msvc";
#else
    "unknown";
#endif

constexpr const char* kRuntime =
#if defined(__clang__)
    "clang";
#elif defined(__GNUC__)
    "gcc";
#elif defined(_MSC_VER)
    "msvc";
#else
    "unknown";
#endif

void set(Attributes& attributes, const char* key, AnyValue value)
{
    const auto known =
        std::find_if(attributes.begin(), attributes.end(), [key](const Attribute& attribute) { return attribute.key == key; });
    if (known != attributes.end())
        known->value = std::move(value);
    else
        attributes.push_back({key, std::move(value)});
}

void setIfAny(Attributes& attributes, const char* key, const QString& value)
{
    if (!value.isEmpty())
        set(attributes, key, value.toUtf8());
}

/// Words of the semantic conventions for what Qt calls the architecture and the kernel.
QByteArray conventional(const QString& word)
{
    struct Row {
        const char* qt;
        const char* otel;
    };
    static constexpr std::array kWords{Row{"x86_64", "amd64"}, Row{"i386", "x86"},      Row{"arm", "arm32"},
                                       Row{"power", "ppc32"},  Row{"power64", "ppc64"}, Row{"winnt", "windows"}};
    for (const Row& row : kWords) {
        if (word == QLatin1StringView(row.qt))
            return row.otel;
    }
    return word.toUtf8();
}

void detectHost(Attributes& attributes)
{
    setIfAny(attributes, "host.name", QSysInfo::machineHostName());
    // The machine's id identifies it everywhere, so that it is told by its hash only.
    if (const QByteArray id = QSysInfo::machineUniqueId(); !id.isEmpty())
        set(attributes, "host.id", QCryptographicHash::hash("oriel:" + id, QCryptographicHash::Sha256).first(16).toHex());
    set(attributes, "host.arch", conventional(QSysInfo::currentCpuArchitecture()));
    set(attributes, "os.type", conventional(QSysInfo::kernelType()));
    setIfAny(attributes, "os.name", QSysInfo::productType());
    setIfAny(attributes, "os.version",
             QSysInfo::productVersion() == QLatin1StringView("unknown") ? QSysInfo::kernelVersion() : QSysInfo::productVersion());
    setIfAny(attributes, "os.description", QSysInfo::prettyProductName());
    setIfAny(attributes, "os.build_id", QSysInfo::kernelVersion());
}

/// Not the arguments: they may hold secrets.
void detectProcess(Attributes& attributes)
{
    set(attributes, "process.pid", static_cast<std::int64_t>(QCoreApplication::applicationPid()));
    const QFileInfo executable(QCoreApplication::instance() != nullptr ? QCoreApplication::applicationFilePath() : QString());
    setIfAny(attributes, "process.executable.name", executable.fileName());
    setIfAny(attributes, "process.executable.path", executable.filePath());
    set(attributes, "process.runtime.name", QByteArray(kRuntime));
    set(attributes, "process.runtime.version", QByteArray(kCompiler));
    set(attributes, "process.runtime.description", "Qt " + QByteArray(qVersion()));
}

} // namespace

std::shared_ptr<const Resource> makeResource(const ResourceOptions& options)
{
    auto resource = std::make_shared<Resource>();
    Attributes& attributes = resource->attributes;
    set(attributes, "service.name", options.serviceName.toUtf8());
    set(attributes, "service.version",
        options.serviceVersion.isEmpty() ? QByteArray(ORIEL_VERSION) : options.serviceVersion.toUtf8());
    if (!options.serviceInstanceId.isEmpty())
        set(attributes, "service.instance.id", options.serviceInstanceId);
    set(attributes, "telemetry.sdk.name", QByteArrayLiteral("oriel"));
    set(attributes, "telemetry.sdk.language", QByteArrayLiteral("cpp"));
    set(attributes, "telemetry.sdk.version", QByteArray(ORIEL_VERSION));
    set(attributes, "job", options.job.isEmpty() ? options.serviceName.toUtf8() : options.job.toUtf8());
    if (!options.revision.isEmpty())
        set(attributes, "vcs.revision", options.revision);
    set(attributes, "build.compiler", QByteArray(kCompiler));
    set(attributes, "build.qt.version", QByteArray(QT_VERSION_STR));
    detectHost(attributes);
    detectProcess(attributes);
    const auto isOurs = [](const QByteArray& key) { return key == "service.name" || key.startsWith("telemetry.sdk."); };
    for (auto it = options.attributes.cbegin(); it != options.attributes.cend(); ++it) {
        if (const QByteArray key = it.key().toUtf8(); !isOurs(key))
            set(attributes, key.constData(), it.value().toUtf8());
    }
    for (const Attribute& attribute : options.typedAttributes) {
        if (!isOurs(attribute.key))
            set(attributes, attribute.key.constData(), attribute.value);
    }
    setIfAny(attributes, "deployment.environment.name", options.environment);
    const AnyValue* environment = findAttribute(attributes, "deployment.environment.name");
    if (environment != nullptr && findAttribute(attributes, "deployment.environment") == nullptr)
        set(attributes, "deployment.environment", AnyValue(*environment));
    resource->entityRefs = options.entities;
    return resource;
}

std::shared_ptr<const Scope> orielScope()
{
    auto scope = std::make_shared<Scope>();
    scope->name = "oriel.gateway";
    scope->version = ORIEL_VERSION;
    return scope;
}

} // namespace oriel::telemetry
