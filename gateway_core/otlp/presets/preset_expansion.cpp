// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/exporters/zipkin.h"
#include "otlp/presets/preset_template.h"
#include "otlp/presets/presets.h"

#include <QRegularExpression>
#include <QUrl>

#include <algorithm>

namespace oriel::otlp {

namespace {

using config::AuthKind;
using config::Destination;
using config::ExportProtocol;

constexpr qint64 kMaxRequestBytes = 4LL * 1024 * 1024;
constexpr int kMaxRequestItems = 2'048;

const char* protocolName(ExportProtocol protocol)
{
    switch (protocol) {
    case ExportProtocol::Grpc:
        return "grpc";
    case ExportProtocol::HttpProtobuf:
        return "http/protobuf";
    case ExportProtocol::HttpJson:
        return "http/json";
    case ExportProtocol::Zipkin:
        return "zipkin";
    case ExportProtocol::Jaeger:
        return "jaeger";
    case ExportProtocol::Console:
    case ExportProtocol::File:
    case ExportProtocol::None:
        break;
    }
    return "none";
}

bool& flagOf(Destination& destination, Signal signal)
{
    return signal == Signal::Traces ? destination.traces : signal == Signal::Metrics ? destination.metrics : destination.logs;
}

/// One run of expand(). The first thing that is wrong is kept.
class Expansion {
public:
    Expansion(const Preset& preset, const Destination& destination) : m_preset(preset), m_given(destination), m_out(destination)
    {}

    Result<Destination> run()
    {
        if (!m_preset.unavailable.isEmpty())
            return fail(ErrorCode::Unsupported, m_preset.unavailable, m_preset.name);
        chooseProtocol();
        chooseSignals();
        checkFields();
        fillEndpoints();
        fillHeaders();
        fillAuth();
        fillResource();
        chooseMetrics();
        chooseCompression();
        takeLimits();
        if (m_error)
            return fail(*m_error);
        m_out.isEffective = true;
        return m_out;
    }

private:
    void refuse(const QString& context, const QString& message, const QString& remedy)
    {
        if (!m_error)
            m_error = Error{ErrorCode::InvalidArgument, message, context, remedy};
    }

    [[nodiscard]] const PresetField* findField(const QString& id) const
    {
        const auto found = std::find_if(m_preset.fields.begin(), m_preset.fields.end(),
                                        [&](const PresetField& field) { return field.id == id; });
        return found != m_preset.fields.end() ? &*found : nullptr;
    }

    [[nodiscard]] bool isTaken(const QString& signal) const
    {
        return std::any_of(kSignals.begin(), kSignals.end(), [&](Signal known) {
            Destination copy = m_out;
            return signal == QLatin1StringView(signalName(known)) && flagOf(copy, known);
        });
    }

    void chooseProtocol()
    {
        const auto takes = [&](ExportProtocol protocol) {
            return std::find(m_preset.protocols.begin(), m_preset.protocols.end(), protocol) != m_preset.protocols.end();
        };
        if (takes(m_given.protocol))
            return;
        // http/protobuf is what a destination has that says nothing.
        if (m_given.protocol == ExportProtocol::HttpProtobuf) {
            m_out.protocol = m_preset.protocols.front();
            return;
        }
        QStringList names;
        for (const ExportProtocol protocol : m_preset.protocols)
            names.append(QLatin1StringView(protocolName(protocol)));
        refuse(QStringLiteral("protocol"), QStringLiteral("%1 does not take this protocol").arg(m_preset.name),
               QStringLiteral("Leave it out, or use %1.").arg(names.join(QStringLiteral(" or "))));
    }

    void chooseSignals()
    {
        bool any = false;
        for (const Signal signal : kSignals) {
            bool& wanted = flagOf(m_out, signal);
            wanted = wanted && m_preset.signalNames.contains(QLatin1StringView(signalName(signal)));
            any = any || wanted;
        }
        if (!any) {
            refuse(QStringLiteral("signals"),
                   QStringLiteral("%1 takes %2 only").arg(m_preset.name, m_preset.signalNames.join(QStringLiteral(" and "))),
                   QStringLiteral("Leave signals out, or name what it takes."));
        }
    }

    void checkFields()
    {
        for (auto it = m_given.fields.cbegin(); it != m_given.fields.cend(); ++it) {
            const PresetField* field = findField(it.key());
            const QString context = QStringLiteral("fields.") + it.key();
            if (field == nullptr) {
                QStringList known;
                for (const PresetField& other : m_preset.fields)
                    known.append(other.id);
                refuse(context, QStringLiteral("%1 has no such field").arg(m_preset.name),
                       known.isEmpty() ? QStringLiteral("It asks for nothing.")
                                       : QStringLiteral("Its fields are %1.").arg(known.join(QStringLiteral(", "))));
            } else if (!it.value().isEmpty()) {
                checkValue(*field, it.value(), context);
            }
        }
    }

