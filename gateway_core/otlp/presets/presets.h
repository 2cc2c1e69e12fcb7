// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "config/model.h"
#include "otlp/codec/signal.h"

#include <QByteArrayView>
#include <QMap>
#include <QString>
#include <QStringList>

#include <span>
#include <vector>

namespace oriel::otlp {

/// One thing that a preset asks its user for.
struct PresetField {
    QString id;
    QString label;
    QString hint;
    QString example;
    QString pattern;     ///< the whole value follows this regular expression; empty: any
    QStringList choices; ///< the value is one of these; empty: any
    bool secret = false; ///< belongs into the vault; never shown in messages
    bool optional = false;
    QStringList signalNames; ///< asked only where one of these is sent; empty: always
};

/// What is known of a provider. Texts marked as templates hold ${field} where the user's value goes.
struct Preset {
    QString id;
    QString name;
    QString summary;
    QString source;                                ///< where the facts stand
    QString unavailable;                           ///< why nothing can be sent there, and what to do instead; empty: it can
    std::vector<config::ExportProtocol> protocols; ///< the first is used unless another is asked for
    QStringList signalNames;                       ///< that it takes
    QString base;                                  ///< template; v1/<signal> is appended
    QString grpc;                                  ///< template
    QMap<QString, QString> endpoints;              ///< signal → template
    std::vector<PresetField> fields;
    QMap<QString, QString> headers;                      ///< name → template
    QMap<QString, QMap<QString, QString>> signalHeaders; ///< signal → name → template
    config::DestinationAuth auth;                        ///< its texts are templates
    QMap<QString, QString> resourceAttributes;           ///< key → template
    config::MetricTemporality temporality = config::MetricTemporality::Default;
    bool temporalityRequired = false;
    config::HistogramKind histograms = config::HistogramKind::Default;
    QMap<QString, config::RequestLimits> limits;  ///< signal → limits
    QMap<QString, config::ItemLimits> itemLimits; ///< signal → limits; the next two where they say nothing of them
    int maxAttributeLength = 0;                   ///< bytes; 0: not known
    int maxAttributeKeyLength = 0;
    int maxAgeHours = 0;
    int maxAheadHours = 0;
    QStringList compressions; ///< "none", "gzip", "zstd"; the first is used unless another is asked for
    QStringList successCodes; ///< empty: each 2xx
    QStringList notes;        ///< for the user
    QString seedSays;         ///< what the documents that Oriel started from say; empty: nothing
    QString seedNow;          ///< what is so now
};

struct PresetFile {
    QString checked; ///< the day on which the facts were looked up
    std::vector<Preset> presets;
};

/// Reads providers.json by the rules of its schema, and further: each ${field} is asked for, each field is used, each signal has
/// an endpoint, and http/protobuf stands first where it is taken. The first breach is the error, with its place.
Result<PresetFile> parsePresets(QByteArrayView json);

/// What is built in, in the order of the file. Any thread.
const PresetFile& builtInPresets();
/// The built-in preset of that id, or null.
const Preset* findPreset(QStringView id);

/// `destination` with everything that the preset gives and the destination does not say itself. InvalidArgument for a field that
/// is missing or ill-formed, for signals, protocols, compressions or temporalities that the provider does not take; Unsupported
/// for a provider that takes no OTLP. No message shows the value of a secret field.
Result<config::Destination> expand(const Preset& preset, const config::Destination& destination);

/// The destination as exporters use it: its preset filled in, jaeger and zipkin with their defaults. One that is effective comes
/// back as it is. NotFound for a preset that is not built in.
Result<config::Destination> effectiveDestination(const config::Destination& destination);
/// The same for all; a destination that cannot be expanded stays as it is, and makeExporter() says why.
config::Telemetry withEffectiveDestinations(config::Telemetry telemetry);

/// What one request of a signal may hold at most: the destination's own limits, else the backend's, else Oriel's. Never 0, but
/// for wireBytes (0: no limit but rawBytes).
config::RequestLimits requestLimits(const config::Destination& destination, Signal signal);
/// What one item of a signal may be at most: the destination's own limits, else the backend's; 0: no limit.
config::ItemLimits itemLimits(const config::Destination& destination, Signal signal);

/// docs/providers.md.
QByteArray providersPage();

} // namespace oriel::otlp
