// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/exporters/zipkin.h"
#include "otlp/presets/preset_template.h"
#include "otlp/presets/presets.h"

#include <QRegularExpression>

#include <algorithm>

namespace oriel::otlp {

namespace {

using config::AuthKind;
using config::Destination;
using config::ExportProtocol;

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
        if (auth.secret.isEmpty() && isLeftOut(known.secret)) {
            if (!known.user.isEmpty() && !placeholdersOf(known.user).isEmpty() && !isLeftOut(known.user))
                needSecretOf(known);
            return;
        }
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

    void needSecretOf(const config::DestinationAuth& known)
    {
        for (const QString& id : placeholdersOf(known.secret)) {
            if (const PresetField* field = findField(id))
                refuse(QStringLiteral("fields.") + id,
                       QStringLiteral("%1 needs the %2 beside the user").arg(m_preset.name, field->label), field->hint);
        }
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
            m_out.compression = m_preset.compressions.value(0);
        } else if (!m_preset.compressions.contains(m_out.compression)) {
            refuse(QStringLiteral("compression"),
                   QStringLiteral("%1 is not known to take %2").arg(m_preset.name, m_out.compression),
                   QStringLiteral("Use %1.").arg(m_preset.compressions.join(QStringLiteral(" or "))));
        }
    }

    void takeLimits()
    {
        m_out.signalLimits = m_preset.limits;
        for (const Signal signal : kSignals) {
            const QString name = QLatin1StringView(signalName(signal));
            config::ItemLimits limits = m_preset.itemLimits.value(name);
            if (limits.attributeLength == 0)
                limits.attributeLength = m_preset.maxAttributeLength;
            if (limits.attributeKeyLength == 0)
                limits.attributeKeyLength = m_preset.maxAttributeKeyLength;
            m_out.itemLimits.insert(name, limits);
        }
        if (m_out.maxAgeHours == 0)
            m_out.maxAgeHours = m_preset.maxAgeHours;
        m_out.maxAheadHours = m_preset.maxAheadHours;
        if (m_out.successCodes.isEmpty())
            m_out.successCodes = m_preset.successCodes;
    }

    const Preset& m_preset;
    const Destination& m_given;
    Destination m_out;
    std::optional<Error> m_error;
};

} // namespace

Result<Destination> expand(const Preset& preset, const Destination& destination)
{
    return Expansion(preset, destination).run();
}

} // namespace oriel::otlp
