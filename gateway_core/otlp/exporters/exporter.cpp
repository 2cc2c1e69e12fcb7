// SPDX-License-Identifier: GPL-3.0-or-later
#include "otlp/exporters/exporter.h"

#include "otlp/exporters/grpc_exporter.h"
#include "otlp/exporters/http_exporter.h"
#include "otlp/exporters/local_exporters.h"
#include "otlp/presets/presets.h"

namespace oriel::otlp {

Encoding encodingOf(config::ExportProtocol protocol)
{
    using config::ExportProtocol;
    switch (protocol) {
    case ExportProtocol::HttpJson:
    case ExportProtocol::Console:
    case ExportProtocol::File:
        return Encoding::Json;
    case ExportProtocol::Grpc:
    case ExportProtocol::HttpProtobuf:
    case ExportProtocol::None:
    case ExportProtocol::Zipkin:
    case ExportProtocol::Jaeger:
        break;
    }
    return Encoding::Protobuf;
}

Result<std::unique_ptr<Exporter>> makeExporter(const config::Destination& configured, const ExporterContext& context)
{
    using config::ExportProtocol;
    const auto effective = effectiveDestination(configured);
    if (!effective)
        return fail(effective.error());
    const config::Destination& destination = *effective;
    switch (destination.protocol) {
    case ExportProtocol::Grpc:
        return GrpcExporter::create(destination, context);
    case ExportProtocol::HttpProtobuf:
    case ExportProtocol::HttpJson:
    case ExportProtocol::Zipkin:
        return HttpExporter::create(destination, context);
    case ExportProtocol::Console:
        return std::unique_ptr<Exporter>(std::make_unique<ConsoleExporter>());
    case ExportProtocol::File:
        return FileExporter::create(destination);
    case ExportProtocol::None:
        return std::unique_ptr<Exporter>(std::make_unique<NoneExporter>());
    case ExportProtocol::Jaeger: // became OTLP when its defaults were filled in
        break;
    }
    return fail(ErrorCode::Unsupported, QStringLiteral("there is no exporter for this protocol"));
}

} // namespace oriel::otlp