    void checkValue(const PresetField& field, const QString& value, const QString& context)
    {
        const QString example = field.example.isEmpty() ? QString() : QStringLiteral(" An example: %1").arg(field.example);
        if (field.secret) {
            const bool printable = std::all_of(value.begin(), value.end(), [](QChar c) { return c.unicode() >= 0x20; });
            if (!printable && !value.trimmed().startsWith(QLatin1Char('{')))
                refuse(context, QStringLiteral("the %1 holds control characters").arg(field.label),
                       QStringLiteral("Paste it again, without line breaks."));
        } else if (!field.choices.isEmpty() && !field.choices.contains(value)) {
            refuse(context, QStringLiteral("\"%1\" is not one of those that are known").arg(value),
                   QStringLiteral("Use %1.").arg(field.choices.join(QStringLiteral(", "))));
        } else if (!QRegularExpression(QRegularExpression::anchoredPattern(field.pattern)).match(value).hasMatch() &&
                   !field.pattern.isEmpty()) {
            refuse(context, QStringLiteral("\"%1\" cannot be the %2 of %3").arg(value, field.label, m_preset.name),
                   field.hint + example);
        }
    }

    [[nodiscard]] bool isGiven(const QString& id) const { return !m_given.fields.value(id).isEmpty(); }

    QString fill(const QString& text)
    {
        return filledIn(text, [this](const QString& id) {
            const PresetField* field = findField(id);
            if (!isGiven(id) && field != nullptr && !field->optional) {
                QString remedy = QStringLiteral("%1").arg(field->hint);
                if (!field->example.isEmpty())
                    remedy += QStringLiteral(" An example: %1").arg(field->example);
                if (!field->signalNames.isEmpty())
                    remedy +=
                        QStringLiteral(" Or leave %1 out of signals.").arg(field->signalNames.join(QStringLiteral(" and ")));
                refuse(QStringLiteral("fields.") + id, QStringLiteral("%1 needs the %2").arg(m_preset.name, field->label),
                       remedy);
            }
            return m_given.fields.value(id);
        });
    }

    /// A text that consists of optional fields which were not given is left out.
    [[nodiscard]] bool isLeftOut(const QString& text) const
    {
        const QSet<QString> fields = placeholdersOf(text);
        return !fields.isEmpty() && std::all_of(fields.begin(), fields.end(), [this](const QString& id) {
            const PresetField* field = findField(id);
            return field != nullptr && field->optional && !isGiven(id);
        });
    }

    void fillEndpoints()
    {
        if (m_out.protocol == ExportProtocol::Grpc) {
            if (m_out.endpoint.isEmpty() && m_out.signalEndpoints.isEmpty())
                m_out.endpoint = fill(m_preset.grpc);
            return;
        }
        if (m_out.protocol == ExportProtocol::Zipkin && !m_out.endpoint.isEmpty() &&
            !m_out.signalEndpoints.contains(QStringLiteral("traces")))
            m_out.signalEndpoints.insert(QStringLiteral("traces"), zipkinEndpoint(m_out.endpoint));
        if (!m_out.endpoint.isEmpty())
            return;
        for (const QString& signal : m_preset.signalNames) {
            if (!isTaken(signal) || m_out.signalEndpoints.contains(signal))
                continue;
            if (m_preset.endpoints.contains(signal))
                m_out.signalEndpoints.insert(signal, fill(m_preset.endpoints.value(signal)));
            else
                m_out.endpoint = fill(m_preset.base);
        }
    }

    [[nodiscard]] bool hasHeader(const QString& name) const
    {
        return std::any_of(m_given.headers.begin(), m_given.headers.end(),
                           [&](const auto& header) { return header.first.compare(name, Qt::CaseInsensitive) == 0; });
    }

    void fillHeaders(const QMap<QString, QString>& templates, config::Destination& destination, const QString& signal)
    {
        for (auto it = templates.cbegin(); it != templates.cend(); ++it) {
            if (hasHeader(it.key()) || isLeftOut(it.value()))
                continue;
            const std::pair header(it.key(), fill(it.value()));
            if (signal.isEmpty())
                destination.headers.append(header);
            else
                destination.signalHeaders[signal].append(header);
        }
    }

    void fillHeaders()
    {
        fillHeaders(m_preset.headers, m_out, {});
        for (auto it = m_preset.signalHeaders.cbegin(); it != m_preset.signalHeaders.cend(); ++it) {
            if (isTaken(it.key()))
                fillHeaders(it.value(), m_out, it.key());
        }
    }

    void fillAuth()
    {
        const config::DestinationAuth& known = m_preset.auth;
        config::DestinationAuth& auth = m_out.auth;
        if (known.kind == AuthKind::None || (auth.kind != AuthKind::None && auth.kind != known.kind))
            return;
        if (auth.secret.isEmpty() && isLeftOut(known.secret))
            return;
        auth.kind = known.kind;
        for (QString config::DestinationAuth::*member :
             {&config::DestinationAuth::user, &config::DestinationAuth::secret, &config::DestinationAuth::sessionToken,
              &config::DestinationAuth::region, &config::DestinationAuth::tenant, &config::DestinationAuth::scope}) {
            if ((auth.*member).isEmpty())
                auth.*member = fill(known.*member);
        }
        if (auth.services.isEmpty())
            auth.services = known.services;
    }

