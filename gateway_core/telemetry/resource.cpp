// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/resource.h"

#include <QCoreApplication>
#include <QSysInfo>

#include <algorithm>

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
    set(attributes, "host.name", QSysInfo::machineHostName().toUtf8());
    set(attributes, "host.arch", QSysInfo::currentCpuArchitecture().toUtf8());
    set(attributes, "os.type", QSysInfo::kernelType().toUtf8());
    set(attributes, "os.description", QSysInfo::prettyProductName().toUtf8());
    set(attributes, "process.pid", static_cast<std::int64_t>(QCoreApplication::applicationPid()));
    for (auto it = options.attributes.cbegin(); it != options.attributes.cend(); ++it) {
        if (it.key() != QLatin1StringView("service.name"))
            set(attributes, it.key().toUtf8().constData(), it.value().toUtf8());
    }
    setIfAny(attributes, "deployment.environment.name", options.environment);
    const AnyValue* environment = findAttribute(attributes, "deployment.environment.name");
    if (environment != nullptr && findAttribute(attributes, "deployment.environment") == nullptr)
        set(attributes, "deployment.environment", AnyValue(*environment));
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