    void fillResource()
    {
        for (auto it = m_preset.resourceAttributes.cbegin(); it != m_preset.resourceAttributes.cend(); ++it) {
            if (!m_out.resourceAttributes.contains(it.key()))
                m_out.resourceAttributes.insert(it.key(), fill(it.value()));
        }
    }

    void chooseMetrics()
    {
        if (m_out.temporality == config::MetricTemporality::Default)
            m_out.temporality = m_preset.temporality;
        else if (m_preset.temporalityRequired && m_out.temporality != m_preset.temporality && m_out.metrics)
            refuse(QStringLiteral("temporality"),
                   QStringLiteral("%1 does not take metrics of this temporality").arg(m_preset.name),
                   QStringLiteral("Leave it out."));
        if (m_out.histograms == config::HistogramKind::Default)
            m_out.histograms = m_preset.histograms;
    }

    void chooseCompression()
    {
        if (m_out.compression.isEmpty()) {
            const QString first = m_preset.compressions.value(0);
            m_out.compression = first == QLatin1StringView("none") ? QString() : first;
        } else if (!m_preset.compressions.contains(m_out.compression)) {
            refuse(QStringLiteral("compression"),
                   QStringLiteral("%1 is not known to take %2").arg(m_preset.name, m_out.compression),
                   QStringLiteral("Use %1.").arg(m_preset.compressions.join(QStringLiteral(" or "))));
        }
    }

    void takeLimits()
    {
        m_out.signalLimits = m_preset.limits;
        if (m_out.maxAgeHours == 0)
            m_out.maxAgeHours = m_preset.maxAgeHours;
        if (m_out.maxAttributeLength == 0)
            m_out.maxAttributeLength = m_preset.maxAttributeLength;
        if (m_out.successCodes.isEmpty())
            m_out.successCodes = m_preset.successCodes;
    }

    const Preset& m_preset;
    const Destination& m_given;
    Destination m_out;
    std::optional<Error> m_error;
};

Destination withDefaults(Destination destination)
{
    if (destination.temporality == config::MetricTemporality::Default)
        destination.temporality = config::MetricTemporality::Cumulative;
    if (destination.histograms == config::HistogramKind::Default)
        destination.histograms = config::HistogramKind::Explicit;
    destination.isEffective = true;
    return destination;
}

/// The preset that a protocol of its own stands for.
const char* presetOf(ExportProtocol protocol)
{
    return protocol == ExportProtocol::Jaeger ? "jaeger" : protocol == ExportProtocol::Zipkin ? "zipkin" : nullptr;
}

} // namespace

Result<Destination> expand(const Preset& preset, const Destination& destination)
{
    return Expansion(preset, destination).run();
}

Result<Destination> effectiveDestination(const Destination& destination)
{
    if (destination.isEffective)
        return destination;
    Destination wanted = destination;
    const char* byProtocol = presetOf(wanted.protocol);
    const QString id = !wanted.preset.isEmpty() ? wanted.preset : QString::fromLatin1(byProtocol);
    if (id.isEmpty())
        return withDefaults(wanted);
    const Preset* preset = findPreset(id);
    if (preset == nullptr) {
        return fail(ErrorCode::NotFound, QStringLiteral("there is no preset \"%1\"").arg(id), QStringLiteral("preset"),
                    QStringLiteral("The presets are listed in docs/providers.md."));
    }
    if (wanted.protocol == ExportProtocol::Jaeger) {
        constexpr int kGrpcPort = 4317;
        const QUrl url(wanted.endpoint);
        const bool grpc = url.port() == kGrpcPort || url.scheme() == QLatin1StringView("rpc");
        wanted.protocol = grpc ? ExportProtocol::Grpc : ExportProtocol::HttpProtobuf;
    }
    const auto expanded = expand(*preset, wanted);
    if (!expanded)
        return fail(expanded.error());
    return withDefaults(*expanded);
}

config::Telemetry withEffectiveDestinations(config::Telemetry telemetry)
{
    for (Destination& destination : telemetry.destinations) {
        if (auto effective = effectiveDestination(destination))
            destination = std::move(*effective);
    }
    return telemetry;
}

config::RequestLimits requestLimits(const Destination& destination, Signal signal)
{
    config::RequestLimits limits = destination.signalLimits.value(QLatin1StringView(signalName(signal)));
    if (destination.maxRequestBytes > 0)
        limits.rawBytes = destination.maxRequestBytes;
    else
        limits.rawBytes = limits.rawBytes > 0 ? std::min(limits.rawBytes, kMaxRequestBytes) : kMaxRequestBytes;
    if (destination.maxItems > 0)
        limits.items = destination.maxItems;
    else
        limits.items = limits.items > 0 ? std::min(limits.items, kMaxRequestItems) : kMaxRequestItems;
    return limits;
}

} // namespace oriel::otlp
